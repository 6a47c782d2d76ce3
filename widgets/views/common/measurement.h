// SPDX-License-Identifier: GPL-3.0-or-later
// A measurement a helper is asked for: how far it is, and why it ended early. What it finds goes to the page.
#pragma once

#include "widgets/client/helper_session.h"

#include <QElapsedTimer>

namespace pathloom {

class Measurement final : public QObject {
    Q_OBJECT
public:
    explicit Measurement(HelperSession& session, QObject* parent = nullptr);
    using Found = std::function<void(const QString& kind, const QJsonObject& event)>;
    /// `found` sees what is neither progress nor the end. One at a time: a page does not start another while isRunning().
    void start(const QJsonObject& request, Found found);
    [[nodiscard]] bool isRunning() const { return m_request != 0; }
    [[nodiscard]] QString problem() const { return m_problem; }  ///< why it ended early; empty when it did not
    void forgetProblem() { m_problem.clear(); }
    /// Of the last event, if that was progress and not something found.
    [[nodiscard]] bool isPreparing() const { return isRunning() && m_preparing; }
    [[nodiscard]] double done() const { return m_done; }
    [[nodiscard]] double total() const { return m_total; }  ///< 0 = not told yet
    /// "about 3 min left" from `done` of `all`; empty in the first seconds.
    [[nodiscard]] QString left(double done, double all) const;

Q_SIGNALS:
    void changed();  ///< something was heard, or it has begun or ended
    void busyChanged();

private:
    void hear(const QJsonObject& event, const Found& found);
    HelperSession& m_session;
    qint64 m_request = 0;
    bool m_preparing = false;
    double m_done = 0, m_total = 0;
    QString m_problem;
    QElapsedTimer m_clock;
};

}  // namespace pathloom
