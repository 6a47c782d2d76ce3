// SPDX-License-Identifier: GPL-3.0-or-later
// The button that ticks several translators, as the pages that measure have it.
#pragma once

#include "widgets/models/translator_choices.h"
#include "widgets/views/common/checklist_button.h"

namespace pathloom {

class ThemeController;

/// `chosen`: ticked at first. An endpoint is ticked once its address is known.
ChecklistButton* makeTranslatorList(
    const QString& name, const QStringList& chosen, TranslatorChoices& choices, ThemeController& theme, QWidget* parent);

}  // namespace pathloom
