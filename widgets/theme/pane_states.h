// SPDX-License-Identifier: GPL-3.0-or-later
// The designed states of a pane as widgets: empty, loading, error, and the veil of a lost engine. Made and filled by PaneFrame.
#pragma once

#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;

namespace pathloom {

class Theme;
class ThemeController;

/// One sentence and the button that fills the pane.
class EmptyPage final : public QWidget {
    Q_OBJECT
public:
    EmptyPage();
    void set(const QString& sentence, const QString& button);
    void restyle(const Theme& theme);

Q_SIGNALS:
    void triggered();

private:
    QLabel* m_text;
    QPushButton* m_button;
};

/// A sentence, progress, a way out, and grey bars where the content will be.
class LoadingPage final : public QWidget {
    Q_OBJECT
public:
    explicit LoadingPage(ThemeController& theme);
    void set(const QString& sentence, double progress, bool cancellable);
    void restyle(const Theme& theme);

Q_SIGNALS:
    void cancelRequested();

private:
    QLabel* m_text;
    QProgressBar* m_progress;
    QPushButton* m_cancel;
};

/// What failed, why, what to do, and details that can be copied.
class ErrorPage final : public QWidget {
    Q_OBJECT
public:
    ErrorPage();
    void set(const QString& what, const QString& why, const QString& remedy, const QString& details);
    void restyle(const Theme& theme);

Q_SIGNALS:
    void retryRequested();

private:
    QLabel* m_icon;
    QLabel* m_what;
    QLabel* m_why;
    QPlainTextEdit* m_details;
};

/// Greys the content and carries the "engine lost" banner. The banner wraps its text, so a narrow pane shows all of it.
class LostVeil final : public QWidget {
    Q_OBJECT
public:
    LostVeil(ThemeController& theme, QWidget* parent);
    void setText(const QString& text);
    void restyle(const Theme& theme);
    /// Height of the banner in a pane this wide.
    [[nodiscard]] int bannerHeight(int width) const;

Q_SIGNALS:
    void reconnectRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    ThemeController& m_theme;
    QWidget* m_banner;
    QLabel* m_text;
};

}  // namespace pathloom
