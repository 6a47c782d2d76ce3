// SPDX-License-Identifier: GPL-3.0-or-later
// Scores of finished runs side by side: what routing bought.
#pragma once

#include "widgets/client/values.h"
#include "widgets/models/run_history.h"

#include <QAbstractTableModel>
#include <QMap>

#include <map>
#include <optional>

namespace pathloom {

/// The document that `run eval --json` prints, as values.
struct EvalFacts {
    double perplexity = 0;
    QMap<QString, double> domains;  ///< test perplexity of each domain
    QVector<double> histogram;  ///< share or count of test sequences by path
    QMap<QString, QVector<double>> routing;  ///< the same by domain
};
std::optional<EvalFacts> parseEval(const QString& json);

struct ResultRow {
    qint64 run = 0;
    QString name;
    QString preset;
    int paths = 1;
    qint64 totalParameters = 0;
    qint64 steps = 0;
    qint64 seed = 0;
    EvalFacts eval;
    double ratioToDense = 0;  ///< perplexity / the dense run's of its seed, or the newest one's; 0 = no dense run
};

/// Scored runs, in the order they were created. A dense run is one whose preset is "dense" or that is named so, as in a study.
QVector<ResultRow> resultRows(const ProjectHistory& history);
QStringList resultDomains(const QVector<ResultRow>& rows);
/// The table as text (a run a line, or a run a column when lines would be wider than 150), then the routing histogram of each run
/// with more than one path.
QString resultsText(const QVector<ResultRow>& rows);
QByteArray resultsJson(const QVector<ResultRow>& rows);

class ResultsModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Preset, Paths, Parameters, Perplexity, Ratio, FirstDomain };
    explicit ResultsModel(QObject* parent = nullptr);
    void setRows(QVector<ResultRow> rows);
    [[nodiscard]] const QVector<ResultRow>& rows() const { return m_rows; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] double number(const ResultRow& row, int column) const;
    [[nodiscard]] bool isBest(int row, int column) const;
    QVector<ResultRow> m_rows;
    QStringList m_domains;
};

}  // namespace pathloom
