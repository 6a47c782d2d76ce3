// SPDX-License-Identifier: GPL-3.0-or-later
// TestFilm: films as documents of the probe pane, and how they are read.
#include "tests/gui/shell/patience.h"
#include "tests/gui/shell/tst_film.h"
#include "widgets/views/common/film_reading_dialog.h"
#include "widgets/views/film/film_strip.h"
#include "widgets/views/film/film_view.h"
#include "widgets/views/probe/ask_page.h"
#include "widgets/views/probe/probe_pane.h"

#include <QCheckBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFile>
#include <QJsonDocument>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolBar>

#include <cmath>

namespace pathloom {

/// Not its subtitles but the film itself is dropped: the importer reads it, with the subtitles beside it as one of its tracks.
void TestFilm::aFilmIsADocument()
{
    if (!QFileInfo::exists(QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("pathloom-read"))))
        QSKIP("pathloom-read is not part of this build");
    const QString film = copyFilm(QStringLiteral("walk.mp4"));
    writeFile(QStringLiteral("walk.srt"), "00:00:02,000 --> 00:00:04,500\nThe river was seen by many people.\n");
    ProbePane pane(*m_theme);
    pane.resize(1100, 700);
    pane.show();
    pane.addDocuments({film});
    TRY_VERIFY(!pane.isBusy());
    QVERIFY2(pane.documents().rowCount() == 1 && pane.documents().rows().first().problem.isEmpty(),
        qPrintable(pane.documents().rows().value(0).problem));
    const DocumentView* document = pane.askPage()->documentView();
    QVERIFY(document->isFilm());
    QCOMPARE(document->film()->places().all().first().track, QStringLiteral("subtitles"));
    QCOMPARE(document->film()->places().all().first().until, 4.5);
    QCOMPARE(document->film()->media().file(), film);
    TRY_COMPARE(document->film()->media().stage(), FilmMedia::Stage::Picture);
    QCOMPARE(document->film()->media().facts().picture->size, QSize(160, 90));
    TRY_VERIFY(document->film()->strip()->thumbnails() > 10);
}

/// A film without any text: its name stands for it, and a question is answered from one of its pictures.
void TestFilm::whatAFilmShowsIsAskedToo()
{
    for (const char* program : {"pathloom-probe", "pathloom-read"})
        if (!QFileInfo::exists(QDir(QCoreApplication::applicationDirPath()).filePath(QLatin1String(program))))
            QSKIP("the reader's programs are not part of this build");
    const QString film = copyFilm(QStringLiteral("silent.mp4"), QStringLiteral(PROBE_RESOURCES "/secret.mp4"));
    ProbePane pane(*m_theme);
    pane.resize(1100, 700);
    pane.show();
    FilmReading reading;
    reading.pictureText = false;
    reading.pictures = true;
    pane.setFilmReading(reading);
    pane.addDocuments({film});
    TRY_VERIFY(!pane.isBusy());
    QVERIFY2(pane.documents().rowCount() == 1 && pane.documents().rows().first().problem.isEmpty(),
        qPrintable(pane.documents().rows().value(0).problem));
    DocumentView* document = pane.askPage()->documentView();
    QVERIFY(document->isFilm());
    QCOMPARE(document->film()->places().all().size(), 1);  // its name
    QCOMPARE(pane.documents().rows().first().pictures, 10);
    QVERIFY(pane.documents()
                .index(0, ProbeDocumentsModel::Tokens)
                .data(Qt::ToolTipRole)
                .toString()
                .contains(QStringLiteral("10 pictures")));
    TRY_COMPARE(document->film()->media().stage(), FilmMedia::Stage::Picture);
    pane.askPage()->ask(QStringLiteral("What is the secret word?"), QString());
    TRY_VERIFY(!pane.isBusy());
    QCOMPARE(pane.askPage()->answerText(), QStringLiteral("lantern"));
    TRY_VERIFY(std::abs(document->film()->position() - 6) < 0.01);
    FilmStrip* strip = document->film()->strip();
    QVERIFY2(strip->csv().contains(QStringLiteral("6.000,,Picture,1,")), qPrintable(strip->csv()));
    QTest::keyClick(document->film(), Qt::Key_Home);
    TRY_VERIFY(document->film()->position() < 0.01);
    QTest::keyClick(document->film(), Qt::Key_N);  // the next place of the answer
    TRY_VERIFY(std::abs(document->film()->position() - 6) < 0.01);
    auto* note = pane.findChild<QLabel*>(QStringLiteral("probe.answer.note"));
    QVERIFY2(note->text().contains(QStringLiteral("spelt from a picture")), qPrintable(note->text()));
    picture(pane, QStringLiteral("film-picture-asked"));
    // What it does not show is not made up, and the mark is gone.
    pane.askPage()->ask(QStringLiteral("What is the access code of Lisbon?"), QString());
    TRY_VERIFY(!pane.isBusy());
    QCOMPARE(pane.askPage()->answerText(), QStringLiteral("none"));
    QVERIFY(!note->text().contains(QStringLiteral("picture")));
}

/// Languages are those that are installed, speech says why it is off, and what is chosen goes with the documents opened next.
void TestFilm::howFilmsAreReadIsChosen()
{
    const QString program
        = writeHelper("[ \"$*\" = --abilities ] || exit 2\necho "
                      "'{\"abilities\":{\"text_languages\":[\"chi_sim\",\"deu\",\"eng\"],\"speech\":false,"
                      "\"speech_problem\":\"the English model is not installed; install pocketsphinx-en-us\"}}'\n");
    FilmReading known;
    known.languages = {QStringLiteral("eng"), QStringLiteral("tlh")};
    known.speech = true;
    auto* dialog = new FilmReadingDialog(known, FilmReadingDialog::For::Probe, *m_theme, nullptr, program);
    QSignalSpy chosen(dialog, &FilmReadingDialog::chosen);
    dialog->show();
    auto* languages = dialog->findChild<QListWidget*>(QStringLiteral("films.languages"));
    TRY_VERIFY(languages->count() == 4);
    QCOMPARE(languages->item(0)->text(), QStringLiteral("Chinese (chi_sim)"));
    QCOMPARE(languages->item(1)->text(), QStringLiteral("German (deu)"));
    QVERIFY(languages->item(3)->text().contains(QStringLiteral("not installed")));
    QCOMPARE(languages->item(3)->checkState(), Qt::Checked);  // it was chosen, and can be given up
    auto* speech = dialog->findChild<QCheckBox*>(QStringLiteral("films.speech"));
    QVERIFY(!speech->isEnabled() && !speech->isChecked());
    QVERIFY(
        dialog->findChild<QLabel*>(QStringLiteral("films.speech.note"))->text().contains(QStringLiteral("pocketsphinx-en-us")));
    picture(*dialog, QStringLiteral("film-reading"));
    auto* keep = dialog->findChild<QPushButton*>(QStringLiteral("films.keep"));
    for (int i = 0; i < 4; ++i) languages->item(i)->setCheckState(Qt::Unchecked);
    keep->click();  // text without a language is refused
    QCOMPARE(chosen.size(), 0);
    QVERIFY(dialog->findChild<QLabel*>(QStringLiteral("films.problem"))->isVisible());
    languages->item(1)->setCheckState(Qt::Checked);
    auto* pictures = dialog->findChild<QCheckBox*>(QStringLiteral("films.pictures"));
    QVERIFY(pictures->isVisible() && !pictures->isChecked());
    pictures->setChecked(true);
    dialog->findChild<QDoubleSpinBox*>(QStringLiteral("films.rate"))->setValue(2.5);
    keep->click();
    QCOMPARE(chosen.size(), 1);
    const auto reading = chosen.first().first().value<FilmReading>();
    QCOMPARE(reading.languages, QStringList{QStringLiteral("deu")});
    QCOMPARE(reading.framesPerSecond, 2.5);
    QVERIFY(!reading.speech && reading.pictures);
    QCOMPARE(toFilmReading(toJson(reading)), reading);
    QVERIFY(filmReadingText(reading).contains(QStringLiteral("German")));

    // A helper that knows nothing of it leaves the choice as it was.
    auto* second = new FilmReadingDialog(known, FilmReadingDialog::For::Import, *m_theme, nullptr, writeHelper("exit 2\n"));
    second->show();
    TRY_VERIFY(second->findChild<QLabel*>(QStringLiteral("films.problem"))->isVisible());
    QCOMPARE(second->findChild<QListWidget*>(QStringLiteral("films.languages"))->count(), 2);
    QVERIFY(!second->findChild<QCheckBox*>(QStringLiteral("films.pictures"))->isVisible());  // an import asks nothing
    second->close();

    // The session hears it.
    ProbePane pane(*m_theme);
    pane.session().setProgram(writeHelper("grep -m1 '\"add\"' > " + m_folder->filePath(QStringLiteral("heard")).toUtf8() + "\n"));
    pane.setFilmReading(reading);
    QCOMPARE(pane.state(), PaneFrame::State::Empty);
    for (const QToolBar* bar : pane.findChildren<QToolBar*>())
        QVERIFY(bar->isEnabled());  // how films are read is chosen before the first one is opened
    pane.addDocuments({QStringLiteral("/no/film.mp4")});
    QJsonObject request;
    TRY_VERIFY([&] {
        QFile heard(m_folder->filePath(QStringLiteral("heard")));
        if (heard.open(QIODevice::ReadOnly)) request = QJsonDocument::fromJson(heard.readAll()).object();
        return !request.isEmpty();
    }());
    QCOMPARE(toFilmReading(request.value(QLatin1String("reading")).toObject()), reading);
}

}  // namespace pathloom
