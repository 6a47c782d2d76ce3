// SPDX-License-Identifier: GPL-3.0-or-later
// Private half of PlotWidget: the QCustomPlot, its curves, and the overlay with crosshair, readout and badge.
#pragma once

#include "widgets/plot/plot_widget.h"
#include "widgets/plot/qcustomplot_wrap.h"

namespace pathloom {

struct PlotSeries {
    SeriesStyle style;
    std::vector<PlotPoint> points;
    std::vector<PlotPoint> low, high;  ///< of the band, as many as points; or empty
    std::vector<PlotPoint> smooth;  ///< same x, after smoothing; empty when smoothing is off
    QCPGraph* raw = nullptr;
    QCPGraph* line = nullptr;
    QCPGraph* lowEdge = nullptr;  ///< of the band; without a pen
    QCPGraph* highEdge = nullptr;  ///< is filled down to lowEdge
    QCPItemText* label = nullptr;
};

/// Draws crosshair, readout, badge and focus ring above the plot without touching its buffers.
class PlotOverlay : public QWidget {
public:
    explicit PlotOverlay(QWidget* parent);
    std::function<void(QPainter&)> paint;

protected:
    void paintEvent(QPaintEvent* event) override;
};

class PlotWidget::Private {
public:
    Private(PlotWidget* owner, ThemeController& controller);
    void applyTheme();
    void applyStyle(PlotSeries& series);
    void setLog(bool x, bool on);
    void smooth(PlotSeries& series) const;
    void dirty();
    void feed();
    void feedGraph(QCPGraph* graph, const std::vector<PlotPoint>& points, bool visible, int columns);
    void autoRange();
    void placeLabels();
    void userZoomed();
    void setAxisTitles();
    void paintOverlay(QPainter& painter);
    QStringList readout(double x, QVector<QColor>* swatches) const;
    /// Extremes of what is visible; false when there is nothing.
    bool extent(bool ofX, double fromX, double toX, double& low, double& high) const;

    PlotWidget* q;
    ThemeController& theme;
    QCustomPlot* plot = nullptr;
    PlotOverlay* overlay = nullptr;
    QCPItemRect* segment = nullptr;
    QCPItemText* segmentText = nullptr;
    double segmentFrom = 0, segmentTo = 0;
    std::vector<PlotSeries> series;
    QString title, xTitle, xUnit, yTitle, yUnit;
    double weight = 0;
    bool logX = false, logY = false;
    bool automatic = true;  ///< ranges follow the data
    bool follow = false;
    double followSpan = 0;
    bool legendForced = false;
    bool stale = true;
    bool feeding = false;
    bool keyFocus = false;  ///< focus came by keyboard: show the ring
    int hidden = 0;
    double cross = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace pathloom
