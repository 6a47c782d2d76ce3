// SPDX-License-Identifier: GPL-3.0-or-later
// FilmView.
#include "widgets/views/film/film_view.h"

#include "widgets/models/film_timeline.h"
#include "widgets/models/formats.h"
#include "widgets/theme/pane_states.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/film/film_picture.h"
#include "widgets/views/film/film_strip.h"
#include "widgets/views/film/film_transport.h"

#include <QFileInfo>
#include <QKeyEvent>
#include <QLabel>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace pathloom {
FilmView::FilmView(TextOf textOf, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_textOf(std::move(textOf))
    , m_theme(theme)
    , m_screen(new QWidget)
    , m_stack(new QStackedLayout(m_screen))
    , m_picture(new FilmPicture(m_media.player(), theme))
    , m_loading(new LoadingPage(theme))
    , m_empty(new EmptyPage)
    , m_error(new ErrorPage)
    , m_transport(new FilmTransport(m_media.player()))
    , m_note(new QLabel)
    , m_strip(new FilmStrip(m_places, m_textOf, theme))
{
    build();
    connect(&m_media, &FilmMedia::changed, this, &FilmView::updateMedia);
    connect(&m_media, &FilmMedia::opened, this, [this] {
        if (m_position > 0) m_media.player().seek(m_position);
    });
    connect(&m_media, &FilmMedia::thumbnailRead, m_strip, &FilmStrip::addThumbnail);
    connect(&m_media.player(), &FilmPlayer::moved, this, &FilmView::takePosition);
    connect(m_picture, &FilmPicture::clicked, m_transport, &FilmTransport::togglePlay);
    connect(m_empty, &EmptyPage::triggered, this, &FilmView::chooseFilm);
    connect(m_error, &ErrorPage::retryRequested, &m_media, &FilmMedia::retry);
    connect(m_strip, &FilmStrip::seekWanted, this, &FilmView::seek);
    connect(m_transport, &FilmTransport::markWanted, this, &FilmView::goToMark);
    connect(m_transport, &FilmTransport::pictureWanted, this, &FilmView::choosePicture);
    connect(&m_finder, &MediaReader::found, this, &FilmView::takeFound);
    connect(&m_finder, &MediaReader::progressed, this,
        [this](double share) { showNote(tr("Looking for %1: %2").arg(m_sought, percentText(share))); });
    const auto notFound = [this](const QString& why) { showNote(tr("%1 was not looked for: %2").arg(m_sought, why)); };
    connect(&m_finder, &MediaReader::refused, this, notFound);
    connect(&m_finder, &MediaReader::unavailable, this, notFound);
    connect(m_transport, &FilmTransport::followChanged, this, [this] {
        m_now = -2;
        takePosition(m_position);
    });
    connect(&theme, &ThemeController::changed, this, &FilmView::restyle);
    restyle();
    updateMedia();
}

void FilmView::build()
{
    setObjectName(QStringLiteral("film"));
    m_screen->setObjectName(QStringLiteral("film.screen"));
    m_screen->setMinimumHeight(120);
    for (QWidget* page : {static_cast<QWidget*>(m_picture), static_cast<QWidget*>(m_loading), static_cast<QWidget*>(m_empty),
             static_cast<QWidget*>(m_error)})
        m_stack->addWidget(page);
    m_empty->set(
        tr("No film named like these subtitles lies beside them. Their words and times are below."), tr("Choose the Film\u2026"));
    m_note->setObjectName(QStringLiteral("film.note"));
    m_note->setFont(Theme::labelFont());
    m_note->setWordWrap(true);
    m_note->setContentsMargins(12, 0, 12, 4);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_screen, 1);
    column->addWidget(m_transport);
    column->addWidget(m_note);
    column->addWidget(m_strip);
}

void FilmView::restyle()
{
    m_empty->restyle(m_theme.theme());
    m_error->restyle(m_theme.theme());
    m_loading->restyle(m_theme.theme());
}

void FilmView::setDocument(const QString& name)
{
    if (name == m_media.document()) return;
    m_passages.clear();
    m_position = 0;
    m_now = -2;
    m_places = {};
    m_finder.stop();
    m_found.clear();
    m_strip->setFilm(QFileInfo(name).fileName());
    m_transport->setMarksKnown(false);
    m_media.setDocument(name);
}

void FilmView::addPlaces(const QVector<TimedPlace>& places)
{
    m_places.append(places);
    m_strip->placesChanged();
    updateLength();
}

void FilmView::setMarks(const QVector<EvidenceMark>& marks, const QVector<EvidenceMark>& passages)
{
    m_passages = passages;
    m_passages.removeIf([this](const EvidenceMark& mark) { return m_places.timeOf(mark) < 0; });
    std::sort(m_passages.begin(), m_passages.end(),
        [this](const EvidenceMark& a, const EvidenceMark& b) { return m_places.timeOf(a) < m_places.timeOf(b); });
    m_strip->setMarks(marks, m_passages);
    m_transport->setMarksKnown(!m_passages.isEmpty());
}

void FilmView::seek(double seconds)
{
    if (m_strip->window().length > 0) seconds = std::clamp(seconds, 0.0, m_strip->window().length);
    m_media.player().seek(seconds);
    takePosition(seconds);
    m_strip->reveal(seconds);
}

void FilmView::seekToByte(qint64 byte)
{
    if (const double cue = m_places.cueOf(byte); cue >= 0) seek(cue);
}

void FilmView::seekToMark(const EvidenceMark& mark)
{
    if (const double cue = m_places.cueOf(mark); cue >= 0) seek(cue);
}

void FilmView::goToMark(int direction)
{
    constexpr double same = 0.05;  // seconds: standing on a mark is not before it
    const EvidenceMark* found = nullptr;
    for (const EvidenceMark& mark : std::as_const(m_passages)) {
        if (direction > 0 && m_places.cueOf(mark) > m_position + same && !found) found = &mark;
        if (direction < 0 && m_places.cueOf(mark) < m_position - same) found = &mark;
    }
    if (found) seek(m_places.cueOf(*found));
}

void FilmView::takePosition(double seconds)
{
    m_position = seconds;
    m_strip->setPosition(seconds);
    m_transport->setTime(seconds, m_strip->window().length);
    const int now = m_places.atTime(seconds);
    if (now == m_now) return;
    m_now = now;
    const TimedPlace place = now >= 0 ? m_places.all()[now] : TimedPlace{-1, -1, 0, -1, {}};
    Q_EMIT nowAt(place.byte, place.end, m_transport->follows());
}

void FilmView::updateLength()
{
    m_strip->setLength(std::max(m_media.length(), m_places.length()));
    m_transport->setTime(m_position, m_strip->window().length);
}

void FilmView::updateMedia()
{
    const FilmMedia::Stage stage = m_media.stage();
    const MediaFacts& facts = m_media.facts();
    m_picture->setRotation(facts.picture ? facts.picture->rotation : 0, facts.picture ? facts.picture->size : QSize());
    m_strip->setPicturesShown(facts.picture.has_value());
    updateLength();
    m_transport->setPicturesKnown(facts.picture.has_value());
    showNote(m_found);
    // A sound has no picture: its room goes to the text.
    m_screen->setVisible(stage != FilmMedia::Stage::SoundOnly && stage != FilmMedia::Stage::Nothing);
    if (stage == FilmMedia::Stage::Looking) {
        m_loading->set(tr("Looking into %1").arg(QFileInfo(m_media.file()).fileName()), -1, false);
        m_stack->setCurrentWidget(m_loading);
    } else if (stage == FilmMedia::Stage::NoFilm) {
        m_stack->setCurrentWidget(m_empty);
    } else if (stage == FilmMedia::Stage::Problem) {
        const FilmMedia::Problem problem = m_media.problem();
        m_error->set(problem.what, problem.why, problem.remedy, {});
        m_stack->setCurrentWidget(m_error);
    } else {
        m_stack->setCurrentWidget(m_picture);
    }
}

void FilmView::showNote(const QString& found)
{
    m_found = found;
    QStringList lines{m_media.note(), found};
    lines.removeAll(QString());
    m_note->setText(lines.join(QLatin1Char('\n')));
    m_note->setVisible(!lines.isEmpty());
}

void FilmView::choosePicture()
{
    const QString image = Messages::chooseFile(this, tr("Find This Picture"), QFileInfo(m_media.document()).absolutePath(),
        tr("Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.gif *.tif *.tiff);;All files (*)"));
    if (!image.isEmpty()) findPicture(image);
}

void FilmView::findPicture(const QString& image)
{
    m_sought = QFileInfo(image).fileName();
    showNote(tr("Looking for %1").arg(m_sought));
    m_finder.findPicture(m_media.file(), image);
}

void FilmView::takeFound(const QVector<MediaMoment>& moments)
{
    if (moments.isEmpty()) return showNote(tr("%1 was not found: the film has no picture").arg(m_sought));
    const bool hours = m_strip->window().length >= 3600;
    QStringList others;
    for (qsizetype i = 1; i < moments.size(); ++i) others.append(filmTime(moments[i].seconds, 0, hours));
    const QString first = filmTime(moments.first().seconds, 0, hours);
    seek(moments.first().seconds);
    showNote(others.isEmpty() ? tr("Most like %1: %2").arg(m_sought, first)
                              : tr("Most like %1: %2; then %3").arg(m_sought, first, others.join(QStringLiteral(", "))));
}

void FilmView::chooseFilm()
{
    const QString chosen
        = Messages::chooseFiles(this, tr("Choose the Film"), QFileInfo(m_media.document()).absolutePath(), tr("All files (*)"))
              .value(0);
    if (!chosen.isEmpty()) m_media.setFile(chosen);
}

void FilmView::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_media.setActive(true, int(std::ceil(StripLayout::pictures * devicePixelRatioF())));
}

void FilmView::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    m_media.setActive(false, 0);
    if (m_finder.isRunning()) {
        m_finder.stop();
        showNote({});
    }
}

void FilmView::keyPressEvent(QKeyEvent* event)
{
    const double wide = event->modifiers().testFlag(Qt::ShiftModifier) ? 10 : 1;
    switch (event->key()) {
    case Qt::Key_Space:
    case Qt::Key_K:
        return m_transport->togglePlay();
    case Qt::Key_Left:
        return seek(m_position - wide);
    case Qt::Key_Right:
        return seek(m_position + wide);
    case Qt::Key_Home:
        return seek(0);
    case Qt::Key_End:
        return seek(m_strip->window().length);
    case Qt::Key_Comma:
        return m_media.player().step(-1);
    case Qt::Key_Period:
        return m_media.player().step(1);
    case Qt::Key_BracketLeft:
        return m_transport->changeSpeed(-1);
    case Qt::Key_BracketRight:
        return m_transport->changeSpeed(1);
    case Qt::Key_M:
        return m_transport->toggleMuted();
    case Qt::Key_F:
        return m_transport->toggleFollow();
    case Qt::Key_Slash:
        if (m_media.facts().picture) choosePicture();
        return;
    case Qt::Key_N:
        return goToMark(1);
    case Qt::Key_P:
        return goToMark(-1);
    default:
        QWidget::keyPressEvent(event);
    }
}

}  // namespace pathloom
