// SPDX-License-Identifier: GPL-3.0-or-later
// The public half of the plot: see plot_widget.h.
#include "widgets/plot/plot_widget.h"

#include "widgets/plot/plot_private.h"
#include "widgets/theme/theme.h"

#include <QKeyEvent>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pathloom {

PlotWidget::PlotWidget(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , d(std::make_unique<Private>(this, theme))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(d->plot);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(200, 120);
    setAccessibleName(tr("Plot"));
    d->plot->installEventFilter(this);
    d->plot->setMouseTracking(true);
    connect(&theme, &ThemeController::changed, this, [this] { d->applyTheme(); });
}

PlotWidget::~PlotWidget() = default;

void PlotWidget::setAxisTitles(const QString& x, const QString& xUnit, const QString& y, const QString& yUnit)
{
    d->xTitle = x;
    d->xUnit = xUnit;
    d->yTitle = y;
    d->yUnit = yUnit;
    d->setAxisTitles();
}

void PlotWidget::setTitle(const QString& title)
{
    d->title = title;
    setAccessibleName(title);
}

void PlotWidget::clear()
{
    d->series.clear();
    d->segment = nullptr;
    d->segmentText = nullptr;
    d->plot->clearItems();
    d->plot->clearGraphs();
    d->dirty();
}

int PlotWidget::addSeries(const SeriesStyle& style)
{
    PlotSeries series;
    series.style = style;
    series.raw = d->plot->addGraph();
    series.raw->removeFromLegend();
    series.line = d->plot->addGraph();
    series.label = new QCPItemText(d->plot);
    series.label->position->setType(QCPItemPosition::ptAbsolute);
    series.label->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    series.label->setClipToAxisRect(false);
    series.label->setVisible(false);
    d->series.push_back(std::move(series));
    d->applyStyle(d->series.back());
    return int(d->series.size()) - 1;
}

void PlotWidget::setSeriesStyle(int series, const SeriesStyle& style)
{
    PlotSeries& s = d->series.at(std::size_t(series));
    const bool again = s.style.smoothed != style.smoothed;
    s.style = style;
    if (again) d->smooth(s);
    d->applyStyle(s);
}

void PlotWidget::setSeriesData(int series, std::vector<PlotPoint> points)
{
    PlotSeries& s = d->series.at(std::size_t(series));
    s.points = std::move(points);
    d->smooth(s);
    d->dirty();
}

void PlotWidget::setSeriesBand(int series, std::vector<PlotPoint> low, std::vector<PlotPoint> high)
{
    PlotSeries& s = d->series.at(std::size_t(series));
    s.low = std::move(low);
    s.high = std::move(high);
    if (s.lowEdge == nullptr) {
        for (QCPGraph** edge : {&s.lowEdge, &s.highEdge}) {
            *edge = d->plot->addGraph();
            (*edge)->removeFromLegend();
            (*edge)->setPen(Qt::NoPen);
            (*edge)->setLayer(QStringLiteral("grid"));  // beneath every curve
        }
        s.highEdge->setChannelFillGraph(s.lowEdge);
    }
    d->applyStyle(s);
}

int PlotWidget::seriesCount() const
{
    return int(d->series.size());
}

void PlotWidget::setSegment(double from, double to, const QString& caption)
{
    if (d->segment == nullptr) {
        d->segment = new QCPItemRect(d->plot);
        d->segment->setPen(Qt::NoPen);
        d->segment->topLeft->setTypeY(QCPItemPosition::ptAxisRectRatio);
        d->segment->bottomRight->setTypeY(QCPItemPosition::ptAxisRectRatio);
        d->segment->setLayer(QStringLiteral("background"));
        d->segmentText = new QCPItemText(d->plot);
        d->segmentText->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
        d->segmentText->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
        d->segmentText->setFont(Theme::labelFont());
        d->segmentText->setPadding(QMargins(6, 2, 2, 4));
    }
    d->segment->topLeft->setCoords(from, 0);
    d->segment->bottomRight->setCoords(to, 1);
    d->segmentText->position->setCoords(from, 1);
    d->segmentText->setText(caption);
    d->applyTheme();
}

void PlotWidget::setSmoothing(double weight)
{
    weight = std::clamp(weight, 0.0, 0.999);
    if (weight == d->weight) return;
    d->weight = weight;
    for (PlotSeries& s : d->series) d->smooth(s);
    d->dirty();
}

double PlotWidget::smoothing() const
{
    return d->weight;
}
void PlotWidget::setLogX(bool on)
{
    d->setLog(true, on);
}
void PlotWidget::setLogY(bool on)
{
    d->setLog(false, on);
}
bool PlotWidget::logX() const
{
    return d->logX;
}
bool PlotWidget::logY() const
{
    return d->logY;
}
int PlotWidget::hiddenNonPositive() const
{
    return d->hidden;
}
QString PlotWidget::badge() const
{
    return d->hidden > 0 ? tr("%1 non-positive hidden").arg(d->hidden) : QString();
}
bool PlotWidget::follow() const
{
    return d->follow;
}
double PlotWidget::crosshair() const
{
    return d->cross;
}

void PlotWidget::setFollow(bool on, double span)
{
    const bool changed = on != d->follow;
    d->follow = on;
    d->followSpan = span;
    if (on) d->automatic = true;
    d->dirty();
    if (changed) Q_EMIT followChanged(on);
}

void PlotWidget::setLegendForced(bool on)
{
    d->legendForced = on;
    d->dirty();
}

void PlotWidget::resetZoom()
{
    d->automatic = true;
    d->dirty();
}

void PlotWidget::zoomBy(double factor)
{
    const double centre
        = std::isnan(d->cross) ? d->plot->xAxis->pixelToCoord(d->plot->axisRect()->rect().center().x()) : d->cross;
    d->plot->xAxis->scaleRange(1 / factor, centre);
    d->userZoomed();
}

void PlotWidget::setRangeX(double from, double to)
{
    d->plot->xAxis->setRange(from, to);
    d->userZoomed();
}

void PlotWidget::setRangeY(double from, double to)
{
    d->plot->yAxis->setRange(from, to);
    d->userZoomed();
}

std::pair<double, double> PlotWidget::rangeX() const
{
    return {d->plot->xAxis->range().lower, d->plot->xAxis->range().upper};
}
std::pair<double, double> PlotWidget::rangeY() const
{
    return {d->plot->yAxis->range().lower, d->plot->yAxis->range().upper};
}

QStringList PlotWidget::setCrosshair(double x)
{
    d->cross = x;
    QStringList lines;
    if (!std::isnan(x)) {
        lines = d->readout(x, nullptr);
        setAccessibleDescription(lines.join(QStringLiteral("; ")));
    }
    d->overlay->update();
    Q_EMIT crosshairMoved(x);
    return lines;
}

void PlotWidget::replotNow()
{
    d->plot->replot(QCustomPlot::rpImmediateRefresh);
    d->overlay->update();
}

void PlotWidget::keyPressEvent(QKeyEvent* event)
{
    const QCPRange range = d->plot->xAxis->range();
    const double pixels = std::max(1, d->plot->axisRect()->width());
    const auto stepCross = [&](double by) {
        const double middle = d->plot->xAxis->pixelToCoord(d->plot->axisRect()->rect().center().x());
        const double at
            = std::isnan(d->cross) ? middle : d->plot->xAxis->pixelToCoord(d->plot->xAxis->coordToPixel(d->cross) + by);
        setCrosshair(std::clamp(at, range.lower, range.upper));
    };
    const double step = event->modifiers().testFlag(Qt::ControlModifier) ? 1 : std::max(2.0, pixels / 100);
    switch (event->key()) {
    case Qt::Key_Left:
        return stepCross(-step);
    case Qt::Key_Right:
        return stepCross(step);
    case Qt::Key_Home:
        return void(setCrosshair(range.lower));
    case Qt::Key_End:
        return void(setCrosshair(range.upper));
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        return zoomBy(1.25);
    case Qt::Key_Minus:
        return zoomBy(0.8);
    case Qt::Key_0:
        return resetZoom();
    case Qt::Key_Escape:
        if (!std::isnan(d->cross)) return void(setCrosshair(std::numeric_limits<double>::quiet_NaN()));
        return QWidget::keyPressEvent(event);
    default:
        QWidget::keyPressEvent(event);
    }
}

bool PlotWidget::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == d->plot && event->type() == QEvent::MouseMove) {
        const QPointF at = static_cast<QMouseEvent*>(event)->position();
        const bool inside = d->plot->axisRect()->rect().contains(at.toPoint());
        const double x = inside ? d->plot->xAxis->pixelToCoord(at.x()) : std::numeric_limits<double>::quiet_NaN();
        if (inside || !std::isnan(d->cross)) setCrosshair(x);
    } else if (watched == d->plot && event->type() == QEvent::Leave && !hasFocus()) {
        setCrosshair(std::numeric_limits<double>::quiet_NaN());
    } else if (watched == d->plot && event->type() == QEvent::MouseButtonPress) {
        setFocus(Qt::MouseFocusReason);
    }
    return QWidget::eventFilter(watched, event);
}

void PlotWidget::resizeEvent(QResizeEvent*)
{
    d->overlay->setGeometry(rect());
    d->overlay->raise();
    d->dirty();
}

void PlotWidget::focusInEvent(QFocusEvent* event)
{
    d->keyFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    d->overlay->update();
}

void PlotWidget::focusOutEvent(QFocusEvent*)
{
    d->keyFocus = false;
    d->overlay->update();
}

void PlotWidget::showEvent(QShowEvent*)
{
    if (d->stale) d->plot->replot(QCustomPlot::rpQueuedReplot);
}

}  // namespace pathloom
