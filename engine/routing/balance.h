// SPDX-License-Identifier: GPL-3.0-or-later
// Shards of the sizes one wants: a bias a cell, fitted so that the routed training sequences reach them (DiPaCo 7.2 matches a
// target document-to-path distribution in the same way; small paths go empty without it).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

/// Cell of each row: the highest score plus bias, the lowest cell of equals. `scores` is [rows, cells]; an empty bias is zero.
std::vector<int> cells_of(std::span<const float> scores, int cells, std::span<const float> bias);

std::vector<std::int64_t> sizes_of(std::span<const int> cell_of_row, int cells);

/// `natural` sizes with every size below `floor` raised to it and the others shrunk in proportion to what they have above it; the
/// sum stays. A floor above an even share means an even share.
std::vector<std::int64_t> raised_sizes(std::span<const std::int64_t> natural, std::int64_t floor);

/// Bias that makes cells_of() give sizes near `targets` (they sum to the number of rows): coordinate descent on the dual of the
/// assignment of rows to cells of given capacity that loses least score. The largest bias is 0. Rows with equal scores cannot be
/// parted by a bias, so sizes may be off by those.
std::vector<float> fit_bias(std::span<const float> scores, int cells, std::span<const std::int64_t> targets);

/// Move single rows until no cell has fewer than `floor` of them: each needy cell takes the rows that lose least score, from
/// cells that stay at `floor` or above. Returns the number of rows moved; needs rows >= cells * floor.
std::int64_t fill_cells(
    std::span<const float> scores, int cells, std::span<const float> bias, std::int64_t floor, std::vector<int>& cell_of_row);

}  // namespace pathloom
