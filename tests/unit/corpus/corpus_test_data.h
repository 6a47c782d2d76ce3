// SPDX-License-Identifier: GPL-3.0-or-later
// Random documents in several scripts, and small files, for the corpus tests.
#pragma once

#include "engine/core/rng.h"
#include "engine/store/blobs.h"
#include "tests/unit/temporary_folder.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom::test {

inline std::filesystem::path write_file(const std::filesystem::path& file, std::string_view bytes)
{
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
}

inline void append_code_point(std::string& text, std::uint32_t c)
{
    if (c < 0x80) {
        text += char(c);
    } else if (c < 0x800) {
        text += char(0xc0 | c >> 6);
        text += char(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        text += char(0xe0 | c >> 12);
        text += char(0x80 | (c >> 6 & 0x3f));
        text += char(0x80 | (c & 0x3f));
    } else {
        text += char(0xf0 | c >> 18);
        text += char(0x80 | (c >> 12 & 0x3f));
        text += char(0x80 | (c >> 6 & 0x3f));
        text += char(0x80 | (c & 0x3f));
    }
}

/// First and last letter of a script.
struct Script {
    std::uint32_t first;
    std::uint32_t last;
};
constexpr std::array<Script, 6> scripts{
    {{'a', 'z'}, {0x430, 0x44f}, {0x3041, 0x3093}, {0x5b57, 0x5bd7}, {0x5d0, 0x5ea}, {0x1f600, 0x1f640}}};

/// A word that depends on (script, number) only, so that texts share words and BPE finds pieces.
inline std::string word(const Script& script, std::uint64_t number)
{
    Rng rng(mix(script.first, number));
    std::string text;
    const std::uint64_t length = 2 + rng.below(6);
    for (std::uint64_t i = 0; i < length; ++i)
        append_code_point(text, script.first + std::uint32_t(rng.below(script.last - script.first + 1)));
    return text;
}

/// Words, numbers, tabs, runs of blanks and empty lines; sometimes a letter of any plane.
inline std::string random_text(std::uint64_t seed, const Script& script, int words)
{
    Rng rng(seed);
    std::string text;
    for (int i = 0; i < words; ++i) {
        switch (rng.below(24)) {
        case 0:
            text += "\n\n";
            break;
        case 1:
            text += "\t";
            break;
        case 2:
            text += "    ";
            break;
        case 3:
            text += std::to_string(rng.below(100000));
            break;
        case 4:
            append_code_point(text, 0x1e00 + std::uint32_t(rng.below(0x700)));
            break;
        default:
            text += word(script, rng.below(200));
            break;
        }
        text += rng.below(8) ? " " : "\n";
    }
    return text;
}

inline BlobStore open_store(const TemporaryFolder& folder)
{
    auto store = BlobStore::open(folder.path() / "blobs");
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
}

}  // namespace pathloom::test
