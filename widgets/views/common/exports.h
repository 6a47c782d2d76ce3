// SPDX-License-Identifier: GPL-3.0-or-later
// Exports of what a pane shows: its numbers as CSV, its picture as PNG, SVG or PDF.
#pragma once

#include <QString>
#include <QStringList>

#include <functional>

namespace pathloom {

class PaneFrame;
class Picture;
class PlotWidget;

/// What an export writes. A pane without a picture leaves `picture` empty; that is said when one is asked for.
struct ExportTarget {
    QString title;
    std::function<QString()> csv;
    std::function<QString(const QString& path)> picture = {};  ///< an error text, empty on success
    /// By the file's suffix. An error text, empty on success.
    [[nodiscard]] QString write(const QString& path) const;
};
ExportTarget exportOf(Picture* picture);
/// `csv`: the numbers behind the plot where they are more than its points.
ExportTarget exportOf(PlotWidget* plot, const QString& title, const std::function<QString()>& csv = {});

/// Entries for the four formats in the pane's overflow menu; `which` is asked what is shown when one is chosen.
void addExports(PaneFrame& pane, const std::function<ExportTarget()>& which);

/// Writes UTF-8, whole or not at all. An error text, empty on success.
QString writeText(const QString& path, const QString& text);
QString cannotWrite(const QString& path);
/// RFC 4180.
QString csvField(const QString& field);
QString csvLine(const QStringList& fields);

}  // namespace pathloom
