// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing and number helpers: see painting.h.
#include "widgets/theme/painting.h"

#include "widgets/theme/theme.h"

#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

QString scaled(double value, const QStringList& units, const QString& space)
{
    int unit = 0;
    while (std::abs(value) >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return formatNumber(value) + (units[unit].isEmpty() ? QString() : space + units[unit]);
}

}  // namespace

QString formatNumber(double value, int digits)
{
    if (std::isnan(value)) return QStringLiteral("n/a");
    if (std::isinf(value)) return value > 0 ? QStringLiteral("inf") : QStringLiteral("-inf");
    const double magnitude = std::abs(value);
    if (magnitude != 0 && (magnitude < 1e-3 || magnitude >= 1e7)) return QString::number(value, 'e', std::max(0, digits - 1));
    const int whole = magnitude < 1 ? 0 : int(std::floor(std::log10(magnitude))) + 1;
    if (whole >= digits) return QLocale(QLocale::English).toString(qint64(std::llround(value)));
    const int leadingZeros = magnitude > 0 && magnitude < 0.1 ? int(-std::floor(std::log10(magnitude))) - 1 : 0;
    if (value == std::floor(value)) return QString::number(qint64(value));
    return QString::number(value, 'f', digits - whole + leadingZeros);
}

QString formatBytes(double bytes)
{
    return scaled(bytes,
        {QStringLiteral("B"), QStringLiteral("kB"), QStringLiteral("MB"), QStringLiteral("GB"), QStringLiteral("TB")},
        QStringLiteral(" "));
}

QString formatCount(double count)
{
    return scaled(count, {QString(), QStringLiteral("k"), QStringLiteral("M"), QStringLiteral("G"), QStringLiteral("T")},
        QStringLiteral(" "));
}

QString formatDuration(qint64 milliseconds)
{
    if (milliseconds < 0) return QStringLiteral("-") + formatDuration(-milliseconds);
    const qint64 seconds = milliseconds / 1000;
    if (seconds < 10) return formatNumber(double(milliseconds) / 1000, 2) + QStringLiteral(" s");
    if (seconds < 60) return QStringLiteral("%1 s").arg(seconds);
    const QLatin1Char zero('0');
    if (seconds < 3600) return QStringLiteral("%1 min %2 s").arg(seconds / 60).arg(seconds % 60, 2, 10, zero);
    return QStringLiteral("%1 h %2 min").arg(seconds / 3600).arg(seconds / 60 % 60, 2, 10, zero);
}

QString formatElapsed(qint64 milliseconds)
{
    if (milliseconds % 1000 != 0) return formatNumber(double(milliseconds) / 1000, 4) + QStringLiteral(" s");
    const qint64 seconds = milliseconds / 1000;
    const QLatin1Char zero('0');
    if (seconds < 60) return seconds == 0 ? QStringLiteral("0") : QStringLiteral("%1 s").arg(seconds);
    if (seconds < 3600) return QStringLiteral("%1:%2").arg(seconds / 60).arg(seconds % 60, 2, 10, zero);
    return QStringLiteral("%1:%2:%3").arg(seconds / 3600).arg(seconds / 60 % 60, 2, 10, zero).arg(seconds % 60, 2, 10, zero);
}

QString counted(qint64 n, const QString& one, const QString& many)
{
    return n == 1 ? one : many.arg(QLocale(QLocale::English).toString(n));
}

QString formatClock(qint64 unixMilliseconds)
{
    return QDateTime::fromMSecsSinceEpoch(unixMilliseconds).time().toString(QStringLiteral("HH:mm:ss"));
}

QString formatFactor(double ours, double theirs)
{
    if (ours <= 0 || theirs <= 0) return {};
    const bool less = theirs >= ours;
    const double factor = less ? theirs / ours : ours / theirs;
    const QString number
        = factor >= 10 ? QLocale(QLocale::English).toString(qint64(std::llround(factor))) : formatNumber(factor, 2);
    return number + (less ? QStringLiteral("\u00d7 less") : QStringLiteral("\u00d7 more"));
}

void drawFocusRing(QPainter& painter, const QRectF& rect, double radius, const Theme& theme)
{
    painter.save();
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.tokens().accent, 2));
    painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), radius + 3, radius + 3);
    painter.restore();
}

void drawHatch(QPainter& painter, const QRectF& rect, const QColor& color, double spacing, bool leanLeft)
{
    if (rect.width() < 2 || rect.height() < 2) return;
    painter.save();
    painter.setClipRect(rect, Qt::IntersectClip);
    painter.setPen(QPen(color, 1));
    const double h = rect.height();
    // Lines are anchored to the widget, not to the rectangle, so neighbouring spans continue one pattern.
    const double first = std::floor((rect.left() - h) / spacing) * spacing;
    QVector<QLineF> lines;
    for (double x = first; x < rect.right() + h; x += spacing) {
        lines.push_back(leanLeft ? QLineF(x, rect.top(), x + h, rect.bottom()) : QLineF(x, rect.bottom(), x + h, rect.top()));
    }
    painter.drawLines(lines);
    painter.restore();
}

QRectF drawReadout(QPainter& painter, const QPointF& anchor, const QRectF& bounds, const QStringList& lines,
    const QVector<QColor>& swatches, const Theme& theme)
{
    if (lines.isEmpty()) return {};
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(Theme::labelFont());
    const QFontMetricsF metrics(painter.font());
    const double left = swatches.isEmpty() ? 0 : 14;
    double width = 0;
    for (const QString& line : lines) width = std::max(width, metrics.horizontalAdvance(line));
    const double rowHeight = std::ceil(metrics.height()) + 2;
    const QSizeF size(std::min(std::ceil(width) + left + 20, bounds.width()), rowHeight * double(lines.size()) + 10);
    QRectF box(anchor + QPointF(14, 14), size);
    if (box.right() > bounds.right()) box.moveRight(anchor.x() - 10);
    if (box.bottom() > bounds.bottom()) box.moveBottom(anchor.y() - 8);
    box.moveLeft(std::max(box.left(), bounds.left()));
    box.moveTop(std::max(box.top(), bounds.top()));
    const Tokens& t = theme.tokens();
    painter.setPen(QPen(t.line, 1));
    painter.setBrush(withAlpha(t.raised, 0.97));
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    for (int i = 0; i < lines.size(); ++i) {
        const QRectF row(box.left() + 8, box.top() + 5 + i * rowHeight, box.width() - 16, rowHeight);
        if (i < swatches.size() && swatches[i].isValid()) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(swatches[i]);
            painter.drawRoundedRect(QRectF(row.left(), row.center().y() - 4, 8, 8), 2, 2);
        }
        painter.setPen(i == 0 ? t.text : mixColors(t.text, t.muted, 0.35));
        drawElided(painter, row.adjusted(left, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, lines[i]);
    }
    painter.restore();
    return box;
}

void drawElided(QPainter& painter, const QRectF& rect, int alignment, const QString& text)
{
    if (rect.width() < 4) return;
    painter.drawText(rect, alignment | Qt::TextSingleLine,
        painter.fontMetrics().elidedText(text, Qt::ElideRight, int(std::ceil(rect.width()))));
}

}  // namespace pathloom
