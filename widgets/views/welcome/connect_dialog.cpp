// SPDX-License-Identifier: GPL-3.0-or-later
// ConnectDialog.
#include "widgets/views/welcome/connect_dialog.h"

#include "widgets/theme/theme.h"
#include "widgets/views/common/messages.h"

#include <QDialogButtonBox>
#include <QFile>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

namespace pathloom {

ConnectDialog::ConnectDialog(ThemeController& theme, const EngineTarget& last, QWidget* parent)
    : QDialog(parent)
    , m_theme(theme)
    , m_address(new QLineEdit(last.address))
    , m_problem(new QLabel)
{
    setObjectName(QStringLiteral("connect"));
    setWindowTitle(tr("Connect to Engine"));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(560);
    auto* form = new QFormLayout(this);
    form->setContentsMargins(16, 16, 16, 12);
    form->setVerticalSpacing(8);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_address->setObjectName(QStringLiteral("connect.address"));
    m_address->setAccessibleName(tr("Address"));
    m_address->setPlaceholderText(QStringLiteral("training.example:7070"));
    form->addRow(tr("Address"), m_address);
    m_token = addFile(form, QStringLiteral("token"), tr("Token file"), tr("operator.token of the project's .engine folder"));
    auto* hint
        = new QLabel(tr("Another machine's engine is reached with mutual TLS. Leave these empty on this machine or through "
                        "a tunnel: nothing is encrypted then."));
    hint->setWordWrap(true);
    hint->setForegroundRole(QPalette::PlaceholderText);
    form->addRow(hint);
    m_ca = addFile(form, QStringLiteral("ca"), tr("Authority"), tr("PEM file of who signed the engine's certificate"));
    m_cert = addFile(form, QStringLiteral("cert"), tr("Certificate"), tr("PEM file the engine knows you by"));
    m_key = addFile(form, QStringLiteral("key"), tr("Key"), tr("PEM file of the certificate's key"));
    m_ca->setText(last.tlsCa);
    m_cert->setText(last.tlsCert);
    m_problem->setObjectName(QStringLiteral("connect.problem"));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    const auto restyle = [this] {
        QPalette palette = m_problem->palette();
        palette.setColor(QPalette::WindowText, m_theme.theme().tokens().fail);
        m_problem->setPalette(palette);
    };
    restyle();
    connect(&m_theme, &ThemeController::changed, this, restyle);
    m_problem->hide();
    form->addRow(m_problem);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_connect = buttons->addButton(tr("Connect"), QDialogButtonBox::ActionRole);
    m_connect->setProperty("primary", true);
    m_connect->setObjectName(QStringLiteral("connect.accept"));
    m_connect->setDefault(true);
    m_connect->setEnabled(false);
    form->addRow(buttons);
    m_inputs.append(m_address);
    const auto check = [this] { m_connect->setEnabled(!m_address->text().trimmed().isEmpty() && !m_token->text().isEmpty()); };
    for (QLineEdit* field : {m_address, m_token}) connect(field, &QLineEdit::textChanged, this, check);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_connect, &QPushButton::clicked, this, &ConnectDialog::tryIt);
    connect(&m_trial, &EngineClient::stateChanged, this, &ConnectDialog::onAnswer);
}

QLineEdit* ConnectDialog::addFile(QFormLayout* form, const QString& name, const QString& label, const QString& hint)
{
    auto* field = new QLineEdit;
    field->setObjectName(QStringLiteral("connect.") + name);
    field->setAccessibleName(label);
    field->setPlaceholderText(hint);
    auto* choose = new QPushButton(tr("Choose\u2026"));
    choose->setObjectName(QStringLiteral("connect.%1.choose").arg(name));
    choose->setAccessibleName(tr("Choose the file: %1").arg(label));
    choose->setAutoDefault(false);
    connect(choose, &QPushButton::clicked, this, [this, field, label] {
        const QString path = Messages::chooseFile(this, tr("Choose a File: %1").arg(label), field->text());
        if (!path.isEmpty()) field->setText(path);
    });
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(field, 1);
    row->addWidget(choose);
    form->addRow(label, row);
    m_inputs << field << choose;
    return field;
}

void ConnectDialog::tryIt()
{
    m_target = {m_address->text().trimmed(), {}, m_ca->text().trimmed(), m_cert->text().trimmed(), m_key->text().trimmed()};
    QFile file(m_token->text().trimmed());
    if (!file.open(QIODevice::ReadOnly)) return showProblem(tr("%1 cannot be read: %2").arg(file.fileName(), file.errorString()));
    m_target.token = QString::fromUtf8(file.read(4096)).trimmed();
    if (m_target.token.isEmpty() || m_target.token.contains(QLatin1Char('\n')))
        return showProblem(tr("%1 holds no token. Copy the engine's token file again.").arg(file.fileName()));
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
        showProblem(why);
        return;
    }
}

void ConnectDialog::setBusy(bool busy)
{
    for (QWidget* input : std::as_const(m_inputs)) input->setEnabled(!busy);
    m_connect->setEnabled(!busy);
    m_connect->setText(busy ? tr("Connecting\u2026") : tr("Connect"));
    if (busy) m_problem->hide();
}

void ConnectDialog::showProblem(const QString& text)
{
    setBusy(false);
    m_problem->setText(text);
    m_problem->show();
    adjustSize();
}

}  // namespace pathloom
