// SPDX-License-Identifier: GPL-3.0-or-later
// What probes measured, as plain values: curves of loss against position, answers side by side, results a project keeps.
#pragma once

#include "widgets/models/rows_model.h"

#include <QJsonObject>
#include <QString>

namespace pathloom {

struct LossPointFacts {
    qint64 position = 0;  ///< tokens before the token foretold
    int tokens = 0;  ///< targets measured
    double loss = 0, windowOnly = 0, cumulative = 0;  ///< nats a token
    bool repeated = false;  ///< more than the document has, which was repeated
    bool operator==(const LossPointFacts&) const = default;
};

struct LossCurveFacts {
    QString contestant;
    QVector<LossPointFacts> points;
    double alpha = 0, beta = 0, gamma = 0, r2 = 0;
    bool fitted = false;  ///< complete: the law holds
    bool kept = false;  ///< from the project's results
    qint64 length = 0, documentTokens = 0;
    int windows = 0, done = 0;  ///< stretches of targets, and how many of them are in
    [[nodiscard]] double lawAt(double x) const;
    bool operator==(const LossCurveFacts&) const = default;
};
LossPointFacts toLossPoint(const QJsonObject& event);
LossCurveFacts toLossCurve(const QJsonObject& event);

/// One contestant's answer to the question asked last.
struct BesideAnswer {
    QString contestant, title, text, problem;
    double seconds = 0;
    bool waiting = false;
    bool operator==(const BesideAnswer&) const = default;
};

struct KeptResult {
    qint64 id = 0;
    QString probe, family, contestant;
    qint64 length = 0;
    double depth = -1, score = 0, seconds = 0;
    QString seed, question, prefix, answer, right, model, documentHash, document;
    int insertions = 0;
    bool operator==(const KeptResult&) const = default;
};
KeptResult toKeptResult(const QJsonObject& row);

class LossFitsModel final : public RowsModel<LossCurveFacts> {
public:
    enum Column { Name, Alpha, Beta, Gamma, R2 };
    LossFitsModel(std::function<QString(const QString&)> title, QObject* parent = nullptr);
};

class BesideModel final : public RowsModel<BesideAnswer> {
public:
    enum Column { Name, Text, Seconds };
    explicit BesideModel(QObject* parent = nullptr);
};

class KeptResultsModel final : public RowsModel<KeptResult> {
public:
    enum Column { Id, Probe, By, Length, Depth, Score, Answer };
    explicit KeptResultsModel(QObject* parent = nullptr);
};

}  // namespace pathloom
