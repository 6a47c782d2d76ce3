// SPDX-License-Identifier: GPL-3.0-or-later
// Translation events to values, and their tables.
#include "widgets/models/translate_facts.h"

#include "widgets/models/formats.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QLocale>

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

QString contextName(const QString& context)
{
    if (context == QLatin1String("zero-shot")) return tr("nothing");
    if (context == QLatin1String("words")) return tr("word list");
    if (context == QLatin1String("sentences")) return tr("sentences");
    if (context == QLatin1String("no-book")) return tr("words and sentences");
    return context;
}

QString conditionName(const QString& model, const QString& context, int shots)
{
    const QString name = model == QLatin1String("lexical") ? tr("Lexical, %1") : tr("Nearest example, %1");
    return shots < 0 ? name.arg(contextName(context)) : tr("%1, K = %2").arg(name.arg(contextName(context))).arg(shots);
}

QString originText(const PartFacts& part)
{
    if (part.kind == QLatin1String("copied")) return tr("copied: nothing in the pack has this word");
    if (part.origin == QLatin1String("dictionary"))
        return tr("dictionary: %1 \u2013 %2").arg(part.originSource, part.originTarget);
    if (part.origin == QLatin1String("sentence")) return tr("example: %1 \u2013 %2").arg(part.originSource, part.originTarget);
    return tr("put together from several examples");
}

template <class Row, class Text>
TableColumn<Row> column(const QString& title, const QString& tip, Text text)
{
    TableColumn<Row> made;
    made.title = title;
    made.headerTip = tip;
    made.text = text;
    return made;
}

QVector<TableColumn<ConditionFacts>> conditionColumns()
{
    auto name
        = column<ConditionFacts>(tr("Translator and what it may use"), {}, [](const ConditionFacts& c) { return c.name(); });
    auto translation = column<ConditionFacts>(tr("Translation"), {}, [](const ConditionFacts& c) {
        return c.waiting ? QStringLiteral("\u2026") : c.problem.isEmpty() ? c.text : c.problem;
    });
    translation.tone = [](const ConditionFacts& c) { return c.problem.isEmpty() ? Tone::None : Tone::Fail; };
    auto examples = column<ConditionFacts>(tr("Examples"), tr("Parallel sentences it was built from"),
        [](const ConditionFacts& c) { return c.waiting || c.text.isEmpty() ? QString() : QLocale().toString(c.examples); });
    examples.number = true;
    examples.sort = [](const ConditionFacts& c) { return QVariant(c.examples); };
    return {name, translation, examples};
}

QVector<TableColumn<PartFacts>> partColumns()
{
    auto order = column<PartFacts>(
        QStringLiteral("#"), tr("Place in the translation"), [](const PartFacts& p) { return QString::number(p.index); });
    order.number = true;
    order.sort = [](const PartFacts& p) { return QVariant(p.index); };
    auto target = column<PartFacts>(tr("Words"), tr("Of the translation"), [](const PartFacts& p) { return p.target; });
    auto source = column<PartFacts>(tr("From"), tr("Words of the sentence"),
        [](const PartFacts& p) { return p.kind == QLatin1String("relative") ? tr("as a form of %1").arg(p.source) : p.source; });
    auto origin = column<PartFacts>(tr("Learnt from"), tr("Line of the dictionary, or example"), originText);
    origin.tone = [](const PartFacts& p) {
        return p.kind == QLatin1String("copied") ? Tone::Warn : p.origin == QLatin1String("none") ? Tone::Muted : Tone::None;
    };
    return {order, target, source, origin};
}

QVector<TableColumn<ScoreFacts>> scoreColumns()
{
    auto name = column<ScoreFacts>(
        tr("Translator and what it may use"), {}, [](const ScoreFacts& s) { return conditionName(s.model, s.context, s.shots); });
    auto examples = column<ScoreFacts>(tr("Examples"), tr("Parallel sentences it was built from"),
        [](const ScoreFacts& s) { return QLocale().toString(s.examples); });
    examples.sort = [](const ScoreFacts& s) { return QVariant(s.examples); };
    auto chrf = column<ScoreFacts>(
        tr("chrF"), tr("Higher is better"), [](const ScoreFacts& s) { return QString::number(s.chrf, 'f', 1); });
    chrf.sort = [](const ScoreFacts& s) { return QVariant(s.chrf); };
    chrf.tip = [](const ScoreFacts& s) { return s.signature; };
    chrf.share = [](const ScoreFacts& s) { return s.chrf / 100; };
    auto chrfpp = column<ScoreFacts>(
        tr("chrF++"), tr("Higher is better"), [](const ScoreFacts& s) { return QString::number(s.chrfpp, 'f', 1); });
    chrfpp.sort = [](const ScoreFacts& s) { return QVariant(s.chrfpp); };
    auto bleu = column<ScoreFacts>(
        tr("BLEU"), tr("Higher is better"), [](const ScoreFacts& s) { return QString::number(s.bleu, 'f', 1); });
    bleu.sort = [](const ScoreFacts& s) { return QVariant(s.bleu); };
    for (auto* number : {&examples, &chrf, &chrfpp, &bleu}) number->number = true;
    return {name, examples, chrf, chrfpp, bleu};
}

}  // namespace

QString ConditionFacts::name() const
{
    return conditionName(model, context, shots);
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

void fillCondition(ConditionFacts& condition, const QJsonObject& event)
{
    condition.waiting = false;
    condition.problem.clear();
    condition.text = text(event, "text");
    condition.examples = event.value(QLatin1String("examples")).toInt();
    condition.dictionary = event.value(QLatin1String("dictionary")).toInt();
    condition.seconds = event.value(QLatin1String("seconds")).toDouble();
    condition.parts.clear();
    for (const auto& value : event.value(QLatin1String("parts")).toArray()) {
        const QJsonObject part = value.toObject();
        const QJsonObject origin = part.value(QLatin1String("origin")).toObject();
        condition.parts.append({int(condition.parts.size()) + 1, joined(part.value(QLatin1String("target"))),
            joined(part.value(QLatin1String("source"))), text(part, "kind"), text(origin, "kind"), text(origin, "source"),
            text(origin, "target")});
    }
}

ScoreFacts toScore(const QJsonObject& event)
{
    const auto number = [&](const char* key) { return event.value(QLatin1String(key)).toDouble(); };
    return {text(event, "model"), text(event, "context"), event.value(QLatin1String("shots")).toInt(),
        event.value(QLatin1String("examples")).toInt(), event.value(QLatin1String("sentences")).toInt(), number("chrf"),
        number("chrfpp"), number("bleu"), text(event, "signature")};
}

QString scoresCsv(const QVector<ScoreFacts>& scores)
{
    QString out = QStringLiteral("model,context,shots,examples,sentences,chrf,chrf++,bleu,signature\n");
    for (const ScoreFacts& s : scores)
        out += QStringLiteral("%1,%2,%3,%4,%5,%6,%7,%8,%9\n")
                   .arg(s.model, s.context, s.shots < 0 ? QString() : QString::number(s.shots))
                   .arg(s.examples)
                   .arg(s.sentences)
                   .arg(s.chrf, 0, 'f', 2)
                   .arg(s.chrfpp, 0, 'f', 2)
                   .arg(s.bleu, 0, 'f', 2)
                   .arg(s.signature);
    return out;
}

QVector<int> shotsUpTo(int sentences)
{
    QVector<int> shots{0};
    for (int k = 1; k < sentences; k *= 2) shots.append(k);
    if (sentences > 0) shots.append(sentences);
    return shots;
}

ConditionsModel::ConditionsModel(QObject* parent)
    : RowsModel(
        conditionColumns(), [](const ConditionFacts& c) { return qint64(qHash(c.model + c.context)) + c.shots; }, parent)
{
}

PartsModel::PartsModel(QObject* parent)
    : RowsModel(
        partColumns(), [](const PartFacts& p) { return qint64(p.index); }, parent)
{
}

ScoresModel::ScoresModel(QObject* parent)
    : RowsModel(
        scoreColumns(), [](const ScoreFacts& s) { return qint64(qHash(s.model + s.context)) + s.shots; }, parent)
{
}

}  // namespace pathloom
