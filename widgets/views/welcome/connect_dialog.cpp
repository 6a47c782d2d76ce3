// SPDX-License-Identifier: GPL-3.0-or-later
// ConnectDialog.
#include "widgets/views/welcome/connect_dialog.h"

#include "widgets/views/common/messages.h"

#include <QDialogButtonBox>
#include <QFile>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

namespace pathloom {

ConnectDialog::ConnectDialog(QWidget* parent)
    : QDialog(parent)
    , m_address(new QLineEdit)
    , m_token(new QLineEdit)
{
    setObjectName(QStringLiteral("connect"));
    setWindowTitle(tr("Connect to Engine"));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(480);
    auto* form = new QFormLayout(this);
    form->setContentsMargins(16, 16, 16, 12);
    form->setVerticalSpacing(8);
    auto* hint = new QLabel(
        tr("The token is in the project's .engine folder on the engine's machine. An address without a Unix socket is "
           "not encrypted yet: use it on this machine or through a tunnel."));
    hint->setWordWrap(true);
    form->addRow(hint);
    m_address->setObjectName(QStringLiteral("connect.address"));
    m_address->setAccessibleName(tr("Address"));
    m_address->setPlaceholderText(QStringLiteral("127.0.0.1:7070"));
    form->addRow(tr("Address"), m_address);
    m_token->setObjectName(QStringLiteral("connect.token"));
    m_token->setAccessibleName(tr("Token"));
    m_token->setEchoMode(QLineEdit::Password);
    auto* file = new QPushButton(tr("From File\u2026"));
    file->setObjectName(QStringLiteral("connect.token.file"));
    auto* row = new QHBoxLayout;
    row->addWidget(m_token, 1);
    row->addWidget(file);
    form->addRow(tr("Token"), row);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_connect = buttons->addButton(tr("Connect"), QDialogButtonBox::AcceptRole);
    m_connect->setProperty("primary", true);
    m_connect->setObjectName(QStringLiteral("connect.accept"));
    m_connect->setEnabled(false);
    form->addRow(buttons);
    const auto check = [this] { m_connect->setEnabled(!address().isEmpty() && !token().isEmpty()); };
    connect(m_address, &QLineEdit::textChanged, this, check);
    connect(m_token, &QLineEdit::textChanged, this, check);
    connect(file, &QPushButton::clicked, this, &ConnectDialog::readTokenFile);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        Q_EMIT connectRequested(address(), token());
        accept();
    });
}

QString ConnectDialog::address() const
{
    return m_address->text().trimmed();
}

QString ConnectDialog::token() const
{
    return m_token->text().trimmed();
}

void ConnectDialog::readTokenFile()
{
    QFile file(Messages::chooseFile(this, tr("Choose a Token File")));
    if (file.open(QIODevice::ReadOnly)) m_token->setText(QString::fromUtf8(file.read(4096)).trimmed());
}

}  // namespace pathloom
