// SPDX-License-Identifier: GPL-3.0-or-later
// How a fuzz target says that a reader has not kept its word.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace pathloom::fuzz {

inline void promise(bool kept, const char* what)
{
    if (kept) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

inline bool one_line(const std::string& message)
{
    return !message.empty() && message.find('\n') == std::string::npos;
}

}  // namespace pathloom::fuzz
