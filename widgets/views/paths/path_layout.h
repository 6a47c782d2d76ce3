// SPDX-License-Identifier: GPL-3.0-or-later
// Where the path picture puts things: module order, node boxes, ribbons and bundles. Values in, rectangles and curves out.
#pragma once

#include <QPainterPath>
#include <QRectF>

#include <vector>

namespace pathloom {

struct RunHistory;

/// The structure of a run: columns of module ids, and each path's module in every column with its weight.
struct PathGraph {
    struct Path {
        std::vector<int> modules;  ///< one module id a column
        double weight = 1;  ///< sequences in its shard; all 1 before shards are known
        bool operator==(const Path&) const = default;
    };
    std::vector<std::vector<int>> columns;
    std::vector<Path> paths;
    int modules = 0;
    bool operator==(const PathGraph&) const = default;
};
PathGraph pathGraphOf(const RunHistory& history);

/// Module ids of every column, top to bottom.
using ColumnOrder = std::vector<std::vector<int>>;

/// Pairs of paths whose ribbons cross, summed over neighbouring columns.
qint64 countCrossings(const PathGraph& graph, const ColumnOrder& order);
/// Barycentre sweeps from the index order; the best order seen, ties kept by index. Same graph, same order, always.
ColumnOrder orderModules(const PathGraph& graph);

/// One ribbon (or bundle) between the right side of a node and the left side of the next.
struct Band {
    int path = -1;  ///< -1 for a bundle
    int column = 0;  ///< leaves this column for the next
    int from = 0, to = 0;  ///< module ids
    double x0 = 0, x1 = 0;
    double top0 = 0, bottom0 = 0, top1 = 0, bottom1 = 0;
    std::vector<int> members;  ///< paths of a bundle, top to bottom
};

struct PathGeometry {
    std::vector<QRectF> nodes;  ///< by module id
    std::vector<QRectF> boxes;  ///< the same, but high enough for a label where the gap allows it
    std::vector<double> columnX;  ///< centre of each column
    std::vector<Band> ribbons;  ///< grouped by column, then by path
    std::vector<Band> bundles;  ///< one for each pair of modules that some path joins, by column
    double scale = 0;  ///< pixels for one unit of weight
};

struct PathMetrics {
    double nodeWidth = 76;
    double gap = 16;  ///< wanted between nodes of a column; shrinks when there are many
    double labelHeight = 18;  ///< a node's box grows to this into its gap
    double widestPath = 84;  ///< a ribbon is never made thicker than this on average
};

/// Lay `graph` out in `area`. The heights of a node's ribbons add up to the node's height on both sides.
PathGeometry layoutPaths(const PathGraph& graph, const ColumnOrder& order, const QRectF& area, const PathMetrics& metrics = {});

/// Closed outline of a band, never thinner than `thinnest` px.
QPainterPath bandShape(const Band& band, double thinnest = 1);
/// Top and bottom of the band at x, for hit tests; null when x is outside of it.
struct BandSlice {
    double top = 0, bottom = 0;
    bool inside = false;
};
BandSlice bandSlice(const Band& band, double x);

}  // namespace pathloom
