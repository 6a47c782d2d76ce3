// SPDX-License-Identifier: GPL-3.0-or-later
// FlowPicture.
#include "widgets/views/router/flow_picture.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/exports.h"

#include <QHelpEvent>
#include <QLocale>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>

namespace pathloom {
namespace {

constexpr double barWidth = 10;
constexpr double labelWidth = 108;

QPainterPath ribbonPath(const QRectF& area, double left, double right, double width)
{
    const double x0 = area.left(), x1 = area.right(), middle = (x0 + x1) / 2;
    QPainterPath path(QPointF(x0, left));
    path.cubicTo(QPointF(middle, left), QPointF(middle, right), QPointF(x1, right));
    path.lineTo(x1, right + width);
    path.cubicTo(QPointF(middle, right + width), QPointF(middle, left + width), QPointF(x0, left + width));
    path.closeSubpath();
    return path;
}

}  // namespace

FlowPicture::FlowPicture(ThemeController& theme, QWidget* parent)
    : Picture(QStringLiteral("router.flow"), theme, parent)
{
    setMouseTracking(true);
    setAccessibleName(tr("Sequences moved between shards"));
}

void FlowPicture::setRouting(const RoutingState& routing, const QString& run)
{
    m_routing = routing;
    m_run = run;
    setAccessibleDescription(tr("%1 of %2 sequences moved").arg(movedSequences()).arg(allSequences()));
    update();
}

qint64 FlowPicture::movedSequences() const
{
    qint64 sum = 0;
    for (const ShardMove& move : m_routing.flow)
        if (move.from != move.to) sum += move.sequences;
    return sum;
}

qint64 FlowPicture::allSequences() const
{
    qint64 sum = 0;
    for (const ShardMove& move : m_routing.flow) sum += move.sequences;
    return sum;
}

QString FlowPicture::title() const
{
    return tr("Re-sharding %1 of %2").arg(m_routing.routing).arg(m_run);
}

QString FlowPicture::csv() const
{
    QString out = csvLine({tr("from shard"), tr("to shard"), tr("sequences")});
    for (const ShardMove& move : m_routing.flow)
        out += csvLine({QString::number(move.from), QString::number(move.to), QString::number(move.sequences)});
    return out;
}

FlowPicture::Layout FlowPicture::place(const QRectF& area) const
{
    Layout layout;
    layout.area = area.adjusted(12 + labelWidth + barWidth, 28, -12 - labelWidth - barWidth, -12);
    int cells = 0;
    for (const ShardMove& move : m_routing.flow) cells = std::max({cells, move.from + 1, move.to + 1});
    const auto all = double(std::max<qint64>(1, allSequences()));
    const double gap = std::min(6.0, layout.area.height() / std::max(1, cells) * 0.3);
    const double scale = std::max(1.0, layout.area.height() - gap * (cells - 1)) / all;
    for (Side* side : {&layout.before, &layout.after}) side->size.fill(0, cells);
    for (const ShardMove& move : m_routing.flow) {
        layout.before.size[move.from] += move.sequences;
        layout.after.size[move.to] += move.sequences;
    }
    for (Side* side : {&layout.before, &layout.after}) {
        double y = layout.area.top();
        for (const qint64 size : side->size) {
            side->top.append(y);
            side->height.append(double(size) * scale);
            y += double(size) * scale + gap;
        }
    }
    QVector<double> left = layout.before.top, right = layout.after.top;
    QVector<ShardMove> moves = m_routing.flow;
    std::stable_sort(moves.begin(), moves.end(),
        [](const ShardMove& a, const ShardMove& b) { return a.from != b.from ? a.from < b.from : a.to < b.to; });
    for (const ShardMove& move : moves) {
        const double width = double(move.sequences) * scale;
        layout.ribbons.append({move, left[move.from], right[move.to], width});
        left[move.from] += width;
        right[move.to] += width;
    }
    return layout;
}

void FlowPicture::paintOn(QPainter& painter, const QRectF& area)
{
    const Theme& theme = m_theme.theme();
    const Tokens& tokens = theme.tokens();
    const Layout layout = place(area);
    painter.setFont(Theme::labelFont());
    painter.setPen(tokens.muted);
    painter.drawText(
        QRectF(area.left() + 12, area.top() + 4, area.width() / 2, 18), Qt::AlignLeft | Qt::AlignVCenter, tr("Before"));
    painter.drawText(
        QRectF(area.center().x(), area.top() + 4, area.width() / 2 - 12, 18), Qt::AlignRight | Qt::AlignVCenter, tr("After"));
    painter.setPen(Qt::NoPen);
    for (const Ribbon& ribbon : layout.ribbons) {
        const bool stays = ribbon.move.from == ribbon.move.to;
        painter.setBrush(inkOver(tokens.surface, stays ? tokens.muted : theme.categorical(ribbon.move.from), stays ? 0.16 : 0.5));
        painter.drawPath(ribbonPath(layout.area, ribbon.left, ribbon.right, ribbon.width));
    }
    const QLocale numbers;
    const auto draw = [&](const Side& side, bool left) {
        for (int cell = 0; cell < side.size.size(); ++cell) {
            const double x = left ? layout.area.left() - barWidth : layout.area.right();
            painter.setPen(Qt::NoPen);
            painter.setBrush(theme.categorical(cell));
            painter.drawRect(QRectF(x, side.top[cell], barWidth, std::max(1.0, side.height[cell])));
            if (side.height[cell] < 10) continue;
            painter.setPen(tokens.text);
            const QRectF label(
                left ? area.left() + 12 : x + barWidth + 8, side.top[cell] + side.height[cell] / 2 - 9, labelWidth - 8, 18);
            drawElided(painter, label, (left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter,
                tr("shard %1: %2").arg(cell).arg(numbers.toString(side.size[cell])));
        }
    };
    draw(layout.before, true);
    draw(layout.after, false);
}

void FlowPicture::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (!m_routing.flow.isEmpty()) return paintOn(painter, rect());
    painter.setPen(m_theme.theme().tokens().muted);
    painter.drawText(rect().adjusted(16, 8, -16, -8), Qt::AlignCenter | Qt::TextWordWrap,
        tr("Nothing has moved: this run has been routed once. A discriminative router is fitted anew at the outer steps in "
           "routing.reshard."));
}

bool FlowPicture::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return Picture::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const Layout layout = place(rect());
    for (const Ribbon& ribbon : layout.ribbons) {
        if (!ribbonPath(layout.area, ribbon.left, ribbon.right, ribbon.width).contains(help->pos())) continue;
        const qint64 from = std::max<qint64>(1, layout.before.size[ribbon.move.from]);
        QToolTip::showText(help->globalPos(),
            ribbon.move.from == ribbon.move.to
                ? tr("%1 sequences stayed in shard %2").arg(ribbon.move.sequences).arg(ribbon.move.from)
                : tr("%1 sequences went from shard %2 to shard %3 (%4 of shard %2)")
                      .arg(ribbon.move.sequences)
                      .arg(ribbon.move.from)
                      .arg(ribbon.move.to)
                      .arg(percentText(double(ribbon.move.sequences) / double(from))),
            this);
        return true;
    }
    QToolTip::hideText();
    return true;
}

}  // namespace pathloom
