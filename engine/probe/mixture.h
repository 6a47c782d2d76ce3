// SPDX-License-Identifier: GPL-3.0-or-later
// The reader's training mixture: batch number n is a pure function of (corpus, spec, seed, n).
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/tokenizer.h"
#include "engine/model/memory_model.h"
#include "engine/probe/mixture_text.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// What a document of the mixture holds. Shares are relative.
enum class MixtureKind { Facts, List, Copy, Text, Series, Turns, Lexicon };
inline constexpr std::array<const char*, 7> mixture_names{"facts", "list", "copy", "text", "series", "turns", "lexicon"};

struct MixtureSpec {
    int contexts = 16;  ///< documents of a batch
    int context_length = 256;  ///< tokens of each
    int asked = 3;  ///< questions about each
    int question_length = 80;  ///< tokens, answer included
    std::array<double, 7> shares{0.6, 0.15, 0.12, 0.13, 0.0, 0.0, 0.0};
    int most_facts = 5;  ///< of one document
    double shared = 0.6;  ///< share of documents whose facts are worded as those of others in the batch
    double near = 0.35;  ///< share of documents whose keys differ from each other only a little
    double absent = 0.12;  ///< share of fact and list questions about a key that is in no document: the answer is "none"
    bool operator==(const MixtureSpec&) const = default;
};
Result<void> validate(const MixtureSpec& spec);

/// The words a prompt is made of, the same in training and in every probe.
std::string reader_prompt(std::string_view question, std::string_view answer_prefix);
/// What a reader says when the document has no answer.
inline constexpr std::string_view NoAnswer = "none";

class Mixture {
public:
    /// `documents` are the texts that fill; both references outlive the object. Usage when there is too little text.
    static Result<Mixture> create(
        const Tokenizer& tokenizer, std::span<const std::string_view> documents, const MixtureSpec& spec, std::uint64_t seed);
    [[nodiscard]] ReaderBatch batch(std::uint64_t number) const;
    /// So many tokens of a document.
    std::span<const std::int32_t> passage(Rng& rng, std::size_t length) const;
    [[nodiscard]] const FactWriter& writer() const { return m_writer; }
    /// How often each token occurs in the documents.
    [[nodiscard]] std::vector<std::int64_t> counts(int vocabulary) const;

private:
    struct Draft;
    Mixture(const Tokenizer& tokenizer, const MixtureSpec& spec, std::uint64_t seed, FactWriter writer);
    void add_facts(Draft& draft, Rng& rng) const;
    void add_list(Draft& draft, Rng& rng) const;
    void add_copies(Draft& draft, Rng& rng) const;
    void add_text(Draft& draft, Rng& rng) const;
    void add_made(Draft& draft, MixtureKind kind, Rng& rng) const;
    void add_lexicon(Draft& draft, Rng& rng) const;
    const Tokenizer* m_tokenizer;
    MixtureSpec m_spec;
    std::uint64_t m_seed;
    FactWriter m_writer;
    std::vector<std::int32_t> m_tokens;  // all documents one after the other
    std::vector<std::size_t> m_begin;  // of each document that is long enough; last: one past the end
    std::vector<std::int32_t> m_end_of_answer;
};

}  // namespace pathloom
