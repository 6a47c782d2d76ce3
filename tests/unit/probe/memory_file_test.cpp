// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/memory_view.h"

#include "../temporary_folder.h"
#include "engine/core/hash.h"
#include "engine/core/rng.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace pathloom {
namespace {

using test::TemporaryFolder;
constexpr std::size_t Width = 32;
constexpr std::size_t Reach = 7;

MemoryIdentity identity_of(std::size_t tokens, std::uint64_t seed = 1)
{
    Rng rng(seed);
    MemoryIdentity identity;
    identity.model = sha256_hex(std::string_view("a model"));
    identity.key_dim = Width;
    for (std::size_t i = 0; i < tokens; ++i) {
        identity.tokens.push_back(std::int32_t(rng.below(4000)));
        identity.bytes.push_back(std::uint32_t(i * 3));
    }
    return identity;
}

/// A key that depends on the last Reach + 1 tokens, as an encoder's does.
KeySource keys_of(std::span<const std::int32_t> tokens, std::vector<std::size_t>* calls = nullptr)
{
    return [tokens, calls](std::size_t first, std::size_t count, std::vector<float>& keys) -> Result<void> {
        if (calls) calls->push_back(first);
        keys.resize(count * Width);
        for (std::size_t r = 0; r < count; ++r) {
            std::uint64_t seed = 0;
            for (std::size_t i = first + r - std::min(first + r, Reach); i <= first + r; ++i)
                seed = mix(seed, std::uint64_t(tokens[i]));
            Rng rng(seed);
            double sum = 0.0;
            for (std::size_t i = 0; i < Width; ++i) {
                const double x = rng.uniform(-1.0, 1.0);
                keys[r * Width + i] = float(x);
                sum += x * x;
            }
            for (std::size_t i = 0; i < Width; ++i) keys[r * Width + i] /= float(std::sqrt(sum));
        }
        return {};
    };
}

const MemoryProgress go_on = [](std::size_t, std::size_t) { return true; };

void flip_byte(const std::filesystem::path& file, std::uint64_t at)
{
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(std::streamoff(at));
    const char c = char(stream.get() ^ 0x10);
    stream.seekp(std::streamoff(at));
    stream.put(c);
}

std::string bytes_of(const std::filesystem::path& file)
{
    return read_file(file).value();
}

TEST(MemoryFile, IsEncodedOnceAndThenReused)
{
    TemporaryFolder folder;
    const MemoryIdentity identity = identity_of(500);
    auto first = MemoryFile::obtain(folder.path(), identity, keys_of(identity.tokens), go_on);
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(first->rows(), 499u);
    EXPECT_EQ(first->encoded_now(), 499u);
    EXPECT_EQ(first->tokens()[7], identity.tokens[7]);
    EXPECT_EQ(first->bytes()[7], 21u);
    std::vector<std::size_t> calls;
    auto again = MemoryFile::obtain(folder.path(), identity, keys_of(identity.tokens, &calls), go_on);
    ASSERT_TRUE(again);
    EXPECT_TRUE(calls.empty());
    EXPECT_EQ(again->encoded_now(), 0u);
    auto other = MemoryFile::obtain(folder.path(), identity_of(500, 2), keys_of(identity.tokens, &calls), go_on);
    ASSERT_TRUE(other);
    EXPECT_EQ(calls.size(), 1u);
}

TEST(MemoryFile, GoesOnAfterACancelWithTheSameBytes)
{
    TemporaryFolder quiet, stopped;
    const MemoryIdentity identity = identity_of(2 * MemoryBlockRows + 100);
    ASSERT_TRUE(MemoryFile::obtain(quiet.path(), identity, keys_of(identity.tokens), go_on));
    std::vector<std::size_t> calls;
    const auto until_second = [](std::size_t done, std::size_t) { return done < MemoryBlockRows; };
    const auto cancelled = MemoryFile::obtain(stopped.path(), identity, keys_of(identity.tokens, &calls), until_second);
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code, ErrorCode::Cancelled);
    const auto file = stopped.path() / (identity.name() + ".memory");
    EXPECT_EQ(MemoryFile::open(file, true).error().code, ErrorCode::Corrupt);  // unfinished
    auto done = MemoryFile::obtain(stopped.path(), identity, keys_of(identity.tokens, &calls), go_on);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(calls, (std::vector<std::size_t>{0, MemoryBlockRows, 2 * MemoryBlockRows}));
    EXPECT_EQ(bytes_of(file), bytes_of(quiet.path() / file.filename()));
}

TEST(MemoryFile, DamageIsNoticedAndOnlyThatBlockIsEncodedAgain)
{
    TemporaryFolder folder;
    const MemoryIdentity identity = identity_of(2 * MemoryBlockRows);
    ASSERT_TRUE(MemoryFile::obtain(folder.path(), identity, keys_of(identity.tokens), go_on));
    const auto file = folder.path() / (identity.name() + ".memory");
    const std::string whole = bytes_of(file);
    flip_byte(file, whole.size() - 5000);
    EXPECT_EQ(MemoryFile::open(file, true).error().code, ErrorCode::Corrupt);
    std::vector<std::size_t> calls;
    auto mended = MemoryFile::obtain(folder.path(), identity, keys_of(identity.tokens, &calls), go_on);
    ASSERT_TRUE(mended);
    EXPECT_EQ(calls, (std::vector<std::size_t>{MemoryBlockRows}));
    EXPECT_EQ(bytes_of(file), whole);

    for (const std::uint64_t at : {std::uint64_t(2), std::uint64_t(9), std::uint64_t(30), std::uint64_t(100), std::uint64_t(170),
             std::uint64_t(4100), std::uint64_t(9000), std::uint64_t(600000)}) {  // header, hashes, bytes, tokens
        flip_byte(file, at);
        EXPECT_EQ(MemoryFile::open(file, true).error().code, ErrorCode::Corrupt) << at;
        ASSERT_TRUE(MemoryFile::obtain(folder.path(), identity, keys_of(identity.tokens), go_on)) << at;
        EXPECT_EQ(bytes_of(file), whole) << at;
    }
    std::filesystem::resize_file(file, whole.size() - 4096);
    EXPECT_NE(MemoryFile::open(file, false).error().message.find("truncated"), std::string::npos);
    ASSERT_TRUE(MemoryFile::obtain(folder.path(), identity, keys_of(identity.tokens), go_on));
    EXPECT_EQ(bytes_of(file), whole);
}

TEST(MemoryFile, ForeignBytesAreRefused)
{
    TemporaryFolder folder;
    const auto file = folder.path() / "x.memory";
    for (const std::string& text : {std::string(), std::string("PLMEM001"), std::string(5000, 'x'), std::string(8192, '\0')}) {
        std::ofstream(file, std::ios::binary) << text;
        const auto opened = MemoryFile::open(file, true);
        ASSERT_FALSE(opened);
        EXPECT_TRUE(opened.error().code == ErrorCode::Corrupt || opened.error().code == ErrorCode::Failed)
            << opened.error().message;
    }
    EXPECT_EQ(MemoryFile::open(folder.path() / "none", true).error().code, ErrorCode::NotFound);
    EXPECT_EQ(MemoryFile::obtain(folder.path(), identity_of(1), {}, go_on).error().code, ErrorCode::Usage);
}

/// Every row of a view as (value, scale, keys).
std::string rows_of(const MemoryView& view)
{
    std::string out;
    for (const KeyRun& run : view.runs()) {
        for (std::size_t r = 0; r < run.rows; ++r) {
            out += fmt::format("{}:", run.scales[r]);
            for (std::size_t i = 0; i < Width; ++i) out += fmt::format("{},", run.keys[r * key_stride(Width) + i]);
            out += "\n";
        }
    }
    for (std::int64_t r = 0; r < view.rows(); ++r) out += fmt::format("{} ", view.value(r));
    return out;
}

TEST(MemoryView, SplicedNeedlesGiveTheMemoryOfTheWholeText)
{
    TemporaryFolder folder;
    const MemoryIdentity base = identity_of(300);
    auto memory = MemoryFile::obtain(folder.path(), base, keys_of(base.tokens), go_on);
    ASSERT_TRUE(memory);
    const auto source_of = [](std::span<const std::int32_t> tokens) { return keys_of(tokens); };
    const std::vector<std::vector<Insertion>> cases{{}, {{0, {1, 2, 3}}}, {{1, {9}}}, {{100, {5, 6}}}, {{200, {5, 6}}},
        {{199, {4}}}, {{50, {1}}, {53, {2, 2}}, {60, {3}}, {120, {4}}}, {{0, {1}}, {0, {2}}, {200, {3}}},
        {{90, {1}}, {98, {2}}, {99, {3}}}};
    for (const auto& insertions : cases) {
        std::vector<std::int32_t> whole(base.tokens.begin(), base.tokens.begin() + 200);
        for (std::size_t i = insertions.size(); i-- > 0;)
            whole.insert(
                whole.begin() + std::ptrdiff_t(insertions[i].at), insertions[i].tokens.begin(), insertions[i].tokens.end());
        MemoryIdentity cold = base;
        cold.tokens = whole;
        cold.bytes.assign(whole.size(), 0);
        auto encoded = MemoryFile::obtain(folder.path(), cold, keys_of(whole), go_on);
        ASSERT_TRUE(encoded);
        MemoryView expected;
        expected.add(*encoded, 0, encoded->rows());
        auto spliced = splice(*memory, 200, insertions, Reach, source_of);
        ASSERT_TRUE(spliced);
        EXPECT_EQ(spliced->rows(), expected.rows());
        EXPECT_EQ(rows_of(*spliced), rows_of(expected)) << insertions.size() << " insertions";
    }
}

}  // namespace
}  // namespace pathloom
