// SPDX-License-Identifier: GPL-3.0-or-later
// How films are read, on command lines: every verb that opens documents takes the same flags.
#pragma once

#include "engine/corpus/read_options.h"

#include <CLI/CLI.hpp>

namespace pathloom {

/// --fps, --text-language, --no-picture-text, --speech.
inline void add_read_flags(CLI::App* verb, ReadOptions& options)
{
    verb->add_option("--fps", options.frames_per_second, "Pictures of a film looked at, a second")
        ->check(CLI::Range(LeastFrameRate, MostFrameRate));
    verb->add_option("--text-language", options.language, "Of the text in a film's pictures: Tesseract's names (eng, deu+eng)");
    verb->add_flag("!--no-picture-text", options.picture_text, "Leave the text in a film's pictures out");
    verb->add_flag("--speech", options.speech, "Recognise what is said in films and recordings");
}

}  // namespace pathloom
