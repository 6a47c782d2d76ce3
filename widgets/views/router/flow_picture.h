// SPDX-License-Identifier: GPL-3.0-or-later
// A re-sharding as ribbons: how many training sequences went from which shard to which.
#pragma once

#include "widgets/models/run_history.h"
#include "widgets/views/common/picture.h"

namespace pathloom {

class FlowPicture final : public Picture {
    Q_OBJECT
public:
    explicit FlowPicture(ThemeController& theme, QWidget* parent = nullptr);
    void setRouting(const RoutingState& routing, const QString& run);
    [[nodiscard]] qint64 movedSequences() const;
    [[nodiscard]] qint64 allSequences() const;

    [[nodiscard]] QSize sizeHint() const override { return {420, 320}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {260, 160}; }
    [[nodiscard]] QString csv() const override;
    [[nodiscard]] QString title() const override;
    void paintOn(QPainter& painter, const QRectF& area) override;

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    struct Ribbon {
        ShardMove move;
        double left = 0, right = 0, width = 0;  // top on each side, and height
    };
    struct Side {
        QVector<double> top, height;
        QVector<qint64> size;
    };
    struct Layout {
        QRectF area;
        Side before, after;
        QVector<Ribbon> ribbons;
    };
    [[nodiscard]] Layout place(const QRectF& area) const;

    RoutingState m_routing;
    QString m_run;
};

}  // namespace pathloom
