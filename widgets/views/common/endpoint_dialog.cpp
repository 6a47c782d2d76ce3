// SPDX-License-Identifier: GPL-3.0-or-later
// EndpointDialog.
#include "widgets/views/common/endpoint_dialog.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QUrl>

namespace pathloom {
namespace {

QSpinBox* tokenBox(int least, int step, qint64 value, const QString& tip)
{
    auto* box = new QSpinBox;
    box->setToolTip(tip);
    box->setRange(least, 2'000'000'000);
    box->setSingleStep(step);
    box->setGroupSeparatorShown(true);
    box->setValue(int(value));
    return box;
}

}  // namespace

EndpointDialog::EndpointDialog(
    const EndpointFacts& known, const QString& sends, Asks asks, ThemeController& theme, QWidget* parent)
    : FormDialog(QStringLiteral("endpoint"), tr("Endpoint"), 520, theme, parent)
    , m_known(known)
    , m_url(addText(QStringLiteral("url"), tr("Base address"), QStringLiteral("https://server.example/v1"), known.url))
    , m_model(addText(QStringLiteral("model"), tr("Model"), tr("as the server names it"), known.model))
    , m_budget(tokenBox(
          1000, 100'000, known.budget, tr("Nothing more is sent in one measurement once so many tokens were sent and asked for")))
    , m_state(new QLabel)
{
    addField(m_budget, QStringLiteral("budget"), tr("Token budget"));
    if (asks == Asks::BudgetAndWindow) {
        m_window = tokenBox(1000, 8000, known.window, tr("What does not fit is refused, never cut"));
        addField(m_window, QStringLiteral("window"), tr("Tokens the model takes"));
    }
    m_key = addText(QStringLiteral("key"), tr("Key"), tr("kept in the keyring; empty leaves it as it is"));
    m_key->setEchoMode(QLineEdit::Password);
    m_forget = new QPushButton(tr("Forget Key"));
    m_forget->setObjectName(QStringLiteral("endpoint.forget"));
    m_forget->setAutoDefault(false);
    m_state->setObjectName(QStringLiteral("endpoint.state"));
    m_state->setWordWrap(true);
    m_state->setForegroundRole(QPalette::PlaceholderText);
    auto* row = new QHBoxLayout;
    row->addWidget(m_state, 1);
    row->addWidget(m_forget);
    form()->addRow(row);
    addHint(tr("%1 Prompts and answers count towards the budget.").arg(sends));
    m_keep = addButtons(QStringLiteral("keep"), tr("Use Endpoint"));
    connect(m_keep, &QPushButton::clicked, this, &EndpointDialog::keep);
    connect(m_url, &QLineEdit::editingFinished, this, &EndpointDialog::lookForKey);
    connect(m_forget, &QPushButton::clicked, this, [this] {
        m_keys.write(m_url->text().trimmed(), {}, [this](const QString& problem) {
            if (!problem.isEmpty()) showProblem(problem);
            lookForKey();
        });
    });
    lookForKey();
}

void EndpointDialog::lookForKey()
{
    m_forget->setEnabled(false);
    const QString url = m_url->text().trimmed();
    if (qEnvironmentVariableIsSet("PATHLOOM_ENDPOINT_KEY")) {
        m_state->setText(tr("The key of PATHLOOM_ENDPOINT_KEY is sent."));
        return;
    }
    if (url.isEmpty()) {
        m_state->clear();
        return;
    }
    m_keys.find(url, [this](bool found, const QString& problem) {
        m_forget->setEnabled(found);
        m_state->setText(found      ? tr("The keyring holds a key for this address.")
                : problem.isEmpty() ? tr("No key is kept for this address; none is sent.")
                                    : problem);
    });
}

void EndpointDialog::keep()
{
    EndpointFacts facts = m_known;
    facts.url = m_url->text().trimmed();
    facts.model = m_model->text().trimmed();
    facts.budget = m_budget->value();
    if (m_window) facts.window = m_window->value();
    const QUrl url(facts.url);
    if (url.host().isEmpty() || (url.scheme() != QLatin1String("http") && url.scheme() != QLatin1String("https")))
        return showProblem(tr("The base address is a URL such as https://server.example/v1."));
    if (facts.model.isEmpty()) return showProblem(tr("Name the model as the server does."));
    const auto use = [this, facts] {
        Q_EMIT chosen(facts);
        accept();
    };
    if (m_key->text().isEmpty()) return use();
    m_keep->setEnabled(false);
    m_keys.write(facts.url, m_key->text(), [this, use](const QString& problem) {
        m_keep->setEnabled(true);
        if (problem.isEmpty()) return use();
        m_key->clear();  // pressing again goes on without it
        showProblem(problem);
    });
}

}  // namespace pathloom
