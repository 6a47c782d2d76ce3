// SPDX-License-Identifier: GPL-3.0-or-later
// FilmStrip: what it knows. film_strip_paint.cpp draws it, film_strip_input.cpp hears the pointer and the keys.
#include "widgets/views/film/film_strip.h"

#include "widgets/theme/theme.h"

#include <QEvent>
#include <QLocale>

#include <algorithm>
#include <cmath>

namespace pathloom {
FilmStrip::FilmStrip(const FilmPlaces& places, TextOf textOf, ThemeController& theme, QWidget* parent)
    : Picture(QStringLiteral("film.strip"), theme, parent)
    , m_places(places)
    , m_textOf(std::move(textOf))
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Timeline of the film"));
}

void FilmStrip::setFilm(const QString& name)
{
    m_name = name;
    m_marks.clear();
    m_passages.clear();
    m_thumbnails.clear();
    m_picturesShown = false;
    m_position = 0;
    m_hover.clear();
    m_hoverPlace = -1;
    m_dragging = m_scrubbing = false;
    m_pressed = {-1, -1};
    m_window = TimeWindow::whole(0, m_window.width);
    relayout();
}

void FilmStrip::setLength(double seconds)
{
    setWindow(m_window.withLength(seconds));
    describe();
}

void FilmStrip::placesChanged()
{
    relayout();
    describe();
}

void FilmStrip::setMarks(const QVector<EvidenceMark>& marks, const QVector<EvidenceMark>& passages)
{
    m_marks = marks;
    m_passages = passages;
    update();
}

void FilmStrip::setPicturesShown(bool shown)
{
    if (shown == m_picturesShown) return;
    m_picturesShown = shown;
    relayout();
}

void FilmStrip::addThumbnail(double seconds, const QImage& image)
{
    if (image.isNull()) return;
    const auto at = std::lower_bound(
        m_thumbnails.begin(), m_thumbnails.end(), seconds, [](const Thumbnail& t, double s) { return t.seconds < s; });
    if (at != m_thumbnails.end() && at->seconds == seconds)
        at->image = image;
    else
        m_thumbnails.insert(at, {seconds, image});
    update();
}

void FilmStrip::setPosition(double seconds)
{
    const bool wasSeen = m_position >= m_window.from && m_position <= m_window.to;
    m_position = seconds;
    if (wasSeen && !m_dragging) setWindow(m_window.showing(seconds));
    update();
}

void FilmStrip::reveal(double seconds)
{
    setWindow(m_window.showing(seconds));
}

void FilmStrip::setWindow(const TimeWindow& window)
{
    if (window == m_window) return;
    m_window = window;
    update();
    Q_EMIT windowChanged();
}

void FilmStrip::zoomBy(double factor, double around)
{
    setWindow(m_window.zoomed(factor, around));
}

void FilmStrip::panBy(double seconds)
{
    setWindow(m_window.panned(seconds));
}

void FilmStrip::showWhole()
{
    setWindow(TimeWindow::whole(m_window.length, m_window.width));
}

StripLayout FilmStrip::layoutIn(const QRectF& area) const
{
    return stripLayout(m_places.lanes(), m_picturesShown, area.left(), area.top(), area.width());
}

QSize FilmStrip::sizeHint() const
{
    return {600, int(std::ceil(layoutIn(QRectF(0, 0, 600, 1)).height)) + 2};
}

QSize FilmStrip::minimumSizeHint() const
{
    return {260, sizeHint().height()};
}

void FilmStrip::relayout()
{
    updateGeometry();
    setWindow(m_window.withWidth(layoutIn(rect()).axisRect.width()));
    update();
}

void FilmStrip::resizeEvent(QResizeEvent*)
{
    setWindow(m_window.withWidth(layoutIn(rect()).axisRect.width()));
}

void FilmStrip::describe()
{
    QStringList tracks;
    for (const TrackLane& lane : m_places.lanes())
        tracks.append(tr("%1: %2").arg(trackTitle(lane.track), QLocale().toString(lane.items.size())));
    setAccessibleDescription(tr("%1 long. %2. Plus and minus zoom, 0 shows the whole film, page up and page down move.")
                                 .arg(filmTime(m_window.length), tracks.join(QStringLiteral("; "))));
}

const TrackLane::Item* FilmStrip::itemAt(const QPointF& point, int& joined) const
{
    const StripLayout at = layoutIn(rect());
    const int lane = at.laneAt(point);
    if (lane < 0) return nullptr;
    const TrackLane& track = m_places.lanes()[lane];
    const double x = point.x() - at.axisRect.left();
    const LaneBar* found = nullptr;
    const QVector<LaneBar> bars = laneBars(track, m_window);
    for (const LaneBar& bar : bars) {
        const QRectF row = at.rowRect(lane, bar.row, track.rows);
        // Thin bars are as wide to the pointer as they are drawn, and a pixel more.
        if (x < bar.left - 1 || x > std::max(bar.right, bar.left + 2) + 1) continue;
        if (track.rows > 1 && (point.y() < row.top() - 1 || point.y() > row.bottom() + 1)) continue;
        found = &bar;
    }
    if (!found) return nullptr;
    joined = found->count;
    return &track.items[found->first];
}

int FilmStrip::placeAt(const QPointF& point) const
{
    int joined = 0;
    const TrackLane::Item* item = itemAt(point, joined);
    return item ? item->place : -1;
}

QRectF FilmStrip::barOf(int place) const
{
    const StripLayout at = layoutIn(rect());
    for (int lane = 0; lane < at.laneRects.size(); ++lane) {
        const TrackLane& track = m_places.lanes()[lane];
        for (const TrackLane::Item& item : track.items) {
            if (item.place != place || item.to < m_window.from || item.from > m_window.to) continue;
            const QRectF row = at.rowRect(lane, item.row, track.rows);
            const double left = std::clamp(m_window.xOf(item.from), 0.0, m_window.width);
            const double right = std::clamp(m_window.xOf(item.to), left, m_window.width);
            return {row.left() + left, row.top(), std::max(2.0, right - left), row.height()};
        }
    }
    return {};
}

QPointF FilmStrip::pointOf(const EvidenceMark& mark) const
{
    const StripLayout at = layoutIn(rect());
    return {at.evidenceRect.left() + m_window.xOf(m_places.timeOf(mark)), at.evidenceRect.top() + 4};
}

const EvidenceMark* FilmStrip::markAt(const QPointF& point) const
{
    const StripLayout at = layoutIn(rect());
    if (point.y() < at.evidenceRect.top() || point.y() > at.evidenceRect.bottom()) return nullptr;
    double nearest = StripLayout::reach;
    const EvidenceMark* found = nullptr;
    for (const QVector<EvidenceMark>* marks : {&m_passages, &m_marks}) {
        for (const EvidenceMark& mark : *marks) {
            const double seconds = m_places.timeOf(mark);
            if (seconds < 0) continue;
            const double away = std::abs(at.evidenceRect.left() + m_window.xOf(seconds) - point.x());
            if (away > nearest) continue;
            nearest = away;
            found = &mark;
        }
        if (found) break;  // a tick is meant before the density around it
    }
    return found;
}

bool FilmStrip::event(QEvent* event)
{
    if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) update();
    return Picture::event(event);
}

}  // namespace pathloom
