// SPDX-License-Identifier: GPL-3.0-or-later
// The fuzz targets over seeded random mutations of good inputs, in the ordinary suite: no clang needed, the same every time.
#include "engine/core/rng.h"
#include "tests/fuzz/targets.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pathloom::fuzz {
namespace {

/// Bytes and words that readers of numbers, strings and lengths stumble over.
const std::vector<std::string> awkward{std::string(1, '\0'), "\xff", "\xed\xa0\x80", "\\u0000", "\\n", "\\ud800", "\"", "{", "}",
    "[", "]", ",", ":", "\n", "/", "-1", "0", "00", "1e999", "-0", "9223372036854775807", "9223372036854775808",
    "18446744073709551615", "null", "true", "0.5", "NaN", "\xff\xff\xff\xff\xff\xff\xff\x7f", std::string(200, '['),
    std::string(300, '9')};

std::string mutated(std::string bytes, Rng& rng)
{
    const auto place = [&] { return std::size_t(rng.below(bytes.size() + 1)); };
    for (std::uint64_t change = 1 + rng.below(4); change > 0; --change) {
        const std::size_t at = place();
        const std::size_t count = std::min<std::size_t>(bytes.size() - at, rng.below(12));
        switch (rng.below(6)) {
        case 0:
            if (at < bytes.size()) bytes[at] = char(bytes[at] ^ (1 << rng.below(8)));
            break;
        case 1:
            bytes.erase(at, count);
            break;
        case 2:
            bytes.insert(at, awkward[rng.below(awkward.size())]);
            break;
        case 3:
            bytes.replace(at, count, awkward[rng.below(awkward.size())]);
            break;
        case 4:
            bytes.insert(place(), bytes.substr(at, count));
            break;
        default:
            bytes.resize(at);
            break;
        }
    }
    return bytes;
}

class Mutations : public testing::TestWithParam<const Target*> { };

TEST_P(Mutations, AreSurvived)
{
    const Target& target = *GetParam();
    Rng rng(2024);
    target.run("");
    for (const std::string& seed : target.seeds) {
        target.run(seed);
        for (int round = 0; round < target.rounds; ++round) target.run(mutated(seed, rng));
    }
}

std::vector<const Target*> pointers()
{
    std::vector<const Target*> all;
    for (const Target& target : targets()) all.push_back(&target);
    return all;
}

INSTANTIATE_TEST_SUITE_P(
    All, Mutations, testing::ValuesIn(pointers()), [](const auto& test) { return std::string(test.param->name); });

}  // namespace
}  // namespace pathloom::fuzz
