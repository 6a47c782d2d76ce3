// SPDX-License-Identifier: GPL-3.0-or-later
// One target as a libFuzzer program; PATHLOOM_FUZZ_TARGET names it.
#include "tests/fuzz/targets.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto run = [] {
        for (const auto& target : pathloom::fuzz::targets())
            if (std::string_view(target.name) == PATHLOOM_FUZZ_TARGET) return target.run;
        std::abort();
    }();
    run({reinterpret_cast<const char*>(data), size});
    return 0;
}
