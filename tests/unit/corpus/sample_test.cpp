// SPDX-License-Identifier: GPL-3.0-or-later
// The corpus that comes with Pathloom: what the README promises of it, checked by importing it.
#include "engine/core/resources.h"
#include "engine/corpus/pipeline.h"
#include "tests/unit/corpus/corpus_test_data.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace pathloom {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t part = 16;  // the whole takes minutes there, and teaches a sanitizer nothing new
#else
constexpr std::size_t part = 1;
#endif

/// Every `part`-th document of a file, as a file of its own.
std::filesystem::path slice_of(const std::filesystem::path& file, const std::filesystem::path& folder)
{
    ImportRequest request;
    request.paths = {file.string()};
    const auto all = read_source_documents(request);
    const auto slice = folder / "slice.jsonl";
    std::ofstream out(slice);
    for (std::size_t i = 0; i < all.value().documents.size(); i += part) {
        const SourceDocument& document = all->documents[i];
        nlohmann::json line{{"text", document.text}, {"domain", document.domain}};
        if (document.split) line["split"] = split_name(*document.split);
        out << line.dump() << "\n";
    }
    return slice;
}

TEST(SampleCorpus, ImportsAsPromised)
{
    const auto sample = resource_path("sample");
    ASSERT_TRUE(sample) << sample.error().message;
    const auto file = *sample / "sample.jsonl.zst";
    EXPECT_LE(std::filesystem::file_size(file), 4'000'000U);
    EXPECT_TRUE(std::filesystem::exists(*sample / "SOURCES.md"));

    const test::TemporaryFolder folder;
    BlobStore store = test::open_store(folder);
    ImportRequest request;
    request.name = "sample";
    request.paths = {part == 1 ? file.string() : slice_of(file, folder.path()).string()};
    request.vocabulary = part == 1 ? 0 : 1024;
    const auto record = import_corpus(request, store);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_TRUE(record->rejected.empty());
    EXPECT_EQ(record->exact_duplicates, 0);
    EXPECT_LE(record->near_duplicates, record->documents / 100);
    EXPECT_GE(record->documents, 3000 / int(part));
    EXPECT_GE(record->bytes, part == 1 ? 12'000'000 : 300'000);
    EXPECT_EQ(record->vocabulary, part == 1 ? 8192 : 1024);
    ASSERT_GE(record->domains.size(), 8U);
    for (const DomainCount& domain : record->domains) {
        if (part > 1) break;  // balanced by tokens: none is 15 % off its share
        const double share = double(domain.tokens) * double(record->domains.size()) / double(record->tokens);
        EXPECT_NEAR(share, 1.0, 0.15) << domain.name;
        for (const Split split : {Split::Train, Split::Valid, Split::Test})
            EXPECT_GE(std::count_if(record->document_list.begin(), record->document_list.end(),
                          [&](const CorpusDocument& d) { return d.domain == domain.name && d.split == split; }),
                5)
                << domain.name;
    }
    EXPECT_NEAR(double(record->train_documents) / double(record->documents), 0.92, part == 1 ? 0.02 : 0.06);
    EXPECT_GT(double(record->bytes) / double(record->tokens), part == 1 ? 2.5 : 1.5);

    const auto tokens = TokenFile::open(store, record->blobs);
    ASSERT_TRUE(tokens) << tokens.error().message;
    Rng rng(1);
    for (int i = 0; i < 2000; ++i) {
        const auto place = tokens->locate(std::int64_t(rng.below(std::uint64_t(record->tokens))));
        ASSERT_TRUE(place);
        EXPECT_EQ(tokens->text(place->document)->substr(std::size_t(place->byte_begin), place->text.size()), place->text);
        EXPECT_FALSE(place->text.empty());
    }
}

}  // namespace
}  // namespace pathloom
