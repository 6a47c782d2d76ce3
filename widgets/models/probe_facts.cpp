// SPDX-License-Identifier: GPL-3.0-or-later
// Probe events to values, and their tables.
#include "widgets/models/probe_facts.h"

#include "widgets/models/formats.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonArray>
#include <QLocale>

namespace pathloom {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("ProbeModels", text);
}

QString text(const QJsonObject& object, const char* key)
{
    return object.value(QLatin1String(key)).toString();
}

double number(const QJsonObject& object, const char* key)
{
    return object.value(QLatin1String(key)).toDouble();
}

qint64 integer(const QJsonObject& object, const char* key)
{
    return object.value(QLatin1String(key)).toInteger();
}

QVector<EvidenceMark> marks(const QJsonArray& array)
{
    QVector<EvidenceMark> out;
    for (const auto& value : array) {
        const QJsonObject mark = value.toObject();
        out.append({text(mark, "document"), mark.value(QLatin1String("byte")).toInteger(-1), integer(mark, "end"),
            number(mark, "mass"), text(mark, "text"), text(mark, "place"), mark.value(QLatin1String("seconds")).toDouble(-1)});
    }
    return out;
}

QVector<TableColumn<ProbeDocument>> documentColumns()
{
    TableColumn<ProbeDocument> name;
    name.title = tr("Document");
    name.text = [](const ProbeDocument& d) { return QFileInfo(d.name).fileName(); };
    name.tip = [](const ProbeDocument& d) { return d.problem.isEmpty() ? d.name : d.problem; };
    name.tone = [](const ProbeDocument& d) { return !d.problem.isEmpty() ? Tone::Fail : d.tokens > 0 ? Tone::Ok : Tone::Accent; };
    TableColumn<ProbeDocument> tokens;
    tokens.title = tr("Tokens");
    tokens.headerTip = tr("Encoded once, then kept");
    tokens.number = true;
    tokens.text = [](const ProbeDocument& d) {
        if (!d.problem.isEmpty()) return tr("left out");
        return d.tokens > 0 ? countText(double(d.tokens)) : percentText(d.progress);
    };
    tokens.sort = [](const ProbeDocument& d) { return QVariant(d.tokens); };
    tokens.tip = [](const ProbeDocument& d) {
        if (!d.problem.isEmpty()) return d.problem;
        if (d.tokens > 0 && d.pictures > 0)
            return tr("%1 tokens, read whole, and %2 pictures").arg(QLocale().toString(d.tokens), QLocale().toString(d.pictures));
        return d.tokens > 0 ? tr("%1 tokens, read whole").arg(QLocale().toString(d.tokens))
            : d.reading     ? tr("looking through the film")
                            : tr("encoding");
    };
    tokens.share = [](const ProbeDocument& d) { return d.tokens > 0 || !d.problem.isEmpty() ? -1.0 : d.progress; };
    return {name, tokens};
}

QVector<TableColumn<EvidenceMark>> passageColumns()
{
    TableColumn<EvidenceMark> share;
    share.title = tr("Share");
    share.headerTip = tr("Part of the answer's mass that was read here");
    share.number = true;
    share.text = [](const EvidenceMark& m) { return percentText(m.mass); };
    share.sort = [](const EvidenceMark& m) { return QVariant(m.mass); };
    share.share = [](const EvidenceMark& m) { return m.mass; };
    TableColumn<EvidenceMark> place;
    place.title = tr("Place");
    place.text = [](const EvidenceMark& m) { return tr("%1, %2").arg(QFileInfo(m.document).fileName(), m.place); };
    place.sort = [](const EvidenceMark& m) { return m.seconds < 0 ? QVariant(double(m.byte)) : QVariant(m.seconds); };
    place.tip = [](const EvidenceMark& m) { return m.document; };
    TableColumn<EvidenceMark> text;
    text.title = tr("What stands there");
    text.text = [](const EvidenceMark& m) { return m.text.simplified(); };
    text.tip = [](const EvidenceMark& m) { return m.text; };
    return {share, place, text};
}

}  // namespace

ProbeAnswer toAnswer(const QJsonObject& event)
{
    ProbeAnswer answer;
    answer.text = text(event, "text");
    answer.found = number(event, "found");
    answer.secondsFirst = number(event, "seconds_first");
    answer.seconds = number(event, "seconds");
    answer.memoryTokens = integer(event, "memory_tokens");
    answer.byPicture = text(event, "answered_by") == QLatin1String("picture");
    answer.marks = marks(event.value(QLatin1String("marks")).toArray());
    answer.passages = marks(event.value(QLatin1String("passages")).toArray());
    return answer;
}

RecallCell toRecallCell(const QJsonObject& event)
{
    RecallCell cell;
    cell.contestant = text(event, "contestant");
    cell.cold = event.value(QLatin1String("cold")).toBool();
    cell.length = integer(event, "length");
    cell.depthIndex = int(integer(event, "depth_index"));
    cell.depth = number(event, "depth");
    cell.position = integer(event, "position");
    cell.needle = text(event, "needle");
    cell.value = text(event, "value");
    cell.question = text(event, "question");
    cell.prefix = text(event, "answer_prefix");
    cell.answer = text(event, "answer");
    cell.found = event.value(QLatin1String("found")).toBool();
    cell.repeated = event.value(QLatin1String("repeated")).toBool();
    cell.noNeedle = event.value(QLatin1String("no_needle")).toBool();
    cell.distractors = int(integer(event, "distractors"));
    cell.seed = text(event, "seed");
    cell.seconds = number(event, "seconds_answer");
    return cell;
}

ProbeDocumentsModel::ProbeDocumentsModel(QObject* parent)
    : RowsModel(
        documentColumns(), [](const ProbeDocument& d) { return qint64(qHash(d.name)); }, parent)
{
}

PassagesModel::PassagesModel(QObject* parent)
    : RowsModel(
        passageColumns(), [](const EvidenceMark& m) { return qint64(qHash(m.document)) ^ m.byte ^ qint64(m.seconds * 1000); },
        parent)
{
}

}  // namespace pathloom
