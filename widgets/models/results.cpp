// SPDX-License-Identifier: GPL-3.0-or-later
// Results: parse, compare, print.
#include "widgets/models/results.h"

#include "widgets/models/formats.h"
#include "widgets/models/rows_model.h"

#include <QHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTextStream>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

QVector<double> numbers(const QJsonValue& value)
{
    QVector<double> list;
    const QJsonArray array = value.toArray();
    for (const QJsonValue& v : array) list.append(v.toDouble());
    return list;
}

QJsonArray toJson(const QVector<double>& list)
{
    QJsonArray array;
    for (const double v : list) array.append(v);
    return array;
}

QString padded(const QString& text, int width, bool right)
{
    return right ? text.rightJustified(width) : text.leftJustified(width);
}

constexpr int widestText = 150;  // columns of a terminal that still shows a table well

QVector<int> columnWidths(const QVector<QStringList>& cells)
{
    QVector<int> widths(cells[0].size(), 0);
    for (const QStringList& line : cells)
        for (int i = 0; i < int(line.size()); ++i) widths[i] = std::max(widths[i], int(line[i].size()));
    return widths;
}

int textWidth(const QVector<QStringList>& cells)
{
    int width = -2;
    for (const int column : columnWidths(cells)) width += column + 2;
    return width;
}

/// Columns padded to their widest cell, the first one left-aligned; `turned` swaps rows and columns.
QString aligned(const QVector<QStringList>& cells, bool turned)
{
    QVector<QStringList> lines = cells;
    if (turned) {
        lines = QVector<QStringList>(cells[0].size());
        for (const QStringList& line : cells)
            for (int i = 0; i < int(line.size()); ++i) lines[i].append(line[i]);
    }
    const QVector<int> widths = columnWidths(lines);
    QString out;
    for (const QStringList& line : lines) {
        QStringList parts;
        for (int i = 0; i < int(line.size()); ++i) parts.append(padded(line[i], widths[i], i > 0));
        out += parts.join(QStringLiteral("  ")) + QLatin1Char('\n');
    }
    return out;
}

}  // namespace

std::optional<EvalFacts> parseEval(const QString& json)
{
    const QJsonObject root = QJsonDocument::fromJson(json.toUtf8()).object();
    if (!root.value(QLatin1String("perplexity")).isDouble()) return std::nullopt;
    EvalFacts facts;
    facts.perplexity = root.value(QLatin1String("perplexity")).toDouble();
    const QJsonObject domains = root.value(QLatin1String("domains")).toObject();
    for (auto it = domains.begin(); it != domains.end(); ++it)
        facts.domains.insert(it.key(), it.value().toObject().value(QLatin1String("perplexity")).toDouble());
    facts.histogram = numbers(root.value(QLatin1String("histogram")));
    const QJsonObject routing = root.value(QLatin1String("routing")).toObject();
    for (auto it = routing.begin(); it != routing.end(); ++it) facts.routing.insert(it.key(), numbers(it.value()));
    return facts;
}

namespace {

/// By its preset, or by the name that studies give it ("dense/2" is that of seed 2).
bool isDense(const RunHistory& run)
{
    return run.preset == QLatin1String("dense") || run.name == QLatin1String("dense")
        || run.name.startsWith(QLatin1String("dense/"));
}

}  // namespace

QVector<ResultRow> resultRows(const ProjectHistory& history)
{
    QVector<ResultRow> rows;
    double dense = 0;
    QHash<qint64, double> denseOfSeed;
    for (const auto& [id, run] : history.runs) {
        const auto eval = parseEval(run.evalJson);
        if (!eval) continue;
        ResultRow row;
        row.run = id;
        row.name = run.name.isEmpty() ? run.preset : run.name;
        row.preset = run.preset;
        row.paths = std::max(1, int(run.paths.size()));
        row.totalParameters = run.totalParameters;
        row.steps = run.warmSteps + qint64(run.phases) * run.tau;
        row.eval = *eval;
        row.seed = QJsonDocument::fromJson(run.specJson.toUtf8()).object().value(QLatin1String("seed")).toInteger();
        if (isDense(run)) denseOfSeed[row.seed] = dense = eval->perplexity;
        rows.append(row);
    }
    if (dense > 0)
        for (ResultRow& row : rows) row.ratioToDense = row.eval.perplexity / denseOfSeed.value(row.seed, dense);
    return rows;
}

QStringList resultDomains(const QVector<ResultRow>& rows)
{
    QStringList domains;
    for (const ResultRow& row : rows)
        for (auto it = row.eval.domains.begin(); it != row.eval.domains.end(); ++it)
            if (!domains.contains(it.key())) domains.append(it.key());
    domains.sort();
    return domains;
}

QString resultsText(const QVector<ResultRow>& rows)
{
    const QStringList domains = resultDomains(rows);
    QVector<QStringList> cells;
    cells.append(QStringList{QStringLiteral("model"), QStringLiteral("paths"), QStringLiteral("params"),
                     QStringLiteral("test ppl"), QStringLiteral("vs dense")}
        + domains);
    for (const ResultRow& row : rows) {
        QStringList line{row.name, QString::number(row.paths), countText(double(row.totalParameters)),
            significantText(row.eval.perplexity), row.ratioToDense > 0 ? significantText(row.ratioToDense) : noValue()};
        for (const QString& domain : domains)
            line.append(row.eval.domains.contains(domain) ? significantText(row.eval.domains.value(domain)) : noValue());
        cells.append(line);
    }
    QString out;
    QTextStream stream(&out);
    stream << aligned(cells, textWidth(cells) > widestText);
    int nameWidth = 3;
    for (const QString& domain : domains) nameWidth = std::max(nameWidth, int(domain.size()));
    for (const ResultRow& row : rows) {
        if (row.paths < 2 || row.eval.histogram.isEmpty()) continue;
        double sum = 0;
        for (const double v : row.eval.histogram) sum += v;
        stream << '\n' << "routing of " << row.name << ", share of test sequences by path\n";
        const auto line = [&](const QString& name, const QVector<double>& values) {
            double total = 0;
            for (const double v : values) total += v;
            stream << "  " << padded(name, nameWidth, false);
            for (const double v : values) stream << padded(total > 0 ? percentText(v / total) : noValue(), 8, true);
            stream << '\n';
        };
        line(QStringLiteral("all"), row.eval.histogram);
        for (auto it = row.eval.routing.begin(); it != row.eval.routing.end(); ++it) line(it.key(), it.value());
    }
    stream.flush();
    return out;
}

QByteArray resultsJson(const QVector<ResultRow>& rows)
{
    QJsonArray runs;
    for (const ResultRow& row : rows) {
        QJsonObject domains;
        for (auto it = row.eval.domains.begin(); it != row.eval.domains.end(); ++it) domains.insert(it.key(), it.value());
        QJsonObject routing;
        for (auto it = row.eval.routing.begin(); it != row.eval.routing.end(); ++it) routing.insert(it.key(), toJson(it.value()));
        QJsonObject object{{QStringLiteral("run"), row.run}, {QStringLiteral("name"), row.name},
            {QStringLiteral("preset"), row.preset}, {QStringLiteral("paths"), row.paths},
            {QStringLiteral("parameters"), row.totalParameters}, {QStringLiteral("steps"), row.steps},
            {QStringLiteral("perplexity"), row.eval.perplexity}, {QStringLiteral("domains"), domains},
            {QStringLiteral("histogram"), toJson(row.eval.histogram)}, {QStringLiteral("routing"), routing}};
        if (row.ratioToDense > 0) object.insert(QStringLiteral("ratio_to_dense"), row.ratioToDense);
        runs.append(object);
    }
    return QJsonDocument(QJsonObject{{QStringLiteral("results"), runs}}).toJson();
}

ResultsModel::ResultsModel(QObject* parent)
    : QAbstractTableModel(parent)
{
}

void ResultsModel::setRows(QVector<ResultRow> rows)
{
    beginResetModel();
    m_rows = std::move(rows);
    m_domains = resultDomains(m_rows);
    endResetModel();
}

int ResultsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int ResultsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : FirstDomain + int(m_domains.size());
}

double ResultsModel::number(const ResultRow& row, int column) const
{
    switch (column) {
    case Paths:
        return row.paths;
    case Parameters:
        return double(row.totalParameters);
    case Perplexity:
        return row.eval.perplexity;
    case Ratio:
        return row.ratioToDense;
    default:
        return column >= FirstDomain ? row.eval.domains.value(m_domains.value(column - FirstDomain)) : 0.0;
    }
}

bool ResultsModel::isBest(int row, int column) const
{
    if (column < Perplexity || m_rows.size() < 2) return false;
    const double mine = number(m_rows[row], column);
    return mine > 0 && std::none_of(m_rows.begin(), m_rows.end(), [&](const ResultRow& other) {
        const double theirs = number(other, column);
        return theirs > 0 && theirs < mine;
    });
}

QVariant ResultsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const ResultRow& row = m_rows[index.row()];
    const int column = index.column();
    if (role == Qt::TextAlignmentRole) return int((column >= Paths ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == KeyRole) return row.run;
    if (role == ToneRole) return int(isBest(index.row(), column) ? Tone::Ok : Tone::None);
    if (role == SortRole)
        return column == Name ? QVariant(row.name) : column == Preset ? QVariant(row.preset) : QVariant(number(row, column));
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
    if (column == Name) return row.name;
    if (column == Preset) return row.preset;
    const double value = number(row, column);
    if (column == Paths) return QString::number(row.paths);
    if (column == Parameters) return countText(value);
    if (role == Qt::ToolTipRole && isBest(index.row(), column))
        return tr("%1, the lowest of this table").arg(significantText(value, 6));
    return value > 0 ? significantText(value) : noValue();
}

QVariant ResultsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return int((section >= Paths ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section >= FirstDomain)
        return tr("Test perplexity on %1, lower is better").arg(m_domains.value(section - FirstDomain));
    if (role == Qt::ToolTipRole && section == Perplexity) return tr("Test perplexity over all domains, lower is better");
    if (role == Qt::ToolTipRole && section == Ratio) return tr("Test perplexity divided by the dense run's; below 1 is better");
    if (role == Qt::ToolTipRole && section == Parameters) return tr("Parameters of all modules together");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case Name:
        return tr("Run");
    case Preset:
        return tr("Preset");
    case Paths:
        return tr("Paths");
    case Parameters:
        return tr("Params");
    case Perplexity:
        return tr("Perplexity");
    case Ratio:
        return tr("vs dense");
    default:
        return m_domains.value(section - FirstDomain);
    }
}

}  // namespace pathloom
