// SPDX-License-Identifier: GPL-3.0-or-later
// A pathloom-engine child process for one project folder, or one that was left running there before.
#pragma once

#include <QObject>
#include <QProcess>
#include <QString>
#include <QTimer>

namespace pathloom {

/// The engine's life is tied to our end of its stdin (--lifeline): if the app dies, the engine stops.
class LocalEngine final : public QObject {
    Q_OBJECT
public:
    enum class State { Off, Starting, Running, Stopping, Failed };
    Q_ENUM(State)

    explicit LocalEngine(QObject* parent = nullptr);
    ~LocalEngine() override;

    /// Where the program is; by default beside this one. Tests point it elsewhere.
    void setProgram(const QString& path) { m_program = path; }
    [[nodiscard]] QString program() const;

    /// Start (or find) the engine of `project`. Answers with ready() or failed().
    void open(const QString& project, int workers);
    void stop();  ///< close the lifeline; stopped() follows, after a kill when it takes longer than 15 s
    void leaveRunning();  ///< tell it to stay, then let go of it

    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] bool isChild() const { return m_process != nullptr && m_process->state() != QProcess::NotRunning; }
    [[nodiscard]] QString project() const { return m_project; }
    [[nodiscard]] QString errorText() const { return m_error; }  ///< one sentence
    [[nodiscard]] QString errorDetails() const { return m_details; }  ///< the last lines of the engine's stderr
    [[nodiscard]] int restarts() const { return m_restarts; }

Q_SIGNALS:
    void ready(const QString& address, const QString& token);
    void restarting(const QString& notice);
    void failed(const QString& error, const QString& details);
    void stopped();

private:
    void spawn();
    void readReadyLine();
    void giveUp(const QString& error);
    void onFinished(int exitCode, QProcess::ExitStatus status);

    State m_state = State::Off;
    QString m_program;
    QString m_project;
    int m_workers = 0;
    QProcess* m_process = nullptr;
    QByteArray m_stdout;
    QByteArray m_stderrTail;
    QString m_error;
    QString m_details;
    int m_restarts = 0;
    bool m_announced = false;
    QTimer m_startTimer;
    QTimer m_killTimer;
};

/// The operator token that the engine of `project` wrote, empty when there is none yet.
QString readOperatorToken(const QString& project);

}  // namespace pathloom
