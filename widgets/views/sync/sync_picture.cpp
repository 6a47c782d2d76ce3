// SPDX-License-Identifier: GPL-3.0-or-later
// The pane "Sync": see sync_picture.h.
#include "widgets/views/sync/sync_picture.h"

#include "widgets/models/run_history.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/sync/sync_canvas.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>

#include <algorithm>

namespace pathloom {

namespace {
constexpr int kStateFailed = 4;  // v1::RUN_STATE_FAILED
}

SyncPicture::SyncPicture(ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Sync"), theme, parent)
    , m_controller(theme)
{
    setObjectName(QStringLiteral("syncPicture"));
    m_canvas = new SyncCanvas(theme);
    setContent(m_canvas);
    const auto action = [this](QStringView name, const QString& text) {
        auto* made = new QAction(icon(name), text, this);
        addToolAction(made);
        return made;
    };
    m_follow = action(u"follow", tr("Follow Latest"));
    m_follow->setCheckable(true);
    QAction* fit = action(u"zoom-fit", tr("Show Whole Run"));
    QAction* in = action(u"zoom-in", tr("Zoom In"));
    QAction* out = action(u"zoom-out", tr("Zoom Out"));
    QAction* range = action(u"range", tr("Select Range"));
    range->setCheckable(true);
    range->setToolTip(tr("Drag to select a range and sum it (or hold Shift)"));
    QAction* image = action(u"image", tr("Copy Picture"));
    const auto middle = [this] { return m_canvas->scale().left + m_canvas->scale().width / 2; };
    connect(m_follow, &QAction::triggered, m_canvas, [this](bool on) { on ? m_canvas->follow() : m_canvas->fit(); });
    connect(fit, &QAction::triggered, m_canvas, &SyncCanvas::fit);
    connect(in, &QAction::triggered, m_canvas, [this, middle] { m_canvas->zoom(1.5, middle()); });
    connect(out, &QAction::triggered, m_canvas, [this, middle] { m_canvas->zoom(1 / 1.5, middle()); });
    connect(range, &QAction::toggled, m_canvas, &SyncCanvas::setSelectMode);
    connect(image, &QAction::triggered, m_canvas, [this] { QGuiApplication::clipboard()->setPixmap(m_canvas->grab()); });
    connect(m_canvas, &SyncCanvas::viewChanged, this, [this] {
        m_follow->setChecked(m_canvas->view() == SyncCanvas::View::Follow);
        updateStatus();
    });
    showEmpty(tr("No run is open. Start one to see what its workers send and when."), tr("Start Run"));
}

void SyncPicture::setHistory(const RunHistory* history)
{
    m_history = history;
    invalidate();
}

quint64 SyncPicture::fingerprint() const
{
    if (m_history == nullptr) return 0;
    quint64 sum = quint64(m_history->lastEventMs) * 31 + quint64(m_history->state) + m_history->moduleLanes.size()
        + m_history->traffic.size() * 3;
    for (const WorkerLane& lane : m_history->workers) {
        sum = sum * 1099511628211ULL + lane.spans.size() + quint64(lane.goneMs)
            + (lane.spans.empty() ? 0 : quint64(lane.spans.back().endMs));
    }
    for (const ModuleLane& lane : m_history->moduleLanes) sum = sum * 1099511628211ULL + lane.ticks.size() + lane.steps.size();
    return sum;
}

void SyncPicture::rebuild()
{
    m_canvas->setHistory(m_history);
    if (m_history == nullptr) {
        return showEmpty(tr("No run is open. Start one to see what its workers send and when."), tr("Start Run"));
    }
    if (m_history->workers.empty() && m_history->moduleLanes.empty()) {
        if (m_history->state == kStateFailed) {
            return showError(tr("Run \u201c%1\u201d failed before any worker took a task.").arg(m_history->name),
                m_history->reason, tr("Mend its settings and start it again; the log has the details."), m_history->specJson);
        }
        return showLoading(tr("Waiting for the first worker of \u201c%1\u201d").arg(m_history->name));
    }
    if (state() != State::Lost) showContent();
    updateStatus();
}

void SyncPicture::updateStatus()
{
    if (m_history == nullptr) return;
    const TimeScale& scale = m_canvas->scale();
    const QString what
        = tr("%1, %2 \u00b7 %3 of %4 shown%5")
              .arg(counted(qint64(m_history->workers.size()), tr("1 worker"), tr("%1 workers")),
                  counted(qint64(m_history->moduleLanes.size()), tr("1 module"), tr("%1 modules")),
                  formatDuration(std::min(qint64(scale.width * scale.msPerPixel), m_history->lastEventMs - m_history->createdMs)),
                  formatDuration(m_history->lastEventMs - m_history->createdMs),
                  m_history->faults > 0 ? QStringLiteral(" \u00b7 ")
                          + counted(m_history->faults, tr("1 task lost and done again"), tr("%1 tasks lost and done again"))
                                        : QString());
    setStatus(what, tr("as of %1").arg(formatClock(m_history->lastEventMs)));
}

}  // namespace pathloom
