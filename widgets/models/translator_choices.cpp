// SPDX-License-Identifier: GPL-3.0-or-later
// TranslatorChoices.
#include "widgets/models/translator_choices.h"

#include <QJsonArray>

namespace pathloom {

TranslatorChoices::TranslatorChoices(QObject* parent)
    : QObject(parent)
    , m_known{{QStringLiteral("lexical"), tr("Lexical"), {}, {}}, {QStringLiteral("nearest"), tr("Nearest example"), {}, {}}}
{
}

void TranslatorChoices::setKnown(const QJsonObject& event)
{
    QVector<TranslatorFacts> known;
    for (const auto& value : event.value(QLatin1String("translators")).toArray()) {
        const QJsonObject one = value.toObject();
        const QString reader = one.value(QLatin1String("reader")).toString();
        TranslatorFacts facts{one.value(QLatin1String("id")).toString(), {}, {}, one.value(QLatin1String("problem")).toString()};
        if (facts.id == QLatin1String("lexical")) {
            facts.title = tr("Lexical");
            facts.tip = tr("Dictionary, alignments and phrases");
        } else if (facts.id == QLatin1String("nearest")) {
            facts.title = tr("Nearest example");
            facts.tip = tr("The translation of the most similar example");
        } else if (facts.id == QLatin1String("reader")) {
            facts.title = tr("Reader");
            facts.tip = tr("%1 looks the words up in the context").arg(reader);
        } else if (facts.id == QLatin1String("shipped")) {
            facts.title = tr("Shipped reader");
            facts.tip = tr("%1, the reader of documents, looks the words up in the context").arg(reader);
        } else if (isEndpoint(facts.id)) {
            facts.title = tr("Endpoint");
            facts.tip = tr("A model behind an OpenAI-compatible server; the whole context is sent to it");
        } else {
            facts.title = reader;
            facts.tip = tr("The reader %1 looks the words up in the context").arg(reader);
        }
        if (!facts.problem.isEmpty()) facts.tip = facts.problem;
        known.append(facts);
    }
    if (known.isEmpty() || known == m_known) return;
    m_known = known;
    Q_EMIT changed();
}

void TranslatorChoices::setEndpoint(const EndpointFacts& endpoint)
{
    if (endpoint == m_endpoint) return;
    m_endpoint = endpoint;
    Q_EMIT changed();
}

QString TranslatorChoices::title(const QString& id) const
{
    if (isEndpoint(id) && m_endpoint.isSet()) return m_endpoint.model;
    for (const TranslatorFacts& one : m_known)
        if (one.id == id) return one.title;
    return id;
}

QString TranslatorChoices::name(const ConditionFacts& condition) const
{
    const QString what = tr("%1, %2").arg(title(condition.model), contextTitle(condition.context).toLower());
    return condition.shots < 0 || !takesShots(condition.context) ? what : tr("%1, K = %2").arg(what).arg(condition.shots);
}

}  // namespace pathloom
