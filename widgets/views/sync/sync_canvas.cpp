// SPDX-License-Identifier: GPL-3.0-or-later
// Interaction of the sync picture: see sync_canvas.h. Drawing is in sync_canvas_paint.cpp.
#include "widgets/views/sync/sync_canvas.h"

#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {
constexpr double kTop = 104;  // traffic strip and axis
constexpr double kBottom = 28;  // legend
}

QString workerBarName(WorkerBar kind)
{
    switch (kind) {
    case WorkerBar::Idle:
        return SyncCanvas::tr("idle");
    case WorkerBar::Download:
        return SyncCanvas::tr("download");
    case WorkerBar::Compute:
        return SyncCanvas::tr("compute");
    case WorkerBar::Upload:
        return SyncCanvas::tr("upload");
    case WorkerBar::Lost:
        return SyncCanvas::tr("lost");
    }
    return {};
}

SyncCanvas::SyncCanvas(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setObjectName(QStringLiteral("syncCanvas"));
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Sync picture"));
    m_scroll = new QScrollBar(Qt::Vertical, this);
    m_scroll->setAccessibleName(tr("Scroll lanes"));
    m_scroll->setSingleStep(24);
    connect(m_scroll, &QScrollBar::valueChanged, this, [this] { update(); });
    connect(&m_theme, &ThemeController::changed, this, [this] { update(); });
    describe();
}

double SyncCanvas::labelWidth() const
{
    return width() < 560 ? 84 : 156;
}

QRectF SyncCanvas::laneArea() const
{
    const double right = m_scroll->isVisibleTo(this) ? width() - 16 : width() - 12;
    return {12 + labelWidth(), kTop, std::max(40.0, right - 12 - labelWidth()), std::max(20.0, height() - kTop - kBottom)};
}

void SyncCanvas::setHistory(const RunHistory* history)
{
    if (history != m_history) {
        m_view = View::Fit;
        m_selection.reset();
        m_tick = {};
    }
    m_history = history;
    m_hoverLane = m_hoverSpan = -1;
    dataChanged();
}

void SyncCanvas::dataChanged()
{
    layoutRows();
    placeScale();
    describe();
    update();
}

void SyncCanvas::layoutRows()
{
    m_rows = m_history != nullptr ? laneRows(m_history->workers.size(), m_history->moduleLanes.size()) : std::vector<LaneRow>();
    const double whole = m_rows.empty() ? 0 : m_rows.back().y + m_rows.back().height + 4;
    const double page = height() - kTop - kBottom;
    const bool needed = whole > page;
    m_scroll->setVisible(needed);
    m_scroll->setGeometry(width() - 14, int(kTop), 14, int(std::max(0.0, page)));
    m_scroll->setPageStep(int(std::max(1.0, page)));
    m_scroll->setRange(0, int(std::max(0.0, whole - page)));
}

void SyncCanvas::placeScale()
{
    const QRectF area = laneArea();
    m_scale.left = area.left();
    m_scale.width = area.width();
    if (m_history == nullptr) return;
    if (m_view == View::Fit) m_scale = fitScale(m_history->createdMs, m_history->lastEventMs, area.left(), area.width());
    if (m_view == View::Follow) m_scale = followScale(m_scale, m_history->lastEventMs);
}

void SyncCanvas::resizeEvent(QResizeEvent*)
{
    layoutRows();
    placeScale();
}

void SyncCanvas::fit()
{
    m_view = View::Fit;
    placeScale();
    update();
    Q_EMIT viewChanged();
}

void SyncCanvas::follow()
{
    if (m_view == View::Fit && m_history != nullptr) {
        // Following the whole run would squeeze it: show its last two minutes, or less when it is younger.
        const double whole = double(m_history->lastEventMs - m_history->createdMs);
        m_scale.msPerPixel = std::clamp(whole, 5000.0, 120000.0) / std::max(1.0, m_scale.width);
    }
    m_view = View::Follow;
    placeScale();
    update();
    Q_EMIT viewChanged();
}

void SyncCanvas::zoom(double factor, double atX)
{
    m_scale = zoomAround(m_scale, std::clamp(atX, m_scale.left, m_scale.left + m_scale.width), factor);
    m_view = View::Free;
    update();
    Q_EMIT viewChanged();
}

void SyncCanvas::pan(double pixels)
{
    m_scale.originMs -= pixels * m_scale.msPerPixel;
    m_view = View::Free;
    update();
    Q_EMIT viewChanged();
}

void SyncCanvas::select(double fromMs, double toMs)
{
    m_selection = std::minmax(fromMs, toMs);
    describe();
    update();
    Q_EMIT selectionChanged();
}

void SyncCanvas::clearSelection()
{
    m_selection.reset();
    describe();
    update();
    Q_EMIT selectionChanged();
}

void SyncCanvas::wheelEvent(QWheelEvent* event)
{
    const QPoint angle = event->angleDelta();
    if (event->modifiers().testFlag(Qt::ShiftModifier) || std::abs(angle.x()) > std::abs(angle.y())) {
        pan((angle.x() != 0 ? angle.x() : angle.y()) / 2.0);
    } else if (event->position().x() < m_scale.left && m_scroll->isVisible()) {
        m_scroll->setValue(m_scroll->value() - angle.y() / 3);  // over the labels the wheel scrolls the lanes
    } else {
        zoom(std::pow(1.0015, angle.y()), event->position().x());
    }
    event->accept();
}

void SyncCanvas::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_history == nullptr || event->position().x() < m_scale.left) return;
    m_last = event->position();
    m_selecting = m_selectMode || event->modifiers().testFlag(Qt::ShiftModifier);
    m_dragging = !m_selecting;
    m_selectFrom = m_scale.time(event->position().x());
    setCursor(m_selecting ? Qt::IBeamCursor : Qt::ClosedHandCursor);
}

void SyncCanvas::mouseMoveEvent(QMouseEvent* event)
{
    m_pointer = event->position();
    if (m_selecting) {
        select(m_selectFrom, m_scale.time(std::clamp(event->position().x(), m_scale.left, m_scale.left + m_scale.width)));
    } else if (m_dragging) {
        const QPointF moved = event->position() - m_last;
        m_last = event->position();
        if (moved.x() != 0) pan(moved.x());
        if (m_scroll->isVisible()) m_scroll->setValue(m_scroll->value() - int(moved.y()));
    } else {
        hoverAt(event->position());
    }
}

void SyncCanvas::mouseReleaseEvent(QMouseEvent*)
{
    if (m_selecting && m_selection && (m_selection->second - m_selection->first) / m_scale.msPerPixel < 3) clearSelection();
    m_selecting = m_dragging = false;
    unsetCursor();
}

void SyncCanvas::mouseDoubleClickEvent(QMouseEvent*)
{
    fit();
}

void SyncCanvas::leaveEvent(QEvent*)
{
    m_pointer = {-1, -1};
    m_tick = {};
    m_hoverLane = m_hoverSpan = -1;
    update();
}

double SyncCanvas::rowY(const LaneRow& row) const
{
    return kTop + row.y - m_scroll->value();
}

const LaneRow* SyncCanvas::rowAt(double y) const
{
    if (y < kTop || y > height() - kBottom) return nullptr;
    for (const LaneRow& row : m_rows) {
        if (y >= rowY(row) - 2 && y < rowY(row) + row.height + 2) return &row;
    }
    return nullptr;
}

QPointF SyncCanvas::positionOf(const HoveredTick& tick) const
{
    for (const LaneRow& row : m_rows) {
        if (row.kind != LaneRow::Kind::Module || row.index != tick.module) continue;
        const auto& ticks = m_history->moduleLanes[std::size_t(tick.module)].ticks;
        return {m_scale.x(double(ticks[std::size_t(tick.tick)].timeMs)), rowY(row) + row.height / 2};
    }
    return {};
}

void SyncCanvas::hoverAt(const QPointF& point)
{
    HoveredTick tick;
    int lane = -1;
    int span = -1;
    const LaneRow* row = point.x() >= m_scale.left ? rowAt(point.y()) : nullptr;
    if (row != nullptr && row->kind == LaneRow::Kind::Module) {
        const auto& ticks = m_history->moduleLanes[std::size_t(row->index)].ticks;
        double nearest = 5;
        const double from = m_scale.time(point.x() - nearest);
        auto it = std::partition_point(
            ticks.begin(), ticks.end(), [&](const ContributionTick& t) { return double(t.timeMs) < from; });
        for (; it != ticks.end() && m_scale.x(double(it->timeMs)) <= point.x() + 5; ++it) {
            const double away = std::abs(m_scale.x(double(it->timeMs)) - point.x());
            if (away > nearest) continue;
            nearest = away;
            tick = {row->index, int(it - ticks.begin())};
        }
    } else if (row != nullptr && row->kind == LaneRow::Kind::Worker) {
        const auto& spans = m_history->workers[std::size_t(row->index)].spans;
        const double time = m_scale.time(point.x());
        const auto [first, last] = visibleSpans(spans, time, time, m_history->lastEventMs);
        if (last > first) {
            lane = row->index;
            span = int(last - 1);
        }
    }
    const bool changed = !(tick == m_tick) || lane != m_hoverLane || span != m_hoverSpan;
    m_tick = tick;
    m_hoverLane = lane;
    m_hoverSpan = span;
    if (changed || span >= 0 || point.y() < kTop) update();
}

void SyncCanvas::keyPressEvent(QKeyEvent* event)
{
    if (m_history == nullptr) return QWidget::keyPressEvent(event);
    const double middle = m_scale.left + m_scale.width / 2;
    switch (event->key()) {
    case Qt::Key_Left:
        return pan(m_scale.width / 10);
    case Qt::Key_Right:
        return pan(-m_scale.width / 10);
    case Qt::Key_Up:
        return m_scroll->triggerAction(QAbstractSlider::SliderSingleStepSub);
    case Qt::Key_Down:
        return m_scroll->triggerAction(QAbstractSlider::SliderSingleStepAdd);
    case Qt::Key_PageUp:
        return m_scroll->triggerAction(QAbstractSlider::SliderPageStepSub);
    case Qt::Key_PageDown:
        return m_scroll->triggerAction(QAbstractSlider::SliderPageStepAdd);
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        return zoom(1.5, middle);
    case Qt::Key_Minus:
        return zoom(1 / 1.5, middle);
    case Qt::Key_0:
    case Qt::Key_Home:
        return fit();
    case Qt::Key_End:
        return follow();
    case Qt::Key_Space:
        return select(m_scale.originMs, m_scale.endMs());  // totals of what is in view
    case Qt::Key_Escape:
        if (m_selection) return clearSelection();
        return QWidget::keyPressEvent(event);
    default:
        QWidget::keyPressEvent(event);
    }
}

void SyncCanvas::focusInEvent(QFocusEvent* event)
{
    m_keyFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason
        || event->reason() == Qt::ShortcutFocusReason;
    update();
}

void SyncCanvas::focusOutEvent(QFocusEvent*)
{
    m_keyFocus = false;
    update();
}

void SyncCanvas::describe()
{
    QString text = tr("No run is shown.");
    if (m_history != nullptr) {
        text = tr("%1 workers and %2 modules over %3. Left and right move, plus and minus zoom, 0 shows all, End follows, Space "
                  "sums the view.")
                   .arg(m_history->workers.size())
                   .arg(m_history->moduleLanes.size())
                   .arg(formatDuration(m_history->lastEventMs - m_history->createdMs));
        if (m_selection) {
            const SyncTotals totals = totalsIn(*m_history, m_selection->first, m_selection->second);
            text = tr("Selected %1: %2 computing, %3 outer steps. ")
                       .arg(formatDuration(qint64(m_selection->second - m_selection->first)),
                           formatDuration(qint64(totals.workerMs[2])))
                       .arg(totals.outerSteps)
                + text;
        }
    }
    if (accessibleDescription() != text) setAccessibleDescription(text);
}

}  // namespace pathloom
