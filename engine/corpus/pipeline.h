// SPDX-License-Identifier: GPL-3.0-or-later
// Import of a corpus from files to blobs: read, drop duplicates, tokenizer, encode, store.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/document_list.h"
#include "engine/corpus/import.h"
#include "engine/corpus/token_file.h"
#include "engine/store/blobs.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

struct DomainCount {
    std::string name;
    std::int64_t documents = 0;
    std::int64_t tokens = 0;
    std::int64_t bytes = 0;
    bool operator==(const DomainCount&) const = default;
};

/// What an import made: the fields of v1::Corpus, the hashes of its blobs and the document list. The time of creation is the
/// caller's.
struct CorpusRecord {
    std::string name;
    std::int64_t documents = 0;
    std::int64_t tokens = 0;
    std::int64_t bytes = 0;
    std::vector<DomainCount> domains;  ///< sorted by name; the index of a domain in sequence tables
    std::vector<Rejected> rejected;
    std::int64_t exact_duplicates = 0;
    std::int64_t near_duplicates = 0;
    std::int32_t vocabulary = 0;  ///< pieces of the tokenizer
    CorpusBlobs blobs;
    std::int64_t train_documents = 0;
    std::int64_t valid_documents = 0;
    std::int64_t test_documents = 0;
    std::vector<CorpusDocument> document_list;
};

/// The split of a document that brings none: 92 % train, 4 % valid, 4 % test by a hash of (seed, text).
Split split_of(std::uint64_t seed, std::string_view text);

constexpr int default_vocabulary = 8192;

/// Stages "read" (files), "dedup" (documents), "tokenizer", "encode" (documents), "store" (blobs). Equal files, settings and seed
/// give equal blobs. Failed when nothing can be read, Usage when the vocabulary does not fit; Cancelled when `progress` says so;
/// blobs that an unfinished import leaves are named by no record. Where no document brings a split and the hash gives none to
/// valid or test, the documents next in hash order are moved there (three documents or more), so a small corpus can be validated
/// too.
Result<CorpusRecord> import_corpus(const ImportRequest& request, BlobStore& blobs, const ImportProgress& progress = {});

}  // namespace pathloom
