// SPDX-License-Identifier: GPL-3.0-or-later
// RouterMap: plain painting; shapes tell apart what eight colours cannot.
#include "widgets/views/router/router_map.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/exports.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <limits>

namespace pathloom {
namespace {

constexpr double reach = 8;  // of the pointer
constexpr int legendRow = 20;

void drawMark(QPainter& painter, const QPointF& at, double size, int shape)
{
    switch (shape % 3) {
    case 0:
        painter.drawEllipse(at, size, size);
        return;
    case 1:
        painter.drawRect(QRectF(at.x() - size * 0.9, at.y() - size * 0.9, size * 1.8, size * 1.8));
        return;
    default:
        painter.drawPolygon(
            QPolygonF({at + QPointF(0, -size * 1.3), at + QPointF(size * 1.2, size), at + QPointF(-size * 1.2, size)}));
    }
}

}  // namespace

RouterMap::RouterMap(ThemeController& theme, QWidget* parent)
    : Picture(QStringLiteral("router.map"), theme, parent)
{
    setMouseTracking(true);
    setAccessibleName(tr("Map of prefix features"));
}

void RouterMap::setFacts(const RoutingFacts& facts, const QString& run)
{
    m_facts = facts;
    m_run = run;
    for (int axis = 0; axis < 2; ++axis) {
        m_low[axis] = std::numeric_limits<double>::max();
        m_high[axis] = std::numeric_limits<double>::lowest();
        for (const RoutingPoint& point : facts.points) {
            const double at = axis == 0 ? point.x : point.y;
            m_low[axis] = std::min(m_low[axis], at);
            m_high[axis] = std::max(m_high[axis], at);
        }
        if (m_low[axis] >= m_high[axis]) {
            m_low[axis] = facts.points.isEmpty() ? 0 : m_low[axis] - 0.5;
            m_high[axis] = m_low[axis] + 1;
        }
    }
    setAccessibleDescription(title());
    update();
}

void RouterMap::setByDomain(bool byDomain)
{
    m_byDomain = byDomain;
    update();
}

void RouterMap::setHighlighted(int path)
{
    m_highlighted = path;
    update();
}

QString RouterMap::title() const
{
    return tr("Prefix features of %1 by %2").arg(m_run, m_byDomain ? tr("domain") : tr("path"));
}

QString RouterMap::csv() const
{
    QString out = csvLine({tr("axis 1"), tr("axis 2"), tr("path"), tr("domain"), tr("document"), tr("split")});
    for (const RoutingPoint& point : m_facts.points)
        out += csvLine({QString::number(point.x, 'g', 7), QString::number(point.y, 'g', 7), QString::number(point.path),
            m_facts.domains.value(point.domain), QString::number(point.document), point.split});
    return out;
}

QRectF RouterMap::plotRect(const QRectF& area) const
{
    return area.adjusted(30, legendRow + 14, -16, -28);
}

QPointF RouterMap::place(const RoutingPoint& point, const QRectF& plot) const
{
    return {plot.left() + (point.x - m_low[0]) / (m_high[0] - m_low[0]) * plot.width(),
        plot.bottom() - (point.y - m_low[1]) / (m_high[1] - m_low[1]) * plot.height()};
}

QString RouterMap::tip(const RoutingPoint& point) const
{
    return tr("path %1, %2, document %3 (%4)")
        .arg(point.path)
        .arg(m_facts.domains.value(point.domain))
        .arg(point.document)
        .arg(point.split);
}

void RouterMap::paintOn(QPainter& painter, const QRectF& area)
{
    const Theme& theme = m_theme.theme();
    const Tokens& tokens = theme.tokens();
    painter.setFont(Theme::labelFont());
    const QFontMetricsF metrics(Theme::labelFont());
    if (m_facts.points.isEmpty()) {
        painter.setPen(tokens.muted);
        painter.drawText(area.adjusted(16, 8, -16, -8), Qt::AlignCenter | Qt::TextWordWrap,
            tr("The %1 router does not look at features, so there is no map.").arg(m_facts.router));
        return;
    }
    const QRectF plot = plotRect(area);
    painter.setPen(QPen(tokens.line, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(plot.adjusted(-6, -6, 6, 6));
    painter.setPen(tokens.muted);
    // The share of the variance only where there is room for it.
    const auto axis = [&](int i, double room) {
        const QString all = tr("axis %1: %2 of the variance").arg(i + 1).arg(percentText(m_facts.explained.value(i)));
        return metrics.horizontalAdvance(all) <= room ? all : tr("axis %1").arg(i + 1);
    };
    painter.drawText(
        QRectF(plot.left(), plot.bottom() + 8, plot.width(), 18), Qt::AlignHCenter | Qt::AlignVCenter, axis(0, plot.width()));
    painter.save();
    painter.translate(area.left() + 12, plot.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-plot.height() / 2, -9, plot.height(), 18), Qt::AlignCenter, axis(1, plot.height()));
    painter.restore();

    painter.setPen(Qt::NoPen);
    const double size = m_facts.points.size() > 800 ? 2.3 : 3.0;
    for (const bool front : {false, true}) {
        for (const RoutingPoint& point : m_facts.points) {
            const bool chosen = m_highlighted < 0 || point.path == m_highlighted;
            if (chosen != front) continue;
            const int series = m_byDomain ? point.domain : point.path;
            painter.setBrush(withAlpha(theme.categorical(series), chosen ? 0.75 : 0.10));
            drawMark(painter, place(point, plot), size, series / 8);
        }
    }

    QStringList names;
    QVector<int> series;
    if (m_byDomain) {
        for (int i = 0; i < m_facts.domains.size(); ++i) {
            names.append(m_facts.domains[i]);
            series.append(i);
        }
    } else {
        for (const int path : m_facts.paths) {
            names.append(tr("path %1").arg(path));
            series.append(path);
        }
    }
    double x = area.left() + 16;
    for (int i = 0; i < names.size(); ++i) {
        const double need = 16 + metrics.horizontalAdvance(names[i]) + 12;
        if (x + need > area.right() - 30 && i + 1 < names.size()) {
            painter.setPen(tokens.muted);
            painter.drawText(
                QRectF(x, area.top() + 6, 60, legendRow), Qt::AlignLeft | Qt::AlignVCenter, tr("+%1").arg(names.size() - i));
            break;
        }
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.categorical(series[i]));
        drawMark(painter, QPointF(x + 5, area.top() + 6 + legendRow / 2.0), 4, series[i] / 8);
        painter.setPen(tokens.text);
        painter.drawText(QRectF(x + 14, area.top() + 6, need, legendRow), Qt::AlignLeft | Qt::AlignVCenter, names[i]);
        x += need;
    }
}

void RouterMap::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintOn(painter, rect());
}

int RouterMap::pointAt(const QPointF& at) const
{
    const QRectF plot = plotRect(rect());
    int found = -1;
    double nearest = reach * reach;
    for (int i = 0; i < m_facts.points.size(); ++i) {
        const QPointF away = place(m_facts.points[i], plot) - at;
        const double distance = QPointF::dotProduct(away, away);
        if (distance < nearest) {
            nearest = distance;
            found = i;
        }
    }
    return found;
}

void RouterMap::mousePressEvent(QMouseEvent* event)
{
    const int found = pointAt(event->position());
    if (found >= 0) Q_EMIT pathChosen(m_facts.points[found].path);
}

bool RouterMap::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return Picture::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int found = pointAt(help->pos());
    if (found >= 0)
        QToolTip::showText(help->globalPos(), tip(m_facts.points[found]), this);
    else
        QToolTip::hideText();
    return true;
}

}  // namespace pathloom
