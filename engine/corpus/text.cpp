// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8 checks and the little normalisation that document text gets.
#include "engine/corpus/text.h"

#include <fmt/format.h>

#include <cstring>

namespace pathloom {

namespace {

/// Length of the valid sequence that starts at `p`, 0 when there is none. Table 3-7 of the Unicode standard.
std::size_t sequence_length(const unsigned char* p, std::size_t left)
{
    const auto continues = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xbf) {
        return i < left && p[i] >= low && p[i] <= high;
    };
    const unsigned char c = p[0];
    if (c < 0x80) return 1;
    if (c >= 0xc2 && c <= 0xdf) return continues(1) ? 2 : 0;
    if (c >= 0xe0 && c <= 0xef) {
        const unsigned char low = c == 0xe0 ? 0xa0 : 0x80;
        const unsigned char high = c == 0xed ? 0x9f : 0xbf;
        return continues(1, low, high) && continues(2) ? 3 : 0;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        const unsigned char low = c == 0xf0 ? 0x90 : 0x80;
        const unsigned char high = c == 0xf4 ? 0x8f : 0xbf;
        return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view text)
{
    const auto* p = reinterpret_cast<const unsigned char*>(text.data());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t n = sequence_length(p + i, text.size() - i);
        if (n == 0) return i;
        i += n;
    }
    return std::nullopt;
}

std::optional<std::string> why_not_text(std::string_view bytes)
{
    if (const std::size_t nul = bytes.find('\0'); nul != std::string_view::npos)
        return fmt::format("binary: NUL byte at offset {}", nul);
    if (const auto bad = first_invalid_utf8(bytes))
        return fmt::format("not UTF-8: byte 0x{:02x} at offset {}", static_cast<unsigned char>(bytes[*bad]), *bad);
    return std::nullopt;
}

std::string normalised(std::string text)
{
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
    std::size_t out = text.find("\r\n");
    if (out == std::string::npos) return text;
    for (std::size_t in = out; in < text.size(); ++in) {
        if (text[in] == '\r' && in + 1 < text.size() && text[in + 1] == '\n') continue;
        text[out++] = text[in];
    }
    text.resize(out);
    return text;
}

std::string whitespace_folded(std::string_view text)
{
    std::string folded;
    folded.reserve(text.size());
    bool gap = false;
    for (const char c : text) {
        if (is_blank(c)) {
            gap = true;
            continue;
        }
        if (gap && !folded.empty()) folded += ' ';
        gap = false;
        folded += c;
    }
    return folded;
}

std::string ascii_lowered(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    return out;
}

std::size_t code_point_floor(std::string_view text, std::size_t offset)
{
    if (offset >= text.size()) return text.size();
    while (offset > 0 && (static_cast<unsigned char>(text[offset]) & 0xc0) == 0x80) --offset;
    return offset;
}

std::uint32_t next_code_point(std::string_view text, std::size_t& offset)
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t lead = byte(offset++);
    if (lead < 0x80) return lead;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    std::uint32_t value = lead & (0x3fU >> more);
    for (int i = 0; i < more && offset < text.size(); ++i) value = value << 6 | (byte(offset++) & 0x3fU);
    return value;
}

std::string_view opening_of(std::string_view text, std::size_t characters)
{
    std::size_t offset = 0;
    for (std::size_t i = 0; i < characters && offset < text.size(); ++i) next_code_point(text, offset);
    return text.substr(0, offset);
}

}  // namespace pathloom
