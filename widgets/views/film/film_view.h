// SPDX-License-Identifier: GPL-3.0-or-later
// A film, a sound or subtitles above their text: the player, its buttons, and the timeline. It opens and decodes nothing while it
// is hidden.
#pragma once

#include "widgets/models/film_places.h"
#include "widgets/views/film/film_media.h"

#include <QWidget>

#include <functional>

class QLabel;
class QStackedLayout;

namespace pathloom {

class EmptyPage;
class ErrorPage;
class FilmPicture;
class FilmStrip;
class FilmTransport;
class LoadingPage;
class ThemeController;

class FilmView final : public QWidget {
    Q_OBJECT
public:
    using TextOf = std::function<QString(qint64 byte, qint64 end)>;

    FilmView(TextOf textOf, ThemeController& theme, QWidget* parent = nullptr);
    /// The document's name is the film's file, or that of subtitles, beside which their film is looked for. "" = none.
    void setDocument(const QString& name);
    void addPlaces(const QVector<TimedPlace>& places);  ///< of the document shown
    void setMarks(const QVector<EvidenceMark>& marks, const QVector<EvidenceMark>& passages);
    void seek(double seconds);
    /// To where these words are said, a moment before them when they stand deep in a long place.
    void seekToByte(qint64 byte);
    void seekToMark(const EvidenceMark& mark);
    void goToMark(int direction);  ///< to the next or the previous of the passages
    void chooseFilm();
    /// Asks for an image and looks for it in the film; the player goes to the likeliest moment.
    void choosePicture();
    void findPicture(const QString& image);
    [[nodiscard]] MediaReader& finder() { return m_finder; }  ///< tests
    [[nodiscard]] FilmMedia& media() { return m_media; }
    [[nodiscard]] double position() const { return m_position; }
    [[nodiscard]] const FilmPlaces& places() const { return m_places; }
    [[nodiscard]] FilmStrip* strip() const { return m_strip; }
    [[nodiscard]] FilmTransport* transport() const { return m_transport; }

Q_SIGNALS:
    /// What is said now begins and ends there in the text; -1 = nothing yet. `follow`: bring it into view.
    void nowAt(qint64 byte, qint64 end, bool follow);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void build();
    void updateMedia();
    void updateLength();
    void takePosition(double seconds);
    void restyle();
    void showNote(const QString& found);
    void takeFound(const QVector<MediaMoment>& moments);

    TextOf m_textOf;
    ThemeController& m_theme;
    FilmPlaces m_places;
    FilmMedia m_media;
    MediaReader m_finder;
    QString m_sought;  // the image looked for, its name
    QString m_found;  // what became of it
    QVector<EvidenceMark> m_passages;  ///< those with a time, by it
    double m_position = 0;
    int m_now = -2;  ///< place last told; -2 = none was
    QWidget* m_screen;
    QStackedLayout* m_stack;
    FilmPicture* m_picture;
    LoadingPage* m_loading;
    EmptyPage* m_empty;
    ErrorPage* m_error;
    FilmTransport* m_transport;
    QLabel* m_note;
    FilmStrip* m_strip;
};

}  // namespace pathloom
