// SPDX-License-Identifier: GPL-3.0-or-later
// Connect to an engine that runs already, here or elsewhere. Stays open until the engine has let us in, and says why not.
#pragma once

#include "widgets/client/engine_client.h"
#include "widgets/views/common/form_dialog.h"

namespace pathloom {

class ConnectDialog final : public FormDialog {
    Q_OBJECT
public:
    /// `last` fills the fields; its token and key are not looked at.
    ConnectDialog(ThemeController& theme, const EngineTarget& last, QWidget* parent = nullptr);

Q_SIGNALS:
    /// An engine answered there and accepted token and certificate.
    void letIn(const EngineTarget& target);

private:
    void tryIt();
    void onAnswer();
    void setBusy(bool busy);
    void refuse(const QString& why);

    EngineClient m_trial;
    EngineTarget m_target;
    QLineEdit* m_address;
    QLineEdit* m_token;
    QLineEdit* m_ca = nullptr;
    QLineEdit* m_cert = nullptr;
    QLineEdit* m_key = nullptr;
    QPushButton* m_connect = nullptr;
};

}  // namespace pathloom
