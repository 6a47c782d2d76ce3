// SPDX-License-Identifier: GPL-3.0-or-later
// The file behind a film view: which one it is, what pathloom-read says about it, the player, and what cannot be done with it.
// While it is not active nothing is opened, read or decoded.
#pragma once

#include "widgets/client/media_reader.h"
#include "widgets/media/film_player.h"

namespace pathloom {

class FilmMedia final : public QObject {
    Q_OBJECT
public:
    /// What there is to look at.
    enum class Stage { Nothing, Looking, Picture, SoundOnly, NoFilm, Problem };
    Q_ENUM(Stage)
    struct Problem {
        QString what, why, remedy;
        bool operator==(const Problem&) const = default;
    };

    explicit FilmMedia(QObject* parent = nullptr);
    /// The name is the film's file, or that of subtitles, beside which their film is looked for. "" = none.
    void setDocument(const QString& name);
    void setFile(const QString& file);  ///< the film, chosen by hand
    void retry();
    /// `thumbnailHeight` in device pixels.
    void setActive(bool active, int thumbnailHeight);

    [[nodiscard]] Stage stage() const;
    [[nodiscard]] Problem problem() const;  ///< of Stage::Problem
    [[nodiscard]] QString note() const;  ///< what is missing though it can be played; mostly nothing
    [[nodiscard]] QString document() const { return m_document; }
    [[nodiscard]] QString file() const { return m_file; }
    [[nodiscard]] const MediaFacts& facts() const { return m_facts; }  ///< nothing set before they are known
    [[nodiscard]] double length() const;  ///< seconds, 0 until known
    [[nodiscard]] FilmPlayer& player() { return m_player; }
    [[nodiscard]] const FilmPlayer& player() const { return m_player; }
    [[nodiscard]] MediaReader& reader() { return m_reader; }

Q_SIGNALS:
    void changed();  ///< stage, facts or length
    void opened();  ///< the player has the file and stands at its beginning
    void thumbnailRead(double seconds, const QImage& image);

private:
    void forget();
    void look();
    void openPlayer();
    void askForThumbnails();

    FilmPlayer m_player;
    MediaReader m_reader;
    QString m_document, m_file;
    MediaFacts m_facts;
    QString m_refused;  // why the file is not played
    int m_thumbnailHeight = 0;
    bool m_active = false, m_looked = false, m_factsKnown = false, m_thumbnailsDone = false;
};

}  // namespace pathloom
