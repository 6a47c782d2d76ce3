// SPDX-License-Identifier: GPL-3.0-or-later
// The drawing of the path picture: nodes, ribbons, version rings; hover, pins, keyboard.
#pragma once

#include "widgets/views/paths/path_layout.h"
#include "widgets/views/paths/path_state.h"

#include <QElapsedTimer>
#include <QHash>
#include <QPixmap>
#include <QTimer>
#include <QWidget>

namespace pathloom {

class ThemeController;

class PathCanvas : public QWidget {
    Q_OBJECT
public:
    static constexpr double ribbonAlpha = 0.82;  ///< a crossing shows; on the surface a hue stays itself
    static constexpr double litAlpha = 0.95;
    explicit PathCanvas(ThemeController& theme, QWidget* parent = nullptr);

    /// Show `moment` of `history` (not owned, must outlive the next call). Module order is kept while the structure stays the
    /// same.
    void setMoment(const RunHistory* history, PictureMoment moment);
    void setColour(RibbonColour colour);
    RibbonColour colour() const { return m_colour; }
    /// Bundle by column pair (automatic above 32 paths).
    bool bundled() const { return m_bundled; }

    const PathGeometry& geometryOfPaths() const { return m_geometry; }
    const PictureMoment& moment() const { return m_moment; }
    int focusedModule() const { return m_focus; }
    int hoveredModule() const { return m_hoverModule; }
    /// The path under the pointer, -1 = none. In a bundle the others of the bundle are lit with it.
    int hoveredPath() const { return m_hoverPath; }
    int pinnedModule() const { return m_pinnedModule; }
    QVector<int> pinnedPaths() const { return m_pinned; }
    /// Paths that are lit now: hovered, else pinned; empty = all alike.
    QVector<int> litPaths() const;
    void pinPath(int path, bool compare);
    void unpin();
    QColor colourOf(int path) const;
    QSize sizeHint() const override { return {720, 420}; }
    QSize minimumSizeHint() const override { return {320, 200}; }

Q_SIGNALS:
    void selectionChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;

private:
    void relayout();
    void invalidate();
    void describe();
    QRectF pictureArea() const;
    int legendRows() const;
    int moduleAt(const QPointF& point) const;
    QVector<int> pathsAt(const QPointF& point) const;
    QString moduleTip(int module) const;
    void moveFocus(int columns, int rows);
    void stepPath(int direction);
    double pulseOf(int module) const;

    void paintRibbons(QPainter& painter) const;
    void paintLit(QPainter& painter, const QVector<int>& lit) const;
    void paintBundle(QPainter& painter, const Band& bundle, double alpha) const;
    void paintBand(QPainter& painter, const Band& band, const QColor& colour, double alpha) const;
    void paintHeaders(QPainter& painter) const;
    void paintNode(QPainter& painter, int module) const;
    void paintRing(QPainter& painter, const QRectF& circle, const ModuleMoment& moment, double width) const;
    void paintLegend(QPainter& painter) const;
    void paintGradientLegend(QPainter& painter, const QRectF& row) const;

    ThemeController& m_theme;
    const RunHistory* m_history = nullptr;
    PictureMoment m_moment;
    PathGraph m_graph;
    ColumnOrder m_order;
    PathGeometry m_geometry;
    RibbonColour m_colour = RibbonColour::Domain;
    RibbonValues m_values;
    bool m_bundled = false;
    QVector<int> m_hover;
    QVector<int> m_pinned;
    int m_hoverModule = -1;
    int m_hoverPath = -1;
    int m_pinnedModule = -1;
    int m_focus = -1;
    mutable QPixmap m_cache;
    mutable bool m_stale = true;
    QHash<int, qint64> m_pulses;  ///< module -> start on m_clock
    QElapsedTimer m_clock;
    QTimer m_pulseTimer;
};

}  // namespace pathloom
