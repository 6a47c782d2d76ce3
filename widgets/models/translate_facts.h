// SPDX-License-Identifier: GPL-3.0-or-later
// What pathloom-probe says about translations, as plain values.
#pragma once

#include <QJsonObject>
#include <QMap>
#include <QString>
#include <QStringList>
#include <QVector>

namespace pathloom {

constexpr int mostShots = 1'000'000;  ///< example sentences that can be asked for

struct PackFacts {
    QString folder;
    QString name;
    QStringList languages;  ///< two codes
    int dictionary = 0;
    QMap<QString, int> splits;  ///< sentences of each
    qint64 grammarBytes = 0;
    /// The split to score on: dev, else test; empty when there is none.
    [[nodiscard]] QString scoredSplit() const;
    bool operator==(const PackFacts&) const = default;
};

/// What of a pack a translator may use (the conditions of Tanzer et al. 2024).
struct ContextFacts {
    QString id;  ///< "zero-shot", "words", "sentences", "no-book", "half-book", "full-book"
    QString title, tip;
};
QVector<ContextFacts> contexts();
QString contextTitle(const QString& id);
/// Why the pack cannot give this context; empty when it can.
QString contextProblem(const PackFacts& pack, const QString& id);
/// Whether K, the number of example sentences, means something for it.
bool takesShots(const QString& context);

/// A translator and what it may use.
struct ConditionFacts {
    QString model;  ///< "lexical", "nearest", "reader", "shipped", "endpoint", a reader's folder
    QString context;
    int shots = -1;  ///< -1 = all
    [[nodiscard]] QJsonObject toJson() const;
    bool operator==(const ConditionFacts&) const = default;
};

/// Some words of a translation and where they were learnt.
struct PartFacts {
    int index = 0;
    QString target, source;
    QString kind;  ///< "phrase", "relative", "copied", "example", "said"
    QString origin;  ///< "dictionary", "sentence", "book", "none"
    QString originSource, originTarget;
    int originLine = 0;  ///< of the book
    bool operator==(const PartFacts&) const = default;
};

/// What came of a sentence under one condition.
struct TranslationFacts {
    QString text;
    bool waiting = false;
    bool unsent = false;  ///< goes to a server, which is asked on demand only
    double reading = -1;  ///< share of the context that a reader has read; below 0: not told
    QString problem;
    int examples = 0, dictionary = 0, bookPairs = 0;
    double seconds = 0;
    QVector<PartFacts> parts;
    bool operator==(const TranslationFacts&) const = default;
};

struct ScoreFacts {
    ConditionFacts condition;
    quint64 seed = 1;
    QString from;  ///< language translated from
    int examples = 0;
    int sentences = 0;
    double chrf = 0, chrfpp = 0, bleu = 0;
    QString signature;
    QString problem;  ///< why there is no score
    bool operator==(const ScoreFacts&) const = default;
};

/// chrF with one number of examples over the seeds that drew them.
struct ShotPoint {
    QString model, context, from;
    int examples = 0;
    int seeds = 0;
    double mean = 0, low = 0, high = 0;
    bool operator==(const ShotPoint&) const = default;
};

PackFacts toPack(const QJsonObject& event);
/// Of "growing", "reading", "done" and "error" events.
void hearTranslation(TranslationFacts& translation, const QJsonObject& event);
/// Of "score" and "failed" events.
ScoreFacts toScore(const QJsonObject& event);
/// By translator, context, direction and examples, in that order; scores with a problem are left out.
QVector<ShotPoint> shotPoints(const QVector<ScoreFacts>& scores);
/// 0, 1, 2, 4 ... up to `sentences`.
QVector<int> shotsUpTo(int sentences);

}  // namespace pathloom
