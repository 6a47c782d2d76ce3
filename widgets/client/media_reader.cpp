// SPDX-License-Identifier: GPL-3.0-or-later
// MediaReader.
#include "widgets/client/media_reader.h"

#include "widgets/client/helper_session.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QMimeDatabase>
#include <QPointer>

#include <algorithm>

namespace pathloom {
namespace {

constexpr int readerGoodbyeMs = 2000;
constexpr qint64 longestLine = 16 << 20;  // a thumbnail is a few kilobytes; more without a line end is no answer

bool isMedia(const QString& file)
{
    const QString type = QMimeDatabase().mimeTypeForFile(file, QMimeDatabase::MatchExtension).name();
    return type.startsWith(QLatin1String("video/")) || type.startsWith(QLatin1String("audio/"));
}

}  // namespace

MediaFacts toMediaFacts(const QJsonObject& media)
{
    MediaFacts facts;
    facts.seconds = std::max(0.0, media.value(QLatin1String("seconds")).toDouble());
    if (const QJsonObject video = media.value(QLatin1String("video")).toObject(); !video.isEmpty())
        facts.picture = {video.value(QLatin1String("codec")).toString(),
            {video.value(QLatin1String("width")).toInt(), video.value(QLatin1String("height")).toInt()},
            std::max(0.0, video.value(QLatin1String("fps")).toDouble()), video.value(QLatin1String("rotation")).toInt()};
    facts.soundCodec = media.value(QLatin1String("audio")).toObject().value(QLatin1String("codec")).toString();
    facts.subtitleTracks = int(media.value(QLatin1String("subtitles")).toArray().size());
    return facts;
}

InstalledModels toInstalledModels(const QJsonObject& abilities)
{
    InstalledModels models;
    for (const QJsonValue& name : abilities.value(QLatin1String("text_languages")).toArray())
        if (name.isString()) models.textLanguages.append(name.toString());
    models.speechProblem = abilities.value(QLatin1String("speech_problem")).toString();
    return models;
}

QStringList mediaBeside(const QString& file)
{
    const QFileInfo info(file);
    const QDir folder = info.absoluteDir();
    QStringList out;
    // "talk.en.srt" belongs to "talk.en.mkv" if that is there, else to "talk.mkv".
    for (QString base = info.completeBaseName(); !base.isEmpty();) {
        for (const QString& name : folder.entryList(QDir::Files | QDir::Readable, QDir::Name))
            if (QFileInfo(name).completeBaseName() == base && name != info.fileName() && isMedia(name))
                out.append(folder.filePath(name));
        const auto dot = base.lastIndexOf(QLatin1Char('.'));
        if (!out.isEmpty() || dot <= 0) break;
        base.truncate(dot);
    }
    return out;
}

MediaReader::MediaReader(QObject* parent)
    : QObject(parent)
{
}

MediaReader::~MediaReader()
{
    stop();
    for (QProcess* killed : findChildren<QProcess*>()) killed->waitForFinished(readerGoodbyeMs);
}

void MediaReader::stop()
{
    if (!m_process) return;
    m_process->disconnect(this);
    if (m_process->state() == QProcess::NotRunning) {
        m_process->deleteLater();
    } else {
        connect(m_process, &QProcess::finished, m_process, &QObject::deleteLater);
        m_process->kill();
    }
    m_process = nullptr;
}

void MediaReader::readModels()
{
    start({QStringLiteral("--abilities")});
}

void MediaReader::readFacts(const QString& file)
{
    start({QStringLiteral("--media"), QFileInfo(file).absoluteFilePath()});
}

void MediaReader::readThumbnails(const QString& file, int count, int height)
{
    start({QStringLiteral("--thumbnails"), QString::number(count), QStringLiteral("--height"), QString::number(height),
        QFileInfo(file).absoluteFilePath()});
}

void MediaReader::findPicture(const QString& film, const QString& image)
{
    start({QStringLiteral("--find"), QFileInfo(image).absoluteFilePath(), QFileInfo(film).absoluteFilePath()});
    m_finding = true;
}

void MediaReader::start(const QStringList& arguments)
{
    stop();
    m_buffer.clear();
    m_moments.clear();
    m_answered = m_finding = false;
    m_process = new QProcess(this);
    m_process->setStandardErrorFile(QProcess::nullDevice());
    m_process->setStandardInputFile(QProcess::nullDevice());
    connect(m_process, &QProcess::readyReadStandardOutput, this, &MediaReader::read);
    connect(m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            ended(tr("%1 cannot be started: %2").arg(helperPath(m_program), m_process->errorString()));
    });
    connect(m_process, &QProcess::finished, this, [this](int code, QProcess::ExitStatus status) {
        const QPointer<MediaReader> self(this);
        read();
        if (!self || !m_process) return;
        ended(status == QProcess::CrashExit ? tr("%1 broke on this file").arg(m_program)
                                            : tr("%1 ended with code %2").arg(m_program).arg(code));
    });
    m_process->start(helperPath(m_program), arguments);
}

void MediaReader::read()
{
    m_buffer += m_process->readAllStandardOutput();
    QProcess* const asked = m_process;
    const QPointer<MediaReader> self(this);
    for (auto end = m_buffer.indexOf('\n'); end >= 0; end = m_buffer.indexOf('\n')) {
        const QJsonObject line = QJsonDocument::fromJson(m_buffer.left(end)).object();
        m_buffer.remove(0, end + 1);
        take(line);
        if (!self || m_process != asked) return;  // whoever heard it asked something else
    }
    if (m_buffer.size() > longestLine) {
        stop();
        Q_EMIT unavailable(tr("%1 said something that is no answer").arg(m_program));
    }
}

void MediaReader::take(const QJsonObject& line)
{
    if (const QJsonValue media = line.value(QLatin1String("media")); media.isObject()) {
        m_answered = true;
        Q_EMIT factsRead(toMediaFacts(media.toObject()));
    } else if (const QJsonValue abilities = line.value(QLatin1String("abilities")); abilities.isObject()) {
        m_answered = true;
        Q_EMIT modelsRead(toInstalledModels(abilities.toObject()));
    } else if (const QJsonObject one = line.value(QLatin1String("thumbnail")).toObject(); !one.isEmpty()) {
        Q_EMIT thumbnailRead({one.value(QLatin1String("seconds")).toDouble(),
            {one.value(QLatin1String("width")).toInt(), one.value(QLatin1String("height")).toInt()},
            QByteArray::fromBase64(one.value(QLatin1String("png")).toString().toLatin1())});
    } else if (line.contains(QLatin1String("end"))) {
        m_answered = true;
        if (m_finding)
            Q_EMIT found(m_moments);
        else
            Q_EMIT thumbnailsEnded();
    } else if (const QJsonObject moment = line.value(QLatin1String("moment")).toObject(); !moment.isEmpty()) {
        m_moments.append(
            {moment.value(QLatin1String("seconds")).toDouble(), moment.value(QLatin1String("difference")).toDouble()});
    } else if (const QJsonObject progress = line.value(QLatin1String("progress")).toObject(); !progress.isEmpty()) {
        const double total = progress.value(QLatin1String("total")).toDouble();
        if (total > 0) Q_EMIT progressed(std::clamp(progress.value(QLatin1String("done")).toDouble() / total, 0.0, 1.0));
    } else if (const QJsonValue error = line.value(QLatin1String("error")); error.isString()) {
        m_answered = true;
        Q_EMIT refused(error.toString());
    }
}

void MediaReader::ended(const QString& why)
{
    if (!m_process) return;
    m_process->disconnect(this);
    m_process->deleteLater();
    m_process = nullptr;
    if (!m_answered) Q_EMIT unavailable(why);
}

}  // namespace pathloom
