// SPDX-License-Identifier: GPL-3.0-or-later
// Memories written by several encoders: who writes which row, and that everything around a memory holds for them too.
#include "engine/probe/routed_reader.h"

#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/rng.h"
#include "engine/probe/needle_grid.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace pathloom {
namespace {

using testing::HasSubstr;
const MemoryProgress never_stop = [](std::size_t, std::size_t) { return true; };

/// Words of two kinds of letters: two domains.
std::string prose_of(std::uint64_t seed, int words, std::string_view consonants)
{
    Rng rng(seed);
    std::string text;
    for (int i = 0; i < words; ++i) {
        for (std::uint64_t j = 0; j < 2 + rng.below(3); ++j) {
            text += consonants[rng.below(consonants.size())];
            text += "aeiou"[rng.below(5)];
        }
        text += i % 9 == 8 ? ". " : " ";
    }
    return text;
}

class Routed : public testing::Test {
protected:
    test::TemporaryFolder folder;
    std::string first = prose_of(1, 1500, "bdfgkl"), second = prose_of(2, 1500, "mnprst");
    ReaderSpec spec;

    /// The shared reader, and two whose encoders differ from it and from each other.
    void SetUp() override
    {
        const std::string all = first + second + " Paris Rome Oslo 0123456789 number:";
        const std::vector<std::string_view> texts{all};
        const Tokenizer tokenizer = Tokenizer::train(texts, {380, 1}).value();
        spec.vocabulary = tokenizer.vocabulary();
        spec.d_model = 64;
        spec.heads = 2;
        spec.head_dim = 16;
        spec.hidden = 64;
        spec.window_blocks = 2;
        spec.window = 40;
        spec.key_dim = 64;
        const ReaderLayout layout(spec);
        for (int which = 0; which < 3; ++which) {
            std::vector<float> values = first_reader_weights(spec, 1);
            Rng rng(std::uint64_t(which) + 10);
            for (const ReaderTensor& tensor : layout.tensors())
                for (std::size_t i = 0; which > 0 && tensor.name.starts_with("block") && i < tensor.size; ++i)
                    values[tensor.offset + i] += float(rng.uniform(-0.05, 0.05));
            const auto place = folder.path() / std::to_string(which);
            ASSERT_TRUE(make_folders(place));
            ASSERT_TRUE(write_file_atomic(place / "model.safetensors", write_reader(spec, values, true)));
            ASSERT_TRUE(write_file_atomic(place / "tokenizer.model", tokenizer.model()));
        }
    }
    ReaderPackage reader(const std::string& name) { return load_reader(folder.path() / name, Precision::Fp32).value(); }
    Result<void> join()
    {
        const ReaderPackage shared = reader("0");
        std::vector<PathSource> paths;
        for (const auto& [name, text] : {std::pair("1", &first), std::pair("2", &second)}) {
            PathSource path{name, folder.path() / name, std::vector<std::int64_t>(std::size_t(spec.vocabulary), 0)};
            for (const std::int32_t token : shared.tokenizer.encode_ids(*text)) ++path.counts[std::size_t(token)];
            paths.push_back(std::move(path));
        }
        return write_paths(shared, paths, folder.path() / "joined");
    }
    ReaderPackage joined(const std::string& which)
    {
        ReaderPackage out = reader("joined");
        const auto used = use_paths(out, which, Precision::Fp32);
        EXPECT_TRUE(used) << used.error().message;
        return out;
    }
    static std::vector<float> keys(ReaderPackage& reader, std::span<const std::int32_t> tokens)
    {
        std::vector<float> out;
        EXPECT_TRUE(key_source(reader, tokens)(0, tokens.size() - 1, out));
        return out;
    }
};

TEST_F(Routed, EachRowIsWrittenByThePathItsLastTokensFit)
{
    ASSERT_TRUE(join());
    ReaderPackage routed = joined("auto"), one = reader("1"), two = reader("2");
    const std::string text = first.substr(0, 1500) + second.substr(0, 1500);
    const std::vector<std::int32_t> tokens = routed.tokenizer.encode_ids(text);
    const std::vector<std::uint8_t> paths = routed.routed->paths_of(std::span(tokens).first(tokens.size() - 1));
    const std::size_t middle = routed.tokenizer.encode_ids(first.substr(0, 1500)).size();
    EXPECT_EQ(std::ranges::count(std::span(paths).first(middle - 4), 1), 0);  // one token more or less at the seam
    EXPECT_EQ(std::ranges::count(std::span(paths).subspan(middle + RoutedChunk), 0), 0);
    const std::vector<float> mixed = keys(routed, tokens), by_one = keys(one, tokens), by_two = keys(two, tokens);
    const auto width = std::size_t(spec.key_dim);
    for (std::size_t row = 0; row < paths.size(); ++row) {
        const std::vector<float>& right = paths[row] == 0 ? by_one : by_two;
        for (std::size_t i = 0; i < width; ++i)
            ASSERT_NEAR(mixed[row * width + i], right[row * width + i], 1e-4) << "row " << row << ", path " << int(paths[row]);
    }
    ReaderPackage all_two = joined("1");
    const std::vector<float> alone = keys(all_two, tokens);
    for (std::size_t i = 0; i < alone.size(); ++i) ASSERT_NEAR(alone[i], by_two[i], 1e-4);
    EXPECT_NE(routed.hash, all_two.hash);  // their memories are two files
    EXPECT_NE(routed.hash, reader("joined").hash);
}

TEST_F(Routed, TheSharedReadersGateGoesWithIt)
{
    ASSERT_TRUE(join());
    EXPECT_FALSE(reader("joined").gate);
    EvidenceGate gate;
    gate.present.bias = 0.25;
    gate.text.emplace();
    ASSERT_TRUE(write_file_atomic(folder.path() / "0/gate.json", write_gate(gate, reader("0").hash, "{}")));
    ASSERT_TRUE(join());
    EXPECT_EQ(joined("auto").gate, gate);
    EXPECT_EQ(joined("auto").gate_hash, sha256_hex(read_file(folder.path() / "joined/gate.json").value()));
    ASSERT_TRUE(std::filesystem::remove(folder.path() / "0/gate.json"));
    ASSERT_TRUE(join());
    EXPECT_FALSE(reader("joined").gate);
}

TEST_F(Routed, ANeedleMovesNoOthersRow)
{
    ASSERT_TRUE(join());
    ReaderPackage routed = joined("auto");
    const std::string text = first.substr(0, 900) + second.substr(0, 900) + first.substr(900, 900);
    const std::size_t length = routed.tokenizer.encode_ids(text).size();
    const Haystack haystack = prepare_haystack(routed, text, length, folder.path() / "memories", never_stop).value();
    NeedleGridRequest grid;
    grid.templates = parse_needle_templates(
        R"({"templates":[{"needle":"The number of {key} is {value}.","question":"Number of {key}?","answer_prefix":"The number of {key} is"}],
            "keys":["Paris","Rome","Oslo"],"value":{"kind":"digits","length":4}})")
                         .value();
    grid.lengths = {length / 2, length};
    grid.depths = 3;
    grid.answer.max_tokens = 8;
    const auto spliced = needle_grid(routed, haystack, grid, [](const NeedleCell&) { return true; }).value();
    grid.cold = folder.path() / "memories";
    const auto cold = needle_grid(routed, haystack, grid, [](const NeedleCell&) { return true; }).value();
    ASSERT_EQ(spliced.size(), 6U);
    for (std::size_t i = 0; i < spliced.size(); ++i) EXPECT_EQ(spliced[i].answer, cold[i].answer) << i;
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "memories/cold"));
    // The file beside the memory says who wrote each row.
    int records = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "memories")) {
        if (entry.path().extension() != ".paths") continue;
        ++records;
        const auto paths = recorded_paths(folder.path() / "memories", entry.path().stem().string(), length - 1).value();
        const std::vector<std::int32_t> tokens = routed.tokenizer.encode_ids(text);
        EXPECT_EQ(paths, routed.routed->paths_of(std::span(tokens).first(length - 1)));
        EXPECT_GT(std::ranges::count(paths, 0), 50);
        EXPECT_GT(std::ranges::count(paths, 1), 50);
        EXPECT_EQ(recorded_paths(folder.path() / "memories", entry.path().stem().string(), 3).error().code, ErrorCode::Corrupt);
    }
    EXPECT_EQ(records, 1);
}

TEST_F(Routed, WhatDoesNotFitIsRefusedInOneLine)
{
    ReaderPackage plain = reader("0");
    EXPECT_THAT(use_paths(plain, "auto", Precision::Fp32).error().message, HasSubstr("one path only"));
    ASSERT_TRUE(join());
    ReaderPackage out = reader("joined");
    for (const char* which : {"2", "-1", "x", "1x", ""})
        EXPECT_THAT(use_paths(out, which, Precision::Fp32).error().message, HasSubstr("--path is auto or a number below 2"))
            << which;
    // Other shared weights under the same paths, and damaged ones.
    ASSERT_TRUE(
        write_file_atomic(folder.path() / "joined/model.safetensors", read_file(folder.path() / "1/model.safetensors").value()));
    ReaderPackage other = reader("joined");
    EXPECT_EQ(use_paths(other, "auto", Precision::Fp32).error().code, ErrorCode::Corrupt);
    std::string bytes = read_file(folder.path() / "joined/paths.safetensors").value();
    ASSERT_TRUE(write_file_atomic(folder.path() / "joined/paths.safetensors", bytes.substr(0, bytes.size() / 2)));
    ReaderPackage cut = reader("0");
    cut.folder = folder.path() / "joined";
    EXPECT_EQ(use_paths(cut, "auto", Precision::Fp32).error().code, ErrorCode::Corrupt);
}

TEST(TokenRouter, SumsTheLastTokensOnly)
{
    std::vector<std::vector<std::int64_t>> counts(2, std::vector<std::int64_t>(10, 0));
    for (int i = 0; i < 5; ++i) counts[0][std::size_t(i)] = 100, counts[1][std::size_t(i) + 5] = 100;
    const TokenRouter router = TokenRouter::fit(counts);
    std::vector<std::int32_t> tokens(100, 1);
    tokens.resize(200, 7);
    const auto paths = router.route(tokens);
    EXPECT_EQ(paths[99], 0);
    EXPECT_EQ(paths[100 + RoutedChunk / 2 - 1], 0);  // half and half: the lower number
    EXPECT_EQ(paths[100 + RoutedChunk / 2], 1);
    // A row's path does not depend on what stands far before it.
    const auto later = router.route(std::span(tokens).subspan(50));
    EXPECT_TRUE(std::equal(later.begin() + RoutedChunk, later.end(), paths.begin() + 50 + RoutedChunk));
}

}  // namespace
}  // namespace pathloom
