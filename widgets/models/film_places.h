// SPDX-License-Identifier: GPL-3.0-or-later
// What is said when in a film, a sound or subtitles: the stretches of a document's text with their seconds, found by byte and by
// time, and the lanes of a timeline they lie in.
#pragma once

#include "widgets/models/probe_facts.h"

#include <QJsonObject>
#include <QString>
#include <QVector>

namespace pathloom {

/// A stretch [byte, end) of a document's text and the seconds at which it is said or seen.
struct TimedPlace {
    qint64 byte = 0;
    qint64 end = 0;
    double seconds = 0;
    double until = -1;  ///< below `seconds`: not known
    QString track;  ///< "subtitles", "text in the picture", "speech"; empty when the document has one kind of words only
    bool operator==(const TimedPlace&) const = default;
};

/// Where a film's words come from: the beginning of a track's name, after which a language may follow ("subtitles, en").
enum class TrackKind { Words, Title, Subtitles, Picture, Speech, Other };
TrackKind trackKind(const QString& track);
/// "Subtitles, en", "In picture", "Speech", "Title" (a film without text), "Words" for a document of one track, else the track's
/// own name.
QString trackTitle(const QString& track);

/// The rows of a "places" event of pathloom-probe; rows that are no places are left out.
QVector<TimedPlace> toTimedPlaces(const QJsonObject& event);

/// One track of a film: its places in the order of time, each in a row of its own while another one is still there.
struct TrackLane {
    struct Item {
        int place = 0;  ///< index in FilmPlaces::all
        double from = 0, to = 0;  ///< seconds; an end that is not known is the next one's beginning, but two seconds at most
        int row = 0;
        bool operator==(const Item&) const = default;
    };
    static constexpr int mostRows = 3;  ///< more at one moment share the last row
    QString track;
    QVector<Item> items;
    int rows = 1;
};

class FilmPlaces {
public:
    void append(const QVector<TimedPlace>& places);
    [[nodiscard]] const QVector<TimedPlace>& all() const { return m_all; }  ///< by byte
    [[nodiscard]] bool isEmpty() const { return m_all.isEmpty(); }
    /// The place a byte stands in; -1 = none.
    [[nodiscard]] int atByte(qint64 byte) const;
    /// When a byte is said: its share of its place's time. Below 0 when it stands in none.
    [[nodiscard]] double timeOf(qint64 byte) const;
    /// When a mark is seen or said; below 0 when that is not known.
    [[nodiscard]] double timeOf(const EvidenceMark& mark) const;
    /// Where to begin to see or hear a mark: a picture when it is shown. Below 0 when that is not known.
    [[nodiscard]] double cueOf(const EvidenceMark& mark) const;
    /// Where to begin to hear a byte: with its place, at most three seconds before it. Below 0 when it stands in none.
    [[nodiscard]] double cueOf(qint64 byte) const;
    /// The place that began last at this time, whatever its track; -1 before the first.
    [[nodiscard]] int atTime(double seconds) const;
    [[nodiscard]] double length() const { return m_length; }  ///< seconds to the last end
    /// Subtitles, text in the picture, speech, then what else there is by name. Made when asked for the first time after append.
    [[nodiscard]] const QVector<TrackLane>& lanes() const;

private:
    QVector<TimedPlace> m_all;
    QVector<int> m_byTime;
    double m_length = 0;
    mutable QVector<TrackLane> m_lanes;
    mutable bool m_lanesKnown = true;
};

/// The mass of evidence marks in each of `bins` equal parts of [from, to) seconds; marks without a time count nowhere.
QVector<double> evidenceOverTime(const QVector<EvidenceMark>& marks, const FilmPlaces& places, double from, double to, int bins);

}  // namespace pathloom
