// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/balance.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace pathloom {
namespace {

constexpr int most_sweeps = 60;

/// The two best cells of each row under a bias that changes one cell at a time.
class Leaders {
public:
    Leaders(std::span<const float> scores, int cells)
        : m_scores(scores)
        , m_cells(std::size_t(cells))
        , m_rows(scores.size() / std::size_t(cells))
        , m_bias(std::size_t(cells), 0.0)
        , m_first(m_rows)
        , m_second(m_rows)
    {
        for (std::size_t row = 0; row < m_rows; ++row) scan(row);
    }

    /// What cell `cell` must exceed with score + bias to win `row`, less its score.
    [[nodiscard]] double price(std::size_t row, std::size_t cell) const
    {
        const std::size_t rival = m_first[row] == cell ? m_second[row] : m_first[row];
        return value(row, rival) - double(m_scores[row * m_cells + cell]);
    }
    void set(std::size_t cell, double bias)
    {
        m_bias[cell] = bias;
        for (std::size_t row = 0; row < m_rows; ++row)
            if (m_first[row] == cell || m_second[row] == cell || value(row, cell) >= value(row, m_second[row])) scan(row);
    }
    [[nodiscard]] std::vector<std::int64_t> sizes() const
    {
        std::vector<std::int64_t> out(m_cells, 0);
        for (const std::size_t cell : m_first) ++out[cell];
        return out;
    }
    [[nodiscard]] std::size_t rows() const { return m_rows; }
    [[nodiscard]] const std::vector<double>& bias() const { return m_bias; }

private:
    [[nodiscard]] double value(std::size_t row, std::size_t cell) const
    {
        return double(m_scores[row * m_cells + cell]) + m_bias[cell];
    }
    void scan(std::size_t row)
    {
        std::size_t first = 0, second = 1;
        if (value(row, 1) > value(row, 0)) std::swap(first, second);
        for (std::size_t cell = 2; cell < m_cells; ++cell) {
            const double v = value(row, cell);
            if (v > value(row, first)) {
                second = first;
                first = cell;
            } else if (v > value(row, second)) {
                second = cell;
            }
        }
        m_first[row] = first;
        m_second[row] = second;
    }

    std::span<const float> m_scores;
    std::size_t m_cells, m_rows;
    std::vector<double> m_bias;
    std::vector<std::size_t> m_first, m_second;
};

}  // namespace

std::vector<int> cells_of(std::span<const float> scores, int cells, std::span<const float> bias)
{
    const auto k = std::size_t(cells);
    std::vector<int> out(scores.size() / k);
    for (std::size_t row = 0; row < out.size(); ++row) {
        float best = -std::numeric_limits<float>::infinity();
        for (std::size_t cell = 0; cell < k; ++cell) {
            const float value = scores[row * k + cell] + (bias.empty() ? 0.0f : bias[cell]);
            if (value > best) {
                best = value;
                out[row] = int(cell);
            }
        }
    }
    return out;
}

std::vector<std::int64_t> sizes_of(std::span<const int> cell_of_row, int cells)
{
    std::vector<std::int64_t> out(std::size_t(cells), 0);
    for (const int cell : cell_of_row) ++out[std::size_t(cell)];
    return out;
}

std::vector<std::int64_t> raised_sizes(std::span<const std::int64_t> natural, std::int64_t floor)
{
    std::vector<std::int64_t> out(natural.begin(), natural.end());
    const auto cells = std::int64_t(out.size());
    const std::int64_t sum = std::accumulate(out.begin(), out.end(), std::int64_t(0));
    floor = std::min(floor, sum / cells);
    std::int64_t missing = 0, spare = 0;
    for (const std::int64_t size : out) (size < floor ? missing : spare) += size < floor ? floor - size : size - floor;
    if (missing == 0) return out;
    std::int64_t taken = 0;
    for (std::int64_t& size : out) {
        if (size < floor) {
            size = floor;
            continue;
        }
        const auto share = std::int64_t(double(size - floor) * double(missing) / double(spare));
        size -= share;
        taken += share;
    }
    while (taken < missing) {  // what rounding left: one each from the largest
        --*std::max_element(out.begin(), out.end());
        ++taken;
    }
    return out;
}

std::vector<float> fit_bias(std::span<const float> scores, int cells, std::span<const std::int64_t> targets)
{
    if (cells < 2) return std::vector<float>(std::size_t(cells), 0.0f);
    Leaders leaders(scores, cells);
    std::vector<double> prices(leaders.rows());
    const auto want = [&](std::size_t cell) { return std::clamp<std::int64_t>(targets[cell], 0, std::int64_t(leaders.rows())); };
    for (int sweep = 0; sweep < most_sweeps; ++sweep) {
        bool changed = false;
        for (std::size_t cell = 0; cell < std::size_t(cells); ++cell) {
            if (leaders.sizes()[cell] == want(cell)) continue;
            for (std::size_t row = 0; row < prices.size(); ++row) prices[row] = leaders.price(row, cell);
            // Between the price of the last row it should win and that of the first it should not.
            const auto count = std::size_t(want(cell));
            double below = 0, above = 0;
            if (count > 0) {
                std::nth_element(prices.begin(), prices.begin() + std::ptrdiff_t(count - 1), prices.end());
                below = prices[count - 1];
            }
            if (count < prices.size()) above = *std::min_element(prices.begin() + std::ptrdiff_t(count), prices.end());
            if (count == 0) below = above - 2.0;
            if (count == prices.size()) above = below + 2.0;
            const double bias = 0.5 * (below + above);
            if (bias == leaders.bias()[cell]) continue;
            leaders.set(cell, bias);
            changed = true;
        }
        if (!changed) break;
    }
    const double top = *std::max_element(leaders.bias().begin(), leaders.bias().end());
    std::vector<float> out;
    for (const double bias : leaders.bias()) out.push_back(float(bias - top));
    return out;
}

std::int64_t fill_cells(
    std::span<const float> scores, int cells, std::span<const float> bias, std::int64_t floor, std::vector<int>& cell_of_row)
{
    std::vector<std::int64_t> sizes = sizes_of(cell_of_row, cells);
    std::int64_t moved = 0;
    const auto value = [&](std::size_t row, int cell) {
        return scores[row * std::size_t(cells) + std::size_t(cell)] + (bias.empty() ? 0.0f : bias[std::size_t(cell)]);
    };
    for (int cell = 0; cell < cells; ++cell) {
        if (sizes[std::size_t(cell)] >= floor) continue;
        std::vector<std::size_t> order;
        for (std::size_t row = 0; row < cell_of_row.size(); ++row)
            if (sizes[std::size_t(cell_of_row[row])] > floor) order.push_back(row);
        std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
            return value(a, cell_of_row[a]) - value(a, cell) < value(b, cell_of_row[b]) - value(b, cell);
        });
        for (const std::size_t row : order) {
            if (sizes[std::size_t(cell)] >= floor) break;
            std::int64_t& giver = sizes[std::size_t(cell_of_row[row])];
            if (giver <= floor) continue;
            --giver;
            ++sizes[std::size_t(cell)];
            cell_of_row[row] = cell;
            ++moved;
        }
    }
    return moved;
}

}  // namespace pathloom
