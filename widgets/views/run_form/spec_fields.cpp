// SPDX-License-Identifier: GPL-3.0-or-later
// Field table, paths into JSON, differences, levels.
#include "widgets/views/run_form/spec_fields.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>

namespace pathloom {
namespace {

QString tr(const char* source)
{
    return QCoreApplication::translate("RunForm", source);
}

QString asJson(const QJsonValue& value)
{
    // QJsonDocument only writes arrays and objects, so wrap and unwrap.
    const QByteArray text = QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact);
    return QString::fromUtf8(text.mid(1, text.size() - 2));
}

void compare(const QString& prefix, const QJsonObject& base, const QJsonObject& edited, SpecDifference& out)
{
    for (auto it = base.begin(); it != base.end(); ++it)
        if (!edited.contains(it.key())) out.complete = false;
    for (auto it = edited.begin(); it != edited.end(); ++it) {
        const QString key = prefix + it.key();
        if (key == QLatin1String("name")) continue;
        const QJsonValue old = base.value(it.key());
        if (it.value().isObject() && (old.isObject() || old.isUndefined()))
            compare(key + QLatin1Char('.'), old.toObject(), it.value().toObject(), out);
        else if (it.value() != old)
            out.set.append(key + QLatin1Char('=') + asJson(it.value()));
    }
}

}  // namespace

QVector<SpecField> specFields()
{
    using Kind = SpecField::Kind;
    const QString paths = tr("Paths");
    const QString data = tr("Data");
    const QString training = tr("Training");
    const QString outer = tr("Outer step");
    return {
        {QStringLiteral("topology.levels"), tr("Modules by level"),
            tr("Modules of each level, left to right: 2 x 2 makes four paths"), Kind::Levels, paths, 0, 0, {}},
        {QStringLiteral("topology.replicas"), tr("Replicas"), tr("DiLoCo: copies of each path, each with its own shard"),
            Kind::Integer, paths, 1, 4096, {}},
        {QStringLiteral("topology.path_specific.blocks"), tr("Path-specific blocks"),
            tr("Block numbers that every path keeps to itself, separated by commas"), Kind::BlockList, paths, 0, 0, {}},
        {QStringLiteral("topology.path_specific.embedding"), tr("Path-specific embedding"),
            tr("Every path keeps its own embedding"), Kind::Switch, paths, 0, 0, {}},
        {QStringLiteral("topology.path_specific.head"), tr("Path-specific head"), tr("Every path keeps its own final norm"),
            Kind::Switch, paths, 0, 0, {}},
        {QStringLiteral("routing.router"), tr("Router"), tr("How a sequence is given to a path"), Kind::Choice, paths, 0, 0,
            {QStringLiteral("kmeans"), QStringLiteral("product-kmeans"), QStringLiteral("discriminative"),
                QStringLiteral("random"), QStringLiteral("round-robin"), QStringLiteral("none")}},
        {QStringLiteral("model.experts"), tr("Experts a block"),
            tr("Token-level mixture: experts in place of each block's feed-forward; 0 = none"), Kind::Integer, paths, 0, 1024,
            {}},
        {QStringLiteral("model.experts_per_token"), tr("Experts a token"),
            tr("How many of them a token uses; as many active parameters as without, unless model.expert_hidden says otherwise"),
            Kind::Integer, paths, 1, 1024, {}, 2},
        {QStringLiteral("data.corpus"), tr("Corpus"), tr("Imported text to train on"), Kind::Corpus, data, 0, 0, {}},
        {QStringLiteral("data.sequence"), tr("Sequence (tokens)"), tr("Tokens of one training sequence"), Kind::Integer, data, 8,
            65536, {}},
        {QStringLiteral("data.batch"), tr("Batch (sequences)"), tr("Sequences of one inner step"), Kind::Integer, data, 1, 65536,
            {}},
        {QStringLiteral("seed"), tr("Seed"), tr("Decides initial values, routing and the order of the data"), Kind::Integer, data,
            0, 2147483647, {}},
        {QStringLiteral("training.warm_start_steps"), tr("Warm start (steps)"),
            tr("Dense steps before routing; part of the step count"), Kind::Integer, training, 0, 10'000'000, {}},
        {QStringLiteral("training.phases"), tr("Phases"), tr("Outer steps"), Kind::Integer, training, 0, 1'000'000, {}},
        {QStringLiteral("training.tau"), tr("Inner steps a phase"), tr("tau: inner steps between two outer steps"), Kind::Integer,
            training, 1, 1'000'000, {}},
        {QStringLiteral("training.lr"), tr("Learning rate"), tr("Peak rate of AdamW"), Kind::Number, training, 0, 10, {}},
        {QStringLiteral("training.warmup_steps"), tr("Warm-up (steps)"), tr("Linear rise of the learning rate"), Kind::Integer,
            training, 0, 10'000'000, {}},
        {QStringLiteral("training.precision"), tr("Precision"), tr("bf16 keeps fp32 master weights"), Kind::Choice, training, 0,
            0, {QStringLiteral("fp32"), QStringLiteral("bf16")}},
        {QStringLiteral("outer.optimizer"), tr("Optimiser"), tr("What steps a module with its pseudo-gradient"), Kind::Choice,
            outer, 0, 0, {QStringLiteral("nesterov"), QStringLiteral("sgd"), QStringLiteral("fedavg"), QStringLiteral("none")}},
        {QStringLiteral("outer.lr"), tr("Outer rate"), tr("Learning rate of the outer step"), Kind::Number, outer, 0, 10, {}},
        {QStringLiteral("outer.momentum"), tr("Momentum"), tr("Nesterov momentum of the outer step"), Kind::Number, outer, 0, 1,
            {}},
        {QStringLiteral("outer.combine"), tr("Combine"), tr("Weights of the paths in a module's pseudo-gradient"), Kind::Choice,
            outer, 0, 0, {QStringLiteral("shard-weighted"), QStringLiteral("mean"), QStringLiteral("raw-alpha")}},
        {QStringLiteral("outer.sqrt_paths"), tr("Rescale by \u221apaths"),
            tr("Multiply by the square root of the paths through the module"), Kind::Switch, outer, 0, 0, {}},
        {QStringLiteral("outer.codec"), tr("Codec"),
            tr("How pseudo-gradients travel: integers share a scale in blocks of 64; int2 has two bits"), Kind::Choice, outer, 0,
            0,
            {QStringLiteral("fp32"), QStringLiteral("bf16"), QStringLiteral("int8"), QStringLiteral("int4"),
                QStringLiteral("int2")}},
        {QStringLiteral("outer.error_feedback"), tr("Error feedback"),
            tr("A path adds what the codec took away to its next pseudo-gradient"), Kind::Switch, outer, 0, 0, {}},
    };
}

QJsonValue specValue(const QJsonObject& spec, const QString& key)
{
    const auto dot = key.indexOf(QLatin1Char('.'));
    if (dot < 0) return spec.value(key);
    return specValue(spec.value(key.left(dot)).toObject(), key.mid(dot + 1));
}

QJsonObject withSpecValue(QJsonObject spec, const QString& key, const QJsonValue& value)
{
    const auto dot = key.indexOf(QLatin1Char('.'));
    if (dot < 0)
        spec.insert(key, value);
    else
        spec.insert(key.left(dot), withSpecValue(spec.value(key.left(dot)).toObject(), key.mid(dot + 1), value));
    return spec;
}

SpecDifference specDifference(const QJsonObject& base, const QJsonObject& edited)
{
    SpecDifference out;
    compare({}, base, edited, out);
    return out;
}

QString levelsText(const QJsonObject& spec)
{
    QStringList counts;
    const QJsonArray levels = specValue(spec, QStringLiteral("topology.levels")).toArray();
    for (const QJsonValue& level : levels)
        counts.append(QString::number(level.toObject().value(QLatin1String("modules")).toInt(1)));
    return counts.join(QStringLiteral(" x "));
}

QJsonObject withLevels(const QJsonObject& spec, const QString& text)
{
    static const QRegularExpression separators(QStringLiteral("[x\u00d7,;\\s]+"));
    QVector<int> counts;
    const QStringList parts = text.split(separators, Qt::SkipEmptyParts);
    for (const QString& part : parts) {
        bool ok = false;
        counts.append(part.toInt(&ok));
        if (!ok) return {};
    }
    if (counts.isEmpty()) return {};
    const QJsonArray old = specValue(spec, QStringLiteral("topology.levels")).toArray();
    QJsonArray levels;
    if (old.size() == counts.size()) {
        for (int i = 0; i < int(counts.size()); ++i) {
            QJsonObject level = old[i].toObject();
            level.insert(QStringLiteral("modules"), counts[i]);
            levels.append(level);
        }
    } else {
        const int blocks = int(specValue(spec, QStringLiteral("model.blocks")).toArray().size());
        if (blocks < int(counts.size())) return {};
        int next = 0;
        for (int i = 0; i < int(counts.size()); ++i) {
            const int end = blocks * (i + 1) / int(counts.size());
            QJsonArray own;
            while (next < end) own.append(next++);
            levels.append(QJsonObject{{QStringLiteral("modules"), counts[i]}, {QStringLiteral("blocks"), own}});
        }
    }
    return withSpecValue(spec, QStringLiteral("topology.levels"), levels);
}

QString fieldOfMessage(const QString& message)
{
    QString best;
    for (const SpecField& field : specFields()) {
        if (field.key.size() <= best.size()) continue;
        const QRegularExpression whole(QStringLiteral("(^|[^\\w.])%1($|[^\\w])").arg(QRegularExpression::escape(field.key)));
        if (message.contains(whole)) best = field.key;
    }
    return best;
}

}  // namespace pathloom
