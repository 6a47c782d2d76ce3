// SPDX-License-Identifier: GPL-3.0-or-later
// The first page: recent projects, and the ways to begin. Problems of opening are told here, not in a box.
#pragma once

#include <QWidget>

class QAction;
class QLabel;
class QListWidget;
class QProgressBar;
class QPlainTextEdit;
class QPushButton;

namespace pathloom {

class ThemeController;

class WelcomePage final : public QWidget {
    Q_OBJECT
public:
    explicit WelcomePage(ThemeController& theme, QWidget* parent = nullptr);
    /// One large button an action, in this order; the first is the primary one.
    void setCommands(const QList<QAction*>& commands);
    void setRecent(const QStringList& folders);
    void showBusy(const QString& text);  ///< an engine is starting; "" = no longer
    void showProblem(const QString& what, const QString& details);

Q_SIGNALS:
    void openRequested(const QString& folder);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void restyle();

    ThemeController& m_theme;
    QWidget* m_buttons;
    QListWidget* m_recent;
    QLabel* m_recentTitle;
    QLabel* m_lead;
    QLabel* m_none;
    QLabel* m_problem;
    QPlainTextEdit* m_details;
    QLabel* m_busyText;
    QProgressBar* m_busy;
    QList<QPushButton*> m_commandButtons;
};

}  // namespace pathloom
