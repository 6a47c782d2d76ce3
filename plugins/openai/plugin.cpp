// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/api/model_endpoint.h"
#include "plugins/openai/openai_endpoint.h"

#include <QObject>

namespace pathloom {

class OpenAiPlugin : public QObject, public ModelEndpoint {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID PATHLOOM_ENDPOINT_IID FILE "openai.json")
    Q_INTERFACES(pathloom::ModelEndpoint)

public:
    [[nodiscard]] EndpointReply ask(const EndpointCall& call) override { return m_endpoint.ask(call); }

private:
    OpenAiEndpoint m_endpoint;
};

}  // namespace pathloom

#include "plugin.moc"
