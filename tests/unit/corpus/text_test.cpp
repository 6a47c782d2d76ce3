// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8 checks, normalisation, Zstandard and the JSON-lines reader, hostile bytes included.
#include "engine/corpus/jsonl.h"
#include "engine/corpus/text.h"
#include "engine/corpus/zstd_bytes.h"
#include "tests/unit/corpus/corpus_test_data.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

using testing::HasSubstr;

TEST(Text, InvalidUtf8IsFoundAtItsByte)
{
    EXPECT_EQ(first_invalid_utf8("plain, ümläut, 漢字, 😀"), std::nullopt);
    EXPECT_EQ(first_invalid_utf8("ab\xff"), 2U);
    EXPECT_EQ(first_invalid_utf8("\x80"), 0U);  // a lone continuation
    EXPECT_EQ(first_invalid_utf8("a\xc0\xaf"), 1U);  // an overlong slash
    EXPECT_EQ(first_invalid_utf8("\xe0\x80\xaf"), 0U);  // an overlong slash, three bytes
    EXPECT_EQ(first_invalid_utf8("\xed\xa0\x80"), 0U);  // a surrogate
    EXPECT_EQ(first_invalid_utf8("\xf4\x90\x80\x80"), 0U);  // above U+10FFFF
    EXPECT_EQ(first_invalid_utf8("\xf4\x8f\xbf\xbf"), std::nullopt);
    EXPECT_EQ(first_invalid_utf8("x\xe6\xbc"), 1U);  // cut off
    EXPECT_EQ(*why_not_text(std::string_view("a\0b", 3)), "binary: NUL byte at offset 1");
    EXPECT_EQ(*why_not_text("ab\xff"), "not UTF-8: byte 0xff at offset 2");
}

TEST(Text, OnlyByteOrderMarkAndCarriageReturnsGo)
{
    EXPECT_EQ(normalised("\xef\xbb\xbf"
                         "a\r\n\r\nb\r\n"),
        "a\n\nb\n");
    EXPECT_EQ(normalised("  a \t\n\rb\r"), "  a \t\n\rb\r");
    EXPECT_EQ(whitespace_folded(" a\n\n b\t c "), "a b c");
    EXPECT_EQ(opening_of("äöü", 2), "äö");
    EXPECT_EQ(opening_of("ab", 9), "ab");
}

TEST(Text, CodePointsAreReadBackAsWritten)
{
    for (const std::uint32_t c : {0x24U, 0xa2U, 0x20acU, 0x10348U, 0x10ffffU}) {
        std::string text;
        test::append_code_point(text, c);
        std::size_t offset = 0;
        EXPECT_EQ(next_code_point(text, offset), c);
        EXPECT_EQ(offset, text.size());
        EXPECT_EQ(code_point_floor(text + "x", text.size() - 1), 0U);  // its last byte belongs to the code point at 0
    }
}

TEST(Zstd, RoundTripLimitAndDamage)
{
    const std::string text = test::random_text(1, test::scripts[1], 5000);
    const std::string packed = zstd_compress(text);
    EXPECT_LT(packed.size(), text.size());
    EXPECT_EQ(*zstd_decompress(packed, text.size()), text);
    EXPECT_EQ(*zstd_decompress(packed + packed, 2 * text.size()), text + text);  // two frames
    EXPECT_THAT(zstd_decompress(packed, text.size() - 1).error().message, HasSubstr("more than"));
    EXPECT_THAT(zstd_decompress(packed.substr(0, packed.size() / 2), text.size()).error().message, HasSubstr("too early"));
    EXPECT_EQ(zstd_decompress("hello", 100).error().code, ErrorCode::Corrupt);
    EXPECT_FALSE(zstd_decompress("", 100));
}

TEST(Jsonl, FieldsAndTheirDefaults)
{
    const auto full = parse_record(R"({"text":"a\r\nb","domain":"d","source":"s","split":"valid","other":[1]})");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->text, "a\nb");
    EXPECT_EQ(full->domain, "d");
    EXPECT_EQ(full->source, "s");
    EXPECT_EQ(full->split, Split::Valid);
    const auto bare = parse_record(R"({"text":"a","domain":null})");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->domain, "");
    EXPECT_EQ(bare->split, std::nullopt);
    for (const Split split : {Split::Train, Split::Valid, Split::Test}) EXPECT_EQ(split_from_name(split_name(split)), split);
}

TEST(Jsonl, BadLinesSayWhy)
{
    const auto reason = [](std::string_view line) { return parse_record(line).error().message; };
    EXPECT_EQ(reason("{\"text\": \"a"), "not JSON");
    EXPECT_EQ(reason("[1]"), "not a JSON object");
    EXPECT_EQ(reason("{}"), "no \"text\"");
    EXPECT_EQ(reason(R"({"text":7})"), "\"text\" is not a string");
    EXPECT_EQ(reason(R"({"text":"a\u0000b"})"), "\"text\" is binary: NUL byte at offset 1");
    EXPECT_EQ(reason(R"({"text":" \n\t"})"), "\"text\" is empty");
    EXPECT_EQ(reason(R"({"text":"a","domain":[]})"), "\"domain\" is not a string");
    EXPECT_EQ(reason(R"({"text":"a","split":"dev"})"), "\"split\" is \"dev\"; use train, valid or test");
    EXPECT_EQ(reason("{\"text\":\"\xff\"}"), "not UTF-8: byte 0xff at offset 9");
    EXPECT_EQ(reason(R"({"text":"\ud800"})"), "not JSON");  // half a surrogate pair
    EXPECT_EQ(reason(std::string(100000, '[')), "not JSON");
    EXPECT_EQ(reason(std::string(100000, '[') + std::string(100000, ']')), "not a JSON object");
}

TEST(Jsonl, LinesAreCountedFromOneAndBlankOnesLeftOut)
{
    std::vector<std::pair<std::int64_t, std::string>> lines;
    for_each_line("a\r\n\n  \nb\nc", [&](std::int64_t number, std::string_view line) { lines.emplace_back(number, line); });
    EXPECT_EQ(lines, (std::vector<std::pair<std::int64_t, std::string>>{{1, "a"}, {4, "b"}, {5, "c"}}));
}

/// Whatever the bytes, a record is either refused with one line or is text that may be stored.
TEST(Jsonl, AnyBytesAreSurvived)
{
    const std::string good = R"({"text":"grüße \u00e9 \ud83d\ude00","domain":"d","source":"s","split":"train"})";
    Rng rng(7);
    int accepted = 0;
    for (int round = 0; round < 20000; ++round) {
        std::string line;
        if (round % 2) {
            line = good;
            for (std::uint64_t flips = 1 + rng.below(3); flips > 0; --flips) line[rng.below(line.size())] = char(rng.below(256));
            line.resize(line.size() - (round % 5 ? 0 : rng.below(line.size())));
        } else {
            for (std::uint64_t left = rng.below(64); left > 0; --left) line += char(rng.below(256));
        }
        const auto record = parse_record(line);
        accepted += record.has_value();
        if (record) {
            ASSERT_EQ(why_not_text(record->text), std::nullopt);
            ASSERT_EQ(why_not_text(record->domain + record->source), std::nullopt);
            ASSERT_FALSE(whitespace_folded(record->text).empty());
        } else {
            ASSERT_FALSE(record.error().message.empty());
            ASSERT_EQ(record.error().message.find('\n'), std::string::npos);
        }
        static_cast<void>(zstd_decompress(line, 1000));
    }
    EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace pathloom
