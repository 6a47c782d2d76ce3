// SPDX-License-Identifier: GPL-3.0-or-later
// Plays a film or a sound by Qt Multimedia and hands out its frames as images. Positions are seconds from the beginning.
#pragma once

#include <QImage>
#include <QObject>
#include <QString>

#include <memory>

namespace pathloom {

/// Whether a film that plays at `rate` must have ended: for `since` seconds nothing came after `position` of `length` seconds.
bool hasRunOut(double position, double length, double rate, double since);

class FilmPlayer final : public QObject {
    Q_OBJECT
public:
    enum class State { Empty, Paused, Playing, Failed };
    Q_ENUM(State)

    explicit FilmPlayer(QObject* parent = nullptr);
    ~FilmPlayer() override;

    /// Why nothing can be played on this computer; empty when films can be.
    [[nodiscard]] static QString backendProblem();
    /// False when there is no loudspeaker: films play without their sound, sounds not at all.
    [[nodiscard]] static bool hasLoudspeaker();

    /// Opens the file, paused at its first frame. What is wrong with it comes as State::Failed.
    void open(const QString& file);
    void close();
    [[nodiscard]] QString file() const;
    [[nodiscard]] State state() const;
    [[nodiscard]] QString problem() const;  ///< of State::Failed

    void play();  ///< from the beginning when it stands at the end
    void pause();
    void seek(double seconds);  ///< cut to the film
    /// Pauses and goes to the next (+1) or the previous (-1) frame; without a picture by 40 ms.
    void step(int direction);
    void setRate(double rate);  ///< 1 = as recorded
    void setMuted(bool muted);
    [[nodiscard]] double rate() const;
    [[nodiscard]] bool isMuted() const;
    [[nodiscard]] double position() const;  ///< of the frame shown, else of the clock
    [[nodiscard]] double length() const;  ///< 0 until known
    [[nodiscard]] bool hasPicture() const;  ///< pictures that can be decoded here
    [[nodiscard]] bool hasSound() const;
    /// The frame to be shown, converted when asked for; null before the first.
    [[nodiscard]] QImage frame() const;
    [[nodiscard]] int framesConverted() const;  ///< since it was made: what a hidden view costs

Q_SIGNALS:
    void stateChanged();
    void lengthChanged();
    void moved(double seconds);
    void frameChanged();

private:
    class Private;
    std::unique_ptr<Private> d;
};

}  // namespace pathloom
