// SPDX-License-Identifier: GPL-3.0-or-later
// An imported corpus opened for reading: tokens mmapped, and every token traced to its document and bytes.
#include "engine/corpus/token_file.h"

#include <algorithm>

namespace pathloom {

std::vector<std::byte> write_token_tensor(const char* name, std::span<const std::int32_t> values)
{
    const TensorView tensors[] = {{name, DType::I32, {std::int64_t(values.size())}, std::as_bytes(values)}};
    return write_safetensors(tensors);
}

TokenFile::TokenFile(Safetensors tokens, Safetensors bytes, MappedFile text, std::vector<CorpusDocument> documents)
    : m_token_tensors(std::move(tokens))
    , m_byte_tensors(std::move(bytes))
    , m_text(std::move(text))
    , m_documents(std::move(documents))
    , m_tokens(m_token_tensors.find("tokens")->as<std::int32_t>())
    , m_bytes(m_byte_tensors.find("byte")->as<std::int32_t>())
{
}

Result<TokenFile> TokenFile::open(BlobStore& store, const CorpusBlobs& blobs)
{
    PATHLOOM_TRY(const auto tokens_path, store.verified(blobs.tokens));
    PATHLOOM_TRY(auto tokens, Safetensors::open(tokens_path));
    PATHLOOM_TRY(const TensorView* ids, tokens.expect("tokens", DType::I32));
    PATHLOOM_TRY(const auto bytes_path, store.verified(blobs.bytes));
    PATHLOOM_TRY(auto bytes, Safetensors::open(bytes_path));
    PATHLOOM_TRY(const TensorView* offsets, bytes.expect("byte", DType::I32));
    PATHLOOM_TRY(const auto text_path, store.verified(blobs.text));
    PATHLOOM_TRY(auto text, MappedFile::open(text_path));
    PATHLOOM_TRY(auto documents, read_documents(store, blobs.documents));
    std::int64_t token_count = 0;
    std::int64_t byte_count = 0;
    if (!documents.empty()) {
        token_count = documents.back().token_begin + documents.back().tokens;
        byte_count = documents.back().text_offset + documents.back().bytes;
    }
    if (ids->elements() != token_count || offsets->elements() != token_count || std::int64_t(text.bytes().size()) != byte_count)
        return fail(
            ErrorCode::Corrupt, "token file {} does not belong to its document list; import the corpus again", blobs.tokens);
    return TokenFile(std::move(tokens), std::move(bytes), std::move(text), std::move(documents));
}

Result<std::string_view> TokenFile::text(std::int32_t document) const
{
    if (document < 0 || std::size_t(document) >= m_documents.size())
        return fail(ErrorCode::NotFound, "no document {}; the corpus has {}", document, m_documents.size());
    const CorpusDocument& found = m_documents[std::size_t(document)];
    const auto bytes = m_text.bytes().subspan(std::size_t(found.text_offset), std::size_t(found.bytes));
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<TokenPlace> TokenFile::locate(std::int64_t token) const
{
    if (token < 0 || token >= std::int64_t(m_tokens.size()))
        return fail(ErrorCode::NotFound, "no token {}; the corpus has {}", token, m_tokens.size());
    // The last document that begins at or before the token: documents without tokens share their begin with the next one.
    const auto next = std::upper_bound(m_documents.begin(), m_documents.end(), token,
        [](std::int64_t value, const CorpusDocument& document) { return value < document.token_begin; });
    const CorpusDocument& document = *std::prev(next);
    const bool last = token + 1 == document.token_begin + document.tokens;
    TokenPlace place{.document = document.id, .byte_begin = m_bytes[std::size_t(token)], .byte_end = 0, .text = {}};
    place.byte_end = last ? document.bytes : m_bytes[std::size_t(token) + 1];
    if (place.byte_begin < 0 || place.byte_end < place.byte_begin || place.byte_end > document.bytes)
        return fail(ErrorCode::Corrupt, "token {} lies outside its document; import the corpus again", token);
    PATHLOOM_TRY(const std::string_view whole, text(document.id));
    place.text = whole.substr(std::size_t(place.byte_begin), std::size_t(place.byte_end - place.byte_begin));
    return place;
}

}  // namespace pathloom
