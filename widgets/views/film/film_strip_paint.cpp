// SPDX-License-Identifier: GPL-3.0-or-later
// FilmStrip: the drawing, and the same as numbers.
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/film/film_strip.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr double binWidth = 3;  // pixels of a bar of the density

int colourOf(const QString& track)
{
    const TrackKind kind = trackKind(track);
    return kind == TrackKind::Picture ? 1 : kind == TrackKind::Speech ? 2 : 0;
}

}  // namespace

void FilmStrip::paintNames(QPainter& painter, const StripLayout& at, const QRectF& area) const
{
    painter.setFont(Theme::labelFont());
    painter.setPen(m_theme.theme().tokens().muted);
    const auto name = [&](const QRectF& lane, const QString& text) {
        drawElided(painter, QRectF(area.left() + 12, lane.top(), StripLayout::gutter - 18, lane.height()),
            Qt::AlignLeft | Qt::AlignVCenter, text);
    };
    if (!at.picturesRect.isEmpty()) name(at.picturesRect, tr("Picture"));
    name(at.evidenceRect, tr("Evidence"));
    for (int i = 0; i < at.laneRects.size(); ++i) name(at.laneRects[i], trackTitle(m_places.lanes()[i].track));
}

void FilmStrip::paintThumbnails(QPainter& painter, const StripLayout& at, const TimeWindow& window) const
{
    const QRectF lane = at.picturesRect;
    if (lane.isEmpty()) return;
    painter.setPen(Qt::NoPen);
    painter.setBrush(m_theme.theme().tokens().sunken);
    painter.drawRoundedRect(lane, 3, 3);
    if (m_thumbnails.isEmpty()) return;
    QVector<double> seconds;
    for (const Thumbnail& one : m_thumbnails) seconds.append(one.seconds);
    const QSizeF size = QSizeF(m_thumbnails.first().image.size()).scaled(QSizeF(1e6, lane.height()), Qt::KeepAspectRatio);
    painter.save();
    painter.setClipRect(lane, Qt::IntersectClip);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    for (const ThumbnailSlot& slot : thumbnailSlots(seconds, window, size.width()))
        painter.drawImage(
            QRectF(lane.left() + slot.x, lane.top(), size.width(), lane.height()), m_thumbnails[slot.thumbnail].image);
    painter.restore();
}

void FilmStrip::paintEvidence(QPainter& painter, const StripLayout& at, const TimeWindow& window) const
{
    const Theme& theme = m_theme.theme();
    const QRectF lane = at.evidenceRect;
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.tokens().sunken);
    painter.drawRoundedRect(lane, 3, 3);
    const int bins = std::max(1, int(lane.width() / binWidth));
    const QVector<double> density = evidenceOverTime(m_marks, m_places, window.from, window.to, bins);
    const double most = *std::max_element(density.begin(), density.end());
    painter.setRenderHint(QPainter::Antialiasing, false);  // no seams between the bars
    for (int i = 0; i < bins && most > 0; ++i) {
        if (density[i] <= 0) continue;
        const double strength = std::sqrt(density[i] / most);
        const double high = std::max(4.0, (lane.height() - 9) * strength);  // even a trace is seen
        painter.setBrush(theme.sequential(0.25 + 0.75 * strength));
        painter.drawRect(QRectF(lane.left() + lane.width() * i / bins, lane.bottom() - 1 - high, lane.width() / bins, high));
    }
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(theme.tokens().accent);
    for (const EvidenceMark& passage : m_passages) {
        const double seconds = m_places.timeOf(passage);
        if (seconds < window.from || seconds > window.to) continue;
        const double x = lane.left() + window.xOf(seconds), y = lane.top() + 1;
        painter.drawPolygon(QPolygonF({{x - 4, y}, {x + 4, y}, {x, y + 6}}));
    }
}

void FilmStrip::paintLane(QPainter& painter, const StripLayout& at, const TimeWindow& window, int lane) const
{
    const Theme& theme = m_theme.theme();
    const TrackLane& track = m_places.lanes()[lane];
    const QRectF all = at.laneRects[lane];
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.tokens().sunken);
    painter.drawRoundedRect(all, 3, 3);
    const QColor colour = theme.categorical(colourOf(track.track));
    const QColor quiet = mixColors(theme.tokens().sunken, colour, 0.7);
    for (const LaneBar& bar : laneBars(track, window)) {
        const QRectF row = at.rowRect(lane, bar.row, track.rows);
        // A pixel between neighbours, so that one sentence can be told from the next.
        const double wide = std::max(2.0, bar.right - bar.left - 1);
        const TrackLane::Item& item = track.items[bar.first];
        const bool current = bar.count == 1 && m_position >= item.from && m_position < item.to;
        const bool hovered = item.place == m_hoverPlace;
        painter.setBrush(current || hovered ? colour : quiet);
        const QRectF place(row.left() + bar.left, row.top(), wide, row.height());
        if (wide > 5)
            painter.drawRoundedRect(place, 2, 2);
        else
            painter.drawRect(place);
    }
}

void FilmStrip::paintAxis(QPainter& painter, const StripLayout& at, const TimeWindow& window) const
{
    const Tokens& tokens = m_theme.theme().tokens();
    const QRectF lane = at.axisRect;
    painter.setFont(Theme::labelFont());
    const QFontMetricsF metrics(painter.font());
    const double label = metrics.horizontalAdvance(filmTime(window.length, window.span() < 20 ? 1 : 0, window.length >= 3600));
    for (const TimeTick& tick : timeTicks(window, label + 28)) {
        const double x = lane.left() + window.xOf(tick.seconds);
        painter.setPen(QPen(tokens.line, 1));
        painter.drawLine(QPointF(x, lane.top()), QPointF(x, lane.top() + 4));
        const double wide = metrics.horizontalAdvance(tick.label);
        const double left = std::clamp(x - wide / 2, lane.left() - 20, lane.right() + StripLayout::right - wide - 4);
        painter.setPen(tokens.muted);
        painter.drawText(QRectF(left, lane.top() + 4, wide + 2, lane.height() - 4), Qt::AlignLeft | Qt::AlignVCenter, tick.label);
    }
}

void FilmStrip::paintPlayhead(QPainter& painter, const StripLayout& at) const
{
    if (m_window.length <= 0 || m_position < m_window.from || m_position > m_window.to) return;
    const Tokens& tokens = m_theme.theme().tokens();
    const double x = at.axisRect.left() + m_window.xOf(m_position);
    const double top = at.picturesRect.isEmpty() ? at.evidenceRect.top() : at.picturesRect.top();
    painter.setPen(QPen(tokens.surface, 3));  // so that it is seen on pictures and bars alike
    painter.drawLine(QPointF(x, top), QPointF(x, at.axisRect.top()));
    painter.setPen(QPen(tokens.text, 1.4));
    painter.drawLine(QPointF(x, top), QPointF(x, at.axisRect.top() + 4));
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.text);
    painter.drawPolygon(QPolygonF({{x - 5, top - 5}, {x + 5, top - 5}, {x, top + 2}}));
}

void FilmStrip::paintOn(QPainter& painter, const QRectF& area)
{
    const StripLayout at = layoutIn(area);
    const TimeWindow window = m_window.withWidth(at.axisRect.width());
    paintNames(painter, at, area);
    paintThumbnails(painter, at, window);
    paintEvidence(painter, at, window);
    for (int i = 0; i < at.laneRects.size(); ++i) paintLane(painter, at, window, i);
    paintAxis(painter, at, window);
}

void FilmStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = m_theme.theme();
    paintOn(painter, rect());
    paintPlayhead(painter, layoutIn(rect()));
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme.tokens().accent, 1));
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
    if (!m_hover.isEmpty() && m_pointer.x() >= 0 && !m_dragging) drawReadout(painter, m_pointer, rect(), m_hover, {}, theme);
}

QString FilmStrip::csv() const
{
    QString out = csvLine({tr("Begins (s)"), tr("Ends (s)"), tr("Track"), tr("Share of the answer"), tr("Text")});
    QVector<double> mass(m_places.all().size(), 0.0);
    for (const EvidenceMark& mark : m_marks)
        if (const int place = m_places.atByte(mark.byte); place >= 0) mass[place] += mark.mass;
    for (const EvidenceMark& mark : m_passages)
        if (mark.seconds >= 0)
            out += csvLine({QString::number(mark.seconds, 'f', 3), {}, tr("Picture"), QString::number(mark.mass), mark.text});
    for (int i = 0; i < m_places.all().size(); ++i) {
        const TimedPlace& place = m_places.all()[i];
        out += csvLine({QString::number(place.seconds, 'f', 3),
            place.until >= place.seconds ? QString::number(place.until, 'f', 3) : QString(), trackTitle(place.track),
            QString::number(mass[i]), m_textOf(place.byte, place.end).simplified()});
    }
    return out;
}

QString FilmStrip::title() const
{
    return tr("Timeline of %1").arg(m_name);
}

}  // namespace pathloom
