// SPDX-License-Identifier: GPL-3.0-or-later
// FilmPicture.
#include "widgets/views/film/film_picture.h"

#include "widgets/media/film_player.h"
#include "widgets/theme/theme.h"

#include <QMouseEvent>
#include <QPainter>

namespace pathloom {

QRectF pictureRect(const QSizeF& frame, int rotation, const QRectF& area)
{
    const QSizeF seen = rotation % 180 == 0 ? frame : frame.transposed();
    if (seen.isEmpty() || area.isEmpty()) return {};
    QRectF out(QPointF(), seen.scaled(area.size(), Qt::KeepAspectRatio));
    out.moveCenter(area.center());
    return out;
}

FilmPicture::FilmPicture(FilmPlayer& player, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_player(player)
    , m_theme(theme)
{
    setObjectName(QStringLiteral("film.picture"));
    setAccessibleName(tr("Picture of the film"));
    setMinimumSize(160, 90);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    connect(&player, &FilmPlayer::frameChanged, this, qOverload<>(&QWidget::update));
    connect(&theme, &ThemeController::changed, this, qOverload<>(&QWidget::update));
}

void FilmPicture::setRotation(int degrees, const QSize& seen)
{
    m_rotation = degrees;
    m_seen = seen;
    update();
}

void FilmPicture::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_theme.theme().tokens().sunken);
    const QImage frame = m_player.frame();
    if (frame.isNull()) return;
    // A backend may have turned it already.
    const bool turned = m_rotation % 180 != 0 && frame.width() != frame.height() && !m_seen.isEmpty()
        && (frame.width() > frame.height()) == (m_seen.width() > m_seen.height());
    const int rotation = turned ? 0 : m_rotation;
    const QRectF place = pictureRect(frame.size(), rotation, rect());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.translate(place.center());
    painter.rotate(rotation);
    const QSizeF size = rotation % 180 == 0 ? place.size() : place.size().transposed();
    painter.drawImage(QRectF(-size.width() / 2, -size.height() / 2, size.width(), size.height()), frame);
}

void FilmPicture::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton) Q_EMIT clicked();
}

}  // namespace pathloom
