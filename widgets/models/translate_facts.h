// SPDX-License-Identifier: GPL-3.0-or-later
// What pathloom-probe says about translations, as plain values; and the tables of the translation pane over them.
#pragma once

#include "widgets/models/rows_model.h"

#include <QJsonObject>
#include <QMap>
#include <QString>
#include <QStringList>

namespace pathloom {

struct PackFacts {
    QString folder;
    QString name;
    QStringList languages;  ///< two codes
    int dictionary = 0;
    QMap<QString, int> splits;  ///< sentences of each
    qint64 grammarBytes = 0;
    bool operator==(const PackFacts&) const = default;
};

/// Some words of a translation and where they were learnt.
struct PartFacts {
    int index = 0;
    QString target, source;
    QString kind;  ///< "phrase", "relative", "copied", "example"
    QString origin;  ///< "dictionary", "sentence", "none"
    QString originSource, originTarget;
    bool operator==(const PartFacts&) const = default;
};

/// A translator and what it may use.
struct ConditionFacts {
    QString model;  ///< "lexical", "nearest"
    QString context;  ///< "zero-shot", "words", "sentences", "no-book"
    int shots = -1;  ///< -1 = all
    QString text;  ///< translation of the sentence asked about
    bool waiting = false;
    QString problem;
    int examples = 0;
    int dictionary = 0;
    double seconds = 0;
    QVector<PartFacts> parts;
    [[nodiscard]] QString name() const;
    bool operator==(const ConditionFacts&) const = default;
};

struct ScoreFacts {
    QString model, context;
    int shots = -1;
    int examples = 0;
    int sentences = 0;
    double chrf = 0, chrfpp = 0, bleu = 0;
    QString signature;
    bool operator==(const ScoreFacts&) const = default;
};

PackFacts toPack(const QJsonObject& event);
void fillCondition(ConditionFacts& condition, const QJsonObject& event);
ScoreFacts toScore(const QJsonObject& event);
QString scoresCsv(const QVector<ScoreFacts>& scores);
/// 0, 1, 2, 4 ... up to `sentences`.
QVector<int> shotsUpTo(int sentences);

class ConditionsModel final : public RowsModel<ConditionFacts> {
public:
    enum Column { Name, Text, Examples };
    explicit ConditionsModel(QObject* parent = nullptr);
};

class PartsModel final : public RowsModel<PartFacts> {
public:
    enum Column { Order, Target, Source, Origin };
    explicit PartsModel(QObject* parent = nullptr);
};

class ScoresModel final : public RowsModel<ScoreFacts> {
public:
    enum Column { Name, Examples, Chrf, Chrfpp, Bleu };
    explicit ScoresModel(QObject* parent = nullptr);
};

}  // namespace pathloom
