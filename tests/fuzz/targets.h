// SPDX-License-Identifier: GPL-3.0-or-later
// The readers of foreign bytes as functions that must survive anything. They abort when a promise of the reader is broken, so a
// fuzzer and the ordinary suite find the same things.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom::fuzz {

struct Target {
    const char* name;
    void (*run)(std::string_view bytes);
    std::vector<std::string> seeds;  ///< good inputs to start from
};

/// Every parser of bytes that come from outside, found by its name.
const std::vector<Target>& targets();

}  // namespace pathloom::fuzz
