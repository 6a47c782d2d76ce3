// SPDX-License-Identifier: GPL-3.0-or-later
// Routing more often than once a sequence (DiPaCo 2.4, 7.3, Table 3): after every W scored tokens a path is chosen anew from the
// W tokens before. A path that takes over recomputes its state over the whole text so far, so its loss in a chunk is what it
// would have been had it read the sequence from the start: scores of every path in small windows are all that is needed.
#pragma once

#include "engine/routing/router.h"

#include <memory>
#include <span>
#include <vector>

namespace pathloom {

/// Scored tokens of the smallest window; chunks are multiples of it.
inline constexpr int smallest_window = 16;

/// Sequences in windows of `smallest_window` scored tokens, counted from the end of the routing prefix.
struct WindowTable {
    int windows = 0;  ///< of a full sequence; shorter ones end in windows without tokens
    int columns = 0;  ///< d of the features
    std::vector<std::int32_t> rows;  ///< of the sequence table
    std::vector<std::int32_t> tokens;  ///< [rows, windows]
    std::vector<std::vector<float>> nll;  ///< [cell][rows * windows] sums, nats
    std::vector<float> z;  ///< [rows, windows, columns] mean last-block state of the warm-start model over the window
    [[nodiscard]] int cells() const { return int(nll.size()); }
    /// Corrupt when sizes disagree.
    [[nodiscard]] Result<void> check() const;
};

/// Cell of each chunk of each sequence, [rows, chunks]; -1 for a chunk without tokens. `chunk` counts windows.
struct Route {
    int chunk = 1;
    int chunks = 0;
    std::vector<int> cells;
};

/// Every chunk goes to its sequence's cell.
Route route_once(const WindowTable& table, std::span<const int> cell_of_row);
/// The cell that loses least in each chunk: a bound that no router of such chunks can beat. chunk 0 = one chunk for the sequence.
Route oracle(const WindowTable& table, int chunk);

/// The router of `chunk` windows: linear on the mean feature of the chunk before, fitted to the cell that loses least over the
/// rest of the sequence (the look-ahead of the paper's Table 3). Rows whose `use` is false are left out. Usage when no sequence
/// has two chunks.
Result<std::unique_ptr<Router>> fit_chunk_router(const WindowTable& table, int chunk, const std::vector<bool>& use);
/// First chunk: the sequence's cell, as the prefix routes it. Each later one: what `router` says of the chunk before.
Route reroute(const WindowTable& table, int chunk, std::span<const int> cell_of_row, const Router& router);

/// What a token router is to say: [rows, windows] the cell that loses least over the rest of the sequence behind each window, as
/// fit_chunk_router() labels chunks; -1 where nothing follows.
std::vector<std::int32_t> look_ahead(const WindowTable& table);
/// As reroute(), by what a token router says after each window: `scores` [rows, windows, cells].
Route reroute(const WindowTable& table, int chunk, std::span<const int> cell_of_row, std::span<const float> scores);

/// Rows of `first` and `second` in one table; their windows, columns and cells must agree.
Result<WindowTable> joined(WindowTable first, const WindowTable& second);

}  // namespace pathloom
