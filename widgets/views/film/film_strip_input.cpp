// SPDX-License-Identifier: GPL-3.0-or-later
// FilmStrip: the pointer and the keys.
#include "widgets/models/formats.h"
#include "widgets/views/film/film_strip.h"

#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr double dragAfter = 4;  // pixels before a press becomes a drag

}  // namespace

void FilmStrip::hoverAt(const QPointF& point)
{
    QStringList lines;
    int place = -1;
    const StripLayout at = layoutIn(rect());
    const double x = point.x() - at.axisRect.left();
    if (x >= 0 && x <= at.axisRect.width() && m_window.length > 0) {
        const double seconds = secondsAt(point.x());
        const bool fine = m_window.span() < 120;
        int joined = 0;
        if (const TrackLane::Item* item = itemAt(point, joined)) {
            const TimedPlace& there = m_places.all()[item->place];
            place = item->place;
            QString when = filmTime(there.seconds, 1);
            if (there.until > there.seconds) when += QStringLiteral(" \u2013 ") + filmTime(there.until, 1);
            lines.append(QStringLiteral("%1 \u00b7 %2").arg(when, trackTitle(there.track)));
            lines += wrappedLines(m_textOf(there.byte, there.end), 64, 3);
            if (joined > 1) lines.append(tr("and %1 more here; zoom in").arg(QLocale().toString(joined - 1)));
        } else if (const EvidenceMark* found = markAt(point)) {
            const double mark = m_places.timeOf(*found);
            const double reach = m_window.span() * StripLayout::reach / std::max(1.0, m_window.width);
            const double mass = evidenceOverTime(m_marks, m_places, mark - reach, mark + reach, 1).first();
            lines.append(filmTime(mark, 1));
            lines.append(tr("%1 of the answer was read here").arg(percentText(mass)));
        } else {
            lines.append(filmTime(seconds, fine ? 1 : 0));
        }
    }
    m_hoverPlace = place;
    m_hover = lines;
    update();
}

void FilmStrip::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_window.length <= 0) return;
    const StripLayout at = layoutIn(rect());
    m_pressed = event->position();
    m_pressedWindow = m_window;
    m_dragging = false;
    m_scrubbing = event->position().y() >= at.axisRect.top();
    if (m_scrubbing) Q_EMIT seekWanted(secondsAt(event->position().x()));
}

void FilmStrip::mouseMoveEvent(QMouseEvent* event)
{
    m_pointer = event->position();
    if (m_scrubbing) {
        Q_EMIT seekWanted(secondsAt(event->position().x()));
    } else if (m_pressed.x() >= 0) {
        const double moved = event->position().x() - m_pressed.x();
        if (!m_dragging && std::abs(moved) < dragAfter) return;
        m_dragging = true;
        setCursor(Qt::ClosedHandCursor);
        setWindow(m_pressedWindow.panned(-moved / m_window.width * m_window.span()));
    } else {
        hoverAt(event->position());
    }
}

void FilmStrip::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_pressed.x() < 0) return;
    const bool clicked = !m_dragging && !m_scrubbing;
    m_pressed = {-1, -1};
    m_dragging = m_scrubbing = false;
    unsetCursor();
    if (!clicked || event->position().x() < StripLayout::gutter) return;
    int joined = 0;
    const TrackLane::Item* item = itemAt(event->position(), joined);
    const EvidenceMark* const found = markAt(event->position());
    const double mark = found ? m_places.cueOf(*found) : -1;
    // A bar goes to the beginning of its words, a tick to where they can be heard, everything else to the time below the pointer.
    Q_EMIT seekWanted(item && joined == 1 ? item->from : mark >= 0 ? mark : secondsAt(event->position().x()));
}

void FilmStrip::wheelEvent(QWheelEvent* event)
{
    const QPoint angle = event->angleDelta();
    if (event->modifiers().testFlag(Qt::ShiftModifier) || std::abs(angle.x()) > std::abs(angle.y()))
        panBy(-(angle.x() != 0 ? angle.x() : angle.y()) / 1200.0 * m_window.span());
    else
        zoomBy(std::pow(1.2, angle.y() / 120.0), secondsAt(event->position().x()));
    hoverAt(event->position());
    event->accept();
}

void FilmStrip::leaveEvent(QEvent*)
{
    m_pointer = {-1, -1};
    m_hover.clear();
    m_hoverPlace = -1;
    update();
}

void FilmStrip::keyPressEvent(QKeyEvent* event)
{
    const bool seen = m_position >= m_window.from && m_position <= m_window.to;
    const double around = seen ? m_position : (m_window.from + m_window.to) / 2;
    switch (event->key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        return zoomBy(1.5, around);
    case Qt::Key_Minus:
        return zoomBy(1 / 1.5, around);
    case Qt::Key_0:
        return showWhole();
    case Qt::Key_PageUp:
        return panBy(-m_window.span() / 2);
    case Qt::Key_PageDown:
        return panBy(m_window.span() / 2);
    default:
        Picture::keyPressEvent(event);
    }
}

}  // namespace pathloom
