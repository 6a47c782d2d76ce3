// SPDX-License-Identifier: GPL-3.0-or-later
// What is in a film or a sound, and small pictures of it: asked of pathloom-read, so that a damaged file breaks that process and
// not the app. Nothing blocks.
#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QObject>
#include <QProcess>
#include <QSize>
#include <QString>
#include <QStringList>
#include <QVector>

#include <optional>

namespace pathloom {

struct MediaFacts {
    struct Picture {
        QString codec;
        QSize size;  ///< pixels as it is seen, after the rotation
        double framesPerSecond = 0;  ///< 0 = not known
        int rotation = 0;  ///< degrees clockwise to turn a frame by before it is shown
        bool operator==(const Picture&) const = default;
    };
    double seconds = 0;
    std::optional<Picture> picture;
    QString soundCodec;  ///< empty = no sound
    int subtitleTracks = 0;
    bool operator==(const MediaFacts&) const = default;
};
/// The "media" object of pathloom-read; what is missing stays unset.
MediaFacts toMediaFacts(const QJsonObject& media);

struct MediaMoment {
    double seconds = 0;
    double difference = 0;  ///< 0 = the same picture, about 1 = nothing in common
    bool operator==(const MediaMoment&) const = default;
};

/// The models pathloom-read finds on this computer.
struct InstalledModels {
    QStringList textLanguages;  ///< Tesseract's names
    QString speechProblem;  ///< why speech cannot be recognised; empty = it can
    bool operator==(const InstalledModels&) const = default;
};
/// The "abilities" object of pathloom-read.
InstalledModels toInstalledModels(const QJsonObject& abilities);

struct MediaThumbnail {
    double seconds = 0;
    QSize size;
    QByteArray png;
};

/// Films and sounds named like `file` with another ending, in its folder: what subtitles in a file of their own belong to.
QStringList mediaBeside(const QString& file);

class MediaReader final : public QObject {
    Q_OBJECT
public:
    explicit MediaReader(QObject* parent = nullptr);
    ~MediaReader() override;

    void readModels();  ///< what is installed; ends what is under way
    void readFacts(const QString& file);  ///< ends what is under way
    /// `count` pictures spread evenly over the film, `height` pixels high; ends what is under way.
    void readThumbnails(const QString& file, int count, int height);
    /// Where in the film the image is from; ends what is under way.
    void findPicture(const QString& film, const QString& image);
    void stop();
    [[nodiscard]] bool isRunning() const { return m_process != nullptr; }
    void setProgram(const QString& program) { m_program = program; }  ///< tests

Q_SIGNALS:
    void modelsRead(const pathloom::InstalledModels& models);
    void factsRead(const pathloom::MediaFacts& facts);
    void thumbnailRead(const pathloom::MediaThumbnail& thumbnail);
    void thumbnailsEnded();
    void found(const QVector<pathloom::MediaMoment>& moments);  ///< the likeliest first
    void progressed(double share);  ///< of a film that is looked through, 0 to 1
    /// The file is refused, in the helper's words.
    void refused(const QString& why);
    /// The helper is not there, knows nothing of films, or broke: nothing is said about the file.
    void unavailable(const QString& why);

private:
    void start(const QStringList& arguments);
    void read();
    void take(const QJsonObject& line);
    void ended(const QString& why);

    QString m_program = QStringLiteral("pathloom-read");
    QProcess* m_process = nullptr;
    QByteArray m_buffer;
    bool m_finding = false;
    QVector<MediaMoment> m_moments;
    bool m_answered = false;
};

}  // namespace pathloom
