// SPDX-License-Identifier: GPL-3.0-or-later
// FilmPlayer over QMediaPlayer, with what Qt 6.4 needs to be told.
#include "widgets/media/film_player.h"

#include <QAudioDevice>
#include <QAudioOutput>
#include <QCoreApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QMediaDevices>
#include <QMediaMetaData>
#include <QMediaPlayer>
#include <QTimer>
#include <QUrl>
#include <QVideoFrame>
#include <QVideoSink>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pathloom {
namespace {

constexpr double usualFrame = 1 / 25.0;  // seconds, when nobody knows
constexpr int watchMs = 500;
constexpr double overdue = 3;  // seconds; a loaded machine may be late
constexpr const char* backendVariable = "QT_MEDIA_BACKEND";

/// Qt 6.4 takes GStreamer first, which ends the program when its plugins are not installed; FFmpeg is what the importer needs
/// anyway. Whoever sets the variable chooses.
QByteArray wantedBackend()
{
    const QByteArray chosen = qgetenv(backendVariable);
    return chosen.isEmpty() ? QByteArray("ffmpeg") : chosen;
}

qint64 milliseconds(double seconds)
{
    return qint64(std::floor(std::max(0.0, seconds) * 1000 + 1e-3));
}

}  // namespace

bool hasRunOut(double position, double length, double rate, double since)
{
    return length > 0 && since > overdue && position + rate * since > length + overdue;
}

class FilmPlayer::Private {
public:
    explicit Private(FilmPlayer& owner)
        : q(owner)
    {
    }

    /// With the first film, and not with the window: it looks for sound servers and graphics cards.
    void make()
    {
        if (player || !backendProblem().isEmpty()) return;  // asking for a backend that is not there can end the program
        if (qEnvironmentVariableIsEmpty(backendVariable)) qputenv(backendVariable, wantedBackend());
        sink = std::make_unique<QVideoSink>();
        devices = std::make_unique<QMediaDevices>();
        player = std::make_unique<QMediaPlayer>();
        player->setVideoOutput(sink.get());
        player->setPlaybackRate(rate);
        listen();
        chooseLoudspeaker();
        QObject::connect(devices.get(), &QMediaDevices::audioOutputsChanged, &q, [this] { chooseLoudspeaker(); });
        watch.setInterval(watchMs);
        QObject::connect(&watch, &QTimer::timeout, &q, [this] { noticeTheEnd(); });
    }

    /// On a loaded machine Qt 6.4's backend was seen with all its threads waiting for each other while it said it played: what
    /// has to have ended by now is paused.
    void noticeTheEnd()
    {
        if (!hasRunOut(position, q.length(), rate, double(sinceMoved.elapsed()) / 1000)) return;
        ranOut = true;
        player->pause();
    }

    void listen()
    {
        QObject::connect(sink.get(), &QVideoSink::videoFrameChanged, &q, [this](const QVideoFrame& arrived) { take(arrived); });
        QObject::connect(player.get(), &QMediaPlayer::errorOccurred, &q, [this](QMediaPlayer::Error, const QString& why) {
            if (file.isEmpty() || !wrong.isEmpty()) return;
            wrong = why.isEmpty() ? FilmPlayer::tr("it cannot be played") : why;
            Q_EMIT q.stateChanged();
        });
        QObject::connect(player.get(), &QMediaPlayer::playbackStateChanged, &q, [this] {
            sinceMoved.start();
            if (player->playbackState() == QMediaPlayer::PlayingState)
                watch.start();
            else
                watch.stop();
            Q_EMIT q.stateChanged();
        });
        QObject::connect(player.get(), &QMediaPlayer::mediaStatusChanged, &q, [this] { Q_EMIT q.stateChanged(); });
        QObject::connect(player.get(), &QMediaPlayer::durationChanged, &q, [this] { Q_EMIT q.lengthChanged(); });
        QObject::connect(player.get(), &QMediaPlayer::positionChanged, &q, [this](qint64 now) {
            // While frames come, they say where the film is: the clock moves ten times a second only.
            if (player->playbackState() != QMediaPlayer::PlayingState || frameSeconds < 0) move(double(now) / 1000);
        });
    }

    /// The FFmpeg backend of Qt 6.4 crashes when it is to play to no device.
    void chooseLoudspeaker()
    {
        const QAudioDevice device = QMediaDevices::defaultAudioOutput();
        if (device.isNull()) {
            player->setAudioOutput(nullptr);
            speaker.reset();
            return;
        }
        if (!speaker) speaker = std::make_unique<QAudioOutput>();
        speaker->setDevice(device);
        speaker->setMuted(muted);
        player->setAudioOutput(speaker.get());
    }

    void take(const QVideoFrame& arrived)
    {
        if (!arrived.isValid()) return;  // stopping clears the sink; the last frame stays in view
        latest = arrived;
        converted = false;
        frameSeconds = arrived.startTime() >= 0 ? double(arrived.startTime()) / 1e6 : -1;
        Q_EMIT q.frameChanged();
        if (frameSeconds >= 0) move(frameSeconds);
    }

    void move(double seconds)
    {
        if (seconds == position) return;
        position = seconds;
        sinceMoved.start();
        Q_EMIT q.moved(position);
    }

    /// After the end nothing is shown any more until it was stopped.
    void leaveEnd()
    {
        if (player->mediaStatus() == QMediaPlayer::EndOfMedia || std::exchange(ranOut, false)) {
            player->stop();
            player->pause();
        }
    }

    [[nodiscard]] double frameLength() const
    {
        const double fps = player->metaData().value(QMediaMetaData::VideoFrameRate).toDouble();
        return fps > 0 && std::isfinite(fps) ? 1 / fps : usualFrame;
    }

    FilmPlayer& q;
    // The player goes before what it plays to.
    std::unique_ptr<QMediaDevices> devices;
    std::unique_ptr<QVideoSink> sink;
    std::unique_ptr<QAudioOutput> speaker;
    std::unique_ptr<QMediaPlayer> player;
    QString file;
    QString wrong;
    QVideoFrame latest;
    mutable QImage image;
    mutable bool converted = false;
    mutable int conversions = 0;
    double frameSeconds = -1;
    double position = 0;
    double rate = 1;
    bool muted = false;
    bool ranOut = false;  ///< to its end, which the backend did not tell
    QTimer watch;
    QElapsedTimer sinceMoved;
};

QString FilmPlayer::backendProblem()
{
    const QByteArray wanted = wantedBackend();
    for (const QString& folder : QCoreApplication::libraryPaths()) {
        const QDir plugins(folder + QStringLiteral("/multimedia"));
        for (const QString& name : plugins.entryList(QDir::Files))
            if (name.contains(QLatin1String(wanted) + QLatin1String("mediaplugin"))) return {};
    }
    return tr("Qt's multimedia plugin \"%1\" is not installed").arg(QString::fromLatin1(wanted));
}

bool FilmPlayer::hasLoudspeaker()
{
    return backendProblem().isEmpty() && !QMediaDevices::defaultAudioOutput().isNull();
}

FilmPlayer::FilmPlayer(QObject* parent)
    : QObject(parent)
    , d(std::make_unique<Private>(*this))
{
}

FilmPlayer::~FilmPlayer()
{
    if (d->player) d->player->disconnect(this);
    if (d->sink) d->sink->disconnect(this);
}

void FilmPlayer::open(const QString& file)
{
    close();
    d->file = file;
    d->make();
    if (!d->player)
        d->wrong = backendProblem();
    else if (!QFileInfo::exists(file))
        d->wrong = tr("the file is not there");
    if (d->wrong.isEmpty()) {
        d->player->setSource(QUrl::fromLocalFile(file));
        if (d->wrong.isEmpty()) d->player->pause();
    }
    Q_EMIT stateChanged();
}

void FilmPlayer::close()
{
    if (d->file.isEmpty()) return;
    d->file.clear();
    d->wrong.clear();
    if (d->player) d->player->setSource({});
    d->latest = {};
    d->image = {};
    d->converted = true;
    d->frameSeconds = -1;
    d->position = 0;
    d->ranOut = false;
    Q_EMIT frameChanged();
    Q_EMIT stateChanged();
}

QString FilmPlayer::file() const
{
    return d->file;
}

FilmPlayer::State FilmPlayer::state() const
{
    if (d->file.isEmpty()) return State::Empty;
    if (!d->wrong.isEmpty()) return State::Failed;
    return d->player->playbackState() == QMediaPlayer::PlayingState ? State::Playing : State::Paused;
}

QString FilmPlayer::problem() const
{
    return d->wrong;
}

void FilmPlayer::play()
{
    if (state() != State::Paused) return;
    if (std::exchange(d->ranOut, false)) d->player->stop();  // from there it begins anew, as after an end that was told
    d->player->play();
}

void FilmPlayer::pause()
{
    if (state() == State::Playing) d->player->pause();
}

void FilmPlayer::seek(double seconds)
{
    if (state() != State::Paused && state() != State::Playing) return;
    const bool playing = state() == State::Playing;
    d->leaveEnd();
    // Not quite to the end: behind the last frame there is nothing to show.
    const double last = length() > 0 ? std::max(0.0, length() - d->frameLength()) : seconds;
    d->frameSeconds = -1;  // the frame in view is not that of the position any more
    d->player->setPosition(milliseconds(std::min(seconds, last)));
    if (playing && state() != State::Playing) d->player->play();
}

void FilmPlayer::step(int direction)
{
    if (state() != State::Paused && state() != State::Playing) return;
    pause();
    if (d->frameSeconds >= 0 && direction > 0)
        seek(d->frameSeconds + 0.001);  // the first frame after this one is shown, however long this one lasts
    else
        seek(position() + d->frameLength() * direction);
}

void FilmPlayer::setRate(double rate)
{
    d->rate = rate;
    if (d->player) d->player->setPlaybackRate(rate);
}

void FilmPlayer::setMuted(bool muted)
{
    d->muted = muted;
    if (d->speaker) d->speaker->setMuted(muted);
}

double FilmPlayer::rate() const
{
    return d->rate;
}

bool FilmPlayer::isMuted() const
{
    return d->muted;
}

double FilmPlayer::position() const
{
    return d->position;
}

double FilmPlayer::length() const
{
    return d->player ? double(d->player->duration()) / 1000 : 0;
}

bool FilmPlayer::hasPicture() const
{
    return d->player && d->player->hasVideo();
}

bool FilmPlayer::hasSound() const
{
    return d->player && d->player->hasAudio();
}

QImage FilmPlayer::frame() const
{
    if (!d->converted) {
        d->converted = true;
        d->image = d->latest.isValid() ? d->latest.toImage() : QImage();
        ++d->conversions;
    }
    return d->image;
}

int FilmPlayer::framesConverted() const
{
    return d->conversions;
}

}  // namespace pathloom
