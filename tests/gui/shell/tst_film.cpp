// SPDX-License-Identifier: GPL-3.0-or-later
// TestFilm.
#include "tests/gui/shell/tst_film.h"

#include "tests/gui/shell/patience.h"
#include "widgets/theme/pane_states.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/film/film_picture.h"
#include "widgets/views/film/film_strip.h"
#include "widgets/views/film/film_transport.h"
#include "widgets/views/film/film_view.h"
#include "widgets/views/probe/ask_page.h"
#include "widgets/views/probe/density_strip.h"
#include "widgets/views/probe/probe_pane.h"
#include "widgets/views/probe/text_view.h"

#include <QApplication>
#include <QBuffer>
#include <QCheckBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFile>
#include <QImage>
#include <QJsonDocument>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QToolBar>
#include <QToolButton>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr double greyASecond = 18 * 255.0 / 219;  // tests/samples/film/README.md; video levels to full range

/// What a frame of the sample says about its time.
double secondsIn(const QImage& frame)
{
    return frame.isNull() ? -1 : double(qGray(frame.pixel(frame.width() / 2, frame.height() / 2))) / greyASecond;
}

bool shows(FilmPlayer& player, double seconds)
{
    return std::abs(secondsIn(player.frame()) - seconds) < 0.26;
}

QVector<TimedPlace> threePlaces()
{
    return {{0, 10, 1, 3, QStringLiteral("subtitles")}, {10, 20, 5, 7, QStringLiteral("subtitles")},
        {20, 30, 5.5, 9, QStringLiteral("speech")}};
}

void wheel(QWidget* widget, const QPointF& at, int turn)
{
    QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, turn}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(widget, &event);
}

}  // namespace

void TestFilm::init()
{
    // Multimedia tells on its own that there is neither a sound server nor a graphics card.
    QTest::failOnWarning(QRegularExpression(
        QStringLiteral("^(?!This plugin does not support|.*PulseAudio|.*RHI|.*audio device|.*HW|.*hw context|>>>> listing)")));
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_CACHE_HOME", m_folder->filePath(QStringLiteral("cache")).toUtf8());
    m_theme = std::make_unique<ThemeController>();
    m_theme->applyTo(*qobject_cast<QApplication*>(QCoreApplication::instance()));
}

void TestFilm::cleanup()
{
    m_theme.reset();
    m_folder.reset();
}

QString TestFilm::writeFile(const QString& name, const QByteArray& bytes) const
{
    QFile file(m_folder->filePath(name));
    QDir().mkpath(QFileInfo(file.fileName()).path());
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) qFatal("cannot write %s", qPrintable(name));
    return file.fileName();
}

QString TestFilm::writeHelper(const QByteArray& body) const
{
    const QString path = writeFile(QStringLiteral("helper.sh"), "#!/bin/sh\n" + body);
    QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    return path;
}

QString TestFilm::copyFilm(const QString& name, const QString& sample) const
{
    const QString to = m_folder->filePath(name);
    if (!QFile::copy(sample, to)) qFatal("cannot copy the sample film");
    return to;
}

/// PATHLOOM_PICTURES: so that a person can look.
void TestFilm::picture(QWidget& widget, const QString& name)
{
    const QString out = qEnvironmentVariable("PATHLOOM_PICTURES");
    if (out.isEmpty()) return;
    for (const char* theme : {"dark", "light"}) {
        m_theme->setName(QLatin1String(theme));
        QCoreApplication::processEvents();  // what is restyled at the next turn
        QVERIFY(widget.grab().save(QDir(out).filePath(name + QLatin1Char('-') + QLatin1String(theme) + QStringLiteral(".png"))));
    }
}

void TestFilm::theFrameShownIsTheOneSoughtFor()
{
    FilmPlayer player;
    QSignalSpy frames(&player, &FilmPlayer::frameChanged);
    player.open(copyFilm(QStringLiteral("a.mp4")));
    QCOMPARE(player.state(), FilmPlayer::State::Paused);
    QCOMPARE(player.length(), 12.0);
    TRY_VERIFY(!player.frame().isNull());
    QVERIFY2(shows(player, 0), qPrintable(QString::number(secondsIn(player.frame()))));
    for (const double seconds : {5.0, 9.5, 2.0}) {
        player.seek(seconds);
        TRY_VERIFY(shows(player, seconds));
    }
    // A frame on, a frame back: exactly one each, and the film stands still.
    player.step(1);
    TRY_VERIFY(std::abs(player.position() - 2.1) < 0.01);
    player.step(-1);
    TRY_VERIFY(std::abs(player.position() - 2.0) < 0.01);
    QTRY_VERIFY(shows(player, 2.0));
    // Frames nobody looks at are not converted.
    const int converted = player.framesConverted();
    player.seek(7);
    TRY_VERIFY(std::abs(player.position() - 7) < 0.01);
    QCOMPARE(player.framesConverted(), converted);
    player.close();
    QCOMPARE(player.state(), FilmPlayer::State::Empty);
    QVERIFY(player.frame().isNull());
}

void TestFilm::theEndIsNotTheEnd()
{
    // The backend may forget to tell: then the clock does, but not while a slow machine may only be late.
    QVERIFY(hasRunOut(11.9, 12, 1, 4));
    QVERIFY(!hasRunOut(11.9, 12, 1, 2.5));
    QVERIFY(!hasRunOut(2, 12, 1, 10));
    QVERIFY(hasRunOut(2, 12, 2, 10));
    QVERIFY(!hasRunOut(5, 0, 1, 100));  // its length is not known
    FilmPlayer player;
    player.open(copyFilm(QStringLiteral("a.mp4")));
    player.seek(11.5);
    TRY_VERIFY(shows(player, 11.5));
    QSignalSpy moved(&player, &FilmPlayer::moved);
    player.play();
    QCOMPARE(player.state(), FilmPlayer::State::Playing);
    TRY_COMPARE(player.state(), FilmPlayer::State::Paused);  // it ran out
    QVERIFY(moved.size() >= 2);
    // Sought from there, it shows the frame; played from there, it begins anew.
    player.seek(3);
    TRY_VERIFY(shows(player, 3));
    player.seek(11.8);
    player.play();
    TRY_COMPARE(player.state(), FilmPlayer::State::Paused);
    player.play();
    TRY_VERIFY(player.position() > 0.05 && player.position() < 11);
    player.setRate(2);
    QCOMPARE(player.rate(), 2.0);
    player.pause();
    player.seek(1e9);  // the last frame, not nothing
    TRY_VERIFY(shows(player, 11.9));
}

void TestFilm::whatCannotBePlayedSaysWhy()
{
    FilmView view([](qint64, qint64) { return QString(); }, *m_theme);
    view.resize(640, 520);
    view.media().reader().setProgram(writeHelper("exec tail -f /dev/null\n"));
    view.show();
    view.setDocument(writeFile(QStringLiteral("talk.mkv"), "words"));
    view.addPlaces(threePlaces());
    QCOMPARE(view.media().stage(), FilmMedia::Stage::Looking);
    picture(view, QStringLiteral("film-looking"));
    view.media().reader().setProgram(writeHelper("echo '{\"error\":\"is no film: it holds text\",\"code\":2}'; exit 2\n"));
    view.media().retry();
    TRY_COMPARE(view.media().stage(), FilmMedia::Stage::Problem);
    QCOMPARE(view.media().problem().what, QStringLiteral("talk.mkv cannot be played"));
    QCOMPARE(view.media().problem().why, QStringLiteral("The file is no film: it holds text"));
    QVERIFY(view.media().player().file().isEmpty());  // what the helper refuses is never opened in the app
    picture(view, QStringLiteral("film-refused"));
    // The timeline works on.
    view.seek(6);
    QCOMPARE(view.position(), 6.0);
    QCOMPARE(view.strip()->position(), 6.0);
    // A helper that knows nothing of films leaves it to the player, and that says what it thinks.
    view.media().reader().setProgram(writeHelper("echo usage >&2; exit 2\n"));
    view.media().retry();
    TRY_COMPARE(view.media().stage(), FilmMedia::Stage::Problem);
    QVERIFY(view.media().problem().remedy.contains(QStringLiteral("H.264")));
    QFile::remove(m_folder->filePath(QStringLiteral("talk.mkv")));
    view.media().retry();
    TRY_COMPARE(view.media().stage(), FilmMedia::Stage::Problem);
    QCOMPARE(view.media().problem().what, QStringLiteral("talk.mkv is not there any more"));
    // No plugin that plays.
    const QStringList paths = QCoreApplication::libraryPaths();
    QCoreApplication::setLibraryPaths({m_folder->path()});
    QVERIFY(FilmPlayer::backendProblem().contains(QStringLiteral("ffmpeg")));
    FilmView mute([](qint64, qint64) { return QString(); }, *m_theme);
    mute.resize(640, 520);
    mute.media().reader().setProgram(m_folder->filePath(QStringLiteral("helper.sh")));
    mute.show();
    mute.setDocument(copyFilm(QStringLiteral("a.mp4")));
    mute.addPlaces(threePlaces());
    TRY_COMPARE(mute.media().stage(), FilmMedia::Stage::Problem);
    QVERIFY(mute.media().problem().remedy.contains(QStringLiteral("libqt6multimedia6")));
    mute.seek(2);
    QCOMPARE(mute.position(), 2.0);
    picture(mute, QStringLiteral("film-no-backend"));
    QCoreApplication::setLibraryPaths(paths);
}

void TestFilm::theTimelineIsUsedByPointerAndKeys()
{
    FilmPlaces places;
    places.append(threePlaces());
    FilmStrip strip(
        places, [](qint64 byte, qint64) { return QStringLiteral("words at %1").arg(byte); }, *m_theme);
    strip.setFilm(QStringLiteral("a.mp4"));
    strip.placesChanged();
    strip.setLength(100);
    strip.resize(696, strip.sizeHint().height());
    strip.show();
    QSignalSpy sought(&strip, &FilmStrip::seekWanted);
    const auto lastSought = [&] { return sought.isEmpty() ? -1.0 : sought.last().first().toDouble(); };
    const auto click = [&](const QPointF& at) { QTest::mouseClick(&strip, Qt::LeftButton, {}, at.toPoint()); };
    QCOMPARE(strip.window().width, 600.0);
    // The wheel zooms around the pointer.
    const QPointF at(StripLayout::gutter + 60, 20);
    wheel(&strip, at, 1200);
    QVERIFY(strip.window().span() < 20);
    QVERIFY(std::abs(strip.window().timeAt(60) - 10) < 0.5);
    strip.showWhole();
    // A bar leads to where its words begin, the space beside it to the time there, the axis scrubs.
    const QRectF bar = strip.barOf(1);
    QVERIFY(!bar.isEmpty());
    QCOMPARE(strip.placeAt(bar.center()), 1);
    click(bar.center());
    QCOMPARE(lastSought(), 5.0);
    click(QPointF(StripLayout::gutter + 300, bar.center().y()));
    QVERIFY(std::abs(lastSought() - 50) < 0.3);
    QTest::mousePress(&strip, Qt::LeftButton, {}, QPoint(int(StripLayout::gutter) + 60, strip.height() - 8));
    QTest::mouseMove(&strip, QPoint(int(StripLayout::gutter) + 120, strip.height() - 8));
    QTest::mouseRelease(&strip, Qt::LeftButton, {}, QPoint(int(StripLayout::gutter) + 120, strip.height() - 8));
    QVERIFY(std::abs(lastSought() - 20) < 0.3);
    QCOMPARE(sought.size(), 4);
    // A drag pans and seeks nothing.
    strip.zoomBy(10, 50);
    const double from = strip.window().from;
    QTest::mousePress(&strip, Qt::LeftButton, {}, QPoint(400, 20));
    QTest::mouseMove(&strip, QPoint(340, 20));
    QTest::mouseRelease(&strip, Qt::LeftButton, {}, QPoint(340, 20));
    QVERIFY(std::abs(strip.window().from - (from + 1)) < 1e-6);
    QCOMPARE(sought.size(), 4);
    // Playing pages along, but never fights who has looked elsewhere.
    strip.setPosition(strip.window().from + 1);
    strip.setPosition(strip.window().to + 1);
    QVERIFY(strip.window().from <= strip.position() && strip.position() <= strip.window().to);
    strip.panBy(30);
    const TimeWindow elsewhere = strip.window();
    strip.setPosition(strip.position() + 0.1);
    QCOMPARE(strip.window(), elsewhere);
    QTest::keyClick(&strip, Qt::Key_0);
    QVERIFY(strip.window().isWhole());
    QTest::keyClick(&strip, Qt::Key_Plus);
    QVERIFY(!strip.window().isWhole());
    QTest::keyClick(&strip, Qt::Key_PageDown);
    QTest::keyClick(&strip, Qt::Key_Minus);
    QVERIFY(strip.window().isWhole());
    // What is under the pointer, and the marks of an answer.
    QTest::mouseMove(&strip, bar.center().toPoint());
    QCOMPARE(strip.hoverLines().value(0), QStringLiteral("0:05.0 \u2013 0:07.0 \u00b7 Subtitles"));
    QCOMPARE(strip.hoverLines().value(1), QStringLiteral("words at 10"));
    EvidenceMark mark;
    mark.byte = 0;
    mark.end = 4;
    mark.mass = 0.75;
    strip.setMarks({mark}, {mark});
    QTest::mouseMove(&strip, strip.pointOf(mark).toPoint());
    QVERIFY2(strip.hoverLines().value(1).startsWith(QStringLiteral("75")), qPrintable(strip.hoverLines().value(1)));
    click(strip.pointOf(mark));
    QCOMPARE(lastSought(), 1.0);
    QVERIFY2(strip.csv().contains(QStringLiteral("1.000,3.000,Subtitles,0.75,words at 0")), qPrintable(strip.csv()));
}

void TestFilm::thePicturesAndFactsComeFromTheReader()
{
    QImage image(40, 24, QImage::Format_RGB32);
    image.fill(Qt::red);
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    QByteArray body = "case \"$1\" in --media) echo '{\"media\":{\"seconds\":12,\"video\":{\"codec\":\"h264\",\"width\":90,"
                      "\"height\":160,\"fps\":10,\"rotation\":90},\"audio\":null,\"subtitles\":[]}}';;\n--thumbnails)\n";
    for (const char* seconds : {"1", "6", "11"})
        body += QByteArray("echo '{\"thumbnail\":{\"seconds\":") + seconds + ",\"width\":40,\"height\":24,\"png\":\""
            + png.toBase64() + "\"}}'\n";
    body += "echo '{\"end\":3}';; esac\n";
    FilmView view([](qint64, qint64) { return QString(); }, *m_theme);
    view.resize(700, 560);
    view.media().reader().setProgram(writeHelper(body));
    const QString film = copyFilm(QStringLiteral("a.mp4"));
    view.setDocument(film);
    view.addPlaces(threePlaces());
    // Nothing is asked, opened or decoded while it is hidden.
    QVERIFY(!view.media().reader().isRunning());
    QVERIFY(view.media().player().file().isEmpty());
    view.show();
    TRY_COMPARE(view.media().stage(), FilmMedia::Stage::Picture);
    TRY_COMPARE(view.strip()->thumbnails(), 3);
    QCOMPARE(view.media().facts().picture->rotation, 90);
    QCOMPARE(view.strip()->window().length, 12.0);
    // A film filmed upright is shown upright: higher than wide, the frame's left at the top.
    const QRectF upright = pictureRect(QSizeF(160, 90), 90, QRectF(0, 0, 300, 300));
    QVERIFY(upright.height() > upright.width() && upright.center() == QPointF(150, 150));
    view.media().player().play();
    QCOMPARE(view.media().player().state(), FilmPlayer::State::Playing);
    view.hide();
    QCOMPARE(view.media().player().state(), FilmPlayer::State::Paused);
    const int converted = view.media().player().framesConverted();
    view.seek(8);
    TRY_VERIFY(std::abs(view.media().player().position() - 8) < 0.01);
    QCOMPARE(view.media().player().framesConverted(), converted);
    view.show();
    TRY_VERIFY(shows(view.media().player(), 8));
    // The keys.
    QTest::keyClick(&view, Qt::Key_Left);
    TRY_VERIFY(std::abs(view.media().player().position() - 7) < 0.01);
    QTest::keyClick(&view, Qt::Key_Period);
    TRY_VERIFY(std::abs(view.position() - 7.1) < 0.01);
    QTest::keyClick(&view, Qt::Key_BracketRight);
    QCOMPARE(view.media().player().rate(), 1.25);
    QTest::keyClick(&view, Qt::Key_Space);
    QCOMPARE(view.media().player().state(), FilmPlayer::State::Playing);
    QTest::keyClick(&view, Qt::Key_Space);
    QCOMPARE(view.media().player().state(), FilmPlayer::State::Paused);
    QTest::keyClick(&view, Qt::Key_Home);
    QCOMPARE(view.position(), 0.0);
}

void TestFilm::aBrokenReaderLeavesThePlayer()
{
    const QString film = copyFilm(QStringLiteral("a.mp4"));
    for (const char* body : {"kill -9 $$\n", "echo usage >&2; exit 2\n", "echo '[1,2'\n"}) {
        FilmView view([](qint64, qint64) { return QString(); }, *m_theme);
        view.media().reader().setProgram(writeHelper(body));
        view.show();
        view.setDocument(film);
        TRY_VERIFY2(view.media().stage() == FilmMedia::Stage::Picture, body);
        QCOMPARE(view.strip()->window().length, 12.0);  // the player knows it too
    }
    FilmView view([](qint64, qint64) { return QString(); }, *m_theme);
    view.media().reader().setProgram(m_folder->filePath(QStringLiteral("gone")));
    view.show();
    view.setDocument(film);
    TRY_COMPARE(view.media().stage(), FilmMedia::Stage::Picture);
}

void TestFilm::subtitlesFindTheirFilm()
{
    const QString words = writeFile(QStringLiteral("talk.en.srt"), "x");
    QVERIFY(mediaBeside(words).isEmpty());
    FilmView view([](qint64, qint64) { return QString(); }, *m_theme);
    view.resize(640, 520);
    view.media().reader().setProgram(writeHelper("exit 2\n"));
    view.show();
    view.setDocument(words);
    view.addPlaces(threePlaces());
    QCOMPARE(view.media().stage(), FilmMedia::Stage::NoFilm);
    picture(view, QStringLiteral("film-none"));
    const QString film = copyFilm(QStringLiteral("other.mp4"));
    Messages::setNextPaths({film});
    view.findChild<EmptyPage*>()->findChild<QPushButton*>()->click();
    QCOMPARE(view.media().file(), film);
    TRY_COMPARE(view.media().stage(), FilmMedia::Stage::Picture);
    writeFile(QStringLiteral("talk.txt"), "x");
    writeFile(QStringLiteral("talk.mp3"), "x");
    QCOMPARE(mediaBeside(words), QStringList{m_folder->filePath(QStringLiteral("talk.mp3"))});
    writeFile(QStringLiteral("talk.en.mkv"), "x");
    QCOMPARE(mediaBeside(words), QStringList{m_folder->filePath(QStringLiteral("talk.en.mkv"))});
}

void TestFilm::aFilmIsAskedAndPlayed()
{
    if (!QFileInfo::exists(QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("pathloom-probe"))))
        QSKIP("pathloom-probe is not part of this build");
    copyFilm(QStringLiteral("talk.mp4"));
    QByteArray words;
    for (int i = 0; i < 11; ++i) {
        const QByteArray at = (i < 10 ? "0" : "") + QByteArray::number(i);
        words += "00:00:" + at + ",000 --> 00:00:" + at + ",900\n"
            + (i == 6 ? QByteArray("The vault in Lisbon opens with 7304918.")
                      : QByteArray("The river was seen by many people of that country in winter, said number ")
                        + QByteArray::number(i) + ".")
            + "\n\n";
    }
    FakeEngine engine;
    MainWindow window(*m_theme);
    window.resize(1280, 820);
    window.show();
    window.connectRemote({QString::fromStdString(engine.address()), QStringLiteral("secret"), {}, {}, {}});
    TRY_VERIFY(window.session().client().isConnected());
    window.applyLayout(QStringLiteral("probe"));
    auto* probe = qobject_cast<ProbePane*>(window.pane(QStringLiteral("probe")));
    probe->addDocuments({writeFile(QStringLiteral("talk.srt"), words)});
    TRY_VERIFY(!probe->isBusy());
    DocumentView* document = probe->askPage()->documentView();
    FilmView* film = document->film();
    QVERIFY(document->isFilm());
    QVERIFY(!document->strip()->isVisible());
    QCOMPARE(film->media().file(), m_folder->filePath(QStringLiteral("talk.mp4")));
    TRY_COMPARE(film->media().stage(), FilmMedia::Stage::Picture);
    QCOMPARE(film->places().all().size(), 11);
    QCOMPARE(film->places().all()[6].until, 6.9);
    // The place the answer was read from is where the player goes.
    probe->askPage()->ask(QStringLiteral("What opens the vault in Lisbon?"), QStringLiteral("The vault in Lisbon opens with"));
    TRY_VERIFY(!probe->isBusy());
    QVERIFY2(probe->askPage()->answerText().contains(QStringLiteral("7304918")), qPrintable(probe->askPage()->answerText()));
    TRY_VERIFY(std::abs(film->position() - 6) < 0.01);
    TRY_VERIFY(shows(film->media().player(), 6));
    picture(window, QStringLiteral("film-asked"));
    // A click into the text goes there, and the mark button back.
    TextView* text = document->textView();
    text->goTo(0);
    QTest::mouseClick(text->viewport(), Qt::LeftButton, {}, QPoint(150, 12));
    TRY_VERIFY(std::abs(film->media().player().position()) < 0.01);
    QTest::keyClick(film, Qt::Key_N);
    TRY_VERIFY(std::abs(film->media().player().position() - 6) < 0.01);
    TRY_VERIFY(shows(film->media().player(), 6));  // a picture of the place before may still be on its way
    // While it plays, the text follows.
    QSignalSpy now(film, &FilmView::nowAt);
    film->transport()->togglePlay();
    TRY_VERIFY(std::any_of(now.begin(), now.end(), [&](const QList<QVariant>& place) {
        return place.first().toLongLong() == film->places().all()[7].byte && place.last().toBool();
    }));
    // Another page hides the film, and it stops.
    probe->tabs()->setCurrentIndex(1);
    QCOMPARE(film->media().player().state(), FilmPlayer::State::Paused);
    probe->tabs()->setCurrentIndex(0);
    // A document without times is a document again.
    probe->addDocuments({writeFile(QStringLiteral("book.txt"), "The river was seen by many people.\n")});
    TRY_VERIFY(!probe->isBusy());
    probe->askPage()->showDocument(m_folder->filePath(QStringLiteral("book.txt")));
    QVERIFY(!document->isFilm() && !film->isVisible() && document->strip()->isVisible());
    QCOMPARE(film->media().stage(), FilmMedia::Stage::Nothing);
    probe->askPage()->showDocument(m_folder->filePath(QStringLiteral("talk.srt")));
    QVERIFY(document->isFilm());
    QCOMPARE(film->places().all().size(), 11);
}

void TestFilm::aPictureIsFoundInTheFilm()
{
    FilmView view({}, *m_theme);
    const QByteArray facts
        = "{\\\"media\\\":{\\\"seconds\\\":12,\\\"video\\\":{\\\"codec\\\":\\\"h264\\\",\\\"width\\\":160,\\\"height\\\":90,"
          "\\\"fps\\\":10,\\\"rotation\\\":0},\\\"audio\\\":null,\\\"subtitles\\\":[]}}";
    view.media().reader().setProgram(writeHelper("echo \"" + facts + "\"\n"));
    view.setDocument(copyFilm(QStringLiteral("walk.mp4")));
    view.resize(700, 420);
    view.show();
    TRY_COMPARE(view.media().stage(), FilmMedia::Stage::Picture);
    auto* find = view.findChild<QToolButton*>(QStringLiteral("film.find.button"));
    TRY_VERIFY(find->isEnabled());
    auto* note = view.findChild<QLabel*>(QStringLiteral("film.note"));
    const QString image = writeFile(QStringLiteral("still.png"), "no picture");
    view.finder().setProgram(writeHelper("echo '{\"code\":2,\"error\":\"is damaged or no film\"}'; exit 2\n"));
    view.findPicture(image);
    TRY_VERIFY(note->text().contains(QStringLiteral("is damaged")) && note->isVisible());
    view.finder().setProgram(writeHelper("[ \"$1\" = --find ] && [ \"$2\" = " + image.toUtf8()
        + " ] || exit 3\n"
          "echo '{\"progress\":{\"done\":6,\"total\":12}}'\necho '{\"moment\":{\"seconds\":7,\"difference\":0.02}}'\n"
          "echo '{\"moment\":{\"seconds\":2,\"difference\":0.4}}'\necho '{\"end\":2}'\n"));
    view.findPicture(image);
    TRY_VERIFY(note->text().contains(QStringLiteral("still.png: 0:07; then 0:02")));
    QCOMPARE(view.position(), 7.0);
    TRY_VERIFY(shows(view.media().player(), 7));
    picture(view, QStringLiteral("film-found"));
    // Another film knows nothing of it.
    view.setDocument(copyFilm(QStringLiteral("other.mp4")));
    QVERIFY(!note->text().contains(QStringLiteral("still.png")));
}

}  // namespace pathloom
