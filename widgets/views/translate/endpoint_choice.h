// SPDX-License-Identifier: GPL-3.0-or-later
// Where the endpoint among the translators is.
#pragma once

#include <functional>

class QWidget;

namespace pathloom {

class ThemeController;
class TranslatorChoices;

/// Opens the endpoint dialog over `parent`'s window; `then` is called once an address has been kept.
void askForEndpoint(TranslatorChoices& choices, ThemeController& theme, QWidget* parent, const std::function<void()>& then = {});

}  // namespace pathloom
