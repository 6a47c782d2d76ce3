// SPDX-License-Identifier: GPL-3.0-or-later
// The places of a film and the geometry of its timeline.
#pragma once

#include <QObject>

namespace pathloom {

class TestFilmModels final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void placesAreReadAndFound();
    void lanesKeepTheirOrderAndRows();
    void evidenceFallsOnItsTime();
    void aWindowStaysInTheFilm();
    void zoomKeepsTheSecondUnderThePointer();
    void barsNeverOutnumberThePixels();
    void ticksAreRoundAndApart();
    void timesAreWrittenAsClocks();
};

}  // namespace pathloom
