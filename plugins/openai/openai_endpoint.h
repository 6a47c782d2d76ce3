// SPDX-License-Identifier: GPL-3.0-or-later
// POST BASE/chat/completions, through libcurl.
#pragma once

#include "plugins/api/model_endpoint.h"

#include <memory>

namespace pathloom {

class OpenAiEndpoint final : public ModelEndpoint {
public:
    OpenAiEndpoint();
    ~OpenAiEndpoint() override;
    EndpointReply ask(const EndpointCall& call) override;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace pathloom
