// SPDX-License-Identifier: GPL-3.0-or-later
// The menu "Compare With" of the probe: who is asked beside the reader, and the way to the endpoint among them.
#pragma once

#include "widgets/models/contestants.h"
#include "widgets/views/common/checklist_button.h"

namespace pathloom {

class ThemeController;

/// Keeps `button` and `contestants` alike.
void showContestants(ChecklistButton& button, Contestants& contestants, ThemeController& theme);

}  // namespace pathloom
