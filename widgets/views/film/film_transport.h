// SPDX-License-Identifier: GPL-3.0-or-later
// The row of buttons that plays a film: play, frame by frame, from mark to mark, speed, sound, and whether the text follows.
#pragma once

#include <QWidget>

class QAction;
class QLabel;
class QToolButton;

namespace pathloom {

class FilmPlayer;

class FilmTransport final : public QWidget {
    Q_OBJECT
public:
    explicit FilmTransport(FilmPlayer& player, QWidget* parent = nullptr);
    /// The position and the length as text; `hours` when the film has one at least.
    void setTime(double seconds, double length);
    void setMarksKnown(bool known);
    void setPicturesKnown(bool known);  ///< the film has some: one can be looked for
    [[nodiscard]] bool follows() const;  ///< the text goes along with the film
    void togglePlay();
    void changeSpeed(int direction);  ///< to the next or the previous of the speeds
    void toggleMuted();
    void toggleFollow();

Q_SIGNALS:
    void markWanted(int direction);  ///< the next (+1) or the previous (-1) place the answer was read from
    void followChanged(bool follows);
    void pictureWanted();

private:
    QToolButton* addButton(QAction* action);
    QAction* makeAction(const char* name, QStringView symbol, const QString& text, const QString& key);
    void makeSpeeds();
    void updateActions();

    FilmPlayer& m_player;
    QLabel* m_time;
    QAction *m_play, *m_back, *m_forward, *m_find, *m_previous, *m_next, *m_follow, *m_mute;
    QToolButton* m_speed;
};

}  // namespace pathloom
