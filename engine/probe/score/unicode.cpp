// SPDX-License-Identifier: GPL-3.0-or-later
// Text as scores see it, on ICU's character data.
#include "engine/probe/score/unicode.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

namespace pathloom {

Result<std::u32string> decode_utf8(std::string_view bytes)
{
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const auto length = std::int64_t(bytes.size());
    std::u32string text;
    text.reserve(bytes.size());
    for (std::int64_t at = 0; at < length;) {
        const std::int64_t start = at;
        UChar32 c = 0;
        U8_NEXT(data, at, length, c);
        if (c < 0)
            return fail(ErrorCode::Corrupt, "not UTF-8: byte 0x{:02x} in line {} (offset {})", data[start],
                1 + std::count(bytes.begin(), bytes.begin() + start, '\n'), start);
        text.push_back(char32_t(c));
    }
    return text;
}

std::string encode_utf8(std::u32string_view text)
{
    std::string bytes;
    bytes.reserve(text.size());
    for (const char32_t c : text) {
        std::uint8_t unit[U8_MAX_LENGTH];
        std::int32_t length = 0;
        U8_APPEND_UNSAFE(unit, length, c);
        bytes.append(reinterpret_cast<const char*>(unit), std::size_t(length));
    }
    return bytes;
}

std::vector<std::u32string_view> split_words(std::u32string_view text)
{
    std::vector<std::u32string_view> words;
    for (std::size_t at = 0; at < text.size();) {
        if (is_python_space(text[at])) {
            ++at;
            continue;
        }
        const std::size_t start = at;
        while (at < text.size() && !is_python_space(text[at])) ++at;
        words.push_back(text.substr(start, at - start));
    }
    return words;
}

std::u32string_view right_stripped(std::u32string_view text)
{
    while (!text.empty() && is_python_space(text.back())) text.remove_suffix(1);
    return text;
}

std::u32string_view stripped(std::u32string_view text)
{
    text = right_stripped(text);
    while (!text.empty() && is_python_space(text.front())) text.remove_prefix(1);
    return text;
}

std::u32string lowered(std::u32string_view text)
{
    if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; })) {
        std::u32string lower(text);
        for (char32_t& c : lower)
            if (c >= U'A' && c <= U'Z') c += U'a' - U'A';
        return lower;
    }
    auto folded = icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()), std::int32_t(text.size()));
    folded.toLower(icu::Locale::getRoot());
    std::u32string lower(std::size_t(folded.countChar32()), U'\0');
    UErrorCode status = U_ZERO_ERROR;
    folded.toUTF32(reinterpret_cast<UChar32*>(lower.data()), std::int32_t(lower.size()), status);
    return lower;
}

bool is_punctuation(char32_t c)
{
    return (U_GET_GC_MASK(UChar32(c)) & U_GC_P_MASK) != 0;
}
bool is_number(char32_t c)
{
    return (U_GET_GC_MASK(UChar32(c)) & U_GC_N_MASK) != 0;
}
bool is_symbol(char32_t c)
{
    return (U_GET_GC_MASK(UChar32(c)) & U_GC_S_MASK) != 0;
}

}  // namespace pathloom
