// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/grid_layout.h"

#include "engine/core/rng.h"
#include "engine/routing/kmeans.h"

#include <algorithm>
#include <numeric>

namespace pathloom {
namespace {

constexpr std::size_t most_cells = 1024;

class Board {
public:
    Board(std::span<const float> centroids, int columns, std::span<const int> modules)
        : m_cells(centroids.size() / std::size_t(columns))
        , m_shared(m_cells * m_cells)
        , m_distance(m_cells * m_cells)
    {
        for (std::size_t a = 0; a < m_cells; ++a)
            for (std::size_t b = 0; b < m_cells; ++b) {
                std::size_t x = a, y = b;
                for (std::size_t level = modules.size(); level-- > 0;) {
                    const auto k = std::size_t(modules[level]);
                    if (a != b && k > 1 && x % k == y % k) m_shared[a * m_cells + b] += 1.0;
                    x /= k;
                    y /= k;
                }
                m_links += m_shared[a * m_cells + b];
                m_distance[a * m_cells + b] = double(squared_distance(
                    centroids.data() + a * std::size_t(columns), centroids.data() + b * std::size_t(columns), columns));
            }
    }
    [[nodiscard]] bool shares() const { return m_links > 0; }

    [[nodiscard]] double cost(const std::vector<int>& cluster_of_cell) const
    {
        double sum = 0;
        for (std::size_t p = 0; p < m_cells; ++p)
            for (std::size_t q = 0; q < m_cells; ++q)
                sum += m_shared[p * m_cells + q] * distance(cluster_of_cell[p], cluster_of_cell[q]);
        return m_links > 0 ? sum / m_links : 0.0;
    }

    /// Swap until no swap helps.
    void descend(std::vector<int>& cluster_of_cell) const
    {
        for (bool better = true; better;) {
            better = false;
            for (std::size_t p = 0; p < m_cells; ++p)
                for (std::size_t q = p + 1; q < m_cells; ++q) {
                    if (gain(cluster_of_cell, p, q) <= 1e-9) continue;
                    std::swap(cluster_of_cell[p], cluster_of_cell[q]);
                    better = true;
                }
        }
    }

private:
    [[nodiscard]] double distance(int a, int b) const { return m_distance[std::size_t(a) * m_cells + std::size_t(b)]; }
    /// How much a swap of cells p and q lowers half of the cost's sum.
    [[nodiscard]] double gain(const std::vector<int>& at, std::size_t p, std::size_t q) const
    {
        double sum = 0;
        for (std::size_t r = 0; r < m_cells; ++r) {
            if (r == p || r == q) continue;
            const double weight = m_shared[p * m_cells + r] - m_shared[q * m_cells + r];
            if (weight != 0.0) sum += weight * (distance(at[p], at[r]) - distance(at[q], at[r]));
        }
        return sum;
    }

    std::size_t m_cells;
    std::vector<double> m_shared, m_distance;
    double m_links = 0;
};

}  // namespace

GridLayout lay_out(std::span<const float> centroids, int columns, std::span<const int> modules, std::uint64_t seed, int starts)
{
    const std::size_t cells = columns > 0 ? centroids.size() / std::size_t(columns) : 0;
    std::vector<int> best(cells);
    std::iota(best.begin(), best.end(), 0);
    GridLayout out;
    out.cell_of_cluster = best;
    if (cells < 2 || cells > most_cells) return out;
    const Board board(centroids, columns, modules);
    if (!board.shares()) return out;
    out.arbitrary_cost = out.cost = board.cost(best);
    Rng rng(mix(seed, 0x67726964U));
    std::vector<int> order = best;
    for (int start = 0; start < starts; ++start) {
        std::vector<int> at = order;
        if (start > 0) rng.shuffle(std::span(at));
        board.descend(at);
        if (const double cost = board.cost(at); cost < out.cost - 1e-12) {
            out.cost = cost;
            best = at;
        }
    }
    for (std::size_t cell = 0; cell < cells; ++cell) out.cell_of_cluster[std::size_t(best[cell])] = int(cell);
    return out;
}

}  // namespace pathloom
