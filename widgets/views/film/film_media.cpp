// SPDX-License-Identifier: GPL-3.0-or-later
// FilmMedia.
#include "widgets/views/film/film_media.h"

#include <QFileInfo>

#include <algorithm>

namespace pathloom {
namespace {

constexpr int thumbnailCount = 48;

bool isSubtitles(const QString& file)
{
    const QString kind = QFileInfo(file).suffix().toLower();
    return kind == QLatin1String("srt") || kind == QLatin1String("vtt");
}

}  // namespace

FilmMedia::FilmMedia(QObject* parent)
    : QObject(parent)
{
    connect(&m_reader, &MediaReader::factsRead, this, [this](const MediaFacts& facts) {
        m_facts = facts;
        m_factsKnown = true;
        openPlayer();
        Q_EMIT changed();
        askForThumbnails();
    });
    connect(&m_reader, &MediaReader::refused, this, [this](const QString& why) {
        if (m_factsKnown) return;  // only its small pictures are missing
        m_refused = why;
        Q_EMIT changed();
    });
    connect(&m_reader, &MediaReader::unavailable, this, [this] {
        if (!m_factsKnown) openPlayer();  // the player may know the file all the same
    });
    connect(&m_reader, &MediaReader::thumbnailRead, this,
        [this](const MediaThumbnail& one) { Q_EMIT thumbnailRead(one.seconds, QImage::fromData(one.png, "PNG")); });
    connect(&m_reader, &MediaReader::thumbnailsEnded, this, [this] { m_thumbnailsDone = true; });
    connect(&m_player, &FilmPlayer::stateChanged, this, &FilmMedia::changed);
    connect(&m_player, &FilmPlayer::lengthChanged, this, &FilmMedia::changed);
}

void FilmMedia::forget()
{
    m_reader.stop();
    m_facts = {};
    m_refused.clear();
    m_looked = m_factsKnown = m_thumbnailsDone = false;
    m_player.close();
}

void FilmMedia::setDocument(const QString& name)
{
    m_document = name;
    setFile(isSubtitles(name) ? mediaBeside(name).value(0) : name);
}

void FilmMedia::setFile(const QString& file)
{
    m_file = file;
    retry();
}

void FilmMedia::retry()
{
    forget();
    look();
    Q_EMIT changed();
}

void FilmMedia::setActive(bool active, int thumbnailHeight)
{
    m_active = active;
    m_thumbnailHeight = thumbnailHeight;
    if (!active) {
        m_player.pause();
        m_reader.stop();
        if (!m_factsKnown && m_player.state() == FilmPlayer::State::Empty) m_looked = false;  // asked again when it is shown
        return;
    }
    look();
    if (m_factsKnown) {  // it was hidden before it was opened, or before its pictures were complete
        openPlayer();
        askForThumbnails();
    }
}

void FilmMedia::look()
{
    if (m_file.isEmpty() || m_looked || !m_active) return;
    m_looked = true;
    m_reader.readFacts(m_file);
}

void FilmMedia::openPlayer()
{
    if (!m_active || m_player.file() == m_file) return;
    m_player.open(m_file);
    if (m_player.state() == FilmPlayer::State::Paused) Q_EMIT opened();
}

void FilmMedia::askForThumbnails()
{
    if (m_active && m_facts.picture && !m_thumbnailsDone) m_reader.readThumbnails(m_file, thumbnailCount, m_thumbnailHeight);
}

double FilmMedia::length() const
{
    return std::max(m_facts.seconds, m_player.length());
}

FilmMedia::Stage FilmMedia::stage() const
{
    if (m_document.isEmpty()) return Stage::Nothing;
    if (m_file.isEmpty()) return Stage::NoFilm;
    if (!m_refused.isEmpty() || m_player.state() == FilmPlayer::State::Failed) return Stage::Problem;
    if (m_player.state() == FilmPlayer::State::Empty) return Stage::Looking;
    return m_player.hasPicture() ? Stage::Picture : Stage::SoundOnly;
}

FilmMedia::Problem FilmMedia::problem() const
{
    const QString name = QFileInfo(m_file).fileName();
    const QString usable = tr("The timeline and the text can be used all the same.");
    if (!QFileInfo::exists(m_file))
        return {tr("%1 is not there any more").arg(name), m_file, tr("Bring it back and try again. %1").arg(usable)};
    if (!m_refused.isEmpty()) return {tr("%1 cannot be played").arg(name), tr("The file %1").arg(m_refused), usable};
    if (!FilmPlayer::backendProblem().isEmpty())
        return {tr("Films cannot be played on this computer"), FilmPlayer::backendProblem(),
            tr("Install the package libqt6multimedia6 and start Pathloom again. %1").arg(usable)};
    return {tr("%1 cannot be played").arg(name), m_player.problem(),
        tr("Convert it to a common format, such as H.264 in MP4. %1").arg(usable)};
}

QString FilmMedia::note() const
{
    const Stage now = stage();
    if (now == Stage::Picture) return m_player.hasSound() ? QString() : tr("This film has no sound.");
    if (now != Stage::SoundOnly) return {};
    if (m_facts.picture)
        return tr("The picture (%1) cannot be decoded here; convert the film to H.264. Its sound can be heard.")
            .arg(m_facts.picture->codec);
    if (!FilmPlayer::hasLoudspeaker())
        return tr("There is no loudspeaker on this computer, so the sound cannot be heard. The timeline and the text can be used "
                  "all the same.");
    return {};
}

}  // namespace pathloom
