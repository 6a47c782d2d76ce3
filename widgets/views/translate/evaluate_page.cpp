// SPDX-License-Identifier: GPL-3.0-or-later
// EvaluatePage.
#include "widgets/views/translate/evaluate_page.h"

#include "widgets/views/common/checklist_button.h"
#include "widgets/views/common/controls.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/common/number_box.h"
#include "widgets/views/common/table.h"
#include "widgets/views/translate/translator_list.h"

#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {

EvaluatePage::EvaluatePage(HelperSession& session, TranslatorChoices& choices, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_measurement(session)
    , m_choices(choices)
    , m_scores([&choices](const QString& model) { return choices.title(model); })
    , m_contexts{QStringLiteral("zero-shot"), QStringLiteral("words"), QStringLiteral("sentences"), QStringLiteral("no-book")}
    , m_translators(makeTranslatorList(QStringLiteral("translate.score.translators"),
          {QStringLiteral("lexical"), QStringLiteral("nearest")}, choices, theme, this))
    , m_context(new ChecklistButton(
          QStringLiteral("translate.score.contexts"), tr("May Use"), tr("What of the pack the translators are given")))
    , m_shots(numberBox(QStringLiteral("translate.score.shots"), tr("K, the number of example sentences"), -1, mostShots, -1))
    , m_run(new QPushButton(tr("Score")))
    , m_progress(thinProgress(tr("Progress of the evaluation")))
    , m_note(noteLabel(QStringLiteral("translate.evaluate.note")))
    , m_table(new Table(QStringLiteral("translate.scores"), tr("Scores"), theme))
{
    setObjectName(QStringLiteral("translate.evaluate"));
    m_run->setObjectName(QStringLiteral("translate.score"));
    m_shots->setSpecialValueText(tr("all"));
    m_table->setSource(&m_scores, SortRole, ScoresModel::Chrf, Qt::DescendingOrder);
    m_table->setWidths({18, 18, 8, 9, 7, 6}, ScoresModel::Name, {ScoresModel::Name, ScoresModel::Context, ScoresModel::Chrf});
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 8, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_translators);
    row->addWidget(m_context);
    addLabelled(row, tr("K"), m_shots);
    row->addWidget(m_run);
    row->addWidget(m_note, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(row);
    column->addWidget(m_progress);
    column->addWidget(m_table, 1);
    column->addStretch(0);
    connect(m_run, &QPushButton::clicked, this, &EvaluatePage::run);
    connect(m_translators, &ChecklistButton::toggled, this, &EvaluatePage::updateAll);
    connect(m_context, &ChecklistButton::toggled, this, [this](const QString& id, bool on) {
        m_contexts.removeAll(id);
        if (on) m_contexts.append(id);
        updateAll();
    });
    connect(&m_measurement, &Measurement::changed, this, &EvaluatePage::updateAll);
    connect(&m_measurement, &Measurement::busyChanged, this, &EvaluatePage::busyChanged);
    fillContexts();
    updateAll();
}

void EvaluatePage::setPack(const PackFacts& pack, const QString& from)
{
    if (pack == m_pack && from == m_from) return;
    m_pack = pack;
    m_from = from;
    m_scores.setRows({});
    m_measurement.forgetProblem();
    fillContexts();
    updateAll();
}

void EvaluatePage::fillContexts()
{
    QVector<ChecklistEntry> entries;
    for (const ContextFacts& one : contexts()) {
        const QString problem = contextProblem(m_pack, one.id);
        entries.append({one.id, problem.isEmpty() ? one.title : QStringLiteral("%1 \u2013 %2").arg(one.title, problem),
            problem.isEmpty() ? one.tip : problem, problem.isEmpty()});
    }
    m_context->setEntries(entries, m_contexts);
}

QVector<ConditionFacts> EvaluatePage::chosen() const
{
    QVector<ConditionFacts> conditions;
    for (const QString& model : m_translators->chosen())
        for (const QString& context : m_context->chosen())
            conditions.append({model, context, takesShots(context) ? m_shots->value() : -1});
    return conditions;
}

void EvaluatePage::run()
{
    const QVector<ConditionFacts> conditions = chosen();
    if (isRunning() || m_pack.scoredSplit().isEmpty() || conditions.isEmpty()) return;
    QJsonArray list;
    for (const ConditionFacts& condition : conditions) list.append(condition.toJson());
    QJsonObject request{{QStringLiteral("do"), QStringLiteral("evaluate")}, {QStringLiteral("folder"), m_pack.folder},
        {QStringLiteral("from"), m_from}, {QStringLiteral("split"), m_pack.scoredSplit()}, {QStringLiteral("conditions"), list}};
    if (m_choices.endpoint().isSet()) request.insert(QStringLiteral("endpoint"), m_choices.endpoint().toJson());
    m_measurement.start(request, [this](const QString& kind, const QJsonObject& event) {
        if (kind == QLatin1String("score") || kind == QLatin1String("failed")) hear(event);
    });
}

void EvaluatePage::hear(const QJsonObject& event)
{
    const ScoreFacts score = toScore(event);
    if (score.from != m_from) return;  // the direction was changed meanwhile
    QVector<ScoreFacts> rows = m_scores.rows();
    rows.removeIf([&](const ScoreFacts& s) { return s.condition == score.condition; });
    rows.append(score);
    m_scores.setRows(rows);
}

void EvaluatePage::updateAll()
{
    const QString split = m_pack.scoredSplit();
    m_run->setEnabled(!isRunning() && !split.isEmpty() && !chosen().isEmpty());
    m_progress->setVisible(isRunning());
    m_progress->setRange(0, int(std::max(1.0, m_measurement.total())));
    m_progress->setValue(int(m_measurement.done()));
    m_table->setVisible(m_scores.rowCount() > 0);
    const auto failed
        = std::find_if(m_scores.rows().begin(), m_scores.rows().end(), [](const ScoreFacts& s) { return !s.problem.isEmpty(); });
    if (!m_measurement.problem().isEmpty()) {
        m_note->setText(m_measurement.problem());
    } else if (isRunning()) {
        const QString text = m_measurement.total() > 0
            ? tr("%1 of %2 sentences").arg(m_measurement.done()).arg(m_measurement.total())
            : tr("Building the first translator");
        const QString left = m_measurement.left(m_measurement.done(), m_measurement.total());
        m_note->setText(left.isEmpty() ? text : QStringLiteral("%1, %2").arg(text, left));
    } else if (failed != m_scores.rows().end()) {
        m_note->setText(tr("%1 has no score: %2").arg(m_choices.name(failed->condition), failed->problem));
    } else if (m_pack.folder.isEmpty()) {
        m_note->setText(tr("Choose a pack first."));
    } else if (split.isEmpty()) {
        m_note->setText(tr("The pack has no sentences.dev.tsv to score on."));
    } else if (chosen().isEmpty()) {
        m_note->setText(tr("Tick at least one translator and one thing it may use."));
    } else {
        m_note->setText(
            tr("%1 sentences of the %2 set; its pairs are never trained on.").arg(m_pack.splits.value(split)).arg(split));
    }
}

ExportTarget EvaluatePage::exports() const
{
    const auto csv = [this] {
        QString text
            = csvLine({QStringLiteral("model"), QStringLiteral("context"), QStringLiteral("shots"), QStringLiteral("seed"),
                QStringLiteral("from"), QStringLiteral("examples"), QStringLiteral("sentences"), QStringLiteral("chrf"),
                QStringLiteral("chrf++"), QStringLiteral("bleu"), QStringLiteral("signature"), QStringLiteral("problem")});
        for (const ScoreFacts& s : m_scores.rows()) {
            const auto measured = [&s](double value) { return s.problem.isEmpty() ? QString::number(value, 'f', 2) : QString(); };
            text += csvLine(
                {s.condition.model, s.condition.context, s.condition.shots < 0 ? QString() : QString::number(s.condition.shots),
                    QString::number(s.seed), s.from, QString::number(s.examples), QString::number(s.sentences), measured(s.chrf),
                    measured(s.chrfpp), measured(s.bleu), s.signature, s.problem});
        }
        return text;
    };
    return {tr("Scores with %1 from %2").arg(m_pack.name, m_from), csv};
}

}  // namespace pathloom
