// SPDX-License-Identifier: GPL-3.0-or-later
// One document to look at: its text with the strip beside it, or, of a film, a sound or subtitles, the player and its timeline
// above the text; and where an answer was read.
#pragma once

#include "widgets/models/film_places.h"
#include "widgets/views/probe/document_text.h"

#include <QHash>
#include <QWidget>

class QSplitter;

namespace pathloom {

class DensityStrip;
class FilmView;
class Picture;
class TextView;
class ThemeController;

class DocumentView final : public QWidget {
    Q_OBJECT
public:
    explicit DocumentView(ThemeController& theme, QWidget* parent = nullptr);
    /// An error text, empty on success. Empty names close.
    QString showDocument(const QString& name, const QString& file);
    /// When stretches of a document's text are said; remembered, also of one that is not shown.
    void addPlaces(const QString& document, const QVector<TimedPlace>& places);
    void forgetPlaces(const QString& document);
    void forgetAllPlaces() { m_places.clear(); }
    /// All marks of an answer; those of the document shown are seen.
    void setAnswer(const QVector<EvidenceMark>& marks, const QVector<EvidenceMark>& passages);
    /// To a place of the text; of a film also to its time.
    void goTo(const EvidenceMark& mark);
    [[nodiscard]] bool isFilm() const { return m_isFilm; }
    [[nodiscard]] TextView* textView() const { return m_view; }
    [[nodiscard]] DensityStrip* strip() const { return m_strip; }
    [[nodiscard]] FilmView* film() const { return m_film; }
    [[nodiscard]] Picture* picture() const;  ///< what an export writes
    [[nodiscard]] DocumentText& text() { return m_text; }

private:
    void showFilm(bool film);
    void showMarks();
    [[nodiscard]] QString textOf(qint64 byte, qint64 end) const;

    DocumentText m_text;
    QHash<QString, QVector<TimedPlace>> m_places;
    QVector<EvidenceMark> m_marks, m_passages;
    QString m_name;
    bool m_isFilm = false;
    TextView* m_view;
    DensityStrip* m_strip;
    FilmView* m_film;
    QSplitter* m_splitter;
};

}  // namespace pathloom
