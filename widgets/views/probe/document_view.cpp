// SPDX-License-Identifier: GPL-3.0-or-later
// DocumentView.
#include "widgets/views/probe/document_view.h"

#include "widgets/models/film_timeline.h"
#include "widgets/views/film/film_strip.h"
#include "widgets/views/film/film_view.h"
#include "widgets/views/probe/density_strip.h"
#include "widgets/views/probe/text_view.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QSplitter>

namespace pathloom {

DocumentView::DocumentView(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_view(new TextView(m_text, theme))
    , m_strip(new DensityStrip(theme))
    , m_film(new FilmView([this](qint64 byte, qint64 end) { return textOf(byte, end); }, theme))
    , m_splitter(new QSplitter(Qt::Vertical))
{
    auto* text = new QWidget;
    auto* row = new QHBoxLayout(text);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_view, 1);
    row->addWidget(m_strip);
    m_splitter->setObjectName(QStringLiteral("probe.film.splitter"));
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(m_film);
    m_splitter->addWidget(text);
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    m_splitter->setSizes({420, 200});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_splitter);
    m_film->hide();
    connect(m_strip, &DensityStrip::jumped, m_view, &TextView::goTo);
    connect(m_view, &TextView::viewChanged, this, [this] { m_strip->setView(m_view->firstByte(), m_view->lastByte()); });
    connect(m_view, &TextView::byteChosen, this, [this](qint64 byte) {
        if (m_isFilm) m_film->seekToByte(byte);
    });
    connect(m_film, &FilmView::nowAt, m_view, &TextView::setNow);
}

QString DocumentView::textOf(qint64 byte, qint64 end) const
{
    const QByteArrayView text = m_text.lines().text();
    if (byte < 0 || end > text.size() || end <= byte) return {};
    return QString::fromUtf8(text.sliced(byte, end - byte));
}

void DocumentView::showFilm(bool film)
{
    m_isFilm = film;
    m_film->setVisible(film);
    m_strip->setVisible(!film);
    if (!film) {
        m_view->setGutter({});
        return;
    }
    m_view->setGutter([this](qint64 begin, qint64 end) {
        // The time of a place stands where it begins: of one that began in the line before, it stands there already.
        const int place = m_film->places().atByte(end - 1);
        if (place < 0 || m_film->places().all()[place].byte < begin) return QString();
        return filmTime(m_film->places().all()[place].seconds, 0, m_film->strip()->window().length >= 3600);
    });
}

QString DocumentView::showDocument(const QString& name, const QString& file)
{
    m_name = name;
    const QString wrong = m_text.open(file);
    m_strip->setDocument(m_text.size(), QFileInfo(name).fileName());
    const QVector<TimedPlace> places = m_places.value(name);
    m_film->setDocument(places.isEmpty() ? QString() : name);
    m_film->addPlaces(places);
    showFilm(!places.isEmpty());
    showMarks();
    m_strip->setView(m_view->firstByte(), m_view->lastByte());
    return wrong;
}

void DocumentView::addPlaces(const QString& document, const QVector<TimedPlace>& places)
{
    if (places.isEmpty()) return;
    m_places[document] += places;
    if (document != m_name) return;
    if (!m_isFilm) {
        m_film->setDocument(document);
        showFilm(true);
    }
    m_film->addPlaces(places);
    showMarks();
}

void DocumentView::forgetPlaces(const QString& document)
{
    m_places.remove(document);
    if (document != m_name || !m_isFilm) return;
    m_film->setDocument({});
    showFilm(false);
}

void DocumentView::setAnswer(const QVector<EvidenceMark>& marks, const QVector<EvidenceMark>& passages)
{
    m_marks = marks;
    m_passages = passages;
    showMarks();
}

void DocumentView::showMarks()
{
    const auto here = [this](QVector<EvidenceMark> marks) {
        marks.removeIf([this](const EvidenceMark& mark) { return mark.document != m_name; });
        return marks;
    };
    const QVector<EvidenceMark> marks = here(m_marks);
    QVector<EvidenceMark> written = marks;
    written.removeIf([](const EvidenceMark& mark) { return mark.seconds >= 0; });
    m_view->setMarks(written);
    m_strip->setMarks(written);
    if (m_isFilm) m_film->setMarks(marks, here(m_passages));
}

void DocumentView::goTo(const EvidenceMark& mark)
{
    if (mark.seconds < 0) m_view->goTo(mark.byte);
    if (m_isFilm) m_film->seekToMark(mark);
}

Picture* DocumentView::picture() const
{
    return m_isFilm ? static_cast<Picture*>(m_film->strip()) : static_cast<Picture*>(m_strip);
}

}  // namespace pathloom
