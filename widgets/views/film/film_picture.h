// SPDX-License-Identifier: GPL-3.0-or-later
// The picture of a film: the player's frame, as large as fits. A frame is converted when it is painted and at no other time.
#pragma once

#include <QWidget>

namespace pathloom {

class FilmPlayer;
class ThemeController;

/// Where a picture of `frame` pixels, turned by `rotation` degrees clockwise, lies in `area`: centred, its shape kept.
QRectF pictureRect(const QSizeF& frame, int rotation, const QRectF& area);

class FilmPicture final : public QWidget {
    Q_OBJECT
public:
    FilmPicture(FilmPlayer& player, ThemeController& theme, QWidget* parent = nullptr);
    /// What the file says about itself: stored frames are to be turned by `degrees` clockwise, and are then seen as `seen`
    /// pixels.
    void setRotation(int degrees, const QSize& seen);
    [[nodiscard]] QSize sizeHint() const override { return {480, 270}; }

Q_SIGNALS:
    void clicked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    FilmPlayer& m_player;
    ThemeController& m_theme;
    int m_rotation = 0;
    QSize m_seen;
};

}  // namespace pathloom
