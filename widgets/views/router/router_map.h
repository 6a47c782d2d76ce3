// SPDX-License-Identifier: GPL-3.0-or-later
// Prefix features on their two main axes: a dot a sequence, its colour the path or the domain.
#pragma once

#include "widgets/client/values.h"
#include "widgets/views/common/picture.h"

namespace pathloom {

class RouterMap final : public Picture {
    Q_OBJECT
public:
    explicit RouterMap(ThemeController& theme, QWidget* parent = nullptr);
    void setFacts(const RoutingFacts& facts, const QString& run);
    void setByDomain(bool byDomain);
    void setHighlighted(int path);  ///< -1 = none: the others fade
    [[nodiscard]] int pointCount() const { return int(m_facts.points.size()); }

    [[nodiscard]] QSize sizeHint() const override { return {420, 320}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {220, 180}; }
    [[nodiscard]] QString csv() const override;
    [[nodiscard]] QString title() const override;
    void paintOn(QPainter& painter, const QRectF& area) override;

Q_SIGNALS:
    void pathChosen(int path);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    [[nodiscard]] QRectF plotRect(const QRectF& area) const;
    [[nodiscard]] QPointF place(const RoutingPoint& point, const QRectF& plot) const;
    [[nodiscard]] int pointAt(const QPointF& at) const;
    [[nodiscard]] QString tip(const RoutingPoint& point) const;

    RoutingFacts m_facts;
    QString m_run;
    bool m_byDomain = false;
    int m_highlighted = -1;
    double m_low[2] = {0, 0};
    double m_high[2] = {1, 1};
};

}  // namespace pathloom
