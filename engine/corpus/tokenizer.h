// SPDX-License-Identifier: GPL-3.0-or-later
// Text to token ids and back, every token with the bytes it stands for. SentencePiece behind a pimpl.
#pragma once

#include "engine/core/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// A token and where its bytes begin in the text; they end where the next token's begin (the last one: at the end of the text).
struct Token {
    std::int32_t id = 0;
    std::int32_t byte = 0;
    bool operator==(const Token&) const = default;
};

struct TokenizerTraining {
    int vocabulary = 8192;
    std::uint64_t seed = 0;  ///< which documents are drawn
    std::size_t sample_bytes = 8'000'000;  ///< text that pieces are counted on; whole documents, drawn by a hash
    double character_coverage = 0.9995;  ///< rarer characters become bytes
};

/// Thread-safe once made: encode() and decode() only read.
class Tokenizer {
public:
    /// BPE with byte fallback, digits split, identity normalisation, no dummy prefix: decode(encode(text)) is the text unless it
    /// holds U+2581, which SentencePiece uses for the blank. Equal texts, settings and seed give equal bytes. Usage when the
    /// vocabulary is larger than the texts allow (names the largest that works) or too small; Cancelled is left to the caller:
    /// SentencePiece cannot be stopped.
    static Result<Tokenizer> train(std::span<const std::string_view> texts, const TokenizerTraining& training);
    /// A SentencePiece model's bytes; Usage when they are none.
    static Result<Tokenizer> from_model(std::string_view bytes);

    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;
    ~Tokenizer();

    [[nodiscard]] std::vector<Token> encode(std::string_view text) const;
    [[nodiscard]] std::vector<std::int32_t> encode_ids(std::string_view text) const;
    [[nodiscard]] std::string decode(std::span<const std::int32_t> ids) const;  ///< ids outside the vocabulary are left out
    [[nodiscard]] std::string piece(std::int32_t id) const;  ///< "" outside the vocabulary
    [[nodiscard]] int vocabulary() const;
    [[nodiscard]] const std::string& model() const;  ///< bytes of the .model file

private:
    struct Impl;
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace pathloom
