// SPDX-License-Identifier: GPL-3.0-or-later
// Files, folders and globs read as documents; what cannot be read is listed with its reason and the rest goes on.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/jsonl.h"
#include "engine/corpus/read_options.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// What a user asks for; the fields of v1::ImportCorpusRequest.
struct ImportRequest {
    std::string name;
    std::vector<std::string> paths;  ///< files, folders (read recursively, hidden names left out) or globs
    std::string domain;  ///< "" = the record's field, else the top folder below an imported one, else the file's stem
    int vocabulary = 0;  ///< 0 = 8192
    std::string tokenizer_model;  ///< path of a SentencePiece model to use instead of training one
    ReadOptions reading = {};  ///< how films among them are read
    std::uint64_t seed = 0;  ///< split, tokenizer sample and near-duplicate hashing
};

/// A path (or path:line) that gave no document, and why.
struct Rejected {
    std::string path;
    std::string reason;
    bool operator==(const Rejected&) const = default;
};

/// Long work reports "stage, done, total" (total 0 = not known); false stops it with Cancelled.
using ImportProgress = std::function<bool(std::string_view stage, std::int64_t done, std::int64_t total)>;

struct ReadDocuments {
    std::vector<SourceDocument> documents;  ///< order of the request's paths; a folder's files by name
    std::vector<Rejected> rejected;
};

/// Reads .txt and .md (one document a file) and .jsonl (one a line), each also with .zst, and what pathloom-read knows. Failed
/// when nothing could be read, Cancelled when `progress` says so (stage "read", in files; while a film is read "film", in its
/// seconds).
Result<ReadDocuments> read_source_documents(const ImportRequest& request, const ImportProgress& progress = {});

}  // namespace pathloom
