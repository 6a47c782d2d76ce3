// SPDX-License-Identifier: GPL-3.0-or-later
// Connect to an engine that runs already, here or elsewhere. Stays open until the engine has let us in, and says why not.
#pragma once

#include "widgets/client/engine_client.h"

#include <QDialog>

class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace pathloom {

class ThemeController;

class ConnectDialog final : public QDialog {
    Q_OBJECT
public:
    /// `last` fills the fields; its token and key are not looked at.
    ConnectDialog(ThemeController& theme, const EngineTarget& last, QWidget* parent = nullptr);

Q_SIGNALS:
    /// An engine answered there and accepted token and certificate.
    void letIn(const EngineTarget& target);

private:
    QLineEdit* addFile(QFormLayout* form, const QString& name, const QString& label, const QString& hint);
    void tryIt();
    void onAnswer();
    void setBusy(bool busy);
    void showProblem(const QString& text);

    ThemeController& m_theme;
    EngineClient m_trial;
    EngineTarget m_target;
    QLineEdit* m_address;
    QLineEdit* m_token = nullptr;
    QLineEdit* m_ca = nullptr;
    QLineEdit* m_cert = nullptr;
    QLineEdit* m_key = nullptr;
    QLabel* m_problem;
    QPushButton* m_connect = nullptr;
    QList<QWidget*> m_inputs;
};

}  // namespace pathloom
