// SPDX-License-Identifier: GPL-3.0-or-later
// Project.
#include "app/project.h"

#include "engine/core/resources.h"
#include "widgets/models/formats.h"

#include <QDir>
#include <QStandardPaths>

namespace pathloom {

Project::Project(Session& session, QObject* parent)
    : QObject(parent)
    , m_session(session)
{
    connect(&m_engine, &LocalEngine::ready, this, [this](const QString& address, const QString& token) {
        m_open = true;
        m_session.open({address, token, {}, {}, {}});
        Q_EMIT busy({});
        Q_EMIT opened();
    });
    connect(&m_engine, &LocalEngine::restarting, this, &Project::notice);
    connect(&m_engine, &LocalEngine::failed, this, [this](const QString& error, const QString& details) {
        Q_EMIT busy({});
        Q_EMIT problem(error, details);
    });
    connect(&m_engine, &LocalEngine::stopped, this, &Project::finishClose);
    connect(&m_session, &Session::corporaChanged, this, [this] {
        if (m_wantSample && m_session.client().isConnected()) importSample();
    });
}

void Project::openFolder(const QString& folder, int workers)
{
    if (!QDir().mkpath(folder)) {
        Q_EMIT problem(tr("%1 cannot be made; choose a folder you may write to").arg(folder), {});
        return;
    }
    m_folder = QDir(folder).absolutePath();
    m_closing = false;
    Q_EMIT busy(tr("Starting the engine for %1").arg(QDir(m_folder).dirName()));
    m_engine.open(m_folder, workers);
}

void Project::openSample(int workers)
{
    m_wantSample = true;
    openFolder(
        QDir(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation)).filePath(QStringLiteral("sample")), workers);
}

void Project::connectRemote(const EngineTarget& target)
{
    m_folder.clear();
    m_open = true;
    m_closing = false;
    m_session.open(target);
    Q_EMIT opened();
}

void Project::importSample()
{
    m_wantSample = false;
    for (const CorpusRow& corpus : m_session.corpora().rows())
        if (corpus.name == QLatin1String("sample")) {
            Q_EMIT sampleReady();
            return;
        }
    if (m_importing) return;
    const auto folder = resource_path("sample");
    if (!folder) {
        Q_EMIT problem(QString::fromStdString(folder.error().message), {});
        return;
    }
    ImportOrder order;
    order.name = QStringLiteral("sample");
    const QDir dir(QString::fromStdString(folder->string()));
    for (const QString& file : dir.entryList({QStringLiteral("*.jsonl"), QStringLiteral("*.jsonl.*")}, QDir::Files, QDir::Name))
        order.paths.append(dir.filePath(file));
    if (order.paths.isEmpty()) {
        Q_EMIT problem(tr("%1 holds no .jsonl file; install Pathloom again").arg(dir.path()), {});
        return;
    }
    m_importing = true;
    Q_EMIT notice(tr("Importing the sample corpus"));
    m_session.client().importCorpus(
        this, order,
        [this](const EngineClient::ImportProgressFacts& facts) {
            Q_EMIT notice(facts.total > 0 ? tr("Importing the sample corpus: %1 %2")
                                                .arg(facts.stage, percentText(double(facts.done) / double(facts.total)))
                                          : tr("Importing the sample corpus: %1").arg(facts.stage));
        },
        [this](Result<CorpusRow> corpus) {
            m_importing = false;
            if (!corpus) {
                Q_EMIT problem(
                    tr("The sample corpus was not imported: %1").arg(QString::fromStdString(corpus.error().message)), {});
                return;
            }
            m_session.refreshCorpora();
            Q_EMIT notice(tr("The sample corpus is ready"));
            Q_EMIT sampleReady();
        });
}

void Project::close(End end)
{
    if (m_closing) return;
    m_closing = true;
    m_wantSample = false;
    const bool local = !m_folder.isEmpty();
    if (!local || end == End::LeaveRunning) {
        if (local) m_engine.leaveRunning();
        finishClose();
        return;
    }
    Q_EMIT busy(tr("Stopping the engine"));
    if (m_engine.isChild() || !m_session.client().isConnected()) {
        m_session.client().disconnectFromEngine();
        m_engine.stop();
        return;
    }
    // An engine that was left running earlier has no lifeline of ours: ask it. The call's deadline bounds the wait.
    m_session.client().shutdownEngine(this, [this](const Result<bool>&) { finishClose(); });
}

void Project::finishClose()
{
    if (!m_closing) return;
    m_open = false;
    m_folder.clear();
    m_session.close();
    Q_EMIT busy({});
    Q_EMIT closed();
}

}  // namespace pathloom
