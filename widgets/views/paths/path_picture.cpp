// SPDX-License-Identifier: GPL-3.0-or-later
// The pane "Paths": see path_picture.h.
#include "widgets/views/paths/path_picture.h"

#include "widgets/models/run_history.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/paths/path_canvas.h"
#include "widgets/views/paths/path_panel.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

#include <algorithm>

namespace pathloom {

namespace {
constexpr int kStateFailed = 4;  // v1::RUN_STATE_FAILED
constexpr int kScrubSteps = 1000;
}

PathPicture::PathPicture(ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Paths"), theme, parent)
    , m_controller(theme)
{
    setObjectName(QStringLiteral("pathPicture"));
    buildToolBar();
    buildContent();
    showEmpty(tr("No run is open. Start one to see its paths and modules."), tr("Start Run"));
}

void PathPicture::buildToolBar()
{
    m_colour = new QComboBox;
    m_colour->setAccessibleName(tr("Ribbon colour"));
    m_colour->setToolTip(tr("What the colour of a ribbon means"));
    m_colour->addItems({tr("Colour: domain"), tr("Colour: loss"), tr("Colour: staleness")});
    addToolWidget(m_colour);
    addToolSeparator();
    auto* unpin = new QAction(icon(u"pin"), tr("Unpin"), this);
    addToolAction(unpin);
    m_imageAction = new QAction(icon(u"image"), tr("Copy Picture"), this);
    addToolAction(m_imageAction);
    connect(m_colour, &QComboBox::currentIndexChanged, this, [this](int index) { m_canvas->setColour(RibbonColour(index)); });
    connect(unpin, &QAction::triggered, this, [this] { m_canvas->unpin(); });
    connect(m_imageAction, &QAction::triggered, this, [this] { QGuiApplication::clipboard()->setPixmap(m_picture->grab()); });
}

void PathPicture::buildContent()
{
    m_canvas = new PathCanvas(m_controller);
    m_panel = new PathPanel(m_controller);
    m_scrub = new QSlider(Qt::Horizontal);
    m_scrub->setRange(0, kScrubSteps);
    m_scrub->setValue(kScrubSteps);
    m_scrub->setPageStep(kScrubSteps / 20);
    m_scrub->setSingleStep(kScrubSteps / 100);
    m_scrub->setAccessibleName(tr("Replay time"));
    m_scrub->setToolTip(tr("Drag to see the run as it was"));
    m_scrubTime = new QLabel;
    m_scrubTime->setFont(Theme::labelFont());
    m_scrubTime->setMinimumWidth(72);
    m_scrubTime->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_liveButton = new QToolButton;
    m_liveButton->setText(tr("Live"));
    m_liveButton->setIcon(icon(u"follow"));
    m_liveButton->setIconSize(QSize(16, 16));
    m_liveButton->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_liveButton->setCheckable(true);
    m_liveButton->setChecked(true);
    m_liveButton->setAutoRaise(true);
    m_liveButton->setMinimumHeight(24);
    m_liveButton->setAccessibleName(tr("Follow the run live"));
    m_liveButton->setToolTip(tr("Follow the run live"));
    m_liveButton->setFocusPolicy(Qt::StrongFocus);

    m_picture = new QWidget;
    auto* row = new QHBoxLayout(m_picture);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_canvas, 1);
    row->addWidget(m_panel);
    auto* scrub = new QHBoxLayout;
    scrub->setContentsMargins(16, 0, 12, 4);
    scrub->setSpacing(12);
    scrub->addWidget(m_scrub, 1);
    scrub->addWidget(m_scrubTime);
    scrub->addWidget(m_liveButton);
    auto* all = new QWidget;
    auto* column = new QVBoxLayout(all);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_picture, 1);
    column->addLayout(scrub);
    setContent(all);

    connect(m_canvas, &PathCanvas::selectionChanged, this, [this] { updatePanel(); });
    connect(m_liveButton, &QToolButton::clicked, this, [this] { followLive(); });
    connect(m_scrub, &QSlider::valueChanged, this, [this](int value) {
        if (m_history == nullptr) return;
        if (value >= kScrubSteps) return followLive();
        const qint64 begin = m_history->createdMs;
        scrubTo(begin + (m_history->lastEventMs - begin) * value / kScrubSteps);
    });
}

void PathPicture::setHistory(const RunHistory* history)
{
    if (history != m_history) {
        m_live = true;
        const QSignalBlocker quiet(m_scrub);
        m_scrub->setValue(kScrubSteps);
    }
    m_history = history;
    invalidate();
}

quint64 PathPicture::fingerprint() const
{
    if (m_history == nullptr) return 0;
    // Everything the picture shows moves at least one of these; summing is cheap enough for every frame.
    quint64 sum = quint64(m_history->lastEventMs) * 31 + quint64(m_history->state) + m_history->modules.size() * 7
        + m_history->columns.size();
    for (const ModuleState& m : m_history->modules)
        sum = sum * 1099511628211ULL + quint64(m.version) * 8191 + quint64(m.received);
    for (const PathState& p : m_history->paths)
        sum = sum * 1099511628211ULL + p.train.size() * 13 + p.valid.size() * 7 + quint64(p.phase) + quint64(p.sequences);
    return sum;
}

void PathPicture::rebuild()
{
    if (m_history == nullptr) {
        m_canvas->setMoment(nullptr, {});
        m_panel->show(nullptr, {}, {});
        return showEmpty(tr("No run is open. Start one to see its paths and modules."), tr("Start Run"));
    }
    if (m_history->columns.empty() || m_history->paths.empty()) {
        m_canvas->setMoment(nullptr, {});
        m_panel->show(nullptr, {}, {});
        if (m_history->state == kStateFailed) {
            return showError(tr("Run \u201c%1\u201d failed before it was laid out.").arg(m_history->name), m_history->reason,
                tr("Mend its settings and start it again; the log has the details."), m_history->specJson);
        }
        return showLoading(tr("Laying out the paths of \u201c%1\u201d").arg(m_history->name));
    }
    m_canvas->setMoment(m_history, m_live ? latestMoment(*m_history) : stateAt(*m_history, m_scrubMs));
    if (state() != State::Lost) showContent();
    updatePanel();
    updateStatus();
}

void PathPicture::scrubTo(qint64 timeMs)
{
    m_live = false;
    m_scrubMs = timeMs;
    m_liveButton->setChecked(false);
    if (m_history != nullptr && m_history->lastEventMs > m_history->createdMs) {
        const QSignalBlocker quiet(m_scrub);
        const qint64 whole = m_history->lastEventMs - m_history->createdMs;
        m_scrub->setValue(
            int(std::clamp<qint64>(((timeMs - m_history->createdMs) * kScrubSteps + whole / 2) / whole, 0, kScrubSteps - 1)));
    }
    invalidate();
}

void PathPicture::followLive()
{
    m_live = true;
    m_liveButton->setChecked(true);
    const QSignalBlocker quiet(m_scrub);
    m_scrub->setValue(kScrubSteps);
    invalidate();
}

void PathPicture::updatePanel()
{
    if (m_history == nullptr || m_history->paths.empty()) return;
    PathPanel::Selection selection;
    selection.pinned = m_canvas->pinnedPaths();
    if (m_canvas->hoveredModule() >= 0) {
        selection.module = m_canvas->hoveredModule();
    } else if (!selection.pinned.isEmpty()) {
        selection.paths = selection.pinned;
        const int path = m_canvas->hoveredPath();
        if (path >= 0 && selection.paths.size() < 2 && !selection.paths.contains(path)) selection.paths.push_back(path);
    } else if (m_canvas->pinnedModule() >= 0) {
        selection.module = m_canvas->pinnedModule();
    } else if (m_canvas->hoveredPath() >= 0) {
        selection.paths = {m_canvas->hoveredPath()};
    } else if (m_canvas->focusedModule() >= 0 && m_canvas->hasFocus()) {
        selection.module = m_canvas->focusedModule();
    }
    m_panel->show(m_history, m_canvas->moment(), selection);
}

void PathPicture::updateStatus()
{
    const RunHistory& h = *m_history;
    QString what = tr("%1 through %2")
                       .arg(counted(qint64(h.paths.size()), tr("1 path"), tr("%1 paths")),
                           counted(qint64(h.modules.size()), tr("1 module"), tr("%1 modules")));
    if (h.totalParameters > 0) {
        what += tr(" \u00b7 %1 parameters in all, %2 a path")
                    .arg(formatCount(double(h.totalParameters)), formatCount(double(h.pathParameters)));
    }
    if (m_canvas->bundled()) what += tr(" \u00b7 ribbons bundled, hover to unfold");
    const qint64 shown = m_live ? h.lastEventMs : m_scrubMs;
    m_scrubTime->setText(formatClock(shown));
    setStatus(what,
        m_live ? tr("as of %1").arg(formatClock(shown))
               : tr("replay, %1 before the end").arg(formatDuration(h.lastEventMs - shown)));
}

}  // namespace pathloom
