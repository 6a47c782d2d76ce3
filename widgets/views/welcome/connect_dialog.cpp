// SPDX-License-Identifier: GPL-3.0-or-later
// ConnectDialog.
#include "widgets/views/welcome/connect_dialog.h"

#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

namespace pathloom {

ConnectDialog::ConnectDialog(ThemeController& theme, const EngineTarget& last, QWidget* parent)
    : FormDialog(QStringLiteral("connect"), tr("Connect to Engine"), 560, theme, parent)
    , m_address(addText(QStringLiteral("address"), tr("Address"), QStringLiteral("training.example:7070"), last.address))
    , m_token(addPath(QStringLiteral("token"), tr("Token file"), tr("operator.token of the project's .engine folder")))
{
    addHint(tr("Another machine's engine is reached with mutual TLS. Leave these empty on this machine or through "
               "a tunnel: nothing is encrypted then."));
    m_ca = addPath(QStringLiteral("ca"), tr("Authority"), tr("PEM file of who signed the engine's certificate"));
    m_cert = addPath(QStringLiteral("cert"), tr("Certificate"), tr("PEM file the engine knows you by"));
    m_key = addPath(QStringLiteral("key"), tr("Key"), tr("PEM file of the certificate's key"));
    m_ca->setText(last.tlsCa);
    m_cert->setText(last.tlsCert);
    m_connect = addButtons(QStringLiteral("accept"), tr("Connect"));
    m_connect->setEnabled(false);
    const auto check = [this] { m_connect->setEnabled(!m_address->text().trimmed().isEmpty() && !m_token->text().isEmpty()); };
    for (QLineEdit* field : {m_address, m_token}) connect(field, &QLineEdit::textChanged, this, check);
    connect(m_connect, &QPushButton::clicked, this, &ConnectDialog::tryIt);
    connect(&m_trial, &EngineClient::stateChanged, this, &ConnectDialog::onAnswer);
}

void ConnectDialog::tryIt()
{
    m_target = {m_address->text().trimmed(), {}, m_ca->text().trimmed(), m_cert->text().trimmed(), m_key->text().trimmed()};
    QFile file(m_token->text().trimmed());
    if (!file.open(QIODevice::ReadOnly)) return refuse(tr("%1 cannot be read: %2").arg(file.fileName(), file.errorString()));
    m_target.token = QString::fromUtf8(file.read(4096)).trimmed();
    if (m_target.token.isEmpty() || m_target.token.contains(QLatin1Char('\n')))
        return refuse(tr("%1 holds no token. Copy the engine's token file again.").arg(file.fileName()));
    setBusy(true);
    m_trial.tryOnce(m_target);
}

void ConnectDialog::onAnswer()
{
    switch (m_trial.state()) {
    case EngineClient::State::Connecting:
    case EngineClient::State::Disconnected:
        return;
    case EngineClient::State::Connected:
        Q_EMIT letIn(m_target);
        accept();
        return;
    case EngineClient::State::Lost:
    case EngineClient::State::Refused:
        QString why = m_trial.stateReason();
        if (!why.isEmpty()) why[0] = why[0].toUpper();
        refuse(why);
        return;
    }
}

void ConnectDialog::setBusy(bool busy)
{
    setFieldsEnabled(!busy);
    m_connect->setEnabled(!busy);
    m_connect->setText(busy ? tr("Connecting\u2026") : tr("Connect"));
    if (busy) showProblem({});
}

void ConnectDialog::refuse(const QString& why)
{
    setBusy(false);
    showProblem(why);
}

}  // namespace pathloom
