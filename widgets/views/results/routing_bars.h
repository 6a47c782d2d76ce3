// SPDX-License-Identifier: GPL-3.0-or-later
// Where a run's router sends each domain: one stacked bar a domain, one colour a path.
#pragma once

#include "widgets/models/results.h"

#include <QWidget>

namespace pathloom {

class ThemeController;

class RoutingBars final : public QWidget {
    Q_OBJECT
public:
    explicit RoutingBars(ThemeController& theme, QWidget* parent = nullptr);
    void setResult(const ResultRow* row);  ///< null = nothing to show; the row is copied
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Bar {
        QString name;
        QVector<double> shares;  // add up to 1, or empty
        QRectF area;
    };
    [[nodiscard]] double left() const;  ///< of the bars and the legend
    [[nodiscard]] int legendColumns() const;
    [[nodiscard]] int legendLines() const;
    void place();
    void paintLegend(QPainter& painter) const;
    QVector<Bar> m_bars;
    ThemeController& m_theme;
    int m_paths = 0;
};

}  // namespace pathloom
