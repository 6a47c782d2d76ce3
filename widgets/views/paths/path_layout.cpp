// SPDX-License-Identifier: GPL-3.0-or-later
// Where the path picture puts things: see path_layout.h.
#include "widgets/views/paths/path_layout.h"

#include "widgets/models/run_history.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace pathloom {

namespace {

/// Position of every module within its column.
std::vector<int> positionsOf(const PathGraph& graph, const ColumnOrder& order)
{
    std::vector<int> position(std::size_t(graph.modules), 0);
    for (const auto& column : order) {
        for (std::size_t i = 0; i < column.size(); ++i) position[std::size_t(column[i])] = int(i);
    }
    return position;
}

/// Inversions of `values` that are strictly descending, by merging (values is sorted afterwards).
qint64 inversions(std::vector<int>& values, std::vector<int>& scratch, std::size_t begin, std::size_t end)
{
    if (end - begin < 2) return 0;
    const std::size_t middle = (begin + end) / 2;
    qint64 count = inversions(values, scratch, begin, middle) + inversions(values, scratch, middle, end);
    std::size_t a = begin;
    std::size_t b = middle;
    for (std::size_t out = begin; out < end; ++out) {
        if (b >= end || (a < middle && values[a] <= values[b])) {
            scratch[out] = values[a++];
        } else {
            count += qint64(middle - a);
            scratch[out] = values[b++];
        }
    }
    std::copy(
        scratch.begin() + std::ptrdiff_t(begin), scratch.begin() + std::ptrdiff_t(end), values.begin() + std::ptrdiff_t(begin));
    return count;
}

/// Sort `column` by the mean position of its neighbours in column `other`.
void sweep(const PathGraph& graph, ColumnOrder& order, std::size_t column, std::size_t other)
{
    const std::vector<int> position = positionsOf(graph, order);
    std::vector<double> sum(std::size_t(graph.modules), 0);
    std::vector<double> weight(std::size_t(graph.modules), 0);
    for (const PathGraph::Path& path : graph.paths) {
        const auto module = std::size_t(path.modules[column]);
        sum[module] += position[std::size_t(path.modules[other])];
        weight[module] += 1;  // every path counts alike: sizes must not shuffle a column whose crossings they do not change
    }
    const auto centre = [&](int module) {
        const auto m = std::size_t(module);
        return weight[m] > 0 ? sum[m] / weight[m] : double(position[m]);
    };
    std::stable_sort(order[column].begin(), order[column].end(), [&](int a, int b) { return centre(a) < centre(b) - 1e-9; });
}

/// Paths in the order they touch one side of the nodes of `column`: by node, then by the neighbour they come from or go to.
std::vector<int> sideOrder(const PathGraph& graph, const std::vector<int>& position, std::size_t column, std::size_t other)
{
    std::vector<int> paths(graph.paths.size());
    std::iota(paths.begin(), paths.end(), 0);
    const auto key = [&](int path) {
        const auto& modules = graph.paths[std::size_t(path)].modules;
        return std::tuple(position[std::size_t(modules[column])], position[std::size_t(modules[other])], path);
    };
    std::sort(paths.begin(), paths.end(), [&](int a, int b) { return key(a) < key(b); });
    return paths;
}

}  // namespace

PathGraph pathGraphOf(const RunHistory& history)
{
    PathGraph graph;
    graph.modules = int(history.modules.size());
    for (const ColumnState& column : history.columns) graph.columns.emplace_back(column.modules.begin(), column.modules.end());
    const bool sharded
        = std::any_of(history.paths.begin(), history.paths.end(), [](const PathState& p) { return p.sequences > 0; });
    for (const PathState& path : history.paths) {
        if (std::size_t(path.modules.size()) != graph.columns.size()) continue;  // not planned yet
        graph.paths.push_back({{path.modules.begin(), path.modules.end()}, sharded ? double(path.sequences) : 1.0});
    }
    return graph;
}

qint64 countCrossings(const PathGraph& graph, const ColumnOrder& order)
{
    const std::vector<int> position = positionsOf(graph, order);
    qint64 count = 0;
    std::vector<std::pair<int, int>> ends(graph.paths.size());
    std::vector<int> right(graph.paths.size());
    std::vector<int> scratch(graph.paths.size());
    for (std::size_t c = 0; c + 1 < graph.columns.size(); ++c) {
        for (std::size_t p = 0; p < graph.paths.size(); ++p) {
            const auto& modules = graph.paths[p].modules;
            ends[p] = {position[std::size_t(modules[c])], position[std::size_t(modules[c + 1])]};
        }
        std::sort(ends.begin(), ends.end());
        std::transform(ends.begin(), ends.end(), right.begin(), [](const auto& end) { return end.second; });
        count += inversions(right, scratch, 0, right.size());
    }
    return count;
}

ColumnOrder orderModules(const PathGraph& graph)
{
    ColumnOrder order = graph.columns;
    if (graph.columns.size() < 2 || graph.paths.empty()) return order;
    ColumnOrder best = order;
    qint64 fewest = countCrossings(graph, order);
    constexpr int kRounds = 8;
    for (int round = 0; round < kRounds && fewest > 0; ++round) {
        for (std::size_t c = 1; c < order.size(); ++c) sweep(graph, order, c, c - 1);
        for (std::size_t c = order.size() - 1; c-- > 0;) sweep(graph, order, c, c + 1);
        const qint64 crossings = countCrossings(graph, order);
        if (crossings < fewest) {
            fewest = crossings;
            best = order;
        }
    }
    return best;
}

PathGeometry layoutPaths(const PathGraph& graph, const ColumnOrder& order, const QRectF& area, const PathMetrics& metrics)
{
    PathGeometry g;
    g.nodes.resize(std::size_t(graph.modules));
    g.boxes.resize(std::size_t(graph.modules));
    if (order.empty() || graph.paths.empty() || area.height() <= 0 || area.width() <= 0) return g;
    double total = 0;
    for (const PathGraph::Path& path : graph.paths) total += path.weight;
    if (total <= 0) return g;

    // One scale for all columns, so a ribbon keeps its width; the fullest column decides. Gaps take at most 35% of the height.
    std::size_t most = 1;
    for (const auto& column : order) most = std::max(most, column.size());
    const double gap = most > 1 ? std::min(metrics.gap, 0.35 * area.height() / double(most - 1)) : 0;
    const double ribbons = std::min(area.height() - gap * double(most - 1), metrics.widestPath * double(graph.paths.size()));
    g.scale = ribbons / total;

    std::vector<double> load(std::size_t(graph.modules), 0);
    for (const PathGraph::Path& path : graph.paths) {
        for (const int module : path.modules) load[std::size_t(module)] += path.weight;
    }
    const double nodeWidth = std::min(metrics.nodeWidth, 0.55 * area.width() / double(order.size()));
    const double step = order.size() > 1 ? (area.width() - nodeWidth) / double(order.size() - 1) : 0;
    for (std::size_t c = 0; c < order.size(); ++c) {
        const double left = order.size() > 1 ? area.left() + double(c) * step : area.center().x() - nodeWidth / 2;
        g.columnX.push_back(left + nodeWidth / 2);
        // Columns with fewer modules spread their gaps, up to twice the wanted one, so ribbons have room to bend.
        const double n = double(order[c].size());
        const double spare = n > 1 ? (area.height() - ribbons) / (n - 1) : 0;
        const double own = n > 1 ? std::clamp(spare, gap, std::max(gap, 2 * metrics.gap)) : 0;
        double y = area.center().y() - (ribbons + own * std::max(0.0, n - 1)) / 2;
        for (const int module : order[c]) {
            const double height = load[std::size_t(module)] * g.scale;
            g.nodes[std::size_t(module)] = QRectF(left, y, nodeWidth, height);
            const double grow = std::clamp(own - 4, 0.0, std::max(0.0, metrics.labelHeight - height)) / 2;
            g.boxes[std::size_t(module)] = QRectF(left, y - grow, nodeWidth, height + 2 * grow);
            y += height + own;
        }
    }

    const std::vector<int> position = positionsOf(graph, order);
    for (std::size_t c = 0; c + 1 < order.size(); ++c) {
        std::vector<Band> bands(graph.paths.size());
        std::vector<double> used(std::size_t(graph.modules), 0);
        const auto place = [&](std::size_t column, std::size_t other, bool leaving) {
            std::fill(used.begin(), used.end(), 0);
            for (const int p : sideOrder(graph, position, column, other)) {
                const PathGraph::Path& path = graph.paths[std::size_t(p)];
                const auto module = std::size_t(path.modules[column]);
                Band& band = bands[std::size_t(p)];
                const double top = g.nodes[module].top() + used[module];
                used[module] += path.weight * g.scale;
                (leaving ? band.top0 : band.top1) = top;
                (leaving ? band.bottom0 : band.bottom1) = top + path.weight * g.scale;
                (leaving ? band.from : band.to) = int(module);
                (leaving ? band.x0 : band.x1) = leaving ? g.nodes[module].right() : g.nodes[module].left();
                band.path = p;
                band.column = int(c);
            }
        };
        place(c, c + 1, true);
        place(c + 1, c, false);
        std::map<std::pair<int, int>, Band> joined;
        for (const Band& band : bands) {
            auto [it, fresh] = joined.try_emplace({position[std::size_t(band.from)], position[std::size_t(band.to)]}, band);
            Band& bundle = it->second;
            if (fresh) bundle.path = -1;
            bundle.top0 = std::min(bundle.top0, band.top0);
            bundle.top1 = std::min(bundle.top1, band.top1);
            bundle.bottom0 = std::max(bundle.bottom0, band.bottom0);
            bundle.bottom1 = std::max(bundle.bottom1, band.bottom1);
            bundle.members.push_back(band.path);
        }
        for (auto& [ends, bundle] : joined) g.bundles.push_back(std::move(bundle));
        g.ribbons.insert(g.ribbons.end(), bands.begin(), bands.end());
    }
    return g;
}

QPainterPath bandShape(const Band& band, double thinnest)
{
    const double grow = std::max(0.0, thinnest - (band.bottom0 - band.top0)) / 2;
    const double middle = (band.x0 + band.x1) / 2;
    QPainterPath shape(QPointF(band.x0, band.top0 - grow));
    shape.cubicTo(middle, band.top0 - grow, middle, band.top1 - grow, band.x1, band.top1 - grow);
    shape.lineTo(band.x1, band.bottom1 + grow);
    shape.cubicTo(middle, band.bottom1 + grow, middle, band.bottom0 + grow, band.x0, band.bottom0 + grow);
    shape.closeSubpath();
    return shape;
}

BandSlice bandSlice(const Band& band, double x)
{
    if (x < band.x0 || x > band.x1 || band.x1 <= band.x0) return {};
    // x(t) of the cubic with both handles in the middle is monotone: bisect for t, then both edges share one blend.
    const double u = (x - band.x0) / (band.x1 - band.x0);
    double low = 0;
    double high = 1;
    for (int i = 0; i < 24; ++i) {
        const double t = (low + high) / 2;
        const double at = 1.5 * (1 - t) * (1 - t) * t + 1.5 * (1 - t) * t * t + t * t * t;
        (at < u ? low : high) = t;
    }
    const double t = (low + high) / 2;
    const double blend = t * t * (3 - 2 * t);
    return {band.top0 + (band.top1 - band.top0) * blend, band.bottom0 + (band.bottom1 - band.bottom0) * blend, true};
}

}  // namespace pathloom
