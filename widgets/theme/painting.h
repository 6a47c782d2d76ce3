// SPDX-License-Identifier: GPL-3.0-or-later
// Small drawing and number helpers every picture shares: focus rings, hatches, skeletons, counts, bytes and times as text.
#pragma once

#include <QPainter>
#include <QString>

namespace pathloom {

class Theme;

/// 3 significant digits, no exponent between 0.001 and 10 million ("0.0123", "2.31", "148", "12,300").
QString formatNumber(double value, int digits = 3);
/// "1.2 MB": decimal units, three significant digits.
QString formatBytes(double bytes);
/// "1.24 M": counts with SI letters.
QString formatCount(double count);
/// "0.4 s", "12 s", "3 min 20 s", "2 h 05 min".
QString formatDuration(qint64 milliseconds);
/// For time axes: "45 s", "1:30", "2:05:00"; below a second "0.2 s".
QString formatElapsed(qint64 milliseconds);
/// `one` when n is 1, else `many` with its %1 replaced by n. (Until an English catalogue is loaded, tr's "%n" shows "(s)".)
QString counted(qint64 n, const QString& one, const QString& many);
/// "14:02:11", local time.
QString formatClock(qint64 unixMilliseconds);
/// "25x less" / "1.2x more"; empty when either side is 0.
QString formatFactor(double ours, double theirs);

/// Two-pixel accent ring just outside `rect`.
void drawFocusRing(QPainter& painter, const QRectF& rect, double radius, const Theme& theme);
/// Diagonal lines over `rect`, `spacing` px apart, leaning left or right; drawn, not a brush, so it is sharp at every dpr.
void drawHatch(QPainter& painter, const QRectF& rect, const QColor& color, double spacing, bool leanLeft = false);
/// Rounded box with text lines, the look of a tool tip; kept inside `bounds`, beside `anchor`. Returns its rectangle.
QRectF drawReadout(QPainter& painter, const QPointF& anchor, const QRectF& bounds, const QStringList& lines,
    const QVector<QColor>& swatches, const Theme& theme);
/// Text in one line, elided on the right to fit `rect`.
void drawElided(QPainter& painter, const QRectF& rect, int alignment, const QString& text);

}  // namespace pathloom
