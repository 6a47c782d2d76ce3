// SPDX-License-Identifier: GPL-3.0-or-later
// Measurements from events, and their tables.
#include "widgets/models/probe_measures.h"

#include "widgets/models/formats.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QLocale>

#include <cmath>

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

template <class Row>
TableColumn<Row> numberColumn(
    const QString& title, const QString& tip, double Row::*value, const std::function<QString(double)>& show)
{
    TableColumn<Row> column;
    column.title = title;
    column.headerTip = tip;
    column.number = true;
    column.text = [value, show](const Row& row) { return show(row.*value); };
    column.sort = [value](const Row& row) { return QVariant(row.*value); };
    return column;
}

QString fixed(double value)
{
    return QString::number(value, 'g', 4);
}

QVector<TableColumn<LossCurveFacts>> fitColumns(const std::function<QString(const QString&)>& title)
{
    TableColumn<LossCurveFacts> name;
    name.title = tr("Fit of \u03b1 x^\u03b2 + \u03b3");
    name.text = [title](const LossCurveFacts& c) { return title(c.contestant); };
    name.tip = [](const LossCurveFacts& c) {
        return c.kept ? tr("Kept by the project; nothing was measured again") : tr("%1 windows").arg(c.windows);
    };
    const auto r2 = [](double value) { return QString::number(value, 'f', 4); };
    return {name, numberColumn<LossCurveFacts>(QStringLiteral("\u03b1"), tr("Height of the law"), &LossCurveFacts::alpha, fixed),
        numberColumn<LossCurveFacts>(
            QStringLiteral("\u03b2"), tr("Exponent: how fast more context helps"), &LossCurveFacts::beta, fixed),
        numberColumn<LossCurveFacts>(
            QStringLiteral("\u03b3"), tr("What no context takes away, nats a token"), &LossCurveFacts::gamma, fixed),
        numberColumn<LossCurveFacts>(
            QStringLiteral("R\u00b2"), tr("Share of the variance the law explains"), &LossCurveFacts::r2, r2)};
}

QVector<TableColumn<BesideAnswer>> besideColumns()
{
    TableColumn<BesideAnswer> name;
    name.title = tr("Who");
    name.text = [](const BesideAnswer& a) { return a.title; };
    TableColumn<BesideAnswer> said;
    said.title = tr("Answer");
    said.text = [](const BesideAnswer& a) {
        return a.waiting ? tr("reading") : !a.problem.isEmpty() ? a.problem : a.text.simplified();
    };
    said.tone = [](const BesideAnswer& a) { return a.waiting ? Tone::Muted : a.problem.isEmpty() ? Tone::None : Tone::Warn; };
    said.tip = [](const BesideAnswer& a) { return a.problem.isEmpty() ? a.text : a.problem; };
    TableColumn<BesideAnswer> seconds;
    seconds.title = tr("ms");
    seconds.headerTip = tr("From the question to the last token, documents encoded");
    seconds.number = true;
    seconds.text = [](const BesideAnswer& a) {
        return a.waiting || !a.problem.isEmpty() ? noValue() : QString::number(qRound(a.seconds * 1000));
    };
    seconds.sort = [](const BesideAnswer& a) { return QVariant(a.seconds); };
    return {name, said, seconds};
}

QVector<TableColumn<KeptResult>> keptColumns()
{
    TableColumn<KeptResult> id;
    id.title = tr("No.");
    id.number = true;
    id.text = [](const KeptResult& r) { return QString::number(r.id); };
    id.sort = [](const KeptResult& r) { return QVariant(r.id); };
    TableColumn<KeptResult> probe;
    probe.title = tr("Probe");
    probe.text = [](const KeptResult& r) {
        return r.family.isEmpty() ? r.probe : QStringLiteral("%1 \u00b7 %2").arg(r.probe, r.family);
    };
    TableColumn<KeptResult> by;
    by.title = tr("By");
    by.text = [](const KeptResult& r) { return r.contestant; };
    by.tip = [](const KeptResult& r) { return tr("Reader %1").arg(r.model); };
    TableColumn<KeptResult> length;
    length.title = tr("Tokens");
    length.number = true;
    length.text = [](const KeptResult& r) { return countText(double(r.length)); };
    length.sort = [](const KeptResult& r) { return QVariant(r.length); };
    TableColumn<KeptResult> depth;
    depth.title = tr("Depth");
    depth.number = true;
    depth.text = [](const KeptResult& r) { return r.depth < 0 ? noValue() : QStringLiteral("%1%").arg(qRound(r.depth)); };
    depth.sort = [](const KeptResult& r) { return QVariant(r.depth); };
    TableColumn<KeptResult> score;
    score.title = tr("Score");
    score.headerTip = tr("1 is right; of a curve, the mean loss at its end");
    score.number = true;
    score.text = [](const KeptResult& r) { return QString::number(r.score, 'f', 2); };
    score.sort = [](const KeptResult& r) { return QVariant(r.score); };
    TableColumn<KeptResult> answer;
    answer.title = tr("Answer");
    answer.text = [](const KeptResult& r) {
        return r.probe == QLatin1String("nll") ? tr("a curve of loss against position") : r.answer.simplified();
    };
    answer.tip = answer.text;
    return {id, probe, by, length, depth, score, answer};
}

}  // namespace

double LossCurveFacts::lawAt(double x) const
{
    return alpha * std::pow(x, beta) + gamma;
}

LossPointFacts toLossPoint(const QJsonObject& event)
{
    return {integer(event, "position"), int(integer(event, "tokens")), number(event, "nll"), number(event, "nll_window"),
        number(event, "cumulative"), event.value(QLatin1String("repeated")).toBool()};
}

LossCurveFacts toLossCurve(const QJsonObject& event)
{
    LossCurveFacts curve;
    curve.contestant = text(event, "contestant");
    const QJsonArray points = event.value(QLatin1String("points")).toArray();
    for (const auto& point : points) curve.points.append(toLossPoint(point.toObject()));
    const QJsonObject fit = event.value(QLatin1String("fit")).toObject();
    curve.alpha = number(fit, "alpha");
    curve.beta = number(fit, "beta");
    curve.gamma = number(fit, "gamma");
    curve.r2 = number(fit, "r2");
    curve.fitted = !fit.isEmpty();
    curve.kept = event.value(QLatin1String("kept")).toBool();
    curve.length = integer(event, "length");
    curve.documentTokens = integer(event, "document_tokens");
    curve.windows = int(integer(event, "windows"));
    curve.done = curve.fitted ? curve.windows : int(integer(event, "done"));
    return curve;
}

KeptResult toKeptResult(const QJsonObject& row)
{
    KeptResult result;
    result.id = integer(row, "result");
    result.probe = text(row, "probe");
    result.family = text(row, "family");
    result.contestant = text(row, "contestant");
    result.length = integer(row, "length");
    result.depth = number(row, "depth");
    result.score = number(row, "score");
    result.seconds = number(row, "seconds");
    result.seed = text(row, "seed");
    result.question = text(row, "question");
    result.prefix = text(row, "answer_prefix");
    result.answer = text(row, "answer");
    QStringList right;
    const QJsonArray answers = row.value(QLatin1String("answers")).toArray();
    for (const auto& answer : answers) right.append(answer.toString());
    result.right = right.join(QStringLiteral(", "));
    result.model = text(row, "model");
    result.documentHash = text(row, "document_sha256");
    result.document = text(row, "document");
    result.insertions = int(row.value(QLatin1String("insertions")).toArray().size());
    return result;
}

LossFitsModel::LossFitsModel(std::function<QString(const QString&)> title, QObject* parent)
    : RowsModel(
        fitColumns(title), [](const LossCurveFacts& c) { return qint64(qHash(c.contestant)); }, parent)
{
}

BesideModel::BesideModel(QObject* parent)
    : RowsModel(
        besideColumns(), [](const BesideAnswer& a) { return qint64(qHash(a.contestant)); }, parent)
{
}

KeptResultsModel::KeptResultsModel(QObject* parent)
    : RowsModel(
        keptColumns(), [](const KeptResult& r) { return r.id; }, parent)
{
}

}  // namespace pathloom
