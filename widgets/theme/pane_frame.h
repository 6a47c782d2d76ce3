// SPDX-License-Identifier: GPL-3.0-or-later
// The frame every pane stands in: title and toolbar on one line, content, a thin status strip, and the four designed states.
#pragma once

#include <QWidget>

class QAction;
class QLabel;
class QStackedLayout;
class QToolBar;
class QToolButton;

namespace pathloom {

class EmptyPage;
class ErrorPage;
class LoadingPage;
class LostVeil;
class ThemeController;

class PaneFrame : public QWidget {
    Q_OBJECT
public:
    enum class State { Content, Empty, Loading, Error, Lost };
    Q_ENUM(State)

    /// `title` is also the accessible name. The controller must outlive the frame.
    PaneFrame(const QString& title, ThemeController& theme, QWidget* parent = nullptr);

    QString title() const;
    void setTitle(const QString& title);
    /// A pane among tabs is named by its tab already.
    void setTitleShown(bool shown);
    /// The widget shown in State::Content and (greyed) in State::Lost. The frame takes it over.
    void setContent(QWidget* content);
    QWidget* content() const { return m_content; }

    /// Toolbar on the title line. A button takes its accessible name and tool tip (with the shortcut) from the action's text.
    QToolButton* addToolAction(QAction* action);
    /// A control on the title line (slider, combo box ...); give it an accessible name.
    QAction* addToolWidget(QWidget* widget);
    void addToolSeparator();
    /// An entry of the overflow menu at the right end of the title line; the button appears with the first entry.
    void addOverflowAction(QAction* action);
    QToolBar* toolBar() const { return m_toolBar; }

    /// Left: what is shown, of how much. Right: how fresh.
    void setStatus(const QString& what, const QString& freshness = {});

    /// Called on each frame tick: rebuild() when fingerprint() has moved. A hidden pane does nothing until it is shown.
    void refresh();
    /// Times rebuild() ran: the measure of "a hidden pane does no work".
    int rebuilds() const { return m_rebuilds; }

    State state() const { return m_state; }
    void showContent();
    /// One sentence and, unless `button` is empty, the button that fills the pane (emptyActionTriggered).
    void showEmpty(const QString& sentence, const QString& button = {});
    /// Skeleton with a sentence; progress in [0, 1], below 0 = not known; cancel button if asked for (cancelRequested).
    void showLoading(const QString& sentence, double progress = -1, bool cancellable = false);
    /// The tool bar of an empty pane is switched off, unless it holds what fills the pane or says how.
    void keepToolsWhenEmpty() { m_toolsWhenEmpty = true; }
    /// What failed, why, what to do, and details that can be copied. The button emits retryRequested.
    void showError(const QString& what, const QString& why, const QString& remedy, const QString& details = {});
    /// Engine gone: content stays, greyed, under a banner with the time of the last data and the seconds to the next attempt.
    void showLost(qint64 lastDataMs, int reconnectSeconds);

Q_SIGNALS:
    void emptyActionTriggered();
    void cancelRequested();
    void retryRequested();
    void reconnectRequested();
    void stateChanged();

protected:
    /// A number that moves whenever what the pane shows does; cheap enough for every frame.
    virtual quint64 fingerprint() const { return 0; }
    virtual void rebuild() { }
    /// Refresh even if the fingerprint stands still (another run, another option of the view).
    void invalidate();
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void build(const QString& title);
    void setState(State state);
    void restyle();
    void placeVeil();

    ThemeController& m_theme;
    State m_state = State::Content;
    QLabel* m_title = nullptr;
    QToolBar* m_toolBar = nullptr;
    QToolButton* m_overflow = nullptr;
    QStackedLayout* m_stack = nullptr;
    QWidget* m_host = nullptr;
    QWidget* m_contentHost = nullptr;
    QWidget* m_content = nullptr;
    QLabel* m_status = nullptr;
    QLabel* m_fresh = nullptr;
    QWidget* m_strip = nullptr;
    EmptyPage* m_empty = nullptr;
    LoadingPage* m_loading = nullptr;
    ErrorPage* m_error = nullptr;
    LostVeil* m_veil = nullptr;
    bool m_toolsWhenEmpty = false;
    bool m_dirty = false;
    quint64 m_seen = 0;
    int m_rebuilds = 0;
};

}  // namespace pathloom
