// SPDX-License-Identifier: GPL-3.0-or-later
// The import from files to blobs: every token traceable, splits fixed, equal inputs give equal bytes.
#include "engine/corpus/pipeline.h"
#include "engine/corpus/tokenizer.h"
#include "tests/unit/corpus/corpus_test_data.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <array>
#include <set>

namespace pathloom {
namespace {

using test::write_file;
using testing::HasSubstr;

class Pipeline : public testing::Test {
protected:
    Pipeline()
        : store(test::open_store(folder))
    {
        for (std::size_t i = 0; i < 48; ++i) {
            const std::size_t script = i % test::scripts.size();
            texts.push_back(test::random_text(i, test::scripts[script], 150));
            write_file(root / ("script" + std::to_string(script)) / (std::to_string(100 + i) + ".txt"), texts.back());
        }
        request.name = "small";
        request.paths = {root.string()};
        request.vocabulary = 900;
        request.seed = 3;
    }

    test::TemporaryFolder folder;
    std::filesystem::path root = folder.path() / "in";
    BlobStore store;
    ImportRequest request;
    std::vector<std::string> texts;
};

TEST_F(Pipeline, RecordAddsUp)
{
    write_file(root / "script0/copy.md", texts[0]);
    write_file(root / "script0/near.md", texts[0] + "end");
    write_file(root / "script0/bad.txt", "\xff");
    const auto record = import_corpus(request, store);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->documents, 48);
    EXPECT_EQ(record->exact_duplicates, 1);
    EXPECT_EQ(record->near_duplicates, 1);
    ASSERT_EQ(record->rejected.size(), 1U);
    EXPECT_THAT(record->rejected[0].reason, HasSubstr("not UTF-8"));
    EXPECT_EQ(record->vocabulary, 900);
    EXPECT_EQ(record->train_documents + record->valid_documents + record->test_documents, 48);
    ASSERT_EQ(record->domains.size(), 6U);
    std::int64_t documents = 0, tokens = 0, bytes = 0;
    for (const DomainCount& domain : record->domains) {
        EXPECT_EQ(domain.documents, 8) << domain.name;
        documents += domain.documents;
        tokens += domain.tokens;
        bytes += domain.bytes;
    }
    EXPECT_EQ(documents, record->documents);
    EXPECT_EQ(tokens, record->tokens);
    EXPECT_EQ(bytes, record->bytes);
    const auto stored = read_documents(store, record->blobs.documents);
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(*stored, record->document_list);
    EXPECT_FALSE(stored->front().opening.empty());
    EXPECT_EQ(domain_names(*stored).front(), "script0");
    EXPECT_EQ(document_spans(*stored, domain_names(*stored)).back().domain, 5);
}

/// Every token leads to its document and bytes, and all slices together are the documents' text again.
TEST_F(Pipeline, LocateIsTheInverseOfEncode)
{
    const auto record = import_corpus(request, store);
    ASSERT_TRUE(record) << record.error().message;
    const auto file = TokenFile::open(store, record->blobs);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ(std::int64_t(file->tokens().size()), record->tokens);
    const auto model = read_file(*store.verified(record->blobs.tokenizer));
    const auto tokenizer = Tokenizer::from_model(*model);
    ASSERT_TRUE(tokenizer);
    std::vector<std::string> rebuilt(file->documents().size());
    for (std::int64_t i = 0; i < record->tokens; ++i) {
        const auto place = file->locate(i);
        ASSERT_TRUE(place) << place.error().message;
        std::string& text = rebuilt[std::size_t(place->document)];
        ASSERT_EQ(place->byte_begin, std::int64_t(text.size()));
        text += place->text;
        ASSERT_EQ(place->byte_end, std::int64_t(text.size()));
    }
    for (const CorpusDocument& document : file->documents()) {
        EXPECT_EQ(rebuilt[std::size_t(document.id)], *file->text(document.id));
        EXPECT_EQ(*read_file(root / document.source), *file->text(document.id));
        const auto ids = file->tokens().subspan(std::size_t(document.token_begin), std::size_t(document.tokens));
        EXPECT_EQ(std::vector<std::int32_t>(ids.begin(), ids.end()), tokenizer->encode_ids(*file->text(document.id)));
    }
    for (const std::int64_t outside : {std::int64_t(-1), record->tokens})
        EXPECT_EQ(file->locate(outside).error().code, ErrorCode::NotFound);
    EXPECT_EQ(file->text(48).error().code, ErrorCode::NotFound);
}

TEST_F(Pipeline, SequencesOfAnImportStayInsideTheirDocuments)
{
    const auto record = import_corpus(request, store);
    ASSERT_TRUE(record);
    const auto domains = domain_names(record->document_list);
    const SequenceTable table = cut_sequences(document_spans(record->document_list, domains), domains, 128, 32);
    const auto file = TokenFile::open(store, record->blobs);
    ASSERT_TRUE(file);
    ASSERT_GT(table.rows.size(), 48U);
    for (const Sequence& row : table.rows) {
        EXPECT_EQ(file->locate(row.begin)->document, row.document);
        EXPECT_EQ(file->locate(row.begin + row.length - 1)->document, row.document);
        EXPECT_EQ(domains[std::size_t(row.domain)], record->document_list[std::size_t(row.document)].domain);
    }
}

TEST_F(Pipeline, EqualInputsGiveEqualBlobsAndAnotherSeedAnotherSplit)
{
    const auto first = import_corpus(request, store);
    const auto second = import_corpus(request, store);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->blobs, second->blobs);
    EXPECT_EQ(first->document_list, second->document_list);
    request.seed = 4;
    const auto other = import_corpus(request, store);
    ASSERT_TRUE(other);
    EXPECT_NE(first->blobs.documents, other->blobs.documents);
    EXPECT_EQ(first->blobs.text, other->blobs.text);
}

TEST_F(Pipeline, SplitsAreSharesOfTheHashAndDoNotMoveWhenOthersComeAndGo)
{
    std::array<int, 3> counts{};
    for (int i = 0; i < 20000; ++i) ++counts[std::size_t(split_of(1, "document " + std::to_string(i)))];
    EXPECT_NEAR(counts[0], 18400, 200);
    EXPECT_NEAR(counts[1], 800, 120);
    EXPECT_NEAR(counts[2], 800, 120);
    const auto whole = import_corpus(request, store);
    request.paths = {(root / "script1").string(), (root / "script3").string(), (root / "script2").string()};
    const auto part = import_corpus(request, store);
    ASSERT_TRUE(whole && part);
    std::map<std::string, Split> splits;
    for (const CorpusDocument& document : whole->document_list) splits[document.opening] = document.split;
    int moved = 0;
    for (const CorpusDocument& document : part->document_list) moved += splits.at(document.opening) != document.split;
    EXPECT_LE(moved, 2);  // only the two that fill an empty valid or test split may move
}

TEST_F(Pipeline, ASplitInTheRecordsIsKept)
{
    std::string lines;
    for (std::size_t i = 0; i < texts.size(); ++i)
        lines += nlohmann::json{{"text", texts[i]}, {"split", i % 3 == 0 ? "test" : "train"},
                     {"domain", "d" + std::to_string(i % 2)}}
                     .dump()
            + "\n";
    request.paths = {write_file(folder.path() / "set.jsonl", lines).string()};
    const auto record = import_corpus(request, store);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->test_documents, 16);
    EXPECT_EQ(record->train_documents, 32);
    for (const CorpusDocument& document : record->document_list) EXPECT_EQ(document.split == Split::Test, document.id % 3 == 0);
}

TEST_F(Pipeline, ThreeDocumentsFillThreeSplits)
{
    request.paths
        = {(root / "script0/100.txt").string(), (root / "script0/106.txt").string(), (root / "script0/112.txt").string()};
    request.vocabulary = 320;
    const auto record = import_corpus(request, store);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->train_documents, 1);
    EXPECT_EQ(record->valid_documents, 1);
    EXPECT_EQ(record->test_documents, 1);
}

TEST_F(Pipeline, AUsersModelIsTakenAsItIs)
{
    const auto first = import_corpus(request, store);
    ASSERT_TRUE(first);
    request.tokenizer_model = store.path_of(first->blobs.tokenizer).string();
    request.vocabulary = 0;
    const auto second = import_corpus(request, store);
    ASSERT_TRUE(second);
    EXPECT_EQ(first->blobs, second->blobs);
    request.tokenizer_model = (root / "script0/100.txt").string();
    const auto wrong = import_corpus(request, store);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::Usage);
    EXPECT_THAT(wrong.error().message, HasSubstr("100.txt"));
    request.tokenizer_model = (folder.path() / "missing.model").string();
    EXPECT_EQ(import_corpus(request, store).error().code, ErrorCode::NotFound);
}

TEST_F(Pipeline, AVocabularyThatDoesNotFitStoresNothing)
{
    request.vocabulary = 500000;
    const auto large = import_corpus(request, store);
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, ErrorCode::Usage);
    EXPECT_THAT(large.error().message, HasSubstr("or less"));
    request.vocabulary = -4;
    EXPECT_EQ(import_corpus(request, store).error().code, ErrorCode::Usage);
    EXPECT_EQ(store.bytes(), 0U);
}

TEST_F(Pipeline, EveryStageReportsAndCanBeStopped)
{
    std::set<std::string> stages;
    ASSERT_TRUE(import_corpus(request, store, [&](std::string_view stage, std::int64_t done, std::int64_t total) {
        EXPECT_LE(done, total);
        stages.emplace(stage);
        return true;
    }));
    EXPECT_THAT(stages, testing::UnorderedElementsAre("read", "dedup", "tokenizer", "encode", "store"));
    for (const std::string& stop : stages) {
        const auto record
            = import_corpus(request, store, [&](std::string_view stage, std::int64_t, std::int64_t) { return stage != stop; });
        ASSERT_FALSE(record) << stop;
        EXPECT_EQ(record.error().code, ErrorCode::Cancelled) << stop;
    }
}

TEST_F(Pipeline, DamagedBlobsAreNotOpened)
{
    const auto record = import_corpus(request, store);
    ASSERT_TRUE(record);
    CorpusBlobs mixed = record->blobs;
    std::swap(mixed.tokens, mixed.bytes);
    EXPECT_EQ(TokenFile::open(store, mixed).error().code, ErrorCode::Corrupt);
    EXPECT_EQ(read_documents(store, record->blobs.text).error().code, ErrorCode::Corrupt);
    auto shorter = record->document_list;
    shorter.pop_back();
    mixed = record->blobs;
    mixed.documents = *write_documents(store, shorter);
    EXPECT_EQ(TokenFile::open(store, mixed).error().code, ErrorCode::Corrupt);
    auto gap = record->document_list;
    gap[3].token_begin += 1;
    EXPECT_EQ(read_documents(store, *write_documents(store, gap)).error().code, ErrorCode::Corrupt);
}

}  // namespace
}  // namespace pathloom
