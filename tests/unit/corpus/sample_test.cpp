// SPDX-License-Identifier: GPL-3.0-or-later
// The corpus that comes with Pathloom: what the README promises of it, checked by importing it.
#include "engine/core/resources.h"
#include "engine/corpus/pipeline.h"
#include "tests/unit/corpus/corpus_test_data.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace pathloom {
namespace {

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
    request.paths = {file.string()};
    const auto record = import_corpus(request, store);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_TRUE(record->rejected.empty());
    EXPECT_EQ(record->exact_duplicates, 0);
    EXPECT_LE(record->near_duplicates, record->documents / 100);
    EXPECT_GE(record->documents, 3000);
    EXPECT_GE(record->bytes, 12'000'000);
    EXPECT_EQ(record->vocabulary, 8192);
    ASSERT_GE(record->domains.size(), 8U);
    for (const DomainCount& domain : record->domains) {  // balanced by tokens: none is 15 % off its share
        const double share = double(domain.tokens) * double(record->domains.size()) / double(record->tokens);
        EXPECT_NEAR(share, 1.0, 0.15) << domain.name;
        for (const Split split : {Split::Train, Split::Valid, Split::Test})
            EXPECT_GE(std::count_if(record->document_list.begin(), record->document_list.end(),
                          [&](const CorpusDocument& d) { return d.domain == domain.name && d.split == split; }),
                5)
                << domain.name;
    }
    EXPECT_NEAR(double(record->train_documents) / double(record->documents), 0.92, 0.02);
    EXPECT_GT(double(record->bytes) / double(record->tokens), 2.5);

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
