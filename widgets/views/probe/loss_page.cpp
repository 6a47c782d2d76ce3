// SPDX-License-Identifier: GPL-3.0-or-later
// LossPage.
#include "widgets/views/probe/loss_page.h"

#include "widgets/models/formats.h"
#include "widgets/plot/plot_widget.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/controls.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/common/number_box.h"
#include "widgets/views/common/table.h"
#include "widgets/views/probe/recall_page.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr int lawSamples = 64;

}  // namespace

LossPage::LossPage(HelperSession& session, Contestants& contestants, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_measurement(session)
    , m_contestants(contestants)
    , m_theme(theme)
    , m_fits([&contestants](const QString& id) { return contestants.title(id); })
    , m_length(new QLineEdit)
    , m_windows(numberBox(
          QStringLiteral("probe.loss.windows"), tr("Stretches of the last quarter whose tokens are foretold"), 1, 200, 24))
    , m_window(numberBox(QStringLiteral("probe.loss.window"), tr("Tokens foretold in each stretch"), 1, 1024, 64))
    , m_run(new QPushButton(tr("Measure")))
    , m_progress(thinProgress(tr("Progress of the curve")))
    , m_note(noteLabel(QStringLiteral("probe.loss.note")))
    , m_plot(new PlotWidget(theme))
    , m_table(new Table(QStringLiteral("probe.loss.fits"), tr("Power laws"), theme))
{
    setObjectName(QStringLiteral("probe.loss.page"));
    m_length->setObjectName(QStringLiteral("probe.loss.length"));
    m_length->setAccessibleName(tr("Tokens of the document used"));
    m_length->setPlaceholderText(tr("whole document"));
    m_length->setToolTip(tr("Tokens of the document used: 16k, 1M; empty: all of them"));
    m_length->setMaximumWidth(150);
    m_run->setObjectName(QStringLiteral("probe.loss.run"));
    m_plot->setObjectName(QStringLiteral("probe.loss.plot"));
    m_plot->setAxisTitles(tr("position"), tr("tokens"), tr("loss"), tr("nats a token"));
    m_plot->setLogX(true);
    m_plot->setMinimumHeight(160);
    m_table->setSource(&m_fits, SortRole);
    m_table->setWidths({22, 9, 9, 9, 9}, LossFitsModel::Name);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 6, 12, 0);
    row->setSpacing(8);
    addLabelled(row, tr("Length"), m_length);
    addLabelled(row, tr("Windows"), m_windows);
    addLabelled(row, tr("Tokens each"), m_window);
    row->addWidget(m_run);
    row->addStretch(1);
    auto* noteRow = new QHBoxLayout;
    noteRow->setContentsMargins(12, 0, 12, 0);
    noteRow->addWidget(m_note);
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->setObjectName(QStringLiteral("probe.loss.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_plot);
    splitter->addWidget(m_table);
    splitter->setStretchFactor(0, 1);
    splitter->setSizes({360, 110});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(row);
    column->addLayout(noteRow);
    column->addWidget(m_progress);
    column->addWidget(splitter, 1);
    connect(m_run, &QPushButton::clicked, this, &LossPage::run);
    connect(m_length, &QLineEdit::textChanged, this, &LossPage::updateAll);
    connect(m_length, &QLineEdit::returnPressed, this, &LossPage::run);
    connect(&theme, &ThemeController::changed, this, &LossPage::showCurves);
    connect(&m_measurement, &Measurement::changed, this, &LossPage::updateAll);
    connect(&m_measurement, &Measurement::busyChanged, this, &LossPage::busyChanged);
    connect(&m_contestants, &Contestants::changed, this, &LossPage::updateAll);
    showCurves();
    updateAll();
}

QString LossPage::title() const
{
    return tr("Loss against position, %1").arg(QFileInfo(m_measured.isEmpty() ? m_document : m_measured).fileName());
}

ExportTarget LossPage::exports()
{
    return exportOf(m_plot, title());
}

void LossPage::setDocument(const QString& name, qint64 tokens)
{
    if (isRunning()) return;
    if (name != m_document) m_measurement.forgetProblem();
    m_document = name;
    m_tokens = tokens;
    updateAll();
}

void LossPage::run()
{
    const QVector<qint64> lengths = parseLengths(m_length->text());
    if (isRunning() || m_tokens == 0 || (lengths.isEmpty() && !m_length->text().trimmed().isEmpty())) return;
    m_curves.clear();
    m_measured = m_document;
    QJsonObject request{{QStringLiteral("do"), QStringLiteral("nll")}, {QStringLiteral("document"), m_document},
        {QStringLiteral("windows"), m_windows->value()}, {QStringLiteral("window"), m_window->value()}};
    if (!lengths.isEmpty()) request.insert(QStringLiteral("length"), lengths.last());
    if (!m_project.isEmpty()) request.insert(QStringLiteral("project"), m_project);
    m_contestants.addTo(request);
    const QStringList chosen = m_contestants.chosen();
    m_expected = int(m_windows->value() * (1 + std::count_if(chosen.begin(), chosen.end(), [](const QString& id) {
        return id.startsWith(QLatin1String("reader:"));
    })));
    m_measurement.start(request, [this](const QString& kind, const QJsonObject& event) { hear(kind, event); });
    showCurves();
}

void LossPage::hear(const QString& kind, const QJsonObject& event)
{
    const auto curveOf = [this](const QString& id) -> LossCurveFacts& {
        for (LossCurveFacts& curve : m_curves)
            if (curve.contestant == id) return curve;
        m_curves.append(LossCurveFacts{});
        m_curves.last().contestant = id;
        return m_curves.last();
    };
    if (kind == QLatin1String("points") || kind == QLatin1String("curve")) {  // so far, or whole
        const LossCurveFacts curve = toLossCurve(event);
        curveOf(curve.contestant) = curve;
    }
    showCurves();
}

void LossPage::showCurves()
{
    m_plot->clear();
    m_plot->setTitle(title());
    QVector<LossCurveFacts> fitted;
    int color = 0;
    for (const LossCurveFacts& curve : std::as_const(m_curves)) {
        const QString who = m_contestants.title(curve.contestant);
        std::vector<PlotPoint> cumulative, windowOnly, law;
        for (const LossPointFacts& point : curve.points) {
            cumulative.push_back({double(point.position), point.cumulative});
            windowOnly.push_back({double(point.position), point.windowOnly});
        }
        if (curve.fitted && !cumulative.empty()) {
            const double from = std::log(cumulative.front().x), to = std::log(cumulative.back().x);
            for (int i = 0; i <= lawSamples; ++i) {
                const double x = std::exp(from + (to - from) * i / lawSamples);
                law.push_back({x, curve.lawAt(x)});
            }
            fitted.append(curve);
        }
        const QColor hue = m_theme.theme().categorical(color++);
        SeriesStyle style;
        style.smoothed = false;
        style.name = who;
        style.color = hue;
        style.markers = true;
        style.width = 0;
        style.dash = Qt::NoPen;
        m_plot->setSeriesData(m_plot->addSeries(style), cumulative);
        style.name = tr("%1, power law").arg(who);
        style.markers = false;
        style.width = 1.5;
        style.dash = Qt::SolidLine;
        style.labelled = false;
        m_plot->setSeriesData(m_plot->addSeries(style), law);
        style.name = tr("%1, window only").arg(who);
        style.dash = Qt::DashLine;
        style.labelled = true;
        style.color = withAlpha(hue, 0.7);
        m_plot->setSeriesData(m_plot->addSeries(style), windowOnly);
    }
    m_fits.setRows(fitted);
    m_table->setVisible(!fitted.isEmpty());
    m_plot->setVisible(!m_curves.isEmpty());  // axes without data would show numbers of nothing
    m_plot->resetZoom();
}

void LossPage::updateAll()
{
    const QVector<qint64> lengths = parseLengths(m_length->text());
    const bool badLength = lengths.isEmpty() && !m_length->text().trimmed().isEmpty();
    m_run->setEnabled(!isRunning() && m_tokens > 0 && !badLength);
    qsizetype done = 0;
    for (const LossCurveFacts& curve : std::as_const(m_curves)) done += curve.done;
    m_progress->setRange(0, std::max(1, m_expected));
    m_progress->setValue(int(done));
    m_progress->setVisible(isRunning());
    if (!m_measurement.problem().isEmpty()) {
        m_note->setText(m_measurement.problem());
    } else if (m_measurement.isPreparing()) {
        m_note->setText(encodingText(m_measurement));
    } else if (badLength) {
        m_note->setText(tr("Give one length in tokens, such as 16k or 1M, or none for the whole document."));
    } else if (m_document.isEmpty()) {
        m_note->setText(tr("Choose a document on the page Ask."));
    } else if (m_tokens == 0) {
        m_note->setText(tr("%1 is still being encoded.").arg(QFileInfo(m_document).fileName()));
    } else if (m_curves.isEmpty()) {
        m_note->setText(tr("Measure how well the next token is foretold, the more of %1 stands before it. %2 tokens.")
                            .arg(QFileInfo(m_document).fileName(), QLocale().toString(m_tokens)));
    } else if (isRunning()) {
        m_note->setText(tr("%1 of %2 windows").arg(done).arg(m_expected));
    } else {
        const LossCurveFacts& first = m_curves.first();
        QString text = tr("Cumulative mean, estimated from %1 windows of the last quarter, each foretold with the last so many "
                          "tokens before it in memory; dashed: without a memory.")
                           .arg(first.windows);
        if (first.length < first.documentTokens)
            text += tr(" The first %1 of %2 tokens only.")
                        .arg(QLocale().toString(first.length), QLocale().toString(first.documentTokens));
        else if (first.length > first.documentTokens)
            text += tr(" Beyond %1 tokens the document is repeated.").arg(QLocale().toString(first.documentTokens));
        m_note->setText(text);
    }
}

}  // namespace pathloom
