// SPDX-License-Identifier: GPL-3.0-or-later
// EvaluatePage.
#include "widgets/views/translate/evaluate_page.h"

#include "widgets/models/formats.h"
#include "widgets/plot/plot_widget.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/table.h"
#include "widgets/views/translate/translate_page.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSaveFile>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {
namespace {

constexpr int etaAfterMs = 3000;

QString splitOf(const PackFacts& pack)
{
    for (const char* split : {"dev", "test"})
        if (pack.splits.value(QLatin1String(split)) > 0) return QLatin1String(split);
    return {};
}

}  // namespace

EvaluatePage::EvaluatePage(HelperSession& session, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_theme(theme)
    , m_runConditions(new QPushButton(tr("Score Every Condition")))
    , m_runCurve(new QPushButton(tr("Score chrF over K")))
    , m_progress(new QProgressBar)
    , m_note(new QLabel)
    , m_table(new Table(QStringLiteral("translate.scores"), tr("Scores"), theme))
    , m_plot(new PlotWidget(theme))
{
    setObjectName(QStringLiteral("translate.evaluate"));
    m_runConditions->setObjectName(QStringLiteral("translate.score"));
    m_runCurve->setObjectName(QStringLiteral("translate.curve"));
    m_runCurve->setToolTip(tr("Lexical translator with 0, 1, 2, 4 \u2026 of the training sentences beside the word list"));
    m_progress->setAccessibleName(tr("Progress of the evaluation"));
    m_progress->setTextVisible(false);
    m_progress->setFixedHeight(4);
    m_note->setObjectName(QStringLiteral("translate.evaluate.note"));
    m_note->setFont(Theme::labelFont());
    m_note->setWordWrap(true);
    m_table->setSource(&m_scores, SortRole, ScoresModel::Chrf, Qt::DescendingOrder);
    m_table->setWidths({30, 8, 9, 7, 6}, ScoresModel::Name);
    m_plot->setObjectName(QStringLiteral("translate.plot"));
    m_plot->setAxisTitles(tr("examples K"), tr("sentences, K + 1 on the axis"), tr("chrF"), tr("0 to 100"));
    m_plot->setTitle(tr("chrF over K"));
    m_plot->setLogX(true);
    m_plot->setMinimumHeight(140);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 8, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_runConditions);
    row->addWidget(m_runCurve);
    row->addWidget(m_note, 1);
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->setObjectName(QStringLiteral("translate.evaluate.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_table);
    splitter->addWidget(m_plot);
    splitter->setSizes({200, 280});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(row);
    column->addWidget(m_progress);
    column->addWidget(splitter, 1);
    connect(m_runConditions, &QPushButton::clicked, this, &EvaluatePage::runConditions);
    connect(m_runCurve, &QPushButton::clicked, this, &EvaluatePage::runCurve);
    connect(&theme, &ThemeController::changed, this, &EvaluatePage::showCurve);
    updateAll();
}

QString EvaluatePage::title() const
{
    return tr("chrF over K, %1, from %2").arg(m_pack.name, m_from);
}

void EvaluatePage::setPack(const PackFacts& pack, const QString& from)
{
    if (pack == m_pack && from == m_from) return;
    m_pack = pack;
    m_from = from;
    m_scores.setRows({});
    m_curve.clear();
    m_problem.clear();
    showCurve();
    updateAll();
}

void EvaluatePage::runConditions()
{
    ConditionFacts copy;
    copy.model = QStringLiteral("lexical");
    copy.context = QStringLiteral("zero-shot");
    run(QVector<ConditionFacts>{copy} + usualConditions(), false);
}

void EvaluatePage::runCurve()
{
    QVector<ConditionFacts> conditions;
    for (const int shots : shotsUpTo(m_pack.splits.value(QStringLiteral("train")))) {
        ConditionFacts condition;
        condition.model = QStringLiteral("lexical");
        condition.context = QStringLiteral("no-book");
        condition.shots = shots;
        conditions.append(condition);
    }
    run(conditions, true);
}

void EvaluatePage::run(const QVector<ConditionFacts>& conditions, bool curve)
{
    if (isRunning() || splitOf(m_pack).isEmpty()) return;
    QJsonArray list;
    for (const ConditionFacts& c : conditions)
        list.append(QJsonObject{
            {QStringLiteral("model"), c.model}, {QStringLiteral("context"), c.context}, {QStringLiteral("shots"), c.shots}});
    m_asCurve = curve;
    if (curve) m_curve.clear();
    m_problem.clear();
    m_done = m_total = 0;
    m_clock.start();
    m_request = m_session.request(
        {{QStringLiteral("do"), QStringLiteral("evaluate")}, {QStringLiteral("folder"), m_pack.folder},
            {QStringLiteral("from"), m_from}, {QStringLiteral("split"), splitOf(m_pack)}, {QStringLiteral("conditions"), list}},
        [this](const QJsonObject& event) { hear(event); });
    updateAll();
    Q_EMIT busyChanged();
}

void EvaluatePage::hear(const QJsonObject& event)
{
    const QString kind = event.value(QLatin1String("event")).toString();
    if (kind == QLatin1String("progress")) {
        m_done = event.value(QLatin1String("done")).toDouble();
        m_total = event.value(QLatin1String("total")).toDouble();
    } else if (kind == QLatin1String("score")) {
        const ScoreFacts score = toScore(event);
        QVector<ScoreFacts> rows = m_scores.rows();
        rows.removeIf(
            [&](const ScoreFacts& s) { return s.model == score.model && s.context == score.context && s.shots == score.shots; });
        rows.append(score);
        m_scores.setRows(rows);
        if (m_asCurve) {
            m_curve.append(score);
            showCurve();
        }
    } else {
        m_request = 0;
        if (kind == QLatin1String("error"))
            m_problem = event.value(QLatin1String("cancelled")).toBool() ? tr("Cancelled; what was scored stays")
                                                                         : event.value(QLatin1String("message")).toString();
        Q_EMIT busyChanged();
    }
    updateAll();
}

void EvaluatePage::showCurve()
{
    m_plot->clear();
    m_plot->setTitle(title());
    m_plot->setVisible(!m_curve.isEmpty());
    if (m_curve.isEmpty()) return;
    SeriesStyle style;
    style.name = tr("lexical, words and K sentences");
    style.color = m_theme.theme().categorical(0);
    style.smoothed = false;
    style.markers = true;
    const int series = m_plot->addSeries(style);
    std::vector<PlotPoint> points;
    for (const ScoreFacts& score : m_curve) points.push_back({double(score.shots + 1), score.chrf});
    std::sort(points.begin(), points.end(), [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
    m_plot->setSeriesData(series, std::move(points));
}

QString EvaluatePage::exportTo(const QString& path)
{
    if (QFileInfo(path).suffix().toLower() != QLatin1String("csv")) return m_plot->exportTo(path);
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(scoresCsv(m_scores.rows()).toUtf8()) < 0 || !file.commit())
        return tr("cannot write %1: check that the folder exists and may be written").arg(path);
    return {};
}

void EvaluatePage::updateAll()
{
    const QString split = splitOf(m_pack);
    const bool ready = !isRunning() && !split.isEmpty();
    m_runConditions->setEnabled(ready);
    m_runCurve->setEnabled(ready && m_pack.splits.value(QStringLiteral("train")) > 0);
    m_progress->setVisible(isRunning());
    m_progress->setRange(0, int(std::max(1.0, m_total)));
    m_progress->setValue(int(m_done));
    m_table->setVisible(m_scores.rowCount() > 0);
    if (!m_problem.isEmpty()) {
        m_note->setText(m_problem);
    } else if (isRunning()) {
        QString text = m_total > 0 ? tr("%1 of %2 sentences").arg(m_done).arg(m_total) : tr("Building the first translator");
        if (m_clock.elapsed() > etaAfterMs && m_done > 0)
            text += tr(", about %1 left").arg(formatDuration(qint64(double(m_clock.elapsed()) * (m_total / m_done - 1))));
        m_note->setText(text);
    } else if (m_pack.folder.isEmpty()) {
        m_note->setText(tr("Choose a pack first."));
    } else if (split.isEmpty()) {
        m_note->setText(tr("The pack has no sentences.dev.tsv to score on."));
    } else {
        m_note->setText(
            tr("%1 sentences of the %2 set; its pairs are never trained on.").arg(m_pack.splits.value(split)).arg(split));
    }
}

}  // namespace pathloom
