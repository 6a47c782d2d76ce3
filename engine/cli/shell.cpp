// SPDX-License-Identifier: GPL-3.0-or-later
// Printing for every verb.
#include "engine/cli/shell.h"

#include <fmt/format.h>

#include <cstdio>

namespace pathloom {

namespace {

/// Bytes that are not UTF-8 (file names) become replacement characters instead of an exception.
std::string dump(const nlohmann::json& document, int indent)
{
    return document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void Shell::print(const nlohmann::json& document, const std::string& text) const
{
    if (json) {
        fmt::print("{}\n", dump(document, 2));
    } else {
        fmt::print("{}", text);
    }
    std::fflush(stdout);
}

void Shell::print_line(const nlohmann::json& document) const
{
    fmt::print("{}\n", dump(document, -1));
    std::fflush(stdout);
}

}  // namespace pathloom
