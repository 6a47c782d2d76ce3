// SPDX-License-Identifier: GPL-3.0-or-later
// FilmPlaces.
#include "widgets/models/film_places.h"

#include <QCoreApplication>
#include <QJsonArray>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

namespace pathloom {
namespace {

constexpr double leadIn = 3;  // seconds before words that stand deep in a place
constexpr double longestUnknown = 2;  // seconds a place without an end is shown

bool isTime(double seconds)
{
    return std::isfinite(seconds) && seconds >= 0;
}

double endOf(const TimedPlace& place)
{
    return place.until >= place.seconds ? place.until : place.seconds;
}

/// Their names in an importer's segments.
constexpr std::array<std::pair<const char*, TrackKind>, 4> knownTracks{{{"title", TrackKind::Title},
    {"subtitles", TrackKind::Subtitles}, {"text in the picture", TrackKind::Picture}, {"speech", TrackKind::Speech}}};

void packRows(TrackLane& lane)
{
    std::array<double, TrackLane::mostRows> ends{};
    for (TrackLane::Item& item : lane.items) {
        int row = 0;
        while (row + 1 < TrackLane::mostRows && ends[std::size_t(row)] > item.from) ++row;
        item.row = row;
        ends[std::size_t(row)] = std::max(ends[std::size_t(row)], item.to);
        lane.rows = std::max(lane.rows, row + 1);
    }
}

}  // namespace

TrackKind trackKind(const QString& track)
{
    if (track.isEmpty()) return TrackKind::Words;
    for (const auto& [name, kind] : knownTracks)
        if (track == QLatin1String(name) || track.startsWith(QLatin1String(name) + QLatin1Char(','))) return kind;
    return TrackKind::Other;
}

QString trackTitle(const QString& track)
{
    const auto titled = [&](const QString& title) {
        const auto comma = track.indexOf(QLatin1Char(','));
        return comma < 0 ? title : title + track.mid(comma);
    };
    switch (trackKind(track)) {
    case TrackKind::Words:
        return QCoreApplication::translate("FilmPlaces", "Words");
    case TrackKind::Title:
        return titled(QCoreApplication::translate("FilmPlaces", "Title"));
    case TrackKind::Subtitles:
        return titled(QCoreApplication::translate("FilmPlaces", "Subtitles"));
    case TrackKind::Picture:
        return titled(QCoreApplication::translate("FilmPlaces", "In picture"));
    case TrackKind::Speech:
        return titled(QCoreApplication::translate("FilmPlaces", "Speech"));
    case TrackKind::Other:
        break;
    }
    return track;
}

QVector<TimedPlace> toTimedPlaces(const QJsonObject& event)
{
    QVector<TimedPlace> out;
    for (const auto& value : event.value(QLatin1String("rows")).toArray()) {
        const QJsonObject row = value.toObject();
        TimedPlace place{row.value(QLatin1String("byte")).toInteger(-1), row.value(QLatin1String("end")).toInteger(-1),
            row.value(QLatin1String("seconds")).toDouble(-1), row.value(QLatin1String("until")).toDouble(-1),
            row.value(QLatin1String("track")).toString()};
        if (place.byte >= 0 && place.end > place.byte && isTime(place.seconds)) out.append(place);
    }
    return out;
}

void FilmPlaces::append(const QVector<TimedPlace>& places)
{
    if (places.isEmpty()) return;
    const auto byByte = [](const TimedPlace& a, const TimedPlace& b) { return a.byte < b.byte; };
    const bool sorted
        = std::is_sorted(places.begin(), places.end(), byByte) && (m_all.isEmpty() || m_all.last().byte < places.first().byte);
    m_all += places;
    if (!sorted) std::stable_sort(m_all.begin(), m_all.end(), byByte);
    for (const TimedPlace& place : places) m_length = std::max(m_length, endOf(place));
    m_byTime.resize(m_all.size());
    std::iota(m_byTime.begin(), m_byTime.end(), 0);
    std::stable_sort(m_byTime.begin(), m_byTime.end(), [&](int a, int b) { return m_all[a].seconds < m_all[b].seconds; });
    m_lanesKnown = false;
}

int FilmPlaces::atByte(qint64 byte) const
{
    const auto after
        = std::upper_bound(m_all.begin(), m_all.end(), byte, [](qint64 at, const TimedPlace& place) { return at < place.byte; });
    if (after == m_all.begin() || byte >= (after - 1)->end) return -1;
    return int(after - m_all.begin()) - 1;
}

double FilmPlaces::timeOf(qint64 byte) const
{
    const int at = atByte(byte);
    if (at < 0) return -1;
    const TimedPlace& place = m_all[at];
    return place.seconds + (endOf(place) - place.seconds) * double(byte - place.byte) / double(place.end - place.byte);
}

double FilmPlaces::timeOf(const EvidenceMark& mark) const
{
    return mark.seconds >= 0 ? mark.seconds : timeOf(mark.byte);
}

double FilmPlaces::cueOf(const EvidenceMark& mark) const
{
    return mark.seconds >= 0 ? mark.seconds : cueOf(mark.byte);
}

double FilmPlaces::cueOf(qint64 byte) const
{
    const int at = atByte(byte);
    return at < 0 ? -1 : std::max(m_all[at].seconds, timeOf(byte) - leadIn);
}

int FilmPlaces::atTime(double seconds) const
{
    const auto after = std::upper_bound(
        m_byTime.begin(), m_byTime.end(), seconds, [&](double at, int place) { return at < m_all[place].seconds; });
    return after == m_byTime.begin() ? -1 : *(after - 1);
}

const QVector<TrackLane>& FilmPlaces::lanes() const
{
    if (m_lanesKnown) return m_lanes;
    m_lanesKnown = true;
    std::map<std::pair<TrackKind, QString>, TrackLane> found;
    for (const int index : m_byTime) {
        const TimedPlace& place = m_all[index];
        TrackLane& lane = found[{trackKind(place.track), place.track}];
        lane.track = place.track;
        if (!lane.items.isEmpty() && lane.items.last().to < lane.items.last().from)
            lane.items.last().to = std::min(place.seconds, lane.items.last().from + longestUnknown);
        lane.items.append({index, place.seconds, place.until >= place.seconds ? place.until : -1.0, 0});
    }
    m_lanes.clear();
    for (auto& [key, lane] : found) {
        if (lane.items.last().to < lane.items.last().from) lane.items.last().to = lane.items.last().from + longestUnknown;
        packRows(lane);
        m_lanes.append(std::move(lane));
    }
    return m_lanes;
}

QVector<double> evidenceOverTime(const QVector<EvidenceMark>& marks, const FilmPlaces& places, double from, double to, int bins)
{
    QVector<double> density(std::max(1, bins), 0.0);
    if (to <= from) return density;
    for (const EvidenceMark& mark : marks) {
        const double seconds = places.timeOf(mark);
        if (seconds < 0) continue;
        const double at = (seconds - from) / (to - from);
        if (at < 0 || at >= 1) continue;
        density[std::min<qsizetype>(density.size() - 1, qsizetype(at * double(density.size())))] += mark.mass;
    }
    return density;
}

}  // namespace pathloom
