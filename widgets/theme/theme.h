// SPDX-License-Identifier: GPL-3.0-or-later
// The theme: tokens read from resources/themes, the palette and fonts made from them, and the controller that switches them live.
#pragma once

#include "widgets/theme/colors.h"

#include <QFont>
#include <QObject>
#include <QPalette>
#include <QString>
#include <QVector>

class QApplication;

namespace pathloom {

/// The named colours of one theme (resources/themes/<name>.json).
struct Tokens {
    QString name;
    QColor surface, raised, sunken;  ///< pane background; fields and nodes; wells and lanes
    QColor text, muted, line, disabled;
    QColor accent, onAccent;  ///< selection and primary action
    QColor ok, warn, fail;
    QVector<QColor> categorical;  ///< eight Okabe-Ito hues made to stand 3:1 against surface, raised and sunken
    QVector<QColor> diverging;  ///< low, middle, high
    bool operator==(const Tokens&) const = default;
};

/// Tokens of "light" or "dark". A missing or broken resource is a programming error and ends in qFatal.
Tokens loadTokens(const QString& name);

/// One theme as a value: tokens plus everything computed from them.
class Theme {
public:
    Theme() = default;
    explicit Theme(Tokens tokens);
    const Tokens& tokens() const { return m_tokens; }
    bool isDark() const;
    /// Colour of the i-th domain, path or run; wraps round after eight (see categoricalDash).
    QColor categorical(int i) const;
    /// Solid for the first eight, then dashes, so that a ninth line never looks like the first.
    static Qt::PenStyle categoricalDash(int i);
    /// t in [0, 1] on the part of cividis that stands out from this theme's surface.
    QColor sequential(double t) const;
    /// t in [-1, 1], blue-white-orange, the middle at 0.
    QColor diverging(double t) const;
    QPalette palette() const;
    /// What a palette cannot say: tool button padding, tool tips, slim scroll bars, dock titles.
    QString styleSheet() const;

    static QFont bodyFont();  ///< 10 pt
    static QFont labelFont();  ///< 9 pt
    static QFont titleFont();  ///< 13 pt, demi-bold
    static QFont fixedFont();  ///< 9 pt, fixed pitch

private:
    Tokens m_tokens;
};

/// Owns the current theme. Widgets keep a reference, draw from theme(), and repaint on changed().
class ThemeController : public QObject {
    Q_OBJECT
public:
    explicit ThemeController(QObject* parent = nullptr);
    const Theme& theme() const { return m_theme; }
    QString name() const { return m_theme.tokens().name; }
    /// Switch to "light" or "dark" and emit changed() if that is a change.
    void setName(const QString& name);
    /// Fusion style, fonts, palette and style sheet on the application; kept up to date on every later switch.
    void applyTo(QApplication& application);
    /// No motion at all (system setting or the user's); views ask before they animate.
    bool reducedMotion() const { return m_reducedMotion || m_desktopReducedMotion; }
    void setReducedMotion(bool reduced);
    /// What the desktop asks for; the user's own choice can only ask for less motion, never for more.
    void setDesktopReducedMotion(bool reduced);

Q_SIGNALS:
    void changed();
    void motionChanged();

private:
    Theme m_theme;
    QApplication* m_application = nullptr;
    bool m_reducedMotion = false;
    bool m_desktopReducedMotion = false;
};

}  // namespace pathloom
