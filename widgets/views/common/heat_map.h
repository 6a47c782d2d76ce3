// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix of coloured cells with the value in each where it fits: counts, flows, cosines, recall. One look for all of them.
#pragma once

#include "widgets/views/common/picture.h"

#include <QVector>

namespace pathloom {

struct HeatCell {
    enum class Kind { Value, Missing, Failed };  ///< Missing: hatched, was not run; Failed: grey, an error
    Kind kind = Kind::Missing;
    double value = 0;
    QString text;  ///< in the cell when it fits
    QString tip;  ///< what a pointer or a screen reader learns
    bool operator==(const HeatCell&) const = default;
};

struct HeatData {
    QString title;  ///< of exports, and the accessible name
    QString rowTitle, columnTitle;  ///< "Path", "Domain"
    QStringList rows, columns;
    QStringList groups;  ///< or none: names over equal parts of the columns, with a gap between them
    QVector<HeatCell> cells;  ///< row by row
    double low = 0, high = 1;  ///< of the colours
    bool diverging = false;  ///< around 0 instead of cividis
    QStringList bars;  ///< one a row, or none: text of a bar at the right
    QVector<double> shares;  ///< length of each bar, 0..1
    QString barTitle;
    bool operator==(const HeatData&) const = default;
};

/// Arrow keys move, Enter activates; the current cell has a ring.
class HeatMap final : public Picture {
    Q_OBJECT
public:
    HeatMap(const QString& objectName, const QString& accessibleName, ThemeController& theme, QWidget* parent = nullptr);
    void setData(const HeatData& data);
    [[nodiscard]] const HeatData& data() const { return m_data; }
    [[nodiscard]] int currentRow() const { return m_row; }
    [[nodiscard]] int currentColumn() const { return m_column; }
    void setCurrent(int row, int column);  ///< -1, -1 = none
    [[nodiscard]] QRectF cellRect(int row, int column) const { return cellRect(rect(), row, column); }

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QString csv() const override;
    [[nodiscard]] QString title() const override { return m_data.title; }
    void paintOn(QPainter& painter, const QRectF& area) override;

Q_SIGNALS:
    void currentChanged(int row, int column);
    void activated(int row, int column);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Places {
        QRectF cells, bars;
        double width = 0, height = 0;
        double gap = 0;  // between groups
        qsizetype inGroup = 1;  // columns
        [[nodiscard]] double left(qsizetype column) const
        {
            return cells.left() + double(column) * width + double(column / inGroup) * gap;
        }
    };
    [[nodiscard]] double headHeight() const;
    [[nodiscard]] Places places(const QRectF& area) const;
    [[nodiscard]] QRectF cellRect(const QRectF& area, int row, int column) const;
    [[nodiscard]] QPair<int, int> cellAt(const QPointF& at) const;
    void paintCell(QPainter& painter, const QRectF& box, const HeatCell& cell) const;
    void move(int row, int column);

    HeatData m_data;
    int m_row = -1;
    int m_column = -1;
};

}  // namespace pathloom
