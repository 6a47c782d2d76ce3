// SPDX-License-Identifier: GPL-3.0-or-later
// Who is asked beside the reader: other readers, baselines, a model behind an endpoint. What the pages of the probe share.
#pragma once

#include "widgets/models/endpoint_facts.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QObject>
#include <QStringList>
#include <QVector>

namespace pathloom {

struct Contestant {
    QString id;  ///< "reader:NAME", "window", "full", "bm25", "endpoint"
    QString title, tip;
    bool operator==(const Contestant&) const = default;
};

class Contestants final : public QObject {
    Q_OBJECT
public:
    explicit Contestants(QObject* parent = nullptr);
    /// From the "contestants" event of a session.
    void setKnown(const QJsonObject& event);
    [[nodiscard]] const QVector<Contestant>& known() const { return m_known; }
    [[nodiscard]] QStringList chosen() const { return m_chosen; }  ///< in the order of known()
    void setChosen(const QString& id, bool on);
    [[nodiscard]] const EndpointFacts& endpoint() const { return m_endpoint; }
    void setEndpoint(const EndpointFacts& endpoint);
    /// What a person reads: "Reader" for the session's own.
    [[nodiscard]] QString title(const QString& id) const;
    /// The chosen and the endpoint's address, as a session's request takes them.
    void addTo(QJsonObject& request) const;

Q_SIGNALS:
    void changed();

private:
    QVector<Contestant> m_known;
    QStringList m_chosen;
    EndpointFacts m_endpoint;
};

}  // namespace pathloom
