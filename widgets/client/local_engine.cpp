// SPDX-License-Identifier: GPL-3.0-or-later
// LocalEngine: spawn, wait for one ready line, watch, restart once, stop by closing the lifeline.
#include "widgets/client/local_engine.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>

#include <cerrno>
#include <csignal>

#include <vector>

namespace pathloom {
namespace {

constexpr int startLimitMs = 60'000;
constexpr int stopLimitMs = 15'000;
constexpr int logTailBytes = 8192;

QByteArray readSmallFile(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.read(65536) : QByteArray();
}

bool isAlive(qint64 pid)
{
    return pid > 0 && (::kill(pid_t(pid), 0) == 0 || errno == EPERM);
}

}  // namespace

QString readOperatorToken(const QString& project)
{
    return QString::fromUtf8(readSmallFile(QDir(project).filePath(QStringLiteral(".engine/operator.token")))).trimmed();
}

LocalEngine::LocalEngine(QObject* parent)
    : QObject(parent)
{
    m_startTimer.setSingleShot(true);
    m_startTimer.setInterval(startLimitMs);
    connect(&m_startTimer, &QTimer::timeout, this, [this] {
        const QString error = tr("The engine did not become ready within %1 s").arg(startLimitMs / 1000);
        if (m_process) m_process->kill();
        m_restarts = 1;  // no second attempt: it would hang the same way
        giveUp(error);
    });
    m_killTimer.setSingleShot(true);
    m_killTimer.setInterval(stopLimitMs);
    connect(&m_killTimer, &QTimer::timeout, this, [this] {
        if (m_process) m_process->kill();
    });
}

LocalEngine::~LocalEngine()
{
    if (!m_process) return;
    m_process->disconnect(this);
    if (m_process->state() == QProcess::NotRunning) return;
    // The lifeline closes with the pipe and the engine ends on its own; a QProcess destructor would kill it instead.
    m_process->closeWriteChannel();
    m_process->setParent(nullptr);
    if (!m_process->waitForFinished(5000)) m_process->kill();
    delete m_process;
}

QString LocalEngine::program() const
{
    if (!m_program.isEmpty()) return m_program;
    const QString beside = QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("pathloom-engine"));
    return QFileInfo::exists(beside) ? beside : QStringLiteral("pathloom-engine");
}

void LocalEngine::open(const QString& project, int workers)
{
    m_project = QDir(project).absolutePath();
    m_workers = workers;
    m_restarts = 0;
    m_error.clear();
    m_details.clear();
    m_state = State::Starting;
    const auto note = QJsonDocument::fromJson(readSmallFile(QDir(m_project).filePath(QStringLiteral(".engine/engine.json"))));
    const QString address = note.object().value(QLatin1String("address")).toString();
    const qint64 pid = note.object().value(QLatin1String("pid")).toInteger();
    const QString token = readOperatorToken(m_project);
    if (!address.isEmpty() && !token.isEmpty() && isAlive(pid)) {
        m_state = State::Running;
        QMetaObject::invokeMethod(
            this, [this, address, token] { Q_EMIT ready(address, token); }, Qt::QueuedConnection);
        return;
    }
    spawn();
}

void LocalEngine::spawn()
{
    if (m_process) {
        m_process->disconnect(this);
        m_process->deleteLater();
    }
    m_stdout.clear();
    m_stderrTail.clear();
    m_announced = false;
    m_state = State::Starting;
    m_process = new QProcess(this);
    m_process->setProgram(program());
    m_process->setArguments({QStringLiteral("--project"), m_project, QStringLiteral("--listen"), QStringLiteral("unix"),
        QStringLiteral("--local-workers"), QString::number(m_workers), QStringLiteral("--lifeline")});
    connect(m_process, &QProcess::readyReadStandardOutput, this, &LocalEngine::readReadyLine);
    connect(m_process, &QProcess::readyReadStandardError, this, [this] {
        m_stderrTail.append(m_process->readAllStandardError());
        if (m_stderrTail.size() > logTailBytes) m_stderrTail = m_stderrTail.last(logTailBytes);
    });
    connect(m_process, &QProcess::finished, this, &LocalEngine::onFinished);
    connect(m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            giveUp(tr("%1 could not be started: %2").arg(m_process->program(), m_process->errorString()));
    });
    m_startTimer.start();
    m_process->start();
}

void LocalEngine::readReadyLine()
{
    const QByteArray chunk = m_process->readAllStandardOutput();
    if (m_announced) return;
    m_stdout.append(chunk);
    const auto end = m_stdout.indexOf('\n');
    if (end < 0) return;
    const QJsonObject line = QJsonDocument::fromJson(m_stdout.left(end)).object();
    const QString address = line.value(QLatin1String("address")).toString();
    m_announced = true;
    if (!line.value(QLatin1String("ready")).toBool() || address.isEmpty()) {
        m_restarts = 1;
        m_process->kill();
        giveUp(tr("The engine's first line was not a ready line: %1").arg(QString::fromUtf8(m_stdout.left(end))));
        return;
    }
    const QString token = readOperatorToken(m_project);
    if (token.isEmpty()) {
        m_restarts = 1;
        m_process->kill();
        giveUp(tr("The engine wrote no operator token to %1/.engine").arg(m_project));
        return;
    }
    m_startTimer.stop();
    m_state = State::Running;
    Q_EMIT ready(address, token);
}

void LocalEngine::onFinished(int exitCode, QProcess::ExitStatus status)
{
    m_stderrTail.append(m_process->readAllStandardError());
    m_startTimer.stop();
    m_killTimer.stop();
    if (m_state == State::Stopping) {
        m_state = State::Off;
        Q_EMIT stopped();
        return;
    }
    if (m_state == State::Failed || m_state == State::Off) return;
    const QString why
        = status == QProcess::CrashExit ? tr("The engine crashed") : tr("The engine ended with code %1").arg(exitCode);
    // A project that cannot be opened fails the same way again, so only an engine that had been running is restarted.
    if (m_announced && m_restarts == 0) {
        ++m_restarts;
        Q_EMIT restarting(tr("%1; it was started again and resumes from its log.").arg(why));
        spawn();
        return;
    }
    giveUp(why);
}

void LocalEngine::giveUp(const QString& error)
{
    m_startTimer.stop();
    m_state = State::Failed;
    m_error = error;
    m_details = QString::fromUtf8(m_stderrTail).trimmed();
    Q_EMIT failed(m_error, m_details);
}

void LocalEngine::stop()
{
    m_startTimer.stop();
    if (!isChild()) {
        m_state = State::Off;
        QMetaObject::invokeMethod(this, &LocalEngine::stopped, Qt::QueuedConnection);
        return;
    }
    m_state = State::Stopping;
    m_killTimer.start();
    m_process->closeWriteChannel();
}

void LocalEngine::leaveRunning()
{
    if (!isChild()) return;
    m_process->disconnect(this);
    m_process->write("detach\n");
    m_process->waitForBytesWritten(1000);  // seven bytes into a pipe: returns at once
    m_process->closeWriteChannel();
    // The process object outlives us on purpose: its destructor would kill the engine we were asked to leave alone.
    static auto& leftAlone = *new std::vector<QProcess*>;
    m_process->setParent(nullptr);
    leftAlone.push_back(m_process);
    m_process = nullptr;
    m_state = State::Off;
}

}  // namespace pathloom
