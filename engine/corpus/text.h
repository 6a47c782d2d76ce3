// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8 checks and the little normalisation that document text gets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pathloom {

/// Offset of the first byte that is not valid UTF-8 (overlong forms, surrogates and values above U+10FFFF included).
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// Why these bytes are no text ("binary: NUL byte at offset 3", "not UTF-8: byte 0xff at offset 7"), or nothing when they are.
std::optional<std::string> why_not_text(std::string_view bytes);

/// Byte-order mark dropped, CRLF to LF. Everything else stays: byte offsets of a corpus refer to this text.
std::string normalised(std::string text);

/// Runs of white space become one blank, ends trimmed: the form in which documents are compared.
std::string whitespace_folded(std::string_view text);

/// ASCII capitals made small; the rest stays.
std::string ascii_lowered(std::string_view text);

/// Largest offset <= `offset` at which a code point begins. `text` is valid UTF-8.
std::size_t code_point_floor(std::string_view text, std::size_t offset);

/// The code point at `offset` and where the next one begins. `text` is valid UTF-8.
std::uint32_t next_code_point(std::string_view text, std::size_t& offset);

/// The first `characters` code points.
std::string_view opening_of(std::string_view text, std::size_t characters);

/// ASCII blank, tab, line feed, vertical tab, form feed, carriage return.
constexpr bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace pathloom
