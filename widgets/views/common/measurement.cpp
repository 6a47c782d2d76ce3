// SPDX-License-Identifier: GPL-3.0-or-later
// Measurement.
#include "widgets/views/common/measurement.h"

#include "widgets/theme/painting.h"

namespace pathloom {
namespace {

constexpr int etaAfterMs = 3000;

}

Measurement::Measurement(HelperSession& session, QObject* parent)
    : QObject(parent)
    , m_session(session)
{
}

void Measurement::start(const QJsonObject& request, Found found)
{
    m_problem.clear();
    m_done = m_total = 0;
    m_preparing = false;
    m_clock.start();
    m_request = m_session.request(request, [this, found = std::move(found)](const QJsonObject& event) { hear(event, found); });
    Q_EMIT changed();
    Q_EMIT busyChanged();
}

void Measurement::hear(const QJsonObject& event, const Found& found)
{
    static const QStringList last{QStringLiteral("done"), QStringLiteral("grid"), QStringLiteral("error")};
    const QString kind = event.value(QLatin1String("event")).toString();
    m_preparing = kind == QLatin1String("progress");
    if (m_preparing) {
        m_done = event.value(QLatin1String("done")).toDouble();
        m_total = event.value(QLatin1String("total")).toDouble();
    } else if (!last.contains(kind)) {
        found(kind, event);
    } else {
        m_request = 0;
        if (kind == QLatin1String("error"))
            m_problem = event.value(QLatin1String("cancelled")).toBool() ? tr("Cancelled; what was measured stays.")
                                                                         : event.value(QLatin1String("message")).toString();
    }
    Q_EMIT changed();
    if (m_request == 0) Q_EMIT busyChanged();
}

QString Measurement::left(double done, double all) const
{
    if (m_clock.elapsed() <= etaAfterMs || done <= 0 || all <= done) return {};
    return tr("about %1 left").arg(formatDuration(qint64(double(m_clock.elapsed()) * (all / done - 1))));
}

}  // namespace pathloom
