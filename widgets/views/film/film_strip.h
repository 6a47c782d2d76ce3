// SPDX-License-Identifier: GPL-3.0-or-later
// The whole film as one strip: thumbnails, where an answer's mass lay, a lane a track with its words as bars, and the time. The
// wheel zooms around the pointer, a drag pans, a click goes there.
#pragma once

#include "widgets/models/film_timeline.h"
#include "widgets/views/common/picture.h"
#include "widgets/views/film/strip_layout.h"

#include <QImage>
#include <QPointF>

#include <functional>

namespace pathloom {

class FilmStrip final : public Picture {
    Q_OBJECT
public:
    using TextOf = std::function<QString(qint64 byte, qint64 end)>;
    /// `places` are read when it draws; who changes them calls placesChanged.
    FilmStrip(const FilmPlaces& places, TextOf textOf, ThemeController& theme, QWidget* parent = nullptr);
    void setFilm(const QString& name);  ///< another one: nothing of the one before stays
    void setLength(double seconds);
    void placesChanged();
    void setMarks(const QVector<EvidenceMark>& marks, const QVector<EvidenceMark>& passages);
    void setPicturesShown(bool shown);  ///< a lane of thumbnails, also while they are not there yet
    void addThumbnail(double seconds, const QImage& image);
    [[nodiscard]] int thumbnails() const { return int(m_thumbnails.size()); }
    /// The playhead. A window it runs out of goes along a page; one that was moved away from it stays.
    void setPosition(double seconds);
    void reveal(double seconds);  ///< moves the window there if it is elsewhere
    [[nodiscard]] double position() const { return m_position; }
    [[nodiscard]] const TimeWindow& window() const { return m_window; }
    void zoomBy(double factor, double around);  ///< around this second; factor > 1 shows less
    void panBy(double seconds);
    void showWhole();
    [[nodiscard]] int placeAt(const QPointF& point) const;  ///< index in FilmPlaces::all, the first of a joined bar; -1 = none
    [[nodiscard]] const EvidenceMark* markAt(const QPointF& point) const;  ///< null = none
    [[nodiscard]] QRectF barOf(int place) const;  ///< where it is drawn; empty when it is not in the window
    [[nodiscard]] QPointF pointOf(const EvidenceMark& mark) const;  ///< of its tick
    [[nodiscard]] QStringList hoverLines() const { return m_hover; }  ///< what the readout says

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QString csv() const override;
    [[nodiscard]] QString title() const override;
    void paintOn(QPainter& painter, const QRectF& area) override;

Q_SIGNALS:
    void seekWanted(double seconds);
    void windowChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Thumbnail {
        double seconds = 0;
        QImage image;
    };
    void setWindow(const TimeWindow& window);
    void relayout();
    void describe();
    void hoverAt(const QPointF& point);
    [[nodiscard]] StripLayout layoutIn(const QRectF& area) const;
    [[nodiscard]] double secondsAt(double x) const { return m_window.timeAt(x - StripLayout::gutter); }
    [[nodiscard]] const TrackLane::Item* itemAt(const QPointF& point, int& joined) const;
    void paintNames(QPainter& painter, const StripLayout& at, const QRectF& area) const;
    void paintThumbnails(QPainter& painter, const StripLayout& at, const TimeWindow& window) const;
    void paintEvidence(QPainter& painter, const StripLayout& at, const TimeWindow& window) const;
    void paintLane(QPainter& painter, const StripLayout& at, const TimeWindow& window, int lane) const;
    void paintAxis(QPainter& painter, const StripLayout& at, const TimeWindow& window) const;
    void paintPlayhead(QPainter& painter, const StripLayout& at) const;

    const FilmPlaces& m_places;
    TextOf m_textOf;
    QString m_name;
    TimeWindow m_window;
    QVector<EvidenceMark> m_marks, m_passages;
    QVector<Thumbnail> m_thumbnails;  // by time
    bool m_picturesShown = false;
    double m_position = 0;
    QPointF m_pressed{-1, -1}, m_pointer{-1, -1};
    TimeWindow m_pressedWindow;
    bool m_dragging = false, m_scrubbing = false;
    QStringList m_hover;
    int m_hoverPlace = -1;
};

}  // namespace pathloom
