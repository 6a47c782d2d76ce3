// SPDX-License-Identifier: GPL-3.0-or-later
// Films: the player, the timeline, and a film in the probe pane of the real window, asked by the real reader.
#pragma once

#include "app/main_window.h"
#include "tests/gui/shell/fake_engine.h"
#include "widgets/theme/theme.h"

#include <QObject>
#include <QTemporaryDir>

#include <memory>

namespace pathloom {

class FilmView;

class TestFilm final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void theFrameShownIsTheOneSoughtFor();
    void theEndIsNotTheEnd();
    void whatCannotBePlayedSaysWhy();
    void theTimelineIsUsedByPointerAndKeys();
    void thePicturesAndFactsComeFromTheReader();
    void aBrokenReaderLeavesThePlayer();
    void subtitlesFindTheirFilm();
    void aFilmIsAskedAndPlayed();
    void aFilmIsADocument();
    void whatAFilmShowsIsAskedToo();
    void howFilmsAreReadIsChosen();
    void aPictureIsFoundInTheFilm();

private:
    QString writeFile(const QString& name, const QByteArray& bytes) const;
    QString writeHelper(const QByteArray& body) const;
    QString copyFilm(const QString& name, const QString& sample = QStringLiteral(FILM_SAMPLES "/grey.mp4")) const;
    void picture(QWidget& widget, const QString& name);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ThemeController> m_theme;
};

}  // namespace pathloom
