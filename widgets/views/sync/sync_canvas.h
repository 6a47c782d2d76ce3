// SPDX-License-Identifier: GPL-3.0-or-later
// The drawing of the sync picture: traffic strip, worker lanes, module lanes; zoom, pan, hover and range selection.
#pragma once

#include "widgets/views/sync/sync_layout.h"

#include <QWidget>

#include <optional>

class QScrollBar;

namespace pathloom {

class ThemeController;
class Theme;

class SyncCanvas : public QWidget {
    Q_OBJECT
public:
    explicit SyncCanvas(ThemeController& theme, QWidget* parent = nullptr);
    void setHistory(const RunHistory* history);
    /// Data was appended: follow or fit again, repaint.
    void dataChanged();

    enum class View { Fit, Follow, Free };
    View view() const { return m_view; }
    void fit();
    void follow();
    void zoom(double factor, double atX);
    void pan(double pixels);
    const TimeScale& scale() const { return m_scale; }
    /// Selected range of time in ms, and its totals.
    std::optional<std::pair<double, double>> selection() const { return m_selection; }
    void select(double fromMs, double toMs);
    void clearSelection();
    /// A drag selects a range (also with Shift held) instead of panning.
    void setSelectMode(bool on) { m_selectMode = on; }
    /// The contribution under the pointer: module lane and tick index.
    struct HoveredTick {
        int module = -1;
        int tick = -1;
        bool operator==(const HoveredTick&) const = default;
    };
    HoveredTick hoveredTick() const { return m_tick; }
    QPointF positionOf(const HoveredTick& tick) const;
    QSize sizeHint() const override { return {720, 420}; }
    QSize minimumSizeHint() const override { return {320, 200}; }

Q_SIGNALS:
    void viewChanged();
    void selectionChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void placeScale();
    void layoutRows();
    void describe();
    QRectF laneArea() const;
    double labelWidth() const;
    const LaneRow* rowAt(double y) const;
    double rowY(const LaneRow& row) const;
    void hoverAt(const QPointF& point);

    void paintStrip(QPainter& painter) const;
    void paintAxis(QPainter& painter) const;
    void paintRows(QPainter& painter) const;
    void paintWorker(QPainter& painter, const LaneRow& row) const;
    void paintModule(QPainter& painter, const LaneRow& row) const;
    void paintLink(QPainter& painter) const;
    void paintSelection(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;
    void paintHover(QPainter& painter) const;
    QColor fillOf(WorkerBar kind) const;
    void paintBar(QPainter& painter, const QRectF& bar, WorkerBar kind) const;

    ThemeController& m_theme;
    const RunHistory* m_history = nullptr;
    TimeScale m_scale;
    View m_view = View::Fit;
    std::vector<LaneRow> m_rows;
    QScrollBar* m_scroll = nullptr;
    bool m_keyFocus = false;  ///< focus came by keyboard: show the ring
    bool m_selectMode = false;
    bool m_dragging = false;
    bool m_selecting = false;
    QPointF m_last;
    double m_selectFrom = 0;
    QPointF m_pointer{-1, -1};
    HoveredTick m_tick;
    int m_hoverLane = -1;
    int m_hoverSpan = -1;
    std::optional<std::pair<double, double>> m_selection;
};

/// Names of the worker bars, in the order of WorkerBar.
QString workerBarName(WorkerBar kind);

}  // namespace pathloom
