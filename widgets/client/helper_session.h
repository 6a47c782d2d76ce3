// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation with one of our helper programs (pathloom-probe): requests out, events in, one JSON object a line. Nothing
// blocks.
#pragma once

#include <QHash>
#include <QJsonObject>
#include <QObject>
#include <QProcess>
#include <QStringList>

#include <functional>

namespace pathloom {

/// Where a helper program is: beside this one, else in the path; an absolute path is taken as it is.
QString helperPath(const QString& program);

class HelperSession final : public QObject {
    Q_OBJECT
public:
    /// `program` is looked for beside the app, then in the path. It starts with the first request.
    HelperSession(const QString& program, const QStringList& arguments, QObject* parent = nullptr);
    ~HelperSession() override;

    using Heard = std::function<void(const QJsonObject& event)>;
    /// Sends `request` with an id of its own; `heard` sees every event that names it. Returns the id.
    qint64 request(QJsonObject request, Heard heard);
    /// Nothing more is heard of the request; the helper goes on with it.
    void forget(qint64 id);
    /// Stops the request under way and drops those that wait; each hears an "error" with "cancelled".
    void cancel();
    [[nodiscard]] bool isRunning() const { return m_process != nullptr; }
    [[nodiscard]] qint64 processId() const { return m_process ? m_process->processId() : 0; }
    void setProgram(const QString& program) { m_program = program; }  ///< tests

Q_SIGNALS:
    /// The helper died; requests under way hear an "error" first. The next request starts another one, which knows nothing yet.
    void died(const QString& why, const QString& details);

private:
    void start();
    void read();
    void ended(const QString& why);

    QString m_program;
    QStringList m_arguments;
    QProcess* m_process = nullptr;
    QByteArray m_buffer;
    QByteArray m_tail;  // of its stderr
    qint64 m_last = 0;
    QHash<qint64, Heard> m_heard;
};

}  // namespace pathloom
