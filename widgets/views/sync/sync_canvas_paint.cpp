// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing of the sync picture: see sync_canvas.h.
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/sync/sync_canvas.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr double kStripTop = 8;
constexpr double kStripHeight = 64;

/// Bytes land at the moment a task commits; a short moving mean turns the spikes into the rate a link would see.
std::vector<double> movingMean(const std::vector<double>& values, int reach)
{
    std::vector<double> out(values.size(), 0);
    for (int i = 0; i < int(values.size()); ++i) {
        const int from = std::max(0, i - reach);
        const int to = std::min(int(values.size()) - 1, i + reach);
        for (int k = from; k <= to; ++k) out[std::size_t(i)] += values[std::size_t(k)];
        out[std::size_t(i)] /= 2 * reach + 1;
    }
    return out;
}

QColor readableOn(const QColor& fill)
{
    const QColor dark(0x10, 0x13, 0x1A);
    return contrastRatio(fill, Qt::white) >= contrastRatio(fill, dark) ? QColor(Qt::white) : dark;
}

}  // namespace

QColor SyncCanvas::fillOf(WorkerBar kind) const
{
    const Theme& theme = m_theme.theme();
    switch (kind) {
    case WorkerBar::Idle:
        return theme.tokens().sunken;
    case WorkerBar::Download:
        return theme.categorical(4);
    case WorkerBar::Compute:
        return theme.categorical(0);
    case WorkerBar::Upload:
        return theme.categorical(1);
    case WorkerBar::Lost:
        return theme.tokens().fail;
    }
    return {};
}

void SyncCanvas::paintBar(QPainter& painter, const QRectF& bar, WorkerBar kind) const
{
    const Tokens& t = m_theme.theme().tokens();
    const QColor fill = fillOf(kind);
    if (kind == WorkerBar::Idle) {
        if (bar.width() < 2) return;
        painter.setPen(QPen(mixColors(t.line, t.muted, 0.3), 1));
        painter.drawLine(QPointF(bar.left(), bar.center().y()), QPointF(bar.right(), bar.center().y()));
        return;
    }
    if (kind == WorkerBar::Lost) {
        painter.fillRect(bar, mixColors(t.surface, fill, 0.22));
        drawHatch(painter, bar, fill, 6);
        drawHatch(painter, bar, fill, 6, true);
        painter.setPen(QPen(fill, 1));
        painter.setBrush(Qt::NoBrush);
        if (bar.width() > 3) painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5));
        return;
    }
    painter.fillRect(bar, fill);
    if (kind != WorkerBar::Compute && bar.width() >= 4) {
        drawHatch(painter, bar, mixColors(fill, t.surface, 0.65), 5, kind == WorkerBar::Upload);
    }
}

void SyncCanvas::paintEvent(QPaintEvent*)
{
    const Tokens& t = m_theme.theme().tokens();
    QPainter painter(this);
    painter.fillRect(rect(), t.surface);
    if (m_history == nullptr) return;
    painter.setFont(Theme::labelFont());
    paintStrip(painter);
    paintAxis(painter);
    painter.save();
    const QRectF area = laneArea();
    painter.setClipRect(QRectF(0, area.top(), width(), area.height()));
    paintRows(painter);
    paintLink(painter);
    painter.restore();
    paintSelection(painter);
    paintLegend(painter);
    paintHover(painter);
    if (m_keyFocus) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(t.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(2, 2, -2, -2), 4, 4);
    }
}

void SyncCanvas::paintStrip(QPainter& painter) const
{
    const Tokens& t = m_theme.theme().tokens();
    const QRectF area(m_scale.left, kStripTop, m_scale.width, kStripHeight);
    const int bins = std::max(8, int(m_scale.width / 4));
    const Traffic traffic = trafficOf(*m_history, m_scale.originMs, m_scale.endMs(), bins);
    const int reach = std::max(2, bins / 40);
    const std::vector<double> ours = movingMean(movingMean(traffic.ours, reach), reach);
    const std::vector<double> theirs = movingMean(movingMean(traffic.dataParallel, reach), reach);
    double most = 1;
    for (std::size_t i = 0; i < ours.size(); ++i) most = std::max({most, ours[i], theirs[i]});

    const auto areaOf = [&](const std::vector<double>& values) {
        QPolygonF shape;
        shape << area.bottomLeft();
        for (std::size_t i = 0; i < values.size(); ++i) {
            shape << QPointF(area.left() + (double(i) + 0.5) * area.width() / double(values.size()),
                area.bottom() - values[i] / most * (area.height() - 4));
        }
        shape << area.bottomRight();
        return shape;
    };
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(t.sunken);
    painter.drawRoundedRect(area, 4, 4);
    const QPolygonF other = areaOf(theirs);
    painter.setBrush(withAlpha(t.muted, 0.22));
    painter.drawPolygon(other);
    painter.setPen(QPen(withAlpha(t.muted, 0.8), 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(other.constData() + 1, int(other.size()) - 2);
    const QPolygonF own = areaOf(ours);
    painter.setPen(QPen(t.accent, 1.5));
    painter.setBrush(withAlpha(t.accent, 0.55));
    painter.drawPolygon(own);
    painter.setRenderHint(QPainter::Antialiasing, false);

    // The factor is the message: it stands left, large, with what it compares beneath.
    const QString factor = formatFactor(traffic.oursBytes, traffic.dataParallelBytes);
    const QRectF label(12, kStripTop, labelWidth() - 8, kStripHeight);
    painter.setFont(Theme::titleFont());
    painter.setPen(t.accent);
    painter.drawText(QRectF(label.left(), label.top(), label.width(), 22), Qt::AlignLeft | Qt::AlignVCenter,
        factor.isEmpty() ? tr("Traffic") : factor);
    painter.setFont(Theme::labelFont());
    painter.setPen(t.muted);
    drawElided(painter, QRectF(label.left(), label.top() + 24, label.width(), 16), Qt::AlignLeft | Qt::AlignVCenter,
        tr("sent %1").arg(formatBytes(traffic.oursBytes)));
    drawElided(painter, QRectF(label.left(), label.top() + 42, label.width(), 16), Qt::AlignLeft | Qt::AlignVCenter,
        tr("data-parallel %1").arg(formatBytes(traffic.dataParallelBytes)));
    const QString peak = tr("%1/s").arg(formatBytes(most));
    const double w = painter.fontMetrics().horizontalAdvance(peak) + 8;
    painter.fillRect(QRectF(area.left() + 4, area.top() + 3, w, 16), withAlpha(t.sunken, 0.85));
    painter.drawText(QRectF(area.left() + 8, area.top() + 3, w, 16), Qt::AlignLeft | Qt::AlignVCenter, peak);
}

void SyncCanvas::paintAxis(QPainter& painter) const
{
    const Tokens& t = m_theme.theme().tokens();
    const double y = kStripTop + kStripHeight + 4;
    const QRectF area = laneArea();
    painter.setPen(t.muted);
    drawElided(painter, QRectF(12, y, labelWidth() - 8, 16), Qt::AlignLeft | Qt::AlignVCenter, tr("time (min:s)"));
    for (const qint64 time : axisTimes(m_scale, m_history->createdMs)) {
        const double x = std::floor(m_scale.x(double(time))) + 0.5;
        painter.setPen(QPen(t.line, 1));
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        if (time < m_history->createdMs || x + 60 > area.right()) continue;
        painter.setPen(t.muted);
        const qint64 ms = time - m_history->createdMs;
        painter.drawText(QRectF(x + 3, y, 90, 16), Qt::AlignLeft | Qt::AlignVCenter, formatElapsed(ms));
    }
}

void SyncCanvas::paintRows(QPainter& painter) const
{
    const Tokens& t = m_theme.theme().tokens();
    const QRectF area = laneArea();
    QFont strong = Theme::labelFont();
    strong.setWeight(QFont::DemiBold);
    for (const LaneRow& row : m_rows) {
        const double y = rowY(row);
        if (y + row.height < area.top() || y > area.bottom()) continue;
        const QRectF label(12, y, labelWidth() - 12, row.height);
        if (row.kind == LaneRow::Kind::Heading) {
            painter.setFont(strong);
            painter.setPen(t.text);
            painter.drawText(label, Qt::AlignLeft | Qt::AlignVCenter, row.index == 0 ? tr("Workers") : tr("Modules"));
            painter.setFont(Theme::labelFont());
            continue;
        }
        const bool worker = row.kind == LaneRow::Kind::Worker;
        const QString name = worker                              ? m_history->workers[std::size_t(row.index)].name
            : std::size_t(row.index) < m_history->modules.size() ? m_history->modules[std::size_t(row.index)].name
                                                                 : QString();
        painter.setPen(worker && m_history->workers[std::size_t(row.index)].goneMs > 0 ? t.disabled : t.text);
        drawElided(painter, label, Qt::AlignLeft | Qt::AlignVCenter, name);
        painter.save();
        painter.setClipRect(QRectF(area.left(), area.top(), area.width(), area.height()), Qt::IntersectClip);
        if (worker) {
            paintWorker(painter, row);
        } else {
            paintModule(painter, row);
        }
        painter.restore();
    }
}

void SyncCanvas::paintWorker(QPainter& painter, const LaneRow& row) const
{
    const WorkerLane& lane = m_history->workers[std::size_t(row.index)];
    const double y = rowY(row);
    for (const LaneBar& bar : laneBars(lane.spans, m_scale, m_history->lastEventMs)) {
        const bool hovered = row.index == m_hoverLane && bar.span >= 0 && bar.span == m_hoverSpan;
        const bool spaced = bar.width > 4;
        const QRectF box(bar.x, y + 1, bar.width - (spaced ? 1 : 0), row.height - 2);
        paintBar(painter, box, bar.kind);
        if (hovered) {
            painter.setPen(QPen(m_theme.theme().tokens().text, 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5));
        }
        if (bar.kind != WorkerBar::Compute || bar.span < 0 || bar.width < 44) continue;
        QString text = lane.spans[std::size_t(bar.span)].task;
        if (text.startsWith(QLatin1String("train "))) text = text.mid(6);
        if (painter.fontMetrics().horizontalAdvance(text) > bar.width - 10) {
            // Short form before an ellipsis: "2 / 5" is path / phase.
            const QStringList words = text.split(QLatin1Char(' '));
            if (words.size() == 4) text = words[1] + QStringLiteral(" / ") + words[3];
        }
        painter.setPen(readableOn(fillOf(bar.kind)));
        drawElided(painter, box.adjusted(5, 0, -4, 0), Qt::AlignLeft | Qt::AlignVCenter, text);
    }
    if (lane.goneMs > 0) {
        const double x = m_scale.x(double(lane.goneMs));
        painter.setPen(QPen(m_theme.theme().tokens().fail, 2));
        painter.drawLine(QPointF(x, y), QPointF(x, y + row.height));
    }
}

void SyncCanvas::paintModule(QPainter& painter, const LaneRow& row) const
{
    const Tokens& t = m_theme.theme().tokens();
    const ModuleLane& lane = m_history->moduleLanes[std::size_t(row.index)];
    const double y = rowY(row);
    const double middle = y + row.height / 2;
    painter.setPen(QPen(t.line, 1));
    painter.drawLine(
        QPointF(m_scale.left, std::floor(middle) + 0.5), QPointF(m_scale.left + m_scale.width, std::floor(middle) + 0.5));
    const std::vector<TickMark> ticks = laneTicks(lane.ticks, m_scale);
    QVector<QRectF> marks;
    for (const TickMark& mark : ticks) {
        const double h = std::min(row.height - 4, 8.0 + 2 * (mark.count - 1));
        marks.push_back(QRectF(mark.x, middle - h / 2, 2, h));
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(mixColors(t.muted, t.text, 0.25));
    painter.drawRects(marks);

    const auto first = std::partition_point(lane.steps.begin(), lane.steps.end(),
        [&](const OuterStepBar& s) { return s.endMs > 0 && double(s.endMs) < m_scale.originMs; });
    double drawnTo = -1;
    for (auto it = first; it != lane.steps.end() && double(it->beginMs) <= m_scale.endMs(); ++it) {
        const double x0 = m_scale.x(double(it->beginMs));
        const double x1 = m_scale.x(double(it->endMs > 0 ? it->endMs : m_history->lastEventMs));
        const QRectF bar(std::floor(x0), y + 1, std::max(3.0, std::round(x1 - x0)), row.height - 2);
        if (bar.right() <= drawnTo) continue;  // several steps in one place: the first stands for them
        painter.fillRect(bar, t.accent);
        drawnTo = bar.right();
        // The number stands right of its bar, but never over a contribution or the next step.
        const QString number = QString::number(it->version);
        const double end = bar.right() + painter.fontMetrics().horizontalAdvance(number) + 6;
        const double next = std::next(it) != lane.steps.end() ? m_scale.x(double(std::next(it)->beginMs)) : end + 1;
        const auto tick
            = std::partition_point(ticks.begin(), ticks.end(), [&](const TickMark& mark) { return mark.x < bar.right(); });
        if (next < end || (tick != ticks.end() && tick->x < end)) continue;
        painter.fillRect(QRectF(bar.right() + 1, y + 2, end - bar.right() - 2, row.height - 4), t.surface);
        painter.setPen(t.text);
        painter.drawText(QRectF(bar.right() + 3, y, end - bar.right(), row.height), Qt::AlignLeft | Qt::AlignVCenter, number);
    }
}

void SyncCanvas::paintLink(QPainter& painter) const
{
    if (m_tick.tick < 0) return;
    const Tokens& t = m_theme.theme().tokens();
    const ContributionTick& tick = m_history->moduleLanes[std::size_t(m_tick.module)].ticks[std::size_t(m_tick.tick)];
    const QPointF end = positionOf(m_tick);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(t.text);
    const UploadRef upload = uploadOf(*m_history, tick);
    if (upload.found()) {
        const WorkerSpan& span = m_history->workers[std::size_t(upload.lane)].spans[std::size_t(upload.span)];
        for (const LaneRow& row : m_rows) {
            if (row.kind != LaneRow::Kind::Worker || row.index != upload.lane) continue;
            const double x0 = m_scale.x(double(span.beginMs));
            const double x1 = m_scale.x(double(span.endMs > 0 ? span.endMs : m_history->lastEventMs));
            const QRectF bar(x0, rowY(row), std::max(3.0, x1 - x0), row.height);
            const QPointF begin(bar.center().x(), bar.bottom());
            QPainterPath link(begin);
            const double bend = std::max(24.0, (end.y() - begin.y()) * 0.45);
            link.cubicTo(begin + QPointF(0, bend), end - QPointF(0, bend), end);
            painter.setBrush(Qt::NoBrush);
            painter.setPen(QPen(t.surface, 4));
            painter.drawPath(link);
            painter.setPen(QPen(t.text, 1.5));
            painter.drawPath(link);
            painter.drawRect(bar);
        }
    }
    painter.setPen(QPen(t.surface, 1.5));
    painter.setBrush(t.text);
    painter.drawEllipse(end, 4.5, 4.5);
    painter.setRenderHint(QPainter::Antialiasing, false);
}

void SyncCanvas::paintSelection(QPainter& painter) const
{
    if (!m_selection) return;
    const Tokens& t = m_theme.theme().tokens();
    const QRectF area = laneArea();
    const double x0 = std::clamp(m_scale.x(m_selection->first), area.left(), area.right());
    const double x1 = std::clamp(m_scale.x(m_selection->second), area.left(), area.right());
    const QRectF box(x0, kStripTop, x1 - x0, area.bottom() - kStripTop);
    painter.fillRect(box, withAlpha(t.accent, 0.12));
    painter.setPen(QPen(t.accent, 1));
    painter.drawLine(box.topLeft(), box.bottomLeft());
    painter.drawLine(box.topRight(), box.bottomRight());
    const double ms = m_selection->second - m_selection->first;
    const SyncTotals totals = totalsIn(*m_history, m_selection->first, m_selection->second);
    QStringList lines{tr("%1 selected").arg(formatDuration(qint64(ms)))};
    QVector<QColor> swatches{QColor()};
    double whole = 0;
    for (const double value : totals.workerMs) whole += value;
    for (const WorkerBar kind : {WorkerBar::Compute, WorkerBar::Download, WorkerBar::Upload, WorkerBar::Idle, WorkerBar::Lost}) {
        const double value = totals.workerMs[std::size_t(kind)];
        if (value <= 0) continue;
        lines
            << tr("%1  %2 (%3 %)").arg(workerBarName(kind), formatDuration(qint64(value))).arg(std::lround(100 * value / whole));
        swatches << (kind == WorkerBar::Idle ? t.line : fillOf(kind));
    }
    lines << counted(totals.contributions, tr("1 contribution"), tr("%1 contributions"))
          << counted(totals.outerSteps, tr("1 outer step"), tr("%1 outer steps")) << tr("%1 sent").arg(formatBytes(totals.bytes));
    drawReadout(painter, QPointF(x1 - 6, area.top()), QRectF(rect()).adjusted(4, 4, -4, -4), lines, swatches, m_theme.theme());
}

void SyncCanvas::paintLegend(QPainter& painter) const
{
    const Tokens& t = m_theme.theme().tokens();
    double x = 12;
    const double y = height() - 22;
    painter.setFont(Theme::labelFont());
    const auto label = [&](const QString& text) {
        const double w = painter.fontMetrics().horizontalAdvance(text);
        painter.setPen(t.muted);
        painter.drawText(QRectF(x, y - 2, w + 4, 16), Qt::AlignLeft | Qt::AlignVCenter, text);
        x += w + 18;
    };
    for (const WorkerBar kind : {WorkerBar::Compute, WorkerBar::Download, WorkerBar::Upload, WorkerBar::Idle, WorkerBar::Lost}) {
        paintBar(painter, QRectF(x, y, 20, 12), kind);
        x += 25;
        label(workerBarName(kind));
    }
    if (x + 260 > width()) return;
    painter.fillRect(QRectF(x + 4, y + 2, 2, 8), mixColors(t.muted, t.text, 0.25));
    x += 12;
    label(tr("contribution"));
    painter.fillRect(QRectF(x + 3, y - 1, 3, 14), t.accent);
    x += 12;
    label(tr("outer step, new version"));
}

void SyncCanvas::paintHover(QPainter& painter) const
{
    const QRectF bounds = QRectF(rect()).adjusted(4, 4, -4, -4);
    if (m_tick.tick >= 0) {
        const ContributionTick& tick = m_history->moduleLanes[std::size_t(m_tick.module)].ticks[std::size_t(m_tick.tick)];
        const UploadRef upload = uploadOf(*m_history, tick);
        QStringList lines{tr("Path %1, phase %2").arg(tick.path).arg(tick.phase),
            tr("into %1").arg(m_history->modules[std::size_t(m_tick.module)].name)};
        if (upload.found()) {
            const WorkerLane& lane = m_history->workers[std::size_t(upload.lane)];
            const WorkerSpan& span = lane.spans[std::size_t(upload.span)];
            lines << tr("from %1, upload of %2")
                         .arg(lane.name,
                             formatDuration(
                                 std::max<qint64>(0, (span.endMs > 0 ? span.endMs : m_history->lastEventMs) - span.beginMs)));
        }
        lines << tr("at %1").arg(formatClock(tick.timeMs));
        drawReadout(painter, positionOf(m_tick), bounds, lines, {}, m_theme.theme());
    } else if (m_hoverSpan >= 0 && m_hoverLane >= 0 && m_pointer.x() >= 0) {
        const WorkerLane& lane = m_history->workers[std::size_t(m_hoverLane)];
        if (std::size_t(m_hoverSpan) >= lane.spans.size()) return;
        const WorkerSpan& span = lane.spans[std::size_t(m_hoverSpan)];
        const qint64 end = span.endMs > 0 ? span.endMs : m_history->lastEventMs;
        QStringList lines{tr("%1, %2").arg(lane.name, workerBarName(span.kind))};
        if (!span.task.isEmpty()) lines << span.task;
        lines << (span.endMs > 0 ? tr("%1, from %2").arg(formatDuration(end - span.beginMs), formatClock(span.beginMs))
                                 : tr("for %1 so far").arg(formatDuration(end - span.beginMs)));
        drawReadout(painter, m_pointer, bounds, lines, {}, m_theme.theme());
    }
}

}  // namespace pathloom
