// SPDX-License-Identifier: GPL-3.0-or-later
// Contestants.
#include "widgets/models/contestants.h"

#include <algorithm>

namespace pathloom {

Contestants::Contestants(QObject* parent)
    : QObject(parent)
{
}

void Contestants::setKnown(const QJsonObject& event)
{
    QVector<Contestant> known;
    const QJsonArray readers = event.value(QLatin1String("readers")).toArray();
    for (const auto& value : readers) {
        const QJsonObject reader = value.toObject();
        known.append({reader.value(QLatin1String("id")).toString(), reader.value(QLatin1String("title")).toString(),
            tr("Another trained reader; it encodes the documents for itself")});
    }
    known.append({QStringLiteral("window"), tr("Window only"), tr("The same reader, but it sees the last 512 tokens only")});
    known.append({QStringLiteral("full"), tr("Full attention"),
        tr("The same weights with a softmax over every row instead of the best 16; up to 32k tokens")});
    known.append({QStringLiteral("bm25"), tr("BM25"), tr("The same reader over the 8 best chunks of a word search")});
    known.append({QStringLiteral("endpoint"), tr("Endpoint"), tr("A model behind an OpenAI-compatible server")});
    if (known == m_known) return;
    m_known = known;
    m_chosen.removeIf([&](const QString& id) {
        return std::none_of(known.begin(), known.end(), [&](const Contestant& one) { return one.id == id; });
    });
    Q_EMIT changed();
}

void Contestants::setChosen(const QString& id, bool on)
{
    if (m_chosen.contains(id) == on) return;
    QStringList next;
    for (const Contestant& one : std::as_const(m_known))
        if (one.id == id ? on : m_chosen.contains(one.id)) next.append(one.id);
    m_chosen = next;
    Q_EMIT changed();
}

void Contestants::setEndpoint(const EndpointFacts& endpoint)
{
    if (endpoint == m_endpoint) return;
    m_endpoint = endpoint;
    Q_EMIT changed();
}

QString Contestants::title(const QString& id) const
{
    if (id == QLatin1String("reader")) return tr("Reader");
    if (id == QLatin1String("endpoint") && m_endpoint.isSet()) return m_endpoint.model;
    for (const Contestant& one : m_known)
        if (one.id == id) return one.title;
    return id;
}

void Contestants::addTo(QJsonObject& request) const
{
    if (m_chosen.isEmpty()) return;
    request.insert(QStringLiteral("contestants"), QJsonArray::fromStringList(m_chosen));
    if (m_chosen.contains(QStringLiteral("endpoint"))) request.insert(QStringLiteral("endpoint"), m_endpoint.toJson());
}

}  // namespace pathloom
