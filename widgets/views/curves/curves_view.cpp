// SPDX-License-Identifier: GPL-3.0-or-later
// The pane "Curves": see curves_view.h.
#include "widgets/views/curves/curves_view.h"

#include "widgets/models/run_history.h"
#include "widgets/plot/plot_widget.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/curves/curve_data.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>
#include <QToolButton>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {
constexpr int kStateFailed = 4;  // v1::RUN_STATE_FAILED
constexpr std::size_t kThinCurves = 64;  // more paths are drawn as their envelope
}

CurvesView::CurvesView(ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Curves"), theme, parent)
    , m_controller(theme)
{
    setObjectName(QStringLiteral("curvesView"));
    m_plot = new PlotWidget(theme);
    m_plot->setTitle(tr("Loss"));
    m_plot->setAxisTitles(tr("step"), tr("inner steps"), tr("loss"), tr("nats a token"));
    auto* content = new QWidget;
    auto* box = new QHBoxLayout(content);
    box->setContentsMargins(8, 0, 4, 0);
    box->addWidget(m_plot);
    setContent(content);
    buildToolBar();
    connect(&theme, &ThemeController::changed, this, [this] { invalidate(); });
    showEmpty(tr("No run is open. Start one to see its loss curves."), tr("Start Run"));
}

void CurvesView::buildToolBar()
{
    const auto worded = [this](const QString& text, const QString& tip) {
        auto* action = new QAction(text, this);
        action->setCheckable(true);
        action->setChecked(true);
        action->setToolTip(tip);
        addToolAction(action)->setToolButtonStyle(Qt::ToolButtonTextOnly);
        connect(action, &QAction::toggled, this, [this] { invalidate(); });
        return action;
    };
    m_train = worded(tr("Train"), tr("Training loss"));
    m_valid = worded(tr("Valid"), tr("Validation loss after each outer step"));
    m_paths = worded(tr("Paths"), tr("One thin curve a path"));
    addToolSeparator();
    auto* group = new QWidget;
    auto* row = new QHBoxLayout(group);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    auto* caption = new QLabel(tr("Smoothing"));
    caption->setFont(Theme::labelFont());
    auto* value = new QLabel;
    value->setFont(Theme::labelFont());
    value->setMinimumWidth(28);
    m_smoothing = new QSlider(Qt::Horizontal);
    m_smoothing->setRange(0, 99);
    m_smoothing->setFixedWidth(64);
    m_smoothing->setAccessibleName(tr("Smoothing"));
    m_smoothing->setToolTip(tr("Weight of the moving average; the raw curve stays behind"));
    row->addWidget(caption);
    row->addWidget(m_smoothing);
    row->addWidget(value);
    group->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
    addToolWidget(group);
    connect(m_smoothing, &QSlider::valueChanged, this, [this, value](int v) {
        value->setText(v == 0 ? tr("off") : QString::number(v / 100.0, 'f', 2));
        m_plot->setSmoothing(v / 100.0);
    });
    m_smoothing->setValue(60);

    const auto toggle = [this](QStringView name, const QString& text) {
        auto* action = new QAction(icon(name), text, this);
        action->setCheckable(true);
        addToolAction(action);
        return action;
    };
    QAction* log = toggle(u"log-axis", tr("Log Loss Axis"));
    connect(log, &QAction::toggled, m_plot, &PlotWidget::setLogY);
    auto* legend = new QAction(icon(u"legend"), tr("Show Legend"), this);
    legend->setCheckable(true);
    connect(legend, &QAction::toggled, m_plot, &PlotWidget::setLegendForced);
    m_follow = toggle(u"follow", tr("Follow Latest"));
    connect(m_follow, &QAction::triggered, this, [this](bool on) {
        const auto [from, to] = m_plot->rangeX();
        m_plot->setFollow(on, on ? std::min(to - from, 200.0) : 0);
    });
    connect(m_plot, &PlotWidget::followChanged, m_follow, &QAction::setChecked);
    auto* fit = new QAction(icon(u"zoom-fit"), tr("Reset Zoom"), this);
    addToolAction(fit);
    connect(fit, &QAction::triggered, this, [this] {
        m_plot->setFollow(false);
        m_plot->resetZoom();
    });
    auto* logX = new QAction(tr("Log Step Axis"), this);
    logX->setCheckable(true);
    connect(logX, &QAction::toggled, m_plot, &PlotWidget::setLogX);
    addOverflowAction(logX);
    addOverflowAction(legend);
    addExports(
        *this, [this] { return exportOf(m_plot, m_history != nullptr ? tr("Loss of %1").arg(m_history->name) : tr("Loss")); });
}

void CurvesView::setHistory(const RunHistory* history)
{
    if (history != m_history) m_plot->resetZoom();
    m_history = history;
    invalidate();
}

quint64 CurvesView::fingerprint() const
{
    if (m_history == nullptr) return 0;
    quint64 sum = quint64(m_history->state) + m_history->warm.size() * 31;
    for (const PathState& p : m_history->paths) sum = sum * 1099511628211ULL + p.train.size() * 13 + p.valid.size();
    return sum;
}

void CurvesView::addCurves(bool train)
{
    const Theme& theme = m_controller.theme();
    Curves curves;
    for (const PathState& p : m_history->paths) curves.push_back(train ? &p.train : &p.valid);
    const QString kind = train ? tr("train") : tr("validation");
    const Qt::PenStyle dash = train ? Qt::SolidLine : Qt::DashLine;
    const bool single = curves.size() == 1;
    if (m_paths->isChecked() && !single && curves.size() <= kThinCurves) {
        for (std::size_t p = 0; p < curves.size(); ++p) {
            if (curves[p]->empty()) continue;
            SeriesStyle style;
            style.name = tr("path %1 %2").arg(p).arg(kind);
            style.color = withAlpha(theme.categorical(int(p)), 0.55);
            style.dash = train ? Theme::categoricalDash(int(p)) : dash;
            style.width = 1;
            style.labelled = false;
            style.smoothed = train;
            m_plot->setSeriesData(m_plot->addSeries(style), pointsOf(*curves[p]));
        }
    } else if (m_paths->isChecked() && !single) {
        const Envelope envelope = envelopeOf(curves);
        for (const bool high : {false, true}) {
            SeriesStyle style;
            style.name = high ? tr("highest %1").arg(kind) : tr("lowest %1").arg(kind);
            style.color = withAlpha(theme.tokens().muted, 0.7);
            style.dash = dash;
            style.width = 1;
            style.labelled = false;
            style.smoothed = train;
            m_plot->setSeriesData(m_plot->addSeries(style), high ? envelope.high : envelope.low);
        }
    }
    SeriesStyle mean;
    mean.name = single ? kind : tr("mean %1").arg(kind);
    mean.color = train ? theme.tokens().accent : theme.categorical(1);
    mean.dash = dash;
    mean.width = 2.5;
    mean.smoothed = train;
    mean.markers = !train;
    std::vector<PlotPoint> points = meanCurve(curves);
    if (!points.empty()) m_plot->setSeriesData(m_plot->addSeries(mean), std::move(points));
}

void CurvesView::rebuild()
{
    if (m_history == nullptr) {
        m_plot->clear();
        return showEmpty(tr("No run is open. Start one to see its loss curves."), tr("Start Run"));
    }
    const bool any = !m_history->warm.empty()
        || std::any_of(m_history->paths.begin(), m_history->paths.end(), [](const PathState& p) { return !p.train.empty(); });
    if (!any) {
        m_plot->clear();
        if (m_history->state == kStateFailed) {
            return showError(tr("Run \u201c%1\u201d failed before its first step.").arg(m_history->name), m_history->reason,
                tr("Mend its settings and start it again; the log has the details."), m_history->specJson);
        }
        return showLoading(tr("Waiting for the first losses of \u201c%1\u201d").arg(m_history->name));
    }
    m_plot->clear();
    m_plot->setTitle(tr("Loss of %1").arg(m_history->name));
    if (!m_history->warm.empty() && m_train->isChecked()) {
        SeriesStyle warm;
        warm.name = tr("warm start");
        warm.color = m_controller.theme().tokens().muted;
        warm.width = 2;
        warm.labelled = false;
        m_plot->setSeriesData(m_plot->addSeries(warm), pointsOf(m_history->warm));
        m_plot->setSegment(m_history->warm.front().x, double(m_history->warmSteps), tr("warm start, dense"));
    }
    if (m_valid->isChecked()) addCurves(false);
    if (m_train->isChecked()) addCurves(true);
    if (state() != State::Lost) showContent();
    updateStatus();
}

void CurvesView::updateStatus()
{
    double last = 0;
    qint64 samples = qint64(m_history->warm.size());
    for (const PathState& p : m_history->paths) {
        samples += qint64(p.train.size() + p.valid.size());
        if (!p.train.empty()) last = std::max(last, p.train.back().x);
    }
    QString what
        = tr("%1 samples of %2")
              .arg(formatNumber(double(samples)), counted(qint64(m_history->paths.size()), tr("1 path"), tr("%1 paths")));
    if (m_history->paths.size() > kThinCurves) what += tr(" \u00b7 lowest, highest and mean path drawn");
    if (m_history->phases > 0 && m_history->tau > 0) {
        what += tr(" \u00b7 step %1 of %2")
                    .arg(formatNumber(last))
                    .arg(formatNumber(double(m_history->warmSteps) + double(m_history->phases) * m_history->tau));
    }
    setStatus(what, tr("as of %1").arg(formatClock(m_history->lastEventMs)));
}

}  // namespace pathloom
