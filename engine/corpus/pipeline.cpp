// SPDX-License-Identifier: GPL-3.0-or-later
// Import of a corpus from files to blobs: read, drop duplicates, tokenizer, encode, store.
#include "engine/corpus/pipeline.h"

#include "engine/core/files.h"
#include "engine/core/rng.h"
#include "engine/corpus/dedup.h"
#include "engine/corpus/text.h"
#include "engine/corpus/tokenizer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <thread>

namespace pathloom {

namespace {

constexpr std::size_t opening_characters = 200;
constexpr unsigned most_threads = 8;

std::uint64_t split_key(std::uint64_t seed, std::string_view text)
{
    return mix(seed, text_key("split"), text_key(text));
}

/// Calls the caller's function and turns its "no" into Cancelled.
class Progress {
public:
    Progress(const ImportRequest& request, const ImportProgress& call)
        : m_request(request)
        , m_call(call)
    {
    }
    Result<void> operator()(const char* stage, std::size_t done, std::size_t total) const
    {
        if (m_call && !m_call(stage, std::int64_t(done), std::int64_t(total)))
            return fail(ErrorCode::Cancelled, "import of '{}' stopped; nothing was kept", m_request.name);
        return {};
    }

private:
    const ImportRequest& m_request;
    const ImportProgress& m_call;
};

/// Gives every document a split; see import_corpus().
void assign_splits(std::vector<SourceDocument>& documents, std::uint64_t seed)
{
    const bool any_given = std::any_of(documents.begin(), documents.end(), [](const auto& d) { return d.split.has_value(); });
    for (SourceDocument& document : documents)
        if (!document.split) document.split = split_of(seed, document.text);
    if (any_given || documents.size() < 3) return;
    for (const Split wanted : {Split::Train, Split::Valid, Split::Test}) {
        if (std::any_of(documents.begin(), documents.end(), [&](const auto& d) { return d.split == wanted; })) continue;
        // Taken from the split that has most, so that none becomes empty again.
        std::array<std::size_t, 3> counts{};
        for (const SourceDocument& document : documents) ++counts[std::size_t(*document.split)];
        const auto from = Split(std::max_element(counts.begin(), counts.end()) - counts.begin());
        SourceDocument* least = nullptr;
        for (SourceDocument& document : documents)
            if (document.split == from && (!least || split_key(seed, document.text) < split_key(seed, least->text)))
                least = &document;
        least->split = wanted;
    }
}

std::vector<std::string_view> texts_of(const std::vector<SourceDocument>& documents)
{
    std::vector<std::string_view> texts;
    texts.reserve(documents.size());
    for (const SourceDocument& document : documents) texts.emplace_back(document.text);
    return texts;
}

/// Drops duplicates from `documents`; counts them in `record`.
Result<void> drop_duplicates(
    std::vector<SourceDocument>& documents, std::uint64_t seed, const Progress& progress, CorpusRecord& record)
{
    const auto report = [&](std::int64_t done, std::int64_t total) {
        return progress("dedup", std::size_t(done), std::size_t(total)).has_value();
    };
    PATHLOOM_TRY(const Deduplicated unique, find_duplicates(texts_of(documents), seed, report));
    record.exact_duplicates = unique.exact_duplicates;
    record.near_duplicates = unique.near_duplicates;
    std::size_t out = 0;
    for (const std::size_t i : unique.kept) {
        if (i != out) documents[out] = std::move(documents[i]);
        ++out;
    }
    documents.resize(out);
    return {};
}

/// The user's model, or one trained on the training documents.
Result<Tokenizer> make_tokenizer(const ImportRequest& request, const std::vector<SourceDocument>& documents)
{
    if (!request.tokenizer_model.empty()) {
        PATHLOOM_TRY(const std::string bytes, read_file(request.tokenizer_model));
        auto tokenizer = Tokenizer::from_model(bytes);
        if (!tokenizer) return fail(ErrorCode::Usage, "{}: {}", request.tokenizer_model, tokenizer.error().message);
        return tokenizer;
    }
    std::vector<std::string_view> texts;
    for (const SourceDocument& document : documents)
        if (document.split == Split::Train) texts.emplace_back(document.text);
    if (texts.empty()) texts = texts_of(documents);
    TokenizerTraining training;
    training.vocabulary = request.vocabulary == 0 ? default_vocabulary : request.vocabulary;
    training.seed = request.seed;
    return Tokenizer::train(texts, training);
}

struct Encoded {
    std::vector<std::int32_t> ids;
    std::vector<std::int32_t> bytes;
    std::vector<std::int64_t> counts;  ///< tokens a document
};

/// Encodes batches of documents on all cores; each document has its own slot, so the result does not depend on the threads.
Result<Encoded> encode_all(const Tokenizer& tokenizer, const std::vector<SourceDocument>& documents, const Progress& progress)
{
    constexpr std::size_t batch = 512;
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, most_threads);
    Encoded all;
    for (std::size_t begin = 0; begin < documents.size(); begin += batch) {
        PATHLOOM_CHECK(progress("encode", begin, documents.size()));
        const std::size_t end = std::min(documents.size(), begin + batch);
        std::vector<std::vector<Token>> tokens(end - begin);
        std::atomic<std::size_t> next = begin;
        const auto work = [&] {
            for (std::size_t i = next++; i < end; i = next++) tokens[i - begin] = tokenizer.encode(documents[i].text);
        };
        {
            std::vector<std::jthread> helpers;
            for (unsigned t = 1; t < threads; ++t) helpers.emplace_back(work);
            work();
        }
        for (const std::vector<Token>& document : tokens) {
            all.counts.push_back(std::int64_t(document.size()));
            for (const Token& token : document) {
                all.ids.push_back(token.id);
                all.bytes.push_back(token.byte);
            }
        }
    }
    PATHLOOM_CHECK(progress("encode", documents.size(), documents.size()));
    return all;
}

/// Fills the document list, the counts and the domains.
void describe(const std::vector<SourceDocument>& documents, const std::vector<std::int64_t>& token_counts, CorpusRecord& record)
{
    std::map<std::string, DomainCount> domains;
    for (std::size_t i = 0; i < documents.size(); ++i) {
        const SourceDocument& document = documents[i];
        CorpusDocument row{.id = std::int32_t(i),
            .source = document.source,
            .domain = document.domain,
            .split = *document.split,
            .bytes = std::int64_t(document.text.size()),
            .token_begin = record.tokens,
            .tokens = token_counts[i],
            .text_offset = record.bytes,
            .opening = std::string(opening_of(document.text, opening_characters))};
        record.tokens += row.tokens;
        record.bytes += row.bytes;
        DomainCount& domain = domains[row.domain];
        ++domain.documents;
        domain.tokens += row.tokens;
        domain.bytes += row.bytes;
        (row.split == Split::Train          ? record.train_documents
                : row.split == Split::Valid ? record.valid_documents
                                            : record.test_documents)++;
        record.document_list.push_back(std::move(row));
    }
    record.documents = std::int64_t(documents.size());
    for (auto& [name, domain] : domains) {
        domain.name = name;
        record.domains.push_back(std::move(domain));
    }
}

Result<std::string> store_text(BlobStore& blobs, const std::vector<SourceDocument>& documents)
{
    PATHLOOM_TRY(auto writer, blobs.writer());
    for (const SourceDocument& document : documents) PATHLOOM_CHECK(writer.write(std::as_bytes(std::span(document.text))));
    return writer.finish();
}

}  // namespace

Split split_of(std::uint64_t seed, std::string_view text)
{
    const std::uint64_t bucket = split_key(seed, text) % 100;
    return bucket < 92 ? Split::Train : bucket < 96 ? Split::Valid : Split::Test;
}

Result<CorpusRecord> import_corpus(const ImportRequest& request, BlobStore& blobs, const ImportProgress& call)
{
    if (request.vocabulary < 0)
        return fail(ErrorCode::Usage, "vocabulary {} is negative; leave it out for {}", request.vocabulary, default_vocabulary);
    const Progress progress(request, call);
    CorpusRecord record;
    record.name = request.name;
    PATHLOOM_TRY(ReadDocuments read, read_source_documents(request, call));
    record.rejected = std::move(read.rejected);
    std::vector<SourceDocument> documents = std::move(read.documents);
    PATHLOOM_CHECK(drop_duplicates(documents, request.seed, progress, record));
    assign_splits(documents, request.seed);

    PATHLOOM_CHECK(progress("tokenizer", 0, 1));
    PATHLOOM_TRY(const Tokenizer tokenizer, make_tokenizer(request, documents));
    PATHLOOM_CHECK(progress("tokenizer", 1, 1));
    record.vocabulary = tokenizer.vocabulary();
    PATHLOOM_TRY(Encoded encoded, encode_all(tokenizer, documents, progress));
    describe(documents, encoded.counts, record);

    constexpr std::size_t blob_count = 5;
    PATHLOOM_CHECK(progress("store", 0, blob_count));
    PATHLOOM_TRY(record.blobs.tokens, blobs.put(write_token_tensor("tokens", encoded.ids)));
    PATHLOOM_CHECK(progress("store", 1, blob_count));
    PATHLOOM_TRY(record.blobs.bytes, blobs.put(write_token_tensor("byte", encoded.bytes)));
    PATHLOOM_CHECK(progress("store", 2, blob_count));
    PATHLOOM_TRY(record.blobs.text, store_text(blobs, documents));
    PATHLOOM_CHECK(progress("store", 3, blob_count));
    PATHLOOM_TRY(record.blobs.documents, write_documents(blobs, record.document_list));
    PATHLOOM_TRY(record.blobs.tokenizer, blobs.put(std::as_bytes(std::span(tokenizer.model()))));
    PATHLOOM_CHECK(progress("store", blob_count, blob_count));
    return record;
}

}  // namespace pathloom
