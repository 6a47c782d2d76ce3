// SPDX-License-Identifier: GPL-3.0-or-later
// ConnectionState.
#include "widgets/views/common/connection.h"

namespace pathloom {

ConnectionState::ConnectionState(
    PaneFrame& pane, Session& session, std::function<bool()> hasContent, const QString& sentence, const QString& button)
    : QObject(&pane)
    , m_pane(pane)
    , m_session(session)
    , m_hasContent(std::move(hasContent))
    , m_sentence(sentence)
    , m_button(button)
{
    EngineClient& client = session.client();
    connect(&client, &EngineClient::stateChanged, this, &ConnectionState::update);
    connect(&client, &EngineClient::retryTick, this, &ConnectionState::update);
    connect(&pane, &PaneFrame::reconnectRequested, &client, &EngineClient::retryNow);
    connect(&pane, &PaneFrame::retryRequested, &client, &EngineClient::retryNow);
    update();
}

void ConnectionState::update()
{
    const EngineClient& client = m_session.client();
    const bool content = m_hasContent();
    switch (client.state()) {
    case EngineClient::State::Disconnected:
        m_pane.showEmpty(tr("No project is open."));
        return;
    case EngineClient::State::Connecting:
        if (!content) m_pane.showLoading(tr("Connecting to the engine"));
        return;
    case EngineClient::State::Refused:
        m_pane.showError(tr("The engine refused the connection"), client.stateReason(),
            tr("Check the address and the token, then try again."), client.address());
        return;
    case EngineClient::State::Lost:
        if (content)
            m_pane.showLost(m_session.lastHeardMs(), client.retryInSeconds());
        else
            m_pane.showError(tr("The engine does not answer"), client.stateReason(),
                tr("Trying again in %1 s.").arg(client.retryInSeconds()), client.address());
        return;
    case EngineClient::State::Connected:
        if (content)
            m_pane.showContent();
        else
            m_pane.showEmpty(m_sentence, m_button);
        return;
    }
}

}  // namespace pathloom
