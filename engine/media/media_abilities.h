// SPDX-License-Identifier: GPL-3.0-or-later
// What this computer can read from films, beside what is in them: the models that are installed.
#pragma once

#include <string>
#include <vector>

namespace pathloom {

struct MediaAbilities {
    std::vector<std::string> text_languages;  ///< Tesseract's names, sorted ("deu", "eng"); what it needs for itself left out
    std::string speech_problem;  ///< why speech cannot be recognised, and what to install; empty: it can
};

MediaAbilities media_abilities();

}  // namespace pathloom
