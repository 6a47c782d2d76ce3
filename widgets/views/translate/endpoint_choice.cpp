// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/translate/endpoint_choice.h"

#include "widgets/models/translator_choices.h"
#include "widgets/views/common/endpoint_dialog.h"

namespace pathloom {

void askForEndpoint(TranslatorChoices& choices, ThemeController& theme, QWidget* parent, const std::function<void()>& then)
{
    auto* dialog = new EndpointDialog(choices.endpoint(),
        TranslatorChoices::tr("What of the pack may be used is sent to this server with every sentence."),
        EndpointDialog::Asks::BudgetAndWindow, theme, parent->window());
    QObject::connect(dialog, &EndpointDialog::chosen, parent, [&choices, then](const EndpointFacts& endpoint) {
        choices.setEndpoint(endpoint);
        if (then) then();
    });
    dialog->open();
}

}  // namespace pathloom
