// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/translate_models.h"

#include <QCoreApplication>
#include <QLocale>

namespace pathloom {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("TranslateModels", text);
}

QString originText(const PartFacts& part)
{
    if (part.kind == QLatin1String("copied")) return tr("copied: nothing in the pack has this word");
    const QString pair = QStringLiteral("%1 \u2013 %2").arg(part.originSource, part.originTarget);
    if (part.origin == QLatin1String("dictionary")) return tr("dictionary: %1").arg(pair);
    if (part.origin == QLatin1String("sentence")) return tr("example: %1").arg(pair);
    if (part.origin == QLatin1String("book")) return tr("book, line %1: %2").arg(part.originLine).arg(pair);
    return part.kind == QLatin1String("said") ? tr("said by the model; nothing in the pack has it")
                                              : tr("put together from several examples");
}

/// A right-aligned column that sorts by its number.
template <class Row, class Value>
TableColumn<Row> numbers(const QString& title, const QString& tip, int decimals, Value value)
{
    auto made = textColumn<Row>(title, tip, [value, decimals](const Row& row) {
        return decimals > 0 ? QString::number(double(value(row)), 'f', decimals) : QLocale().toString(qint64(value(row)));
    });
    made.sort = [value](const Row& row) { return QVariant(double(value(row))); };
    made.number = true;
    return made;
}

QVector<TableColumn<PartFacts>> partColumns()
{
    auto order
        = numbers<PartFacts>(QStringLiteral("#"), tr("Place in the translation"), 0, [](const PartFacts& p) { return p.index; });
    auto target = textColumn<PartFacts>(tr("Words"), tr("Of the translation"), [](const PartFacts& p) { return p.target; });
    auto source = textColumn<PartFacts>(tr("From"), tr("Words of the sentence"),
        [](const PartFacts& p) { return p.kind == QLatin1String("relative") ? tr("as a form of %1").arg(p.source) : p.source; });
    auto origin
        = textColumn<PartFacts>(tr("Learnt from"), tr("Line of the dictionary, example, or place in the book"), originText);
    origin.tone = [](const PartFacts& p) {
        return p.kind == QLatin1String("copied") ? Tone::Warn : p.origin == QLatin1String("none") ? Tone::Muted : Tone::None;
    };
    return {order, target, source, origin};
}

QVector<TableColumn<ScoreFacts>> scoreColumns(const TranslatorTitle& title)
{
    auto name = textColumn<ScoreFacts>(tr("Translator"), {}, [title](const ScoreFacts& s) { return title(s.condition.model); });
    name.tone = [](const ScoreFacts& s) { return s.problem.isEmpty() ? Tone::None : Tone::Fail; };
    name.tip = [title](const ScoreFacts& s) { return s.problem.isEmpty() ? title(s.condition.model) : s.problem; };
    auto context = textColumn<ScoreFacts>(tr("May use"), tr("What of the pack it was given"), [](const ScoreFacts& s) {
        const QString what = contextTitle(s.condition.context);
        return s.condition.shots < 0 || !takesShots(s.condition.context) ? what
                                                                         : tr("%1, K = %2").arg(what).arg(s.condition.shots);
    });
    auto examples = numbers<ScoreFacts>(
        tr("Examples"), tr("Parallel sentences it was given"), 0, [](const ScoreFacts& s) { return s.examples; });
    const auto measure = [](const QString& called, auto value) {
        auto made = numbers<ScoreFacts>(called, tr("Higher is better"), 1, value);
        const auto shown = made.text;
        made.text = [shown](const ScoreFacts& s) { return s.problem.isEmpty() ? shown(s) : QStringLiteral("\u2013"); };
        made.tip = [](const ScoreFacts& s) { return s.problem.isEmpty() ? s.signature : s.problem; };
        return made;
    };
    auto chrf = measure(tr("chrF"), [](const ScoreFacts& s) { return s.chrf; });
    chrf.share = [](const ScoreFacts& s) { return s.problem.isEmpty() ? s.chrf / 100 : -1; };
    return {name, context, examples, chrf, measure(tr("chrF++"), [](const ScoreFacts& s) { return s.chrfpp; }),
        measure(tr("BLEU"), [](const ScoreFacts& s) { return s.bleu; })};
}

QVector<TableColumn<ShotPoint>> shotColumns(const TranslatorTitle& title)
{
    return {textColumn<ShotPoint>(tr("Translator"), {}, [title](const ShotPoint& p) { return title(p.model); }),
        textColumn<ShotPoint>(tr("From"), tr("Language translated from"), [](const ShotPoint& p) { return p.from; }),
        numbers<ShotPoint>(tr("K"), tr("Example sentences"), 0, [](const ShotPoint& p) { return p.examples; }),
        numbers<ShotPoint>(tr("Seeds"), tr("Choices of the examples"), 0, [](const ShotPoint& p) { return p.seeds; }),
        numbers<ShotPoint>(tr("Mean"), tr("chrF, mean over the seeds"), 1, [](const ShotPoint& p) { return p.mean; }),
        numbers<ShotPoint>(tr("Lowest"), tr("chrF of the worst seed"), 1, [](const ShotPoint& p) { return p.low; }),
        numbers<ShotPoint>(tr("Highest"), tr("chrF of the best seed"), 1, [](const ShotPoint& p) { return p.high; })};
}

}  // namespace

PartsModel::PartsModel(QObject* parent)
    : RowsModel(
        partColumns(), [](const PartFacts& p) { return qint64(p.index); }, parent)
{
}

ScoresModel::ScoresModel(TranslatorTitle title, QObject* parent)
    : RowsModel(
        scoreColumns(title),
        [](const ScoreFacts& s) {
            return qint64(qHash(QStringLiteral("%1\n%2\n%3").arg(s.condition.model, s.condition.context).arg(s.condition.shots)));
        },
        parent)
{
}

ShotsModel::ShotsModel(TranslatorTitle title, QObject* parent)
    : RowsModel(
        shotColumns(title),
        [](const ShotPoint& p) {
            return qint64(qHash(QStringLiteral("%1\n%2\n%3\n%4").arg(p.model, p.context, p.from).arg(p.examples)));
        },
        parent)
{
}

}  // namespace pathloom
