// SPDX-License-Identifier: GPL-3.0-or-later
// The settings that the run form shows by name, and the JSON arithmetic behind them. Pure functions on values.
#pragma once

#include <QJsonObject>
#include <QString>
#include <QStringList>
#include <QVector>

namespace pathloom {

struct SpecField {
    enum class Kind { Integer, Number, Choice, Switch, Corpus, Levels, BlockList };
    QString key;  ///< "training.tau"
    QString label;
    QString tip;
    Kind kind = Kind::Integer;
    QString group;
    double minimum = 0;
    double maximum = 0;
    QStringList choices;
    int absent = 0;  ///< shown while the spec leaves an Integer out
};
QVector<SpecField> specFields();

QJsonValue specValue(const QJsonObject& spec, const QString& key);
QJsonObject withSpecValue(QJsonObject spec, const QString& key, const QJsonValue& value);

/// "key=value" for every leaf (arrays count as one) in which `edited` differs from `base`; the name is left out, it travels
/// by itself. `complete` is false when a key was removed, which a set list cannot say.
struct SpecDifference {
    QStringList set;
    bool complete = true;
};
SpecDifference specDifference(const QJsonObject& base, const QJsonObject& edited);

/// "2 x 3": modules of each level.
QString levelsText(const QJsonObject& spec);
/// The spec with that many modules a level. Another number of levels cuts the blocks into runs of nearly equal length.
/// An empty object when the text is not a list of numbers, or there are more levels than blocks.
QJsonObject withLevels(const QJsonObject& spec, const QString& text);

/// The field an engine's message is about: the one with the longest key that the message names; empty = none.
QString fieldOfMessage(const QString& message);

}  // namespace pathloom
