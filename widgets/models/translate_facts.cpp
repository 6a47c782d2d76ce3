// SPDX-License-Identifier: GPL-3.0-or-later
// Translation events to values.
#include "widgets/models/translate_facts.h"

#include <QCoreApplication>
#include <QJsonArray>

#include <algorithm>
#include <tuple>

namespace pathloom {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("TranslateModels", text);
}

QString text(const QJsonObject& object, const char* key)
{
    return object.value(QLatin1String(key)).toString();
}

QString joined(const QJsonValue& words)
{
    QStringList list;
    for (const auto& word : words.toArray()) list.append(word.toString());
    return list.join(QLatin1Char(' '));
}

auto shotKey(const ShotPoint& point)
{
    return std::tie(point.model, point.context, point.from, point.examples);
}

}  // namespace

QString PackFacts::scoredSplit() const
{
    for (const char* split : {"dev", "test"})
        if (splits.value(QLatin1String(split)) > 0) return QLatin1String(split);
    return {};
}

QVector<ContextFacts> contexts()
{
    return {
        {QStringLiteral("zero-shot"), tr("Zero-shot"), tr("Nothing of the pack")},
        {QStringLiteral("words"), tr("Word list"), tr("The dictionary only")},
        {QStringLiteral("sentences"), tr("Sentences"), tr("The parallel sentences only")},
        {QStringLiteral("no-book"), tr("No book"), tr("The dictionary and the parallel sentences")},
        {QStringLiteral("half-book"), tr("Half book"), tr("Dictionary, sentences and the grammar up to its middle")},
        {QStringLiteral("full-book"), tr("Full book"), tr("Dictionary, sentences and the whole grammar")},
    };
}

QString contextTitle(const QString& id)
{
    for (const ContextFacts& context : contexts())
        if (context.id == id) return context.title;
    return id;
}

QString contextProblem(const PackFacts& pack, const QString& id)
{
    const bool book = id == QLatin1String("half-book") || id == QLatin1String("full-book");
    if (book && pack.grammarBytes == 0) return tr("the pack has no grammar");
    if (id == QLatin1String("words") && pack.dictionary == 0) return tr("the pack has no dictionary");
    return {};
}

bool takesShots(const QString& context)
{
    return context != QLatin1String("zero-shot") && context != QLatin1String("words");
}

QJsonObject ConditionFacts::toJson() const
{
    return {{QStringLiteral("model"), model}, {QStringLiteral("context"), context}, {QStringLiteral("shots"), shots}};
}

PackFacts toPack(const QJsonObject& event)
{
    PackFacts pack;
    pack.folder = text(event, "folder");
    pack.name = text(event, "name");
    for (const auto& language : event.value(QLatin1String("languages")).toArray()) pack.languages.append(language.toString());
    pack.dictionary = event.value(QLatin1String("dictionary")).toInt();
    const QJsonObject splits = event.value(QLatin1String("splits")).toObject();
    for (auto it = splits.begin(); it != splits.end(); ++it) pack.splits.insert(it.key(), it.value().toInt());
    pack.grammarBytes = event.value(QLatin1String("grammar_bytes")).toInteger();
    return pack;
}

void hearTranslation(TranslationFacts& translation, const QJsonObject& event)
{
    const QString kind = text(event, "event");
    if (kind == QLatin1String("reading")) {
        translation.reading
            = event.value(QLatin1String("done")).toDouble() / std::max(1.0, event.value(QLatin1String("total")).toDouble());
        return;
    }
    translation.reading = -1;
    translation.text = text(event, "text");
    if (kind == QLatin1String("growing")) return;
    translation.waiting = false;
    translation.problem = text(event, "message");
    translation.examples = event.value(QLatin1String("examples")).toInt();
    translation.dictionary = event.value(QLatin1String("dictionary")).toInt();
    translation.bookPairs = event.value(QLatin1String("book_pairs")).toInt();
    translation.seconds = event.value(QLatin1String("seconds")).toDouble();
    translation.parts.clear();
    for (const auto& value : event.value(QLatin1String("parts")).toArray()) {
        const QJsonObject part = value.toObject();
        const QJsonObject origin = part.value(QLatin1String("origin")).toObject();
        translation.parts.append({int(translation.parts.size()) + 1, joined(part.value(QLatin1String("target"))),
            joined(part.value(QLatin1String("source"))), text(part, "kind"), text(origin, "kind"), text(origin, "source"),
            text(origin, "target"), origin.value(QLatin1String("line")).toInt()});
    }
}

ScoreFacts toScore(const QJsonObject& event)
{
    const auto number = [&](const char* key) { return event.value(QLatin1String(key)).toDouble(); };
    return {{text(event, "model"), text(event, "context"), event.value(QLatin1String("shots")).toInt(-1)},
        quint64(event.value(QLatin1String("seed")).toInteger()), text(event, "from"),
        event.value(QLatin1String("examples")).toInt(), event.value(QLatin1String("sentences")).toInt(), number("chrf"),
        number("chrfpp"), number("bleu"), text(event, "signature"), text(event, "message")};
}

QVector<ShotPoint> shotPoints(const QVector<ScoreFacts>& scores)
{
    QVector<ShotPoint> points;
    for (const ScoreFacts& score : scores) {
        if (!score.problem.isEmpty()) continue;
        const ShotPoint one{
            score.condition.model, score.condition.context, score.from, score.examples, 1, score.chrf, score.chrf, score.chrf};
        const auto at = std::lower_bound(
            points.begin(), points.end(), one, [](const ShotPoint& a, const ShotPoint& b) { return shotKey(a) < shotKey(b); });
        if (at == points.end() || shotKey(*at) != shotKey(one)) {
            points.insert(at, one);
            continue;
        }
        at->mean += (score.chrf - at->mean) / ++at->seeds;
        at->low = std::min(at->low, score.chrf);
        at->high = std::max(at->high, score.chrf);
    }
    return points;
}

QVector<int> shotsUpTo(int sentences)
{
    QVector<int> shots{0};
    for (int k = 1; k < sentences; k *= 2) shots.append(k);
    if (sentences > 0) shots.append(sentences);
    return shots;
}

}  // namespace pathloom
