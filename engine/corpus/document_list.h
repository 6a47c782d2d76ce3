// SPDX-License-Identifier: GPL-3.0-or-later
// The documents of an imported corpus: where each one's tokens and bytes are. Stored as a blob of JSON lines, zstd-packed.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/sequences.h"
#include "engine/store/blobs.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

struct CorpusDocument {
    std::int32_t id = 0;  ///< its index in the list
    std::string source;
    std::string domain;
    Split split = Split::Train;
    std::int64_t bytes = 0;
    std::int64_t token_begin = 0;  ///< in the token file
    std::int64_t tokens = 0;
    std::int64_t text_offset = 0;  ///< in the text blob
    std::string opening;  ///< first 200 characters
    bool operator==(const CorpusDocument&) const = default;
};

Result<std::string> write_documents(BlobStore& blobs, const std::vector<CorpusDocument>& documents);
/// The list behind a hash; Corrupt when it is damaged or its ranges do not follow one another.
Result<std::vector<CorpusDocument>> read_documents(BlobStore& blobs, const std::string& hash);

/// Domain names in the order of their indices: sorted, each once.
std::vector<std::string> domain_names(const std::vector<CorpusDocument>& documents);
/// What cut_sequences() needs; `domains` as domain_names() gives them.
std::vector<DocumentSpan> document_spans(const std::vector<CorpusDocument>& documents, const std::vector<std::string>& domains);

}  // namespace pathloom
