// SPDX-License-Identifier: GPL-3.0-or-later
// The scripted demonstration: the real window opens a project, trains the tour's presets, takes pictures, prints the results.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QStringList>
#include <QTimer>

#include <deque>
#include <functional>

class QWidget;

namespace pathloom {

class MainWindow;
class RunForm;
class ThemeController;
struct RunRow;

struct TourPlan {
    QString project;
    QString out;  ///< folder for *.png and results.json
    QStringList presets;  ///< the first is started through the run form and watched
    QStringList set;  ///< "key=value" on every run
    double timeoutSeconds = 1080;
};

/// A queue of steps. Each waits until its condition holds, then acts; the conditions are asked again whenever the session
/// reports something, and once a quarter of a second for what reports nothing. One deadline bounds them all.
class Tour final : public QObject {
    Q_OBJECT
public:
    Tour(MainWindow& window, ThemeController& theme, TourPlan plan, QObject* parent = nullptr);
    void start();

Q_SIGNALS:
    void finished(int exitCode);

private:
    struct Step {
        QString what;  ///< for the message when the deadline passes here
        std::function<bool()> ready;
        std::function<void()> act;
    };
    void addSteps();
    void addOpening();
    void addRuns();
    void addWatching();
    void addResults();
    void addLab();
    void addFilm();
    [[nodiscard]] bool isSettled(const QString& pane) const;  ///< shows its content, or why it cannot
    void addPicture(const QString& name, std::function<void()> after);
    void check();
    void fail(const QString& why);
    void end(int exitCode);
    void picture(const QString& name, QWidget* widget = nullptr);
    void say(const QString& line);
    void startNext();
    [[nodiscard]] bool watchRuns();  ///< all done and scored; fails the tour when a run failed
    [[nodiscard]] const RunRow* watchedRun() const;
    void writeResults();

    MainWindow& m_window;
    ThemeController& m_theme;
    TourPlan m_plan;
    std::deque<Step> m_steps;
    QElapsedTimer m_clock;
    QTimer m_tick;
    RunForm* m_form = nullptr;
    QVector<qint64> m_runs;
    QVector<qint64> m_scoring;
    QString m_lastSaid;
    bool m_corporaListed = false;
    bool m_runsListed = false;
    bool m_sampleReady = false;
    bool m_ended = false;
    bool m_checking = false;
    bool m_starting = false;
    int m_exitCode = 0;
};

}  // namespace pathloom
