// SPDX-License-Identifier: GPL-3.0-or-later
// Private half of PlotWidget: feeding decimated data, ranges, labels, theme, overlay.
#include "widgets/plot/plot_private.h"

#include "widgets/plot/smoothing.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

/// Ticks a reader expects on a log axis: 1-2-5 over few decades, powers of ten over many, even steps within less than one.
class LogTicker : public QCPAxisTicker {
protected:
    QVector<double> createTickVector(double, const QCPRange& range) override
    {
        QVector<double> ticks;
        if (range.lower <= 0) return ticks;
        const double decades = std::log10(range.upper / range.lower);
        if (decades < 0.8) {
            const double step = cleanMantissa((range.upper - range.lower) / 5);
            for (double v = std::ceil(range.lower / step) * step; v <= range.upper && ticks.size() < 50; v += step) ticks << v;
            return ticks;
        }
        const int stride = std::max(1, int(std::ceil(decades / 8)));
        for (int k = int(std::floor(std::log10(range.lower))); k <= int(std::ceil(std::log10(range.upper))); k += stride) {
            for (const double m : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0}) {
                if (m > 1 && decades > 3) break;
                if (decades > 1.2 && m != 1.0 && m != 2.0 && m != 5.0) continue;
                const double v = m * std::pow(10.0, k);
                if (v >= range.lower && v <= range.upper) ticks << v;
            }
        }
        return ticks;
    }
    QVector<double> createSubTickVector(int, const QVector<double>&) override { return {}; }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override { return formatNumber(tick, 2); }
};

class LinearTicker : public QCPAxisTicker {
protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override
    {
        Q_UNUSED(format)
        Q_UNUSED(precision)
        if (std::abs(tick) < 1e-12) return QStringLiteral("0");
        return std::abs(tick) >= 1e6 || std::abs(tick) < 1e-3 ? formatNumber(tick, 2) : locale.toString(tick, 'g', 6);
    }
};

}  // namespace

PlotOverlay::PlotOverlay(QWidget* parent)
    : QWidget(parent)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAttribute(Qt::WA_NoSystemBackground);
}

void PlotOverlay::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    if (paint) paint(painter);
}

PlotWidget::Private::Private(PlotWidget* owner, ThemeController& controller)
    : q(owner)
    , theme(controller)
{
    plot = new QCustomPlot(owner);
    plot->setPlottingHints(QCP::phFastPolylines | QCP::phCacheLabels);
    plot->setNoAntialiasingOnDrag(true);
    plot->setInteractions(QCP::iRangeZoom);
    plot->axisRect()->setRangeZoomFactor(0.8);
    plot->setSelectionRectMode(QCP::srmZoom);
    plot->setFocusPolicy(Qt::NoFocus);
    plot->legend->setVisible(false);
    plot->axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignTop | Qt::AlignRight);
    plot->xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new LinearTicker));
    plot->yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new LinearTicker));
    plot->setLocale(QLocale(QLocale::English));
    overlay = new PlotOverlay(owner);
    overlay->paint = [this](QPainter& painter) { paintOverlay(painter); };
    QObject::connect(plot, &QCustomPlot::beforeReplot, owner, [this] {
        if (stale) feed();
    });
    QObject::connect(plot, &QCustomPlot::afterLayout, owner, [this] { placeLabels(); });
    QObject::connect(plot, &QCustomPlot::afterReplot, owner, [this] { overlay->update(); });
    QObject::connect(plot, &QCustomPlot::mouseWheel, owner, [this] { userZoomed(); });
    QObject::connect(plot->selectionRect(), &QCPSelectionRect::accepted, owner, [this] { userZoomed(); });
    QObject::connect(plot, &QCustomPlot::mouseDoubleClick, owner, [this] { q->resetZoom(); });
    QObject::connect(plot->xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), owner, [this] {
        if (!feeding) dirty();
    });
    applyTheme();
}

void PlotWidget::Private::applyTheme()
{
    const Tokens& t = theme.theme().tokens();
    plot->setBackground(t.surface);
    for (QCPAxis* axis : {plot->xAxis, plot->yAxis}) {
        axis->setBasePen(QPen(mixColors(t.line, t.muted, 0.4), 1));
        axis->setTickPen(Qt::NoPen);
        axis->setSubTickPen(Qt::NoPen);
        axis->setTickLabelColor(t.muted);
        axis->setLabelColor(t.muted);
        axis->setTickLabelFont(Theme::labelFont());
        axis->setLabelFont(Theme::labelFont());
        axis->setTickLabelPadding(4);
        axis->setLabelPadding(4);
        axis->grid()->setPen(QPen(withAlpha(t.line, 0.8), 1));
        axis->grid()->setZeroLinePen(QPen(t.line, 1));
        axis->grid()->setSubGridVisible(false);
    }
    plot->legend->setBrush(withAlpha(t.raised, 0.92));
    plot->legend->setBorderPen(QPen(t.line, 1));
    plot->legend->setFont(Theme::labelFont());
    plot->legend->setTextColor(t.text);
    plot->selectionRect()->setPen(QPen(t.accent, 1));
    plot->selectionRect()->setBrush(withAlpha(t.accent, 0.12));
    if (segment != nullptr) {
        segment->setBrush(withAlpha(t.muted, 0.08));
        segmentText->setColor(t.muted);
    }
    for (PlotSeries& s : series) applyStyle(s);
    plot->replot(QCustomPlot::rpQueuedReplot);
}

void PlotWidget::Private::applyStyle(PlotSeries& s)
{
    const SeriesStyle& style = s.style;
    QPen pen(style.color, style.width, style.dash, Qt::RoundCap, Qt::RoundJoin);
    s.line->setPen(pen);
    s.line->setName(style.name);
    s.line->setScatterStyle(
        style.markers ? QCPScatterStyle(QCPScatterStyle::ssDisc, Qt::NoPen, QBrush(style.color), 5) : QCPScatterStyle());
    s.raw->setPen(QPen(withAlpha(style.color, 0.25 * double(style.color.alphaF())), 1));
    if (s.highEdge != nullptr) s.highEdge->setBrush(withAlpha(style.color, 0.16 * double(style.color.alphaF())));
    s.label->setText(style.name);
    s.label->setColor(mixColors(withAlpha(style.color, 1), theme.theme().tokens().text, 0.25));
    s.label->setFont(Theme::labelFont());
    s.line->removeFromLegend();
    if (style.labelled && style.visible) s.line->addToLegend();
    dirty();
}

void PlotWidget::Private::setAxisTitles()
{
    const auto text = [](const QString& name, const QString& unit, bool log) {
        QString out = unit.isEmpty() ? name : QStringLiteral("%1 (%2)").arg(name, unit);
        return log ? out + PlotWidget::tr(", log scale") : out;
    };
    plot->xAxis->setLabel(text(xTitle, xUnit, logX));
    plot->yAxis->setLabel(text(yTitle, yUnit, logY));
}

void PlotWidget::Private::setLog(bool x, bool on)
{
    (x ? logX : logY) = on;
    QCPAxis* axis = x ? plot->xAxis : plot->yAxis;
    axis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    axis->setTicker(QSharedPointer<QCPAxisTicker>(on ? static_cast<QCPAxisTicker*>(new LogTicker) : new LinearTicker));
    automatic = true;
    setAxisTitles();
    dirty();
}

void PlotWidget::Private::smooth(PlotSeries& s) const
{
    s.smooth.clear();
    if (weight <= 0 || !s.style.smoothed) return;
    std::vector<double> values(s.points.size());
    std::transform(s.points.begin(), s.points.end(), values.begin(), [](const PlotPoint& p) { return p.y; });
    values = smoothed(values, weight);
    s.smooth = s.points;
    for (std::size_t i = 0; i < values.size(); ++i) s.smooth[i].y = values[i];
}

void PlotWidget::Private::dirty()
{
    stale = true;
    if (q->isVisible()) plot->replot(QCustomPlot::rpQueuedReplot);  // hidden: the show event draws
}

bool PlotWidget::Private::extent(bool ofX, double fromX, double toX, double& low, double& high) const
{
    low = std::numeric_limits<double>::infinity();
    high = -low;
    for (const PlotSeries& s : series) {
        if (!s.style.visible) continue;
        // A smoothed curve's raw ghost may leave the picture at its first wild samples, but never by much: use both.
        for (const std::vector<PlotPoint>* points : {&s.points, s.smooth.empty() ? &s.points : &s.smooth, &s.low, &s.high}) {
            for (const PlotPoint& p : *points) {
                if (!std::isfinite(p.y) || p.x < fromX || p.x > toX || (logX && p.x <= 0) || (logY && p.y <= 0)) continue;
                low = std::min(low, ofX ? p.x : p.y);
                high = std::max(high, ofX ? p.x : p.y);
            }
        }
    }
    return std::isfinite(low);
}

void PlotWidget::Private::autoRange()
{
    const double everything = std::numeric_limits<double>::infinity();
    double low = 0;
    double high = 0;
    if (extent(true, -everything, everything, low, high)) {
        if (follow && followSpan > 0) low = std::max(low, high - followSpan);
        if (low == high) high = low + 1;
        plot->xAxis->setRange(low, high);
    }
    const QCPRange x = plot->xAxis->range();
    if (!extent(false, x.lower, x.upper, low, high)) return;  // nothing to show: keep the range
    if (logY) {
        const double ratio = std::max(1.02, std::pow(high / low, 0.05));
        plot->yAxis->setRange(low / ratio, high * ratio);
    } else {
        const double air = low == high ? std::max(0.5, std::abs(low) * 0.1) : (high - low) * 0.06;
        plot->yAxis->setRange(low - air, high + air);
    }
}

void PlotWidget::Private::feedGraph(QCPGraph* graph, const std::vector<PlotPoint>& points, bool visible, int columns)
{
    graph->setVisible(visible);
    QVector<QCPGraphData> data;
    if (visible) {
        const QCPRange range = plot->xAxis->range();
        const std::vector<PlotPoint> few = decimated(points, range.lower, range.upper, columns, logX);
        data.reserve(qsizetype(few.size()));
        for (const PlotPoint& p : few) {
            if (logX && p.x <= 0) continue;
            data.push_back(QCPGraphData(p.x, logY && p.y <= 0 ? std::numeric_limits<double>::quiet_NaN() : p.y));
        }
    }
    graph->data()->set(data, true);
}

void PlotWidget::Private::feed()
{
    stale = false;
    feeding = true;
    if (automatic || follow) autoRange();
    // Few samples need no line graph of their own; a column a device pixel is enough for any number of them.
    const int columns = std::max(16, int(plot->axisRect()->width() * plot->bufferDevicePixelRatio()));
    int nowHidden = 0;
    double widest = 0;
    const QFontMetricsF metrics(Theme::labelFont());
    std::size_t drawn = 0;
    for (PlotSeries& s : series) {
        feedGraph(s.line, s.smooth.empty() ? s.points : s.smooth, s.style.visible, columns);
        feedGraph(s.raw, s.points, s.style.visible && !s.smooth.empty(), columns);
        if (s.lowEdge != nullptr) {
            feedGraph(s.lowEdge, s.low, s.style.visible, columns);
            feedGraph(s.highEdge, s.high, s.style.visible, columns);
        }
        drawn += std::size_t(s.line->data()->size() + s.raw->data()->size());
        if (!s.style.visible) continue;
        if (s.style.labelled && !s.points.empty()) widest = std::max(widest, metrics.horizontalAdvance(s.style.name));
        if (!logX && !logY) continue;
        nowHidden += int(std::count_if(s.points.begin(), s.points.end(),
            [&](const PlotPoint& p) { return (logX && p.x <= 0) || (logY && p.y <= 0 && std::isfinite(p.y)); }));
    }
    // Dense noise fills its pixel columns either way; without antialiasing and with one-pixel pens it costs a fifth.
    constexpr std::size_t kSmoothPoints = 24000;
    const bool fine = drawn <= kSmoothPoints;
    for (PlotSeries& s : series) {
        s.raw->setAntialiased(fine);
        s.line->setAntialiased(fine);
        QPen pen = s.line->pen();
        pen.setWidthF(fine || s.style.width > 2 ? s.style.width : 1);
        s.line->setPen(pen);
    }
    // Room for the labels at the line ends; with no room to spare the legend takes over.
    const bool room = widest + 12 < 0.3 * plot->width();
    plot->axisRect()->setMinimumMargins(QMargins(0, 12, room && !legendForced ? int(std::ceil(widest)) + 14 : 12, 0));
    if (nowHidden != hidden) {
        hidden = nowHidden;
        Q_EMIT q->badgeChanged(q->badge());
    }
    feeding = false;
}

void PlotWidget::Private::placeLabels()
{
    struct Wanted {
        QCPItemText* label;
        double y;
        double at;
    };
    std::vector<Wanted> wanted;
    const QRect rect = plot->axisRect()->rect();
    double widest = 0;
    const QFontMetricsF metrics(Theme::labelFont());
    int labelled = 0;
    for (PlotSeries& s : series) {
        s.label->setVisible(false);
        if (!s.style.visible || !s.style.labelled || s.points.empty()) continue;
        ++labelled;
        const auto& points = s.smooth.empty() ? s.points : s.smooth;
        const auto last = std::find_if(points.rbegin(), points.rend(),
            [&](const PlotPoint& p) { return std::isfinite(p.y) && (!logY || p.y > 0) && p.x <= plot->xAxis->range().upper; });
        if (last == points.rend()) continue;
        const double y = plot->yAxis->coordToPixel(last->y);
        widest = std::max(widest, metrics.horizontalAdvance(s.style.name));
        if (y >= rect.top() && y <= rect.bottom()) wanted.push_back({s.label, y, y});
    }
    std::stable_sort(wanted.begin(), wanted.end(), [](const Wanted& a, const Wanted& b) { return a.y < b.y; });
    constexpr double kApart = 15;
    for (std::size_t i = 1; i < wanted.size(); ++i) wanted[i].at = std::max(wanted[i].at, wanted[i - 1].at + kApart);
    const double over = wanted.empty() ? 0 : wanted.back().at + kApart / 2 - rect.bottom();
    if (over > 0) {
        wanted.back().at -= over;
        for (std::size_t i = wanted.size() - 1; i-- > 0;) wanted[i].at = std::min(wanted[i].at, wanted[i + 1].at - kApart);
    }
    const bool near = std::all_of(wanted.begin(), wanted.end(), [](const Wanted& w) { return std::abs(w.at - w.y) < 26; });
    const bool direct = !legendForced && near && widest + 12 < 0.3 * plot->width() && labelled <= 10;
    plot->legend->setVisible(labelled > 0 && !direct);
    if (!direct) return;
    for (const Wanted& w : wanted) {
        w.label->position->setCoords(rect.right() + 6, w.at);
        w.label->setVisible(true);
    }
}

void PlotWidget::Private::userZoomed()
{
    automatic = false;
    if (follow) {
        follow = false;
        Q_EMIT q->followChanged(false);
    }
    dirty();
}

QStringList PlotWidget::Private::readout(double x, QVector<QColor>* swatches) const
{
    QStringList lines{QStringLiteral("%1 %2").arg(xTitle, formatNumber(x, 4))};
    if (swatches != nullptr) swatches->push_back(QColor());
    int more = 0;
    for (auto drawn = series.rbegin(); drawn != series.rend(); ++drawn) {  // what lies on top is read first
        const PlotSeries& s = *drawn;
        if (!s.style.visible || s.points.empty()) continue;
        auto it = std::lower_bound(s.points.begin(), s.points.end(), x, [](const PlotPoint& p, double at) { return p.x < at; });
        if (it == s.points.end() || (it != s.points.begin() && x - std::prev(it)->x < it->x - x)) --it;
        const auto i = std::size_t(it - s.points.begin());
        if (lines.size() > 14) {
            ++more;
            continue;
        }
        const QString value = s.smooth.empty() && s.low.size() == s.points.size()
            ? PlotWidget::tr("%1 (%2 to %3)")
                  .arg(formatNumber(it->y, 4), formatNumber(s.low[i].y, 4), formatNumber(s.high[i].y, 4))
            : s.smooth.empty() ? formatNumber(it->y, 4)
                               : PlotWidget::tr("%1 (raw %2)").arg(formatNumber(s.smooth[i].y, 4), formatNumber(it->y, 4));
        lines << QStringLiteral("%1  %2").arg(s.style.name, value);
        if (swatches != nullptr) swatches->push_back(withAlpha(s.style.color, 1));
    }
    if (more > 0) lines << PlotWidget::tr("and %1 more").arg(more);
    return lines;
}

void PlotWidget::Private::paintOverlay(QPainter& painter)
{
    const Tokens& t = theme.theme().tokens();
    const QRect rect = plot->axisRect()->rect();
    painter.setFont(Theme::labelFont());
    const QString text = q->badge();
    if (!text.isEmpty()) {
        painter.setRenderHint(QPainter::Antialiasing);
        const double w = painter.fontMetrics().horizontalAdvance(text) + 16;
        const QRectF pill(rect.left() + 8, rect.top() + 6, w, 20);
        painter.setPen(QPen(t.warn, 1));
        painter.setBrush(mixColors(t.surface, t.warn, 0.12));
        painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), 10, 10);
        painter.setPen(t.text);
        painter.drawText(pill, Qt::AlignCenter, text);
    }
    if (!std::isnan(cross)) {
        const double x = std::floor(plot->xAxis->coordToPixel(cross)) + 0.5;
        if (x >= rect.left() && x <= rect.right() + 1) {
            painter.setPen(QPen(mixColors(t.muted, t.text, 0.3), 1));
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()));
            QVector<QColor> swatches;
            const QStringList lines = readout(cross, &swatches);
            drawReadout(painter, QPointF(x - 4, rect.top() + 2), QRectF(rect), lines, swatches, theme.theme());
        }
    }
    if (keyFocus) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(t.accent, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(overlay->rect()).adjusted(2, 2, -2, -2), 4, 4);
    }
}

}  // namespace pathloom
