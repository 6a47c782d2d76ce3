// SPDX-License-Identifier: GPL-3.0-or-later
// HelperSession.
#include "widgets/client/helper_session.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QPointer>

#include <algorithm>
#include <utility>

namespace pathloom {
namespace {

constexpr int tailBytes = 4096;
constexpr int goodbyeMs = 2000;

QJsonObject errorEvent(qint64 id, const QString& message, bool cancelled)
{
    return {{QStringLiteral("id"), id}, {QStringLiteral("event"), QStringLiteral("error")}, {QStringLiteral("message"), message},
        {QStringLiteral("cancelled"), cancelled}};
}

}  // namespace

QString helperPath(const QString& program)
{
    if (QDir::isAbsolutePath(program)) return program;
    const QString beside = QDir(QCoreApplication::applicationDirPath()).filePath(program);
    return QFileInfo::exists(beside) ? beside : program;
}

HelperSession::HelperSession(const QString& program, const QStringList& arguments, QObject* parent)
    : QObject(parent)
    , m_program(program)
    , m_arguments(arguments)
{
}

HelperSession::~HelperSession()
{
    if (!m_process) return;
    m_process->disconnect(this);
    m_process->closeWriteChannel();  // it ends by itself; a long encoding is not waited for
    if (!m_process->waitForFinished(100)) {
        m_process->kill();
        m_process->waitForFinished(goodbyeMs);
    }
}

void HelperSession::start()
{
    m_buffer.clear();
    m_tail.clear();
    m_process = new QProcess(this);
    connect(m_process, &QProcess::readyReadStandardOutput, this, &HelperSession::read);
    connect(m_process, &QProcess::readyReadStandardError, this,
        [this] { m_tail = QByteArray(m_tail + m_process->readAllStandardError()).right(tailBytes); });
    connect(m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            ended(tr("%1 cannot be started: %2").arg(helperPath(m_program), m_process->errorString()));
    });
    connect(m_process, &QProcess::finished, this, [this](int code, QProcess::ExitStatus status) {
        read();
        ended(status == QProcess::CrashExit
                ? tr("%1 crashed or was killed").arg(QFileInfo(helperPath(m_program)).fileName())
                : tr("%1 ended with code %2").arg(QFileInfo(helperPath(m_program)).fileName()).arg(code));
    });
    m_process->start(helperPath(m_program), m_arguments);
}

qint64 HelperSession::request(QJsonObject request, Heard heard)
{
    if (!m_process) start();
    const qint64 id = ++m_last;
    request.insert(QStringLiteral("id"), id);
    m_heard.insert(id, std::move(heard));
    m_process->write(QJsonDocument(request).toJson(QJsonDocument::Compact) + '\n');
    return id;
}

void HelperSession::forget(qint64 id)
{
    m_heard.remove(id);
}

void HelperSession::cancel()
{
    if (!m_process) return;
    m_process->write("{\"do\":\"cancel\"}\n");
    // The oldest is under way and says itself that it was stopped; those behind it are never begun.
    QList<qint64> ids = m_heard.keys();
    std::sort(ids.begin(), ids.end());
    for (int i = 1; i < ids.size(); ++i)
        if (const Heard heard = m_heard.take(ids[i])) heard(errorEvent(ids[i], tr("cancelled"), true));
}

void HelperSession::read()
{
    if (!m_process) return;
    m_buffer += m_process->readAllStandardOutput();
    const QPointer<HelperSession> self(this);
    for (auto end = m_buffer.indexOf('\n'); end >= 0; end = m_buffer.indexOf('\n')) {
        const QJsonObject event = QJsonDocument::fromJson(m_buffer.left(end)).object();
        m_buffer.remove(0, end + 1);
        const qint64 id = event.value(QLatin1String("id")).toInteger();
        const Heard heard = m_heard.value(id);
        if (!heard) continue;
        const QString kind = event.value(QLatin1String("event")).toString();
        static const QStringList last{QStringLiteral("error"), QStringLiteral("added"), QStringLiteral("removed"),
            QStringLiteral("contestants"), QStringLiteral("results"), QStringLiteral("answer"), QStringLiteral("grid"),
            QStringLiteral("done")};
        if (last.contains(kind)) m_heard.remove(id);
        heard(event);
        if (!self) return;
    }
}

void HelperSession::ended(const QString& why)
{
    if (!m_process) return;
    m_process->disconnect(this);
    m_process->deleteLater();
    m_process = nullptr;
    const QString details = QString::fromUtf8(m_tail);
    const auto heard = std::exchange(m_heard, {});
    const QPointer<HelperSession> self(this);
    for (auto it = heard.begin(); it != heard.end(); ++it)
        if (it.value()) it.value()(errorEvent(it.key(), why, false));
    if (self) Q_EMIT died(why, details);
}

}  // namespace pathloom
