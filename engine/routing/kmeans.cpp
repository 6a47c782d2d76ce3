// SPDX-License-Identifier: GPL-3.0-or-later
// Lloyd's algorithm with greedy k-means++ seeding.
#include "engine/routing/kmeans.h"

#include "engine/core/rng.h"
#include "engine/model/kernels/simd.h"

#include <algorithm>
#include <array>
#include <limits>

namespace pathloom {
namespace {

constexpr int Lanes = 16;

PATHLOOM_CLONES float distance_loop(const float* __restrict a, const float* __restrict b, int n)
{
    std::array<float, Lanes> lane{};
    const int whole = n - n % Lanes;
    for (int i = 0; i < whole; i += Lanes) {
        for (int j = 0; j < Lanes; ++j) {
            const float difference = a[i + j] - b[i + j];
            lane[std::size_t(j)] += difference * difference;
        }
    }
    for (int i = whole; i < n; ++i) {
        const float difference = a[i] - b[i];
        lane[std::size_t(i - whole)] += difference * difference;
    }
    for (int width = Lanes / 2; width > 0; width /= 2) {
        for (int j = 0; j < width; ++j) lane[std::size_t(j)] += lane[std::size_t(j + width)];
    }
    return lane[0];
}

/// Rows' distances to the nearest centre chosen so far.
class Seeding {
public:
    Seeding(const FeatureMatrix& rows, std::uint64_t seed)
        : m_rows(rows)
        , m_rng(seed)
        , m_nearest(std::size_t(rows.rows), std::numeric_limits<float>::max())
    {
    }

    std::vector<float> centres(int clusters)
    {
        int candidates = 2;  // 2 + ln k
        for (int power = 3; power <= clusters; power *= 3) ++candidates;
        std::vector<float> out;
        take(std::int64_t(m_rng.below(std::uint64_t(m_rows.rows))), out);
        while (int(out.size()) < clusters * m_rows.columns) {
            std::int64_t best = -1;
            double best_total = std::numeric_limits<double>::max();
            for (int c = 0; c < candidates; ++c) {
                const std::int64_t row = draw();
                double total = 0.0;
                for (std::int64_t i = 0; i < m_rows.rows; ++i)
                    total += double(std::min(m_nearest[std::size_t(i)], distance(i, row)));
                if (total < best_total) {
                    best_total = total;
                    best = row;
                }
            }
            take(best, out);
        }
        return out;
    }

private:
    [[nodiscard]] float distance(std::int64_t a, std::int64_t b) const
    {
        return distance_loop(m_rows.row(a).data(), m_rows.row(b).data(), m_rows.columns);
    }

    void take(std::int64_t row, std::vector<float>& out)
    {
        out.insert(out.end(), m_rows.row(row).begin(), m_rows.row(row).end());
        for (std::int64_t i = 0; i < m_rows.rows; ++i) {
            m_nearest[std::size_t(i)] = std::min(m_nearest[std::size_t(i)], distance(i, row));
        }
    }

    // A row with probability proportional to its squared distance; any row when all rows sit on a centre.
    std::int64_t draw()
    {
        double total = 0.0;
        for (const float d : m_nearest) total += double(d);
        if (total <= 0.0) return std::int64_t(m_rng.below(std::uint64_t(m_rows.rows)));
        double left = m_rng.uniform() * total;
        std::int64_t last = 0;
        for (std::int64_t i = 0; i < m_rows.rows; ++i) {
            const auto d = double(m_nearest[std::size_t(i)]);
            if (d <= 0.0) continue;
            last = i;
            left -= d;
            if (left < 0.0) break;
        }
        return last;
    }

    const FeatureMatrix& m_rows;
    Rng m_rng;
    std::vector<float> m_nearest;
};

// Means of the clusters, summed in row order in double.
std::vector<float> means(const FeatureMatrix& rows, const std::vector<int>& labels, const std::vector<std::int64_t>& sizes)
{
    const auto d = std::size_t(rows.columns);
    std::vector<double> sums(sizes.size() * d, 0.0);
    for (std::int64_t i = 0; i < rows.rows; ++i) {
        double* sum = sums.data() + std::size_t(labels[std::size_t(i)]) * d;
        const auto row = rows.row(i);
        for (std::size_t j = 0; j < d; ++j) sum[j] += double(row[j]);
    }
    std::vector<float> out(sums.size());
    for (std::size_t c = 0; c < sizes.size(); ++c) {
        for (std::size_t j = 0; j < d; ++j) out[c * d + j] = float(sums[c * d + j] / double(sizes[c]));
    }
    return out;
}

// Give each empty cluster the row that lies farthest from its centroid, out of clusters that can spare one.
void fill_empty(std::vector<int>& labels, std::vector<float>& distances, std::vector<std::int64_t>& sizes)
{
    for (std::size_t c = 0; c < sizes.size(); ++c) {
        if (sizes[c] > 0) continue;
        std::size_t farthest = labels.size();
        for (std::size_t i = 0; i < labels.size(); ++i) {
            if (sizes[std::size_t(labels[i])] > 1 && (farthest == labels.size() || distances[i] > distances[farthest]))
                farthest = i;
        }
        --sizes[std::size_t(labels[farthest])];
        ++sizes[c];
        labels[farthest] = int(c);
        distances[farthest] = 0.0f;
    }
}

}  // namespace

float squared_distance(const float* a, const float* b, int n)
{
    return distance_loop(a, b, n);
}

int nearest_centroid(std::span<const float> centroids, int columns, const float* row)
{
    int best = 0;
    float best_distance = std::numeric_limits<float>::max();
    for (int c = 0; c < int(centroids.size()) / columns; ++c) {
        const float distance = distance_loop(centroids.data() + std::size_t(c) * std::size_t(columns), row, columns);
        if (distance < best_distance) {
            best_distance = distance;
            best = c;
        }
    }
    return best;
}

Result<KMeans> fit_kmeans(const FeatureMatrix& rows, int clusters, std::uint64_t seed, int rounds)
{
    if (clusters < 1) return fail(ErrorCode::Usage, "k-means needs at least 1 cluster, got {}", clusters);
    if (rows.columns < 1) return fail(ErrorCode::Usage, "k-means needs features of at least 1 column, got {}", rows.columns);
    if (rows.rows < clusters) {
        return fail(ErrorCode::Usage,
            "{} paths need at least {} training sequences to route, the corpus has {}; use fewer paths or more text", clusters,
            clusters, rows.rows);
    }
    KMeans fit;
    fit.columns = rows.columns;
    fit.centroids = Seeding(rows, seed).centres(clusters);
    std::vector<int> labels(std::size_t(rows.rows), -1);
    std::vector<float> distances(std::size_t(rows.rows));
    bool moved = true;
    while (moved && fit.rounds < rounds) {
        std::vector<int> next(labels.size());
        std::vector<std::int64_t> sizes(std::size_t(clusters), 0);
        for (std::size_t i = 0; i < next.size(); ++i) {
            const float* row = rows.row(std::int64_t(i)).data();
            next[i] = nearest_centroid(fit.centroids, rows.columns, row);
            distances[i]
                = distance_loop(fit.centroids.data() + std::size_t(next[i]) * std::size_t(rows.columns), row, rows.columns);
            ++sizes[std::size_t(next[i])];
        }
        fill_empty(next, distances, sizes);
        moved = next != labels;
        labels = std::move(next);
        fit.centroids = means(rows, labels, sizes);
        ++fit.rounds;
    }
    fit.labels = std::move(labels);
    for (std::size_t i = 0; i < fit.labels.size(); ++i) {
        fit.inertia += double(distance_loop(fit.centroids.data() + std::size_t(fit.labels[i]) * std::size_t(rows.columns),
            rows.row(std::int64_t(i)).data(), rows.columns));
    }
    return fit;
}

}  // namespace pathloom
