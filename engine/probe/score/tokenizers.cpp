// SPDX-License-Identifier: GPL-3.0-or-later
// The tokenizers of sacrebleu's BLEU and TER.
#include "engine/probe/score/tokenizers.h"

#include "engine/probe/score/unicode.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pathloom {

namespace {

using Text = std::u32string;
using Range = std::pair<char32_t, char32_t>;

bool is_ascii_digit(char32_t c)
{
    return c >= U'0' && c <= U'9';
}
bool is_point(char32_t c)
{
    return c == U'.' || c == U',';
}
/// ASCII blank, punctuation and symbols except ' , - . which have rules of their own.
bool is_western_mark(char32_t c)
{
    return (c >= U' ' && c <= U'&') || (c >= U'(' && c <= U'+') || c == U'/' || (c >= U':' && c <= U'@')
        || (c >= U'[' && c <= U'`') || (c >= U'{' && c <= U'~');
}

/// Every occurrence of `from`, left to right, becomes `to`.
void replace_all(Text& text, std::u32string_view from, std::u32string_view to)
{
    std::size_t at = text.find(from);
    if (at == Text::npos) return;
    Text out;
    std::size_t kept = 0;
    for (; at != Text::npos; at = text.find(from, kept)) {
        out.append(text, kept, at - kept);
        out.append(to);
        kept = at + from.size();
    }
    out.append(text, kept);
    text = std::move(out);
}

/// s/(c)/ \1 /g for every character of a class.
template <class Class>
Text set_apart(const Text& text, Class belongs)
{
    Text out;
    out.reserve(text.size() * 2);
    for (const char32_t c : text) {
        if (belongs(c)) {
            out += U' ';
            out += c;
            out += U' ';
        } else {
            out += c;
        }
    }
    return out;
}

/// s/(a)(b)/.../g over two neighbours: a match uses both up, as in a regular expression. `write` appends what replaces them.
template <class First, class Second, class Write>
Text replace_pairs(const Text& text, First first, Second second, Write write)
{
    Text out;
    out.reserve(text.size() * 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i + 1 < text.size() && first(text[i]) && second(text[i + 1])) {
            write(out, text[i], text[i + 1]);
            ++i;
        } else {
            out += text[i];
        }
    }
    return out;
}
void split_second_off(Text& out, char32_t a, char32_t b)
{
    out += a;
    out += U' ';
    out += b;
    out += U' ';
}
void split_first_off(Text& out, char32_t a, char32_t b)
{
    out += U' ';
    out += a;
    out += U' ';
    out += b;
}

/// Points and commas apart unless between digits, and a dash apart after a digit.
Text western_points(Text text)
{
    text = replace_pairs(
        text, [](char32_t c) { return !is_ascii_digit(c); }, is_point, split_second_off);
    text = replace_pairs(
        text, is_point, [](char32_t c) { return !is_ascii_digit(c); }, split_first_off);
    return replace_pairs(
        text, is_ascii_digit, [](char32_t c) { return c == U'-'; }, split_second_off);
}

Text padded(const Text& text)
{
    Text out(1, U' ');
    out += text;
    out += U' ';
    return out;
}

void unescape_entities(Text& text)
{
    if (text.find(U'&') == Text::npos) return;
    replace_all(text, U"&quot;", U"\"");
    replace_all(text, U"&amp;", U"&");
    replace_all(text, U"&lt;", U"<");
    replace_all(text, U"&gt;", U">");
}

Text tokenized_13a(std::u32string_view line)
{
    Text text(line);
    replace_all(text, U"<skipped>", U"");
    replace_all(text, U"-\n", U"");
    replace_all(text, U"\n", U" ");
    unescape_entities(text);
    return western_points(set_apart(padded(text), is_western_mark));
}

/// Punctuation apart unless between digits, symbols always. Entities stay as they are, and so does the point after a number at
/// the end.
Text tokenized_intl(std::u32string_view line)
{
    const auto not_number = [](char32_t c) { return !is_number(c); };
    Text text = replace_pairs(Text(line), not_number, is_punctuation, split_second_off);
    text = replace_pairs(text, is_punctuation, not_number, split_first_off);
    return set_apart(text, is_symbol);
}

template <std::size_t N>
bool is_within(const std::array<Range, N>& ranges, char32_t c)
{
    return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) { return range.first <= c && c <= range.second; });
}

/// sacrebleu's list. Its ranges for the supplementary planes compare two-character strings and so mean U+2001-2A6D and
/// U+2F81-2FA1.
constexpr std::array<Range, 22> chinese{{{0x3400, 0x4db5}, {0x4e00, 0x9fa5}, {0x9fa6, 0x9fbb}, {0xf900, 0xfa2d}, {0xfa30, 0xfa6a},
    {0xfa70, 0xfad9}, {0x2001, 0x2a6d}, {0x2f81, 0x2fa1}, {0xff00, 0xffef}, {0x2e80, 0x2eff}, {0x3000, 0x303f}, {0x31c0, 0x31ef},
    {0x2f00, 0x2fdf}, {0x2ff0, 0x2fff}, {0x3100, 0x312f}, {0x31a0, 0x31bf}, {0xfe10, 0xfe1f}, {0xfe30, 0xfe4f}, {0x2600, 0x26ff},
    {0x2700, 0x27bf}, {0x3200, 0x32ff}, {0x3300, 0x33ff}}};

Text tokenized_zh(std::u32string_view line)
{
    const auto apart = set_apart(Text(stripped(line)), [](char32_t c) { return is_within(chinese, c); });
    return western_points(set_apart(apart, is_western_mark));
}

constexpr std::array<Range, 7> asian_punctuation{{{0x3001, 0x3002}, {0x3008, 0x3011}, {0x3014, 0x301f}, {0xff61, 0xff65},
    {0x30fb, 0x30fb}, {0xff0e, 0xff0e}, {0xff0c, 0xff0c}}};
constexpr std::array<Range, 5> full_width_punctuation{
    {{0xff1f, 0xff1f}, {0xff1a, 0xff1b}, {0xff01, 0xff01}, {0xff02, 0xff02}, {0xff08, 0xff09}}};

bool is_asian_punctuation(char32_t c)
{
    return is_within(asian_punctuation, c) || is_within(full_width_punctuation, c);
}
/// Ideographs, strokes, radicals, compatibility forms, and U+3200-3F22 for the enclosed ones (sic: the range runs into the
/// ideographs). Kana stay together: sacrebleu's patterns for them ask for the start of the text, which the normalisation has
/// padded.
bool is_asian_character(char32_t c)
{
    static constexpr std::array<Range, 8> ranges{{{0x4e00, 0x9fff}, {0x3400, 0x4dbf}, {0x31c0, 0x31ef}, {0x2e80, 0x2eff},
        {0x3300, 0x33ff}, {0xf900, 0xfaff}, {0xfe30, 0xfe4f}, {0x3200, 0x3f22}}};
    return is_within(ranges, c) || is_asian_punctuation(c);
}

Text tercom_normalized(Text text)
{
    replace_all(text, U"\n-", U"");
    replace_all(text, U"\n", U" ");
    unescape_entities(text);
    text = set_apart(padded(text), is_western_mark);
    replace_all(text, U"'s ", U" 's ");
    return western_points(std::move(text));
}

}  // namespace

std::optional<Tokenizer> tokenizer_named(std::string_view name)
{
    for (const auto tokenizer : {Tokenizer::none, Tokenizer::v13a, Tokenizer::intl, Tokenizer::chr, Tokenizer::zh})
        if (name == name_of(tokenizer)) return tokenizer;
    return std::nullopt;
}

std::string_view name_of(Tokenizer tokenizer)
{
    switch (tokenizer) {
    case Tokenizer::none:
        return "none";
    case Tokenizer::v13a:
        return "13a";
    case Tokenizer::intl:
        return "intl";
    case Tokenizer::chr:
        return "char";
    case Tokenizer::zh:
        return "zh";
    }
    return "none";
}

std::u32string tokenized(std::u32string_view line, Tokenizer tokenizer)
{
    switch (tokenizer) {
    case Tokenizer::none:
        return Text(line);
    case Tokenizer::v13a:
        return tokenized_13a(line);
    case Tokenizer::intl:
        return tokenized_intl(line);
    case Tokenizer::chr:
        return set_apart(Text(line), [](char32_t) { return true; });
    case Tokenizer::zh:
        return tokenized_zh(line);
    }
    return Text(line);
}

std::u32string tercom_tokenized(std::u32string_view line, const TercomOptions& options)
{
    Text text = options.case_sensitive ? Text(line) : lowered(line);
    if (text.empty()) return text;
    if (options.normalized) {
        text = tercom_normalized(std::move(text));
        if (options.asian_support) text = set_apart(text, is_asian_character);
    }
    if (options.no_punct) {
        std::erase_if(text, [](char32_t c) { return std::u32string_view(U".,?:;!\"()").find(c) != std::u32string_view::npos; });
        if (options.asian_support) std::erase_if(text, is_asian_punctuation);
    }
    return text;
}

}  // namespace pathloom
