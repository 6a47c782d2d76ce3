// SPDX-License-Identifier: GPL-3.0-or-later
// A long-context reader as one object: encode a document once into memory keys, ask by exact retrieval, train both ends at once.
#pragma once

#include "engine/model/content_bag.h"
#include "engine/model/memory_reader.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pathloom {

/// One training batch: documents that become one common memory, and question segments that read it. Every question sees the rows
/// of all documents, so the other documents are its negatives.
struct ReaderBatch {
    int contexts = 0, context_length = 0;
    std::vector<std::int32_t> context;  ///< [contexts, context_length], padded with 0 at the end
    std::vector<std::int32_t> context_sizes;  ///< tokens used of each row; row i gives size - 1 memory rows
    int questions = 0, question_length = 0;
    std::vector<std::int32_t> question;  ///< [questions, question_length], padded with 0 at the end
    std::vector<std::int32_t> targets;  ///< next token of each position, below 0 where it does not count
    /// Where a target stands in the documents, for those that are copied from there: (question position, context position of the
    /// token before it), both flat; sorted by question position.
    std::vector<std::pair<std::int32_t, std::int32_t>> sources;
    /// Rows that a question position may not read, as pairs of the same kind, sorted: what was answered already (inhibition of
    /// return) or is not the one asked for.
    std::vector<std::pair<std::int32_t, std::int32_t>> excluded;
    /// Class of each question position (which of the matching rows is asked for), below 0 where it is not told; may be empty.
    std::vector<std::int32_t> selections;
};

/// Keys of earlier batches: more negatives than one batch holds (facts: Focused Transformer). They get no gradient.
struct KeyBank {
    std::vector<float> keys;  ///< [rows, key_dim]
    std::vector<std::int32_t> tokens;  ///< value of each row
};

struct ReaderLoss {
    double nll = 0.0;  ///< mean over targets, nats
    double retrieval = 0.0;  ///< mean over targets with a source: -log of the mass a softmax over all rows
                             ///< gives the sources, weighted
    std::int64_t targets = 0;
    std::int64_t sourced = 0;
    std::int64_t first = 0;  ///< of the sourced: the best row of all was a source
    std::int64_t leads = 0, leads_first = 0;  ///< the same for first tokens of answers only: the hard ones
    double selection = 0.0;  ///< mean nats over positions whose class is told
    std::int64_t selected = 0, selected_right = 0;  ///< such positions, and those where the largest logit is right
};

/// State of a question's last token.
struct ReaderQuery {
    std::vector<float> state;  ///< [d_model]
    std::vector<float> query;  ///< [key_dim], unit length
    float null_logit = 0.0f;
    std::vector<float> selection;  ///< logits of which matching row is asked for; empty when the model does not tell
};

/// A memory row that a query reads.
struct MemoryHit {
    std::int64_t row = 0;
    float cosine = 0.0f;
    std::int32_t token = 0;
};

struct ReaderPrediction {
    std::vector<float> probability;  ///< [vocabulary]
    std::vector<float> mass;  ///< of each hit in what was copied; sums to 1
    float gate = 0.0f;  ///< share of copying
    float nothing = 0.0f;  ///< mass of "nothing found"
};

class MemoryModel {
public:
    static Result<MemoryModel> create(const ReaderSpec& spec, std::vector<float> values, Precision precision);
    MemoryModel(MemoryModel&&) noexcept;
    MemoryModel& operator=(MemoryModel&&) noexcept;
    ~MemoryModel();

    [[nodiscard]] const ReaderSpec& spec() const;
    [[nodiscard]] const ReaderLayout& layout() const;
    [[nodiscard]] std::span<float> parameters();
    [[nodiscard]] std::span<const float> gradients() const;

    /// Loss = nll + retrieval_weight * retrieval + selection, where an answer's first token counts lead_weight times in the
    /// retrieval loss (the rest only continues what it found); gradients() is overwritten. When `bank` is given its rows are read
    /// too, and `fresh` (if not null) receives this batch's keys.
    ReaderLoss loss_and_gradients(const ReaderBatch& batch, double retrieval_weight, double lead_weight = 1.0,
        const KeyBank* bank = nullptr, KeyBank* fresh = nullptr);

    /// Keys [tokens.size(), key_dim] of one run of tokens; row i is final once i + 1 tokens and the reach before them are given.
    void keys(std::span<const std::int32_t> tokens, std::vector<float>& out);
    /// Query after the last of `tokens` (not empty).
    ReaderQuery query(std::span<const std::int32_t> tokens);
    /// Distribution of the next token after reading `hits` (at most top_k, any order).
    ReaderPrediction predict(const ReaderQuery& query, std::span<const MemoryHit> hits);

private:
    struct Impl;
    explicit MemoryModel(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace pathloom
