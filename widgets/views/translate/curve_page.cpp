// SPDX-License-Identifier: GPL-3.0-or-later
// CurvePage.
#include "widgets/views/translate/curve_page.h"

#include "widgets/plot/plot_widget.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/checklist_button.h"
#include "widgets/views/common/controls.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/common/number_box.h"
#include "widgets/views/common/table.h"
#include "widgets/views/translate/translator_list.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {
namespace {

constexpr int usualSeeds = 3;

}

CurvePage::CurvePage(HelperSession& session, TranslatorChoices& choices, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_measurement(session)
    , m_choices(choices)
    , m_theme(theme)
    , m_points([&choices](const QString& model) { return choices.title(model); })
    , m_translators(
          makeTranslatorList(QStringLiteral("translate.curve.translators"), {QStringLiteral("lexical")}, choices, theme, this))
    , m_context(new QComboBox)
    , m_seeds(
          numberBox(QStringLiteral("translate.curve.seeds"), tr("How often the K sentences are drawn anew"), 1, 20, usualSeeds))
    , m_run(new QPushButton(tr("Measure")))
    , m_progress(thinProgress(tr("Progress of the curve")))
    , m_note(noteLabel(QStringLiteral("translate.curve.note")))
    , m_plot(new PlotWidget(theme))
    , m_table(new Table(QStringLiteral("translate.curve.points"), tr("Points of the curve"), theme))
{
    setObjectName(QStringLiteral("translate.curve.page"));
    m_context->setObjectName(QStringLiteral("translate.curve.context"));
    m_context->setAccessibleName(tr("What there is beside the K sentences"));
    m_context->setToolTip(tr("What there is beside the K sentences"));
    m_run->setObjectName(QStringLiteral("translate.curve"));
    m_plot->setObjectName(QStringLiteral("translate.plot"));
    m_plot->setAxisTitles(tr("examples K"), tr("sentences, K + 1 on the axis"), tr("chrF"), tr("0 to 100"));
    m_plot->setLogX(true);
    m_plot->setMinimumHeight(160);
    m_table->setSource(&m_points, SortRole);
    m_table->setWidths({18, 8, 8, 7, 8, 8, 8}, ShotsModel::Name, {ShotsModel::From, ShotsModel::Examples, ShotsModel::Mean});
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 8, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_translators);
    addLabelled(row, tr("Beside K"), m_context);
    addLabelled(row, tr("Seeds"), m_seeds);
    row->addWidget(m_run);
    row->addWidget(m_note, 1);
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->setObjectName(QStringLiteral("translate.curve.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_plot);
    splitter->addWidget(m_table);
    splitter->setStretchFactor(0, 1);
    splitter->setSizes({340, 160});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(row);
    column->addWidget(m_progress);
    column->addWidget(splitter, 1);
    column->addStretch(0);
    connect(m_run, &QPushButton::clicked, this, &CurvePage::run);
    connect(m_translators, &ChecklistButton::toggled, this, &CurvePage::updateAll);
    connect(&choices, &TranslatorChoices::changed, this, &CurvePage::showCurves);
    connect(&theme, &ThemeController::changed, this, &CurvePage::showCurves);
    connect(&m_measurement, &Measurement::changed, this, &CurvePage::updateAll);
    connect(&m_measurement, &Measurement::busyChanged, this, &CurvePage::busyChanged);
    fillContexts();
    showCurves();
    updateAll();
}

QString CurvePage::title() const
{
    return tr("chrF over K with %1").arg(m_pack.name);
}

void CurvePage::setPack(const PackFacts& pack)
{
    if (pack == m_pack) return;
    m_pack = pack;
    m_scores.clear();
    m_measurement.forgetProblem();
    fillContexts();
    showCurves();
    updateAll();
}

void CurvePage::fillContexts()
{
    QString kept = m_context->currentData().toString();
    if (kept.isEmpty() || !contextProblem(m_pack, kept).isEmpty()) kept = QStringLiteral("no-book");
    m_context->clear();
    const auto add = [this](const char* id, const QString& title) {
        const QString problem = contextProblem(m_pack, QLatin1String(id));
        addChoice(m_context, QLatin1String(id), title, title, problem);
    };
    add("sentences", tr("nothing"));
    add("no-book", tr("word list"));
    add("half-book", tr("word list and half the book"));
    add("full-book", tr("word list and the book"));
    m_context->setCurrentIndex(m_context->findData(kept));
}

void CurvePage::run()
{
    const int train = m_pack.splits.value(QStringLiteral("train"));
    if (isRunning() || m_pack.scoredSplit().isEmpty() || train == 0 || m_translators->chosen().isEmpty()) return;
    QJsonArray list;
    for (const int shots : shotsUpTo(train)) {
        const bool oneChoice = shots == 0 || shots >= train;  // every seed draws the same
        for (int seed = 1; seed <= (oneChoice ? 1 : m_seeds->value()); ++seed)
            for (const QString& model : m_translators->chosen())
                for (const QString& from : m_pack.languages) {
                    QJsonObject one = ConditionFacts{model, m_context->currentData().toString(), shots}.toJson();
                    one.insert(QStringLiteral("seed"), seed);
                    one.insert(QStringLiteral("from"), from);
                    list.append(one);
                }
    }
    QJsonObject request{{QStringLiteral("do"), QStringLiteral("evaluate")}, {QStringLiteral("folder"), m_pack.folder},
        {QStringLiteral("split"), m_pack.scoredSplit()}, {QStringLiteral("conditions"), list}};
    if (m_choices.endpoint().isSet()) request.insert(QStringLiteral("endpoint"), m_choices.endpoint().toJson());
    m_scores.clear();
    showCurves();
    m_measurement.start(request, [this, folder = m_pack.folder](const QString& kind, const QJsonObject& event) {
        if ((kind != QLatin1String("score") && kind != QLatin1String("failed")) || folder != m_pack.folder) return;
        m_scores.append(toScore(event));
        showCurves();
    });
}

void CurvePage::showCurves()
{
    const QVector<ShotPoint> points = shotPoints(m_scores);
    m_points.setRows(points);
    m_plot->clear();
    m_plot->setTitle(title());
    int color = 0;
    for (auto first = points.begin(); first != points.end();) {
        const auto last = std::find_if(first, points.end(),
            [&](const ShotPoint& p) { return p.model != first->model || p.context != first->context || p.from != first->from; });
        std::vector<PlotPoint> mean, low, high;
        for (auto point = first; point != last; ++point) {
            const double x = point->examples + 1;
            mean.push_back({x, point->mean});
            low.push_back({x, point->low});
            high.push_back({x, point->high});
        }
        SeriesStyle style;
        const QString to = m_pack.languages.value(m_pack.languages.value(0) == first->from ? 1 : 0);
        style.name = tr("%1, %2 \u2192 %3").arg(m_choices.title(first->model), first->from, to);
        style.dash = Theme::categoricalDash(color);
        style.color = m_theme.theme().categorical(color++);
        style.smoothed = false;
        style.markers = true;
        const int series = m_plot->addSeries(style);
        m_plot->setSeriesData(series, std::move(mean));
        m_plot->setSeriesBand(series, std::move(low), std::move(high));
        first = last;
    }
    m_plot->resetZoom();
    m_plot->setVisible(!points.isEmpty());
    m_table->setVisible(!points.isEmpty());
}

void CurvePage::updateAll()
{
    const QString split = m_pack.scoredSplit();
    const int train = m_pack.splits.value(QStringLiteral("train"));
    const bool nobody = m_translators->chosen().isEmpty();
    m_run->setEnabled(!isRunning() && !split.isEmpty() && train > 0 && !nobody);
    m_progress->setVisible(isRunning());
    m_progress->setRange(0, int(std::max(1.0, m_measurement.total())));
    m_progress->setValue(int(m_measurement.done()));
    const auto failed = std::find_if(m_scores.begin(), m_scores.end(), [](const ScoreFacts& s) { return !s.problem.isEmpty(); });
    if (!m_measurement.problem().isEmpty())
        m_note->setText(m_measurement.problem());
    else if (isRunning()) {
        const QString text = tr("%1 of %2 sentences").arg(m_measurement.done()).arg(m_measurement.total());
        const QString left = m_measurement.left(m_measurement.done(), m_measurement.total());
        m_note->setText(left.isEmpty() ? text : QStringLiteral("%1, %2").arg(text, left));
    } else if (failed != m_scores.end())
        m_note->setText(tr("%1 has no score: %2").arg(m_choices.name(failed->condition), failed->problem));
    else if (m_pack.folder.isEmpty())
        m_note->setText(tr("Choose a pack first."));
    else if (split.isEmpty() || train == 0)
        m_note->setText(tr("The pack needs sentences to learn from and sentences to score on."));
    else if (nobody)
        m_note->setText(tr("Tick at least one translator."));
    else if (m_scores.isEmpty())
        m_note->setText(tr("K = 0, 1, 2, 4 \u2026 %1 sentences, both directions, scored on the %2 set.").arg(train).arg(split));
    else
        m_note->setText(tr("Line: mean over the seeds. Band: lowest to highest of them."));
}

ExportTarget CurvePage::exports()
{
    const auto csv = [this] {
        QString text = csvLine({QStringLiteral("model"), QStringLiteral("context"), QStringLiteral("from"),
            QStringLiteral("examples"), QStringLiteral("seeds"), QStringLiteral("chrf_mean"), QStringLiteral("chrf_lowest"),
            QStringLiteral("chrf_highest")});
        for (const ShotPoint& p : m_points.rows())
            text += csvLine({p.model, p.context, p.from, QString::number(p.examples), QString::number(p.seeds),
                QString::number(p.mean, 'f', 2), QString::number(p.low, 'f', 2), QString::number(p.high, 'f', 2)});
        return text;
    };
    return exportOf(m_plot, title(), csv);
}

}  // namespace pathloom
