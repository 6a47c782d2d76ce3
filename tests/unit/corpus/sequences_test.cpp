// SPDX-License-Identifier: GPL-3.0-or-later
// Cutting documents into sequences, and the files that hold them.
#include "engine/corpus/sequences.h"
#include "engine/store/safetensors.h"
#include "tests/unit/corpus/corpus_test_data.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

using testing::HasSubstr;

std::filesystem::path write(const test::TemporaryFolder& folder, const std::vector<std::byte>& bytes)
{
    return test::write_file(folder.path() / "file", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

TEST(Sequences, TailsShorterThanPrefixPlusEightAreDropped)
{
    const std::vector<DocumentSpan> documents{{0, 0, 100, 1, Split::Train}, {1, 100, 39, 0, Split::Valid},
        {2, 139, 40, 0, Split::Test}, {3, 179, 139, 0, Split::Train}, {4, 318, 140, 0, Split::Train},
        {5, 458, 0, 0, Split::Train}};
    const SequenceTable table = cut_sequences(documents, {"a", "b"}, 100, 32);
    const std::vector<Sequence> expected{{0, 0, 100, 1, Split::Train}, {2, 139, 40, 0, Split::Test},
        {3, 179, 100, 0, Split::Train}, {4, 318, 100, 0, Split::Train}, {4, 418, 40, 0, Split::Train}};
    EXPECT_EQ(table.rows, expected);
    EXPECT_TRUE(cut_sequences(documents, {"a", "b"}, 0, 32).rows.empty());
}

/// Rows lie inside their document, follow one another without a gap, and lose less than prefix + 8 tokens a document.
TEST(Sequences, NeverCrossADocument)
{
    Rng rng(5);
    for (int round = 0; round < 50; ++round) {
        std::vector<DocumentSpan> documents;
        std::int64_t token = 0;
        for (int i = 0; i < 40; ++i) {
            documents.push_back({i, token, std::int64_t(rng.below(900)), std::int32_t(rng.below(3)), Split(rng.below(3))});
            token += documents.back().tokens;
        }
        const int length = 48 + int(rng.below(300));
        const SequenceTable table = cut_sequences(documents, {"a", "b", "c"}, length, 32);
        std::vector<std::int64_t> used(documents.size());
        for (const Sequence& row : table.rows) {
            const DocumentSpan& document = documents[std::size_t(row.document)];
            std::int64_t& done = used[std::size_t(row.document)];
            ASSERT_EQ(row.begin, document.token_begin + done);
            ASSERT_LE(row.length, length);
            ASSERT_GE(row.length, 40);
            done += row.length;
            ASSERT_LE(done, document.tokens);
            ASSERT_EQ(row.domain, document.domain);
            ASSERT_EQ(row.split, document.split);
        }
        for (std::size_t i = 0; i < documents.size(); ++i) ASSERT_LT(documents[i].tokens - used[i], 40);
    }
}

TEST(Sequences, TableReadsBackAsWritten)
{
    const test::TemporaryFolder folder;
    const SequenceTable table
        = cut_sequences({{7, 5, 700, 1, Split::Test}, {8, 705, 300, 0, Split::Valid}}, {"\"quoted\"", "日本"}, 256, 32);
    const auto bytes = write_sequences(table);
    EXPECT_EQ(bytes, write_sequences(table));
    const auto read = read_sequences(write(folder, bytes));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->sequence_length, 256);
    EXPECT_EQ(read->domains, table.domains);
    EXPECT_EQ(read->rows, table.rows);
    const auto empty = read_sequences(write(folder, write_sequences({.sequence_length = 8, .domains = {}, .rows = {}})));
    ASSERT_TRUE(empty) << empty.error().message;
    EXPECT_TRUE(empty->rows.empty());
}

TEST(Sequences, SubsetReadsBackAsWritten)
{
    const test::TemporaryFolder folder;
    for (const std::vector<std::int32_t>& rows : {std::vector<std::int32_t>{3, 1, 2}, std::vector<std::int32_t>{}})
        EXPECT_EQ(*read_subset(write(folder, write_subset(rows))), rows);
    EXPECT_EQ(read_subset(write(folder, write_sequences({.sequence_length = 8, .domains = {}, .rows = {}}))).error().code,
        ErrorCode::Corrupt);
    EXPECT_FALSE(read_subset(folder.path() / "missing"));
}

TEST(Sequences, RowsOutOfRangeAreCorrupt)
{
    const test::TemporaryFolder folder;
    const Sequence good{0, 0, 50, 0, Split::Train};
    std::vector<Sequence> bad(6, good);
    bad[0].document = -1;
    bad[1].begin = -1;
    bad[2].length = 0;
    bad[3].length = 65;
    bad[4].domain = 1;
    bad[5].split = Split(3);
    for (const Sequence& row : bad) {
        const auto read
            = read_sequences(write(folder, write_sequences({.sequence_length = 64, .domains = {"a"}, .rows = {good, row}})));
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, ErrorCode::Corrupt);
        EXPECT_THAT(read.error().message, HasSubstr("row out of range"));
    }
    EXPECT_TRUE(read_sequences(write(folder, write_sequences({.sequence_length = 64, .domains = {"a"}, .rows = {good}}))));
}

/// A flipped byte anywhere gives an error or a table that still holds what it promises.
TEST(Sequences, FlippedBytesAreSurvived)
{
    const test::TemporaryFolder folder;
    const auto bytes = write_sequences(cut_sequences({{0, 0, 500, 0, Split::Train}}, {"a"}, 64, 32));
    Rng rng(1);
    for (int round = 0; round < 400; ++round) {
        auto damaged = bytes;
        damaged[rng.below(damaged.size())] ^= std::byte(1 + rng.below(255));
        if (round % 4 == 0) damaged.resize(rng.below(damaged.size()));
        const auto read = read_sequences(write(folder, damaged));
        if (!read) continue;
        for (const Sequence& row : read->rows) {
            ASSERT_GE(row.begin, 0);
            ASSERT_LE(row.length, read->sequence_length);
            ASSERT_LT(std::size_t(row.domain), read->domains.size());
        }
    }
}

}  // namespace
}  // namespace pathloom
