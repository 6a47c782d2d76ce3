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
    int rounds = 4000;  ///< mutations of each seed in the ordinary suite
};

/// Every parser of bytes that come from outside, found by its name: targets.cpp, and of pathloom-probe probe_targets.cpp.
const std::vector<Target>& targets();

}  // namespace pathloom::fuzz
