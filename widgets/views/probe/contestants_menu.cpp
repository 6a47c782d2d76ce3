// SPDX-License-Identifier: GPL-3.0-or-later
// The menu "Compare With".
#include "widgets/views/probe/contestants_menu.h"

#include "widgets/theme/icons.h"
#include "widgets/views/common/endpoint_dialog.h"

#include <QAction>

namespace pathloom {
namespace {

constexpr QLatin1String endpointId("endpoint");

void fill(ChecklistButton& button, const Contestants& contestants)
{
    QVector<ChecklistEntry> entries;
    for (const Contestant& one : contestants.known()) entries.append({one.id, contestants.title(one.id), one.tip});
    button.setEntries(entries, contestants.chosen());
}

void openDialog(ChecklistButton& button, Contestants& contestants, ThemeController& theme)
{
    auto* dialog = new EndpointDialog(contestants.endpoint(), Contestants::tr("Whole documents are sent to this server."),
        EndpointDialog::Asks::Budget, theme, button.window());
    QObject::connect(dialog, &EndpointDialog::chosen, &contestants, [&contestants](const EndpointFacts& endpoint) {
        contestants.setEndpoint(endpoint);
        contestants.setChosen(endpointId, true);
    });
    dialog->open();
}

}  // namespace

void showContestants(ChecklistButton& button, Contestants& contestants, ThemeController& theme)
{
    QAction* settings
        = button.addCommand(QStringLiteral("probe.compare.settings"), icon(u"settings"), Contestants::tr("Endpoint\u2026"));
    QObject::connect(settings, &QAction::triggered, &button, [&] { openDialog(button, contestants, theme); });
    QObject::connect(&contestants, &Contestants::changed, &button, [&] { fill(button, contestants); });
    QObject::connect(&button, &ChecklistButton::toggled, &contestants, [&](const QString& id, bool on) {
        if (!on || id != endpointId || contestants.endpoint().isSet()) return contestants.setChosen(id, on);
        openDialog(button, contestants, theme);  // chosen when its address is known
        fill(button, contestants);
    });
    fill(button, contestants);
}

}  // namespace pathloom
