// SPDX-License-Identifier: GPL-3.0-or-later
// Shows a pane's state for the connection it depends on: nothing open, connecting, refused, lost, empty, or its content.
#pragma once

#include "widgets/models/session.h"
#include "widgets/theme/pane_frame.h"

#include <functional>

namespace pathloom {

class ConnectionState final : public QObject {
    Q_OBJECT
public:
    /// Empty panes say `sentence` and offer `button` (PaneFrame::emptyActionTriggered).
    ConnectionState(
        PaneFrame& pane, Session& session, std::function<bool()> hasContent, const QString& sentence, const QString& button = {});
    void update();

private:
    PaneFrame& m_pane;
    Session& m_session;
    std::function<bool()> m_hasContent;
    QString m_sentence;
    QString m_button;
};

}  // namespace pathloom
