// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/translate/translator_list.h"

#include "widgets/theme/icons.h"
#include "widgets/views/translate/endpoint_choice.h"

#include <QAction>

namespace pathloom {
namespace {

void fill(ChecklistButton& button, const TranslatorChoices& choices, const QStringList& chosen)
{
    QVector<ChecklistEntry> entries;
    for (const TranslatorFacts& one : choices.known())
        entries.append({one.id, choices.title(one.id), one.tip, one.problem.isEmpty()});
    button.setEntries(entries, chosen);
}

}  // namespace

ChecklistButton* makeTranslatorList(
    const QString& name, const QStringList& chosen, TranslatorChoices& choices, ThemeController& theme, QWidget* parent)
{
    auto* button
        = new ChecklistButton(name, TranslatorChoices::tr("Translators"), TranslatorChoices::tr("Who is measured"), parent);
    const auto askFirst = [button, &choices, &theme] {
        askForEndpoint(choices, theme, button, [button, &choices] {
            QStringList ids = button->chosen();
            if (!ids.contains(QLatin1String("endpoint"))) ids.append(QStringLiteral("endpoint"));
            fill(*button, choices, ids);
            Q_EMIT button->toggled(QStringLiteral("endpoint"), true);
        });
    };
    QAction* settings
        = button->addCommand(name + QStringLiteral(".settings"), icon(u"settings"), TranslatorChoices::tr("Endpoint\u2026"));
    QObject::connect(settings, &QAction::triggered, button, askFirst);
    QObject::connect(
        &choices, &TranslatorChoices::changed, button, [button, &choices] { fill(*button, choices, button->chosen()); });
    QObject::connect(button, &ChecklistButton::toggled, button, [button, &choices, askFirst](const QString& id, bool on) {
        if (!on || !TranslatorChoices::isEndpoint(id) || choices.endpoint().isSet()) return;
        QStringList ids = button->chosen();
        ids.removeAll(id);
        fill(*button, choices, ids);
        askFirst();
    });
    fill(*button, choices, chosen);
    return button;
}

}  // namespace pathloom
