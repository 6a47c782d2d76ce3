// SPDX-License-Identifier: GPL-3.0-or-later
// An imported corpus opened for reading: tokens mmapped, and every token traced to its document and bytes.
#pragma once

#include "engine/core/files.h"
#include "engine/core/result.h"
#include "engine/corpus/document_list.h"
#include "engine/store/blobs.h"
#include "engine/store/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// Safetensors with one I32 tensor [n] named "tokens" (ids) or "byte" (offset of each token in its document).
std::vector<std::byte> write_token_tensor(const char* name, std::span<const std::int32_t> values);

/// Where a token comes from.
struct TokenPlace {
    std::int32_t document = 0;
    std::int64_t byte_begin = 0;  ///< in the document's text
    std::int64_t byte_end = 0;  ///< one past its last byte; equal to byte_begin for a token that prints nothing
    std::string text;  ///< those bytes
};

/// Hashes of a corpus's blobs.
struct CorpusBlobs {
    std::string tokens;  ///< safetensors "tokens"
    std::string bytes;  ///< safetensors "byte"
    std::string text;  ///< all documents' UTF-8, one after the other
    std::string documents;  ///< see document_list.h
    std::string tokenizer;  ///< SentencePiece model
    bool operator==(const CorpusBlobs&) const = default;
};

class TokenFile {
public:
    /// Checks the blobs' hashes and that their sizes agree.
    static Result<TokenFile> open(BlobStore& store, const CorpusBlobs& blobs);

    [[nodiscard]] std::span<const std::int32_t> tokens() const { return m_tokens; }
    [[nodiscard]] const std::vector<CorpusDocument>& documents() const { return m_documents; }
    /// Text of a document; NotFound for an id that does not exist.
    [[nodiscard]] Result<std::string_view> text(std::int32_t document) const;
    /// Document and bytes of the token at an index of tokens(); NotFound outside the file.
    [[nodiscard]] Result<TokenPlace> locate(std::int64_t token) const;

private:
    TokenFile(Safetensors tokens, Safetensors bytes, MappedFile text, std::vector<CorpusDocument> documents);
    Safetensors m_token_tensors;
    Safetensors m_byte_tensors;
    MappedFile m_text;
    std::vector<CorpusDocument> m_documents;
    std::span<const std::int32_t> m_tokens;
    std::span<const std::int32_t> m_bytes;
};

}  // namespace pathloom
