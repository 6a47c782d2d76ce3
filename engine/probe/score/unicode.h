// SPDX-License-Identifier: GPL-3.0-or-later
// Text as scores see it: code points, and the character classes of Python's str, which sacrebleu, jiwer and difflib work on.
#pragma once

#include "engine/core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// UTF-8 to code points. Corrupt when the bytes are not UTF-8; the message names the byte and its line.
Result<std::u32string> decode_utf8(std::string_view bytes);
/// Code points to UTF-8.
std::string encode_utf8(std::u32string_view text);

/// What str.isspace(), str.split() and \s in a pattern mean by white space: more than ASCII (U+001C-1F, U+0085, U+00A0, ...) and
/// less than some expect (not U+200B, not U+FEFF).
constexpr bool is_python_space(char32_t c)
{
    if (c < 0x80) return c == 0x20 || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f
        || c == 0x205f || c == 0x3000;
}
/// str.split() without arguments: runs of white space part words, none is empty. The views point into `text`.
std::vector<std::u32string_view> split_words(std::u32string_view text);
std::u32string_view stripped(std::u32string_view text);  ///< str.strip()
std::u32string_view right_stripped(std::u32string_view text);  ///< str.rstrip()
/// str.lower(): full mappings (one character may become two) and the final sigma, of no particular language.
std::u32string lowered(std::u32string_view text);

// General categories: \p{P}, \p{N}, \p{S}.
bool is_punctuation(char32_t c);
bool is_number(char32_t c);
bool is_symbol(char32_t c);

}  // namespace pathloom
