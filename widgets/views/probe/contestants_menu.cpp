// SPDX-License-Identifier: GPL-3.0-or-later
// ContestantsMenu and EndpointDialog.
#include "widgets/views/probe/contestants_menu.h"

#include "widgets/theme/icons.h"
#include "widgets/theme/theme.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSpinBox>
#include <QUrl>

namespace pathloom {

ContestantsMenu::ContestantsMenu(Contestants& contestants, ThemeController& theme, QWidget* parent)
    : QToolButton(parent)
    , m_contestants(contestants)
    , m_theme(theme)
{
    setObjectName(QStringLiteral("probe.compare"));
    setToolButtonStyle(Qt::ToolButtonTextOnly);
    setPopupMode(QToolButton::InstantPopup);
    setFocusPolicy(Qt::TabFocus);
    setToolTip(tr("Who answers the same questions beside the reader"));
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("probe.compare.menu"));
    menu->setToolTipsVisible(true);
    setMenu(menu);
    connect(menu, &QMenu::aboutToShow, this, &ContestantsMenu::opening);
    connect(&m_contestants, &Contestants::changed, this, &ContestantsMenu::rebuild);
    rebuild();
}

void ContestantsMenu::rebuild()
{
    const auto chosen = m_contestants.chosen();
    setText(chosen.isEmpty() ? tr("Compare With") : tr("Compare With (%1)").arg(chosen.size()));
    setAccessibleName(text());
    menu()->clear();
    for (const Contestant& one : m_contestants.known()) {
        QAction* action = menu()->addAction(m_contestants.title(one.id));
        action->setObjectName(QStringLiteral("probe.compare.") + one.id);
        action->setToolTip(one.tip);
        action->setCheckable(true);
        action->setChecked(chosen.contains(one.id));
        connect(action, &QAction::triggered, this, [this, id = one.id](bool on) {
            if (on && id == QLatin1String("endpoint") && !m_contestants.endpoint().isSet()) {
                openDialog();  // chosen when its address is known
                rebuild();
            } else {
                m_contestants.setChosen(id, on);
            }
        });
    }
    menu()->addSeparator();
    QAction* settings = menu()->addAction(pathloom::icon(u"settings"), tr("Endpoint\u2026"));
    settings->setObjectName(QStringLiteral("probe.compare.settings"));
    connect(settings, &QAction::triggered, this, &ContestantsMenu::openDialog);
}

void ContestantsMenu::openDialog()
{
    auto* dialog = new EndpointDialog(m_contestants, m_theme, window());
    dialog->open();
}

EndpointDialog::EndpointDialog(Contestants& contestants, ThemeController& theme, QWidget* parent)
    : QDialog(parent)
    , m_contestants(contestants)
    , m_theme(theme)
    , m_url(new QLineEdit(contestants.endpoint().url))
    , m_model(new QLineEdit(contestants.endpoint().model))
    , m_budget(new QSpinBox)
    , m_key(new QLineEdit)
    , m_state(new QLabel)
    , m_problem(new QLabel)
{
    setObjectName(QStringLiteral("endpoint"));
    setWindowTitle(tr("Endpoint"));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(520);
    auto* form = new QFormLayout(this);
    form->setContentsMargins(16, 16, 16, 12);
    form->setVerticalSpacing(8);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    const auto field = [&](QLineEdit* edit, const QString& name, const QString& label, const QString& hint) {
        edit->setObjectName(QStringLiteral("endpoint.") + name);
        edit->setAccessibleName(label);
        edit->setPlaceholderText(hint);
        form->addRow(label, edit);
    };
    field(m_url, QStringLiteral("url"), tr("Base address"), QStringLiteral("https://server.example/v1"));
    field(m_model, QStringLiteral("model"), tr("Model"), tr("as the server names it"));
    m_budget->setObjectName(QStringLiteral("endpoint.budget"));
    m_budget->setAccessibleName(tr("Token budget"));
    m_budget->setToolTip(tr("Nothing more is sent in one measurement once so many tokens were sent and asked for"));
    m_budget->setRange(1000, 2'000'000'000);
    m_budget->setSingleStep(100'000);
    m_budget->setGroupSeparatorShown(true);
    m_budget->setValue(int(contestants.endpoint().budget));
    form->addRow(tr("Token budget"), m_budget);
    m_key->setEchoMode(QLineEdit::Password);
    field(m_key, QStringLiteral("key"), tr("Key"), tr("kept in the keyring; empty leaves it as it is"));
    m_forget = new QPushButton(tr("Forget Key"));
    m_forget->setObjectName(QStringLiteral("endpoint.forget"));
    m_state->setObjectName(QStringLiteral("endpoint.state"));
    m_state->setWordWrap(true);
    m_state->setForegroundRole(QPalette::PlaceholderText);
    auto* row = new QHBoxLayout;
    row->addWidget(m_state, 1);
    row->addWidget(m_forget);
    form->addRow(row);
    auto* hint = new QLabel(tr("Whole documents are sent to this server. Prompts and answers count towards the budget."));
    hint->setWordWrap(true);
    hint->setForegroundRole(QPalette::PlaceholderText);
    form->addRow(hint);
    m_problem->setObjectName(QStringLiteral("endpoint.problem"));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
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
    m_keep = buttons->addButton(tr("Use Endpoint"), QDialogButtonBox::AcceptRole);
    m_keep->setObjectName(QStringLiteral("endpoint.keep"));
    m_keep->setDefault(true);
    form->addRow(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &EndpointDialog::keep);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_url, &QLineEdit::editingFinished, this, &EndpointDialog::lookForKey);
    connect(m_forget, &QPushButton::clicked, this, [this] {
        m_keys.write(m_url->text().trimmed(), {}, [this](const QString& problem) {
            if (!problem.isEmpty()) showProblem(problem);
            lookForKey();
        });
    });
    lookForKey();
}

void EndpointDialog::showProblem(const QString& text)
{
    m_problem->setText(text);
    m_problem->show();
    adjustSize();  // a wrapped line would be cut otherwise
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
    const EndpointFacts facts{m_url->text().trimmed(), m_model->text().trimmed(), m_budget->value()};
    const QUrl url(facts.url);
    if (url.host().isEmpty() || (url.scheme() != QLatin1String("http") && url.scheme() != QLatin1String("https")))
        return showProblem(tr("The base address is a URL such as https://server.example/v1."));
    if (facts.model.isEmpty()) return showProblem(tr("Name the model as the server does."));
    const auto use = [this, facts] {
        m_contestants.setEndpoint(facts);
        m_contestants.setChosen(QStringLiteral("endpoint"), true);
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
