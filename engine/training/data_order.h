// SPDX-License-Identifier: GPL-3.0-or-later
// Which rows a step reads and how rows become padded batches: pure functions of (subset, seed, step).
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/sequences.h"
#include "engine/model/path_model.h"
#include "engine/store/safetensors.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace pathloom {

/// Order of a shard: position p = step * batch + i lies in epoch p / n; each epoch is its own permutation of the n rows, seeded
/// by (seed, epoch). A shard smaller than a batch therefore wraps around within the step.
class DataOrder {
public:
    DataOrder(std::vector<std::int32_t> rows, std::uint64_t seed);
    /// The `batch` rows of global step `step`.
    [[nodiscard]] std::vector<std::int32_t> rows_of(std::int64_t step, int batch);

private:
    void enter_epoch(std::int64_t epoch);
    std::vector<std::int32_t> m_rows, m_order;
    std::uint64_t m_seed;
    std::int64_t m_epoch = -1;
};

/// Tokens and sequences of a task, opened and checked.
class TaskData {
public:
    /// Corrupt when a row leaves the token file, a subset row leaves the table, or the subset is empty.
    static Result<TaskData> open(
        const std::filesystem::path& tokens, const std::filesystem::path& sequences, const std::filesystem::path& subset);

    [[nodiscard]] const std::vector<std::int32_t>& subset() const { return m_subset; }
    /// Rows of the whole sequence table.
    [[nodiscard]] std::size_t rows() const { return m_table.rows.size(); }
    [[nodiscard]] const Sequence& row(std::int32_t index) const { return m_table.rows[std::size_t(index)]; }
    [[nodiscard]] std::span<const std::int32_t> tokens_of(std::int32_t index) const;
    /// Corrupt when a token of the subset is not below `vocabulary`.
    Result<void> check_vocabulary(int vocabulary) const;

private:
    std::shared_ptr<const Safetensors> m_file;
    std::span<const std::int32_t> m_tokens;
    SequenceTable m_table;
    std::vector<std::int32_t> m_subset;
};

/// Rows as a batch that predicts token t from tokens before it. Rows longer than `sequence` tokens are cut; the width is the
/// longest row rounded up to 32, at most sequence - 1. Targets with an index below `first_target` are masked.
TokenBatch make_batch(const TaskData& data, std::span<const std::int32_t> rows, int sequence, int first_target);

}  // namespace pathloom
