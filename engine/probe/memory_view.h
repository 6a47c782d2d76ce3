// SPDX-License-Identifier: GPL-3.0-or-later
// Memories as one sequence of rows: parts of files, whole documents side by side, and stretches that were re-encoded around
// insertions.
#pragma once

#include "engine/probe/memory_file.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pathloom {

/// Rows encoded in memory instead of a file.
struct KeyPatch {
    std::vector<std::int8_t> keys;
    std::vector<std::uint16_t> scales;
    std::vector<std::uint16_t> values;  ///< of each row: the token after it
};

class MemoryView {
public:
    /// Rows [first, first + count) of a file, which must outlive the view.
    void add(const MemoryFile& file, std::size_t first, std::size_t count);
    void add(std::shared_ptr<const KeyPatch> patch);
    [[nodiscard]] std::span<const KeyRun> runs() const { return m_runs; }
    [[nodiscard]] std::int64_t rows() const { return m_rows; }
    /// The token a row points at.
    [[nodiscard]] std::int32_t value(std::int64_t row) const;
    /// Its key alone; empty when there is no such row.
    [[nodiscard]] KeyRun row(std::int64_t row, std::size_t key_dim) const;
    /// How many rows point at each token; up to the largest that occurs.
    [[nodiscard]] std::vector<std::int64_t> token_counts() const;
    /// Calls `each` with the token every row points at, in their order.
    template <typename Each>
    void for_each_value(const Each& each) const
    {
        for (std::size_t i = 0; i < m_runs.size(); ++i)
            for (std::size_t r = 0; r < m_runs[i].rows; ++r) each(m_values[i][r]);
    }

private:
    std::vector<KeyRun> m_runs;
    std::vector<std::int64_t> m_begins;  // first row of each run
    std::vector<const std::uint16_t*> m_values;
    std::vector<std::shared_ptr<const KeyPatch>> m_patches;
    std::int64_t m_rows = 0;
};

/// Tokens put before token `at` of a document.
struct Insertion {
    std::size_t at = 0;
    std::vector<std::int32_t> tokens;
};

/// The first `length` tokens of `base` with `insertions` (sorted by place, all at <= length) as a memory. Only the rows whose
/// keys an insertion can change are encoded anew: the reach after it. `source_of` gives the key source of a run of tokens.
Result<MemoryView> splice(const MemoryFile& base, std::size_t length, std::span<const Insertion> insertions, std::size_t reach,
    const std::function<KeySource(std::span<const std::int32_t>)>& source_of);

}  // namespace pathloom
