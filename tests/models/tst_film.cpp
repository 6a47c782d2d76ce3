// SPDX-License-Identifier: GPL-3.0-or-later
// TestFilmModels.
#include "tests/models/tst_film.h"

#include "widgets/models/film_timeline.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QTest>

#include <cmath>
#include <limits>

namespace pathloom {
namespace {

TimedPlace place(qint64 byte, qint64 end, double seconds, double until, const QString& track = {})
{
    return {byte, end, seconds, until, track};
}

QJsonObject row(qint64 byte, qint64 end, double seconds)
{
    return {{QStringLiteral("byte"), byte}, {QStringLiteral("end"), end}, {QStringLiteral("seconds"), seconds}};
}

}  // namespace

void TestFilmModels::placesAreReadAndFound()
{
    QJsonObject full = row(20, 40, 5);
    full.insert(QStringLiteral("until"), 7.5);
    full.insert(QStringLiteral("track"), QStringLiteral("speech"));
    // The last four are no places: an empty range, a time before the beginning, none at all, and no object.
    const QJsonObject event{{QStringLiteral("rows"),
        QJsonArray{full, row(0, 20, 9), row(50, 50, 1), row(50, 60, -1), QJsonObject{}, QStringLiteral("x")}}};
    const QVector<TimedPlace> read = toTimedPlaces(event);
    QCOMPARE(read, (QVector<TimedPlace>{place(20, 40, 5, 7.5, QStringLiteral("speech")), place(0, 20, 9, -1)}));
    FilmPlaces places;
    places.append(read);
    QCOMPARE(places.all().first().byte, 0);  // by byte, whatever order they came in
    QCOMPARE(places.atByte(0), 0);
    QCOMPARE(places.atByte(19), 0);
    QCOMPARE(places.atByte(20), 1);
    QCOMPARE(places.atByte(40), -1);
    QCOMPARE(places.timeOf(30), 6.25);  // half of its words, half of its time
    QCOMPARE(places.timeOf(10), 9.0);  // no end is known
    QCOMPARE(places.timeOf(100), -1.0);
    QCOMPARE(places.atTime(4.9), -1);
    QCOMPARE(places.atTime(5), 1);
    QCOMPARE(places.atTime(100), 0);
    QCOMPARE(places.length(), 9.0);
    places.append({place(60, 70, 20, 30)});
    QCOMPARE(places.atByte(65), 2);
    QCOMPARE(places.length(), 30.0);
}

void TestFilmModels::lanesKeepTheirOrderAndRows()
{
    FilmPlaces places;
    QVERIFY(places.lanes().isEmpty());
    const QString speech = QStringLiteral("speech"), picture = QStringLiteral("text in the picture"),
                  notes = QStringLiteral("notes");
    places.append({place(0, 1, 0, 4, speech), place(1, 2, 1, 3, notes), place(2, 3, 2, -1, picture),
        place(3, 4, 2.5, -1, picture), place(4, 5, 10, -1, picture), place(5, 6, 3, 9, speech), place(6, 7, 4, 5, speech),
        place(7, 8, 4, 5, speech), place(8, 9, 4, 5, speech)});
    const QVector<TrackLane>& lanes = places.lanes();
    QCOMPARE(lanes.size(), 3);
    QCOMPARE(lanes[0].track, picture);
    QCOMPARE(lanes[1].track, speech);
    QCOMPARE(lanes[2].track, notes);
    QCOMPARE(trackTitle(picture), QStringLiteral("In picture"));
    QCOMPARE(trackTitle(QStringLiteral("subtitles, en")), QStringLiteral("Subtitles, en"));
    QCOMPARE(trackTitle(notes), notes);
    QCOMPARE(trackTitle({}), QStringLiteral("Words"));
    // Without an end a place lasts until the next one, and two seconds at most.
    QCOMPARE(lanes[0].items[0].to, 2.5);
    QCOMPARE(lanes[0].items[1].to, 4.5);
    QCOMPARE(lanes[0].items[2].to, 12.0);
    QCOMPARE(lanes[0].rows, 1);
    // 0-4 and 3-9 need two rows; of three at 4 the first fits again, the second takes a third row, the last has to share.
    QCOMPARE(lanes[1].rows, 3);
    QVector<int> rows;
    for (const TrackLane::Item& item : lanes[1].items) rows.append(item.row);
    QCOMPARE(rows, (QVector<int>{0, 1, 0, 2, 2}));
}

void TestFilmModels::evidenceFallsOnItsTime()
{
    FilmPlaces places;
    places.append({place(0, 100, 0, 10), place(100, 200, 50, 60)});
    const auto mark = [](qint64 byte, double mass) {
        EvidenceMark out;
        out.byte = byte;
        out.mass = mass;
        return out;
    };
    const QVector<EvidenceMark> marks{mark(0, 0.1), mark(50, 0.2), mark(150, 0.4), mark(500, 0.3)};
    QCOMPARE(evidenceOverTime(marks, places, 0, 100, 4), (QVector<double>{0.1 + 0.2, 0, 0.4, 0}));
    QCOMPARE(evidenceOverTime(marks, places, 4, 6, 2), (QVector<double>{0, 0.2}));
    QCOMPARE(evidenceOverTime(marks, places, 5, 5, 3), (QVector<double>{0, 0, 0}));
    // A picture's mark stands at no byte and at its own second, which is also where one begins to look.
    const EvidenceMark shown = toAnswer(QJsonObject{{QStringLiteral("answered_by"), QStringLiteral("picture")},
                                            {QStringLiteral("marks"),
                                                QJsonArray{QJsonObject{{QStringLiteral("document"), QStringLiteral("a.mp4")},
                                                    {QStringLiteral("seconds"), 80}, {QStringLiteral("mass"), 1}}}}})
                                   .marks.value(0);
    QCOMPARE(shown.byte, -1);
    QCOMPARE(places.timeOf(shown), 80.0);
    QCOMPARE(places.cueOf(shown), 80.0);
    QCOMPARE(evidenceOverTime({shown}, places, 0, 100, 4), (QVector<double>{0, 0, 0, 1}));
    QCOMPARE(places.cueOf(mark(150, 1)), places.cueOf(qint64(150)));
}

void TestFilmModels::aWindowStaysInTheFilm()
{
    TimeWindow window = TimeWindow::whole(100, 500);
    QCOMPARE(window.xOf(50), 250.0);
    QCOMPARE(window.timeAt(125), 25.0);
    QCOMPARE(window.timeAt(-10), 0.0);
    QCOMPARE(window.timeAt(9000), 100.0);
    QCOMPARE(window.panned(30), window);  // all of it is shown already
    window = window.zoomed(10, 0);
    QCOMPARE(window.to, 10.0);
    QCOMPARE(window.panned(-5).from, 0.0);
    QCOMPARE(window.panned(1000).to, 100.0);
    QCOMPARE(window.panned(1000).span(), 10.0);
    QCOMPARE(window.zoomed(1e9, 5).span(), TimeWindow::smallestSpan);
    QVERIFY(window.zoomed(1e-9, 5).isWhole());
    QCOMPARE(window.zoomed(0, 5), window);
    QCOMPARE(window.zoomed(std::numeric_limits<double>::quiet_NaN(), 5), window);
    QCOMPARE(window.showing(5), window);
    QCOMPARE(window.showing(50).from, 49.0);
    QCOMPARE(window.showing(99.9).to, 100.0);
    // The film turns out shorter, or longer.
    QCOMPARE(window.showing(95).withLength(60).to, 60.0);
    QCOMPARE(TimeWindow::whole(0, 500).withLength(60), TimeWindow::whole(60, 500));
    QCOMPARE(window.withLength(60).to, 10.0);
    // A film shorter than the smallest window, and none at all.
    const TimeWindow brief = TimeWindow::whole(0.5, 100);
    QCOMPARE(brief.zoomed(4, 0.2), brief);
    const TimeWindow none = TimeWindow::whole(0, 100);
    QCOMPARE(none.xOf(5), 0.0);
    QCOMPARE(none.timeAt(5), 0.0);
    QCOMPARE(none.zoomed(2, 0), none);
}

void TestFilmModels::zoomKeepsTheSecondUnderThePointer()
{
    TimeWindow window = TimeWindow::whole(36000, 800);
    for (const double factor : {1.2, 3.0, 1.2, 0.7, 40.0, 2.0, 0.5}) {
        const double x = 500, before = window.timeAt(x);
        window = window.zoomed(factor, before);
        QVERIFY2(std::abs(window.timeAt(x) - before) < 1e-6, qPrintable(QString::number(factor)));
    }
}

void TestFilmModels::barsNeverOutnumberThePixels()
{
    FilmPlaces places;
    QVector<TimedPlace> many;
    for (int i = 0; i < 36000; ++i) many.append(place(i, i + 1, i, i + 0.9));
    places.append(many);
    const TrackLane& lane = places.lanes().first();
    TimeWindow window = TimeWindow::whole(36000, 600);
    QVector<LaneBar> bars = laneBars(lane, window);
    QVERIFY2(bars.size() <= 601, qPrintable(QString::number(bars.size())));
    int held = 0;
    for (const LaneBar& bar : bars) held += bar.count;
    QCOMPARE(held, 36000);  // joined, never dropped
    window = window.zoomed(3600, 100);  // ten seconds
    bars = laneBars(lane, window);
    QVERIFY(bars.size() >= 10 && bars.size() <= 12);
    for (const LaneBar& bar : bars) QVERIFY(bar.count == 1 && bar.left >= 0 && bar.right <= window.width);
    QVERIFY(laneBars(lane, TimeWindow{36000, 0, 0, 600}).size() <= 1);
}

void TestFilmModels::ticksAreRoundAndApart()
{
    for (const double length : {3.0, 59.0, 600.0, 7200.0, 37994.0}) {
        const TimeWindow window = TimeWindow::whole(length, 700);
        const QVector<TimeTick> ticks = timeTicks(window, 60);
        QVERIFY2(ticks.size() >= 3 && ticks.size() <= 12, qPrintable(QString::number(length)));
        for (int i = 1; i < ticks.size(); ++i) QVERIFY(window.xOf(ticks[i].seconds) - window.xOf(ticks[i - 1].seconds) > 59.9);
    }
    const QVector<TimeTick> minutes = timeTicks(TimeWindow::whole(600, 700), 60);
    QCOMPARE(minutes[1], (TimeTick{60, QStringLiteral("1:00")}));
    QCOMPARE(timeTicks(TimeWindow::whole(7200, 700), 60)[1].label, QStringLiteral("0:15:00"));
    QCOMPARE(timeTicks(TimeWindow::whole(3, 700), 60)[1].label, QStringLiteral("0:00.5"));
    QVERIFY(timeTicks(TimeWindow::whole(0, 700), 60).isEmpty());
}

void TestFilmModels::timesAreWrittenAsClocks()
{
    QCOMPARE(filmTime(0), QStringLiteral("0:00"));
    QCOMPARE(filmTime(7.96, 1), QStringLiteral("0:07.9"));
    QCOMPARE(filmTime(0.3, 1), QStringLiteral("0:00.3"));
    QCOMPARE(filmTime(725), QStringLiteral("12:05"));
    QCOMPARE(filmTime(3723), QStringLiteral("1:02:03"));
    QCOMPARE(filmTime(65, 0, true), QStringLiteral("0:01:05"));
    QCOMPARE(filmTime(-1), QStringLiteral("0:00"));
}

}  // namespace pathloom
