// SPDX-License-Identifier: GPL-3.0-or-later
// One plot with axes: several curves, smoothing, log axes, crosshair, zoom, follow, legend or direct labels, export. QCustomPlot
// inside.
#pragma once

#include "widgets/plot/decimation.h"

#include <QColor>
#include <QStringList>
#include <QWidget>

#include <memory>

namespace pathloom {

class ThemeController;

/// How one curve looks.
struct SeriesStyle {
    QString name;
    QColor color;
    Qt::PenStyle dash = Qt::SolidLine;
    double width = 1.5;
    bool smoothed = true;  ///< takes part in smoothing (raw stays behind at 25% alpha)
    bool labelled = true;  ///< has a direct label or a legend entry (the crosshair reads every visible curve)
    bool markers = false;  ///< small discs at the samples (few-point series)
    bool visible = true;
};

class PlotWidget : public QWidget {
    Q_OBJECT
public:
    explicit PlotWidget(ThemeController& theme, QWidget* parent = nullptr);
    ~PlotWidget() override;

    /// Axis titles; the unit is never left out ("loss", "nats a token").
    void setAxisTitles(const QString& x, const QString& xUnit, const QString& y, const QString& yUnit);
    /// Title used in exports and as accessible name.
    void setTitle(const QString& title);

    /// Remove all curves, bands and lines.
    void clear();
    /// New curve; returns its number (0, 1 ...).
    int addSeries(const SeriesStyle& style);
    void setSeriesStyle(int series, const SeriesStyle& style);
    /// Samples ascending in x. NaN makes a gap. Swapped in whole; the replot is queued.
    void setSeriesData(int series, std::vector<PlotPoint> points);
    /// Shades what lies between two curves (lowest and highest of several runs) in the colour of the series; ascending in x as
    /// its samples are, one value a sample.
    void setSeriesBand(int series, std::vector<PlotPoint> low, std::vector<PlotPoint> high);
    int seriesCount() const;
    /// Shade x in [from, to] with a caption (the warm-start segment).
    void setSegment(double from, double to, const QString& caption);

    /// TensorBoard weight, 0 = off to 0.999.
    void setSmoothing(double weight);
    double smoothing() const;
    void setLogX(bool on);
    void setLogY(bool on);
    bool logX() const;
    bool logY() const;
    /// Samples that a log axis cannot show, of the visible curves.
    int hiddenNonPositive() const;
    /// "3 non-positive hidden", empty when none.
    QString badge() const;
    /// Keep the latest sample in view with the last `span` of x (0 = everything). Any zoom of the user switches it off.
    void setFollow(bool on, double span = 0);
    bool follow() const;
    void setLegendForced(bool on);

    /// Everything in view again.
    void resetZoom();
    /// factor > 1 = closer, around the middle or the crosshair.
    void zoomBy(double factor);
    void setRangeX(double from, double to);
    void setRangeY(double from, double to);
    std::pair<double, double> rangeX() const;
    std::pair<double, double> rangeY() const;

    /// Put the crosshair at x (NaN = away). Returns the readout lines, first the x, then one a visible curve.
    QStringList setCrosshair(double x);
    double crosshair() const;

    /// Raw data: header "x,<curve>,..." (a curve with a band has its lowest and highest beside it) then one row a distinct x. RFC
    /// 4180 quoting, '.' decimals.
    QString csv() const;
    /// By the file's suffix: csv, png (twice the size), svg or pdf, each with the title. An error text, empty on success.
    QString exportTo(const QString& path);
    /// Draw now rather than at the next turn of the event loop (tests, exports).
    void replotNow();

Q_SIGNALS:
    void crosshairMoved(double x);
    void followChanged(bool on);
    void badgeChanged(const QString& text);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    class Private;
    std::unique_ptr<Private> d;
};

}  // namespace pathloom
