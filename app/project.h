// SPDX-License-Identifier: GPL-3.0-or-later
// Opening and closing: a local engine for a folder, an engine left running there, or a remote one.
#pragma once

#include "widgets/client/local_engine.h"
#include "widgets/models/session.h"

#include <QObject>

namespace pathloom {

class Project final : public QObject {
    Q_OBJECT
public:
    enum class End { Stop, LeaveRunning };
    explicit Project(Session& session, QObject* parent = nullptr);

    void openFolder(const QString& folder, int workers);
    void openSample(int workers);  ///< in the user's data folder; its corpus is imported when missing
    void connectRemote(const EngineTarget& target);
    /// Let go of the engine. Never blocks: closed() follows, at the latest when the engine had to be killed.
    void close(End end);
    /// Import the shipped corpus as "sample" unless the project has it. sampleReady() or problem() follows.
    void importSample();

    [[nodiscard]] bool isOpen() const { return m_open; }
    [[nodiscard]] bool isLocal() const { return m_open && !m_folder.isEmpty(); }
    [[nodiscard]] QString folder() const { return m_folder; }
    [[nodiscard]] LocalEngine& engine() { return m_engine; }

Q_SIGNALS:
    void busy(const QString& text);  ///< "" = no longer
    void opened();  ///< an address is known and the client is connecting
    void problem(const QString& what, const QString& details);
    void notice(const QString& text);
    void sampleReady();
    void closed();

private:
    void finishClose();

    Session& m_session;
    LocalEngine m_engine;
    QString m_folder;
    bool m_open = false;
    bool m_wantSample = false;
    bool m_importing = false;
    bool m_closing = false;
};

}  // namespace pathloom
