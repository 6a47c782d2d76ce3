// SPDX-License-Identifier: GPL-3.0-or-later
// Foreign text inside our messages: a message is one line, whatever somebody wrote into a file.
#pragma once

#include <algorithm>
#include <string>

namespace pathloom {

/// Control characters become blanks.
[[nodiscard]] inline std::string one_line(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    return text;
}

}  // namespace pathloom
