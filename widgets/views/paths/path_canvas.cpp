// SPDX-License-Identifier: GPL-3.0-or-later
// The path picture's model and interaction: see path_canvas.h. Drawing is in path_canvas_paint.cpp.
#include "widgets/views/paths/path_canvas.h"

#include "widgets/models/run_history.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pathloom {

namespace {
constexpr int kPulseMs = 150;
constexpr std::size_t kBundleAbove = 32;
}

PathCanvas::PathCanvas(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Path picture"));
    setObjectName(QStringLiteral("pathCanvas"));
    connect(&m_theme, &ThemeController::changed, this, [this] { invalidate(); });
    m_clock.start();
    m_pulseTimer.setInterval(16);
    connect(&m_pulseTimer, &QTimer::timeout, this, [this] {
        for (auto it = m_pulses.begin(); it != m_pulses.end();) {
            it = m_clock.elapsed() - it.value() > kPulseMs ? m_pulses.erase(it) : std::next(it);
        }
        if (m_pulses.isEmpty()) m_pulseTimer.stop();
        update();
    });
    describe();
}

void PathCanvas::setMoment(const RunHistory* history, PictureMoment moment)
{
    const bool sameRun = history == m_history && m_history != nullptr;
    m_history = history;
    PathGraph graph = history != nullptr ? pathGraphOf(*history) : PathGraph();
    const bool structure
        = graph.columns != m_graph.columns || graph.paths.size() != m_graph.paths.size() || graph.modules != m_graph.modules;
    const bool weights = !(graph == m_graph);
    m_graph = std::move(graph);
    if (structure) {
        m_order = orderModules(m_graph);  // fixed from here on for this run
        m_bundled = m_graph.paths.size() > kBundleAbove;
        m_hover.clear();
        m_pinned.clear();
        m_hoverModule = m_hoverPath = m_pinnedModule = m_focus = -1;
    }
    if (sameRun && !structure && isVisible() && !m_theme.reducedMotion()) {
        for (std::size_t m = 0; m < moment.modules.size() && m < m_moment.modules.size(); ++m) {
            if (moment.modules[m].version > m_moment.modules[m].version) m_pulses[int(m)] = m_clock.elapsed();
        }
        if (!m_pulses.isEmpty()) m_pulseTimer.start();
    }
    m_moment = std::move(moment);
    RibbonValues values = history != nullptr ? ribbonValues(*history, m_moment, m_colour) : RibbonValues();
    const bool recolour = !std::equal(values.values.begin(), values.values.end(), m_values.values.begin(), m_values.values.end(),
        [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); });
    m_values = std::move(values);
    if (structure || weights) relayout();
    if (recolour) m_stale = true;
    if (structure) Q_EMIT selectionChanged();
    describe();
    update();
}

void PathCanvas::setColour(RibbonColour colour)
{
    m_colour = colour;
    if (m_history != nullptr) m_values = ribbonValues(*m_history, m_moment, m_colour);
    relayout();  // the legend of another colouring has other rows
    invalidate();
}

void PathCanvas::invalidate()
{
    m_stale = true;
    update();
}

QRectF PathCanvas::pictureArea() const
{
    return QRectF(rect()).adjusted(20, 48, -20, -20.0 - 20.0 * legendRows());
}

void PathCanvas::relayout()
{
    PathMetrics metrics;
    metrics.gap = m_graph.modules > 64 ? 8 : 16;
    m_geometry = layoutPaths(m_graph, m_order, pictureArea(), metrics);
    m_stale = true;
}

void PathCanvas::resizeEvent(QResizeEvent*)
{
    relayout();
}

QVector<int> PathCanvas::litPaths() const
{
    if (!m_hover.isEmpty()) {
        QVector<int> lit = m_hover;
        for (const int path : m_pinned) {
            if (!lit.contains(path)) lit.push_back(path);
        }
        return lit;
    }
    if (!m_pinned.isEmpty()) return m_pinned;
    if (m_pinnedModule >= 0) return m_history->modules[std::size_t(m_pinnedModule)].paths;
    return {};
}

void PathCanvas::pinPath(int path, bool compare)
{
    m_pinnedModule = -1;
    if (m_pinned.contains(path)) {
        m_pinned.removeAll(path);
    } else if (compare && !m_pinned.isEmpty()) {
        if (m_pinned.size() > 1) m_pinned.removeLast();
        m_pinned.push_back(path);
    } else {
        m_pinned = {path};
    }
    update();
    describe();
    Q_EMIT selectionChanged();
}

void PathCanvas::unpin()
{
    m_pinned.clear();
    m_pinnedModule = -1;
    update();
    describe();
    Q_EMIT selectionChanged();
}

int PathCanvas::moduleAt(const QPointF& point) const
{
    for (std::size_t m = 0; m < m_geometry.boxes.size(); ++m) {
        if (m_geometry.boxes[m].adjusted(0, -1, 0, 1).contains(point)) return int(m);
    }
    return -1;
}

QVector<int> PathCanvas::pathsAt(const QPointF& point) const
{
    QVector<int> hit;
    double nearest = 3;  // px of mercy for thin ribbons
    for (const Band& band : m_geometry.ribbons) {
        const BandSlice slice = bandSlice(band, point.x());
        if (!slice.inside) continue;
        const double away = std::max({0.0, slice.top - point.y(), point.y() - slice.bottom});
        if (away > nearest) continue;
        if (away < nearest || away > 0) hit.clear();
        nearest = away;
        hit = {band.path};  // the one drawn last is on top
    }
    return hit;
}

void PathCanvas::mouseMoveEvent(QMouseEvent* event)
{
    const int module = moduleAt(event->position());
    QVector<int> hover;
    if (module >= 0) {
        hover = m_history->modules[std::size_t(module)].paths;
    } else {
        hover = pathsAt(event->position());
    }
    const int path = module < 0 && !hover.isEmpty() ? hover.first() : -1;
    if (m_bundled && path >= 0) {  // the bundle under the pointer unfolds into its paths
        for (const Band& bundle : m_geometry.bundles) {
            if (!bandSlice(bundle, event->position().x()).inside) continue;
            if (std::find(bundle.members.begin(), bundle.members.end(), path) == bundle.members.end()) continue;
            hover = QVector<int>(bundle.members.begin(), bundle.members.end());
        }
    }
    setCursor(hover.isEmpty() ? Qt::ArrowCursor : Qt::PointingHandCursor);
    if (hover == m_hover && module == m_hoverModule && path == m_hoverPath) return;
    m_hoverPath = path;
    m_hover = hover;
    m_hoverModule = module;
    update();
    Q_EMIT selectionChanged();
}

void PathCanvas::leaveEvent(QEvent*)
{
    if (m_hover.isEmpty() && m_hoverModule < 0) return;
    m_hover.clear();
    m_hoverModule = m_hoverPath = -1;
    update();
    Q_EMIT selectionChanged();
}

void PathCanvas::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton) return;
    const int module = moduleAt(event->position());
    if (module >= 0) {
        m_focus = module;
        const bool again = m_pinnedModule == module;
        m_pinned.clear();
        m_pinnedModule = again ? -1 : module;
        update();
        describe();
        Q_EMIT selectionChanged();
        return;
    }
    const QVector<int> paths = pathsAt(event->position());
    if (paths.isEmpty()) {
        unpin();
    } else {
        pinPath(paths.first(), event->modifiers().testFlag(Qt::ControlModifier));
    }
}

void PathCanvas::moveFocus(int columns, int rows)
{
    if (m_order.empty()) return;
    if (m_focus < 0) {
        m_focus = m_order.front().front();
    } else {
        const auto column = std::size_t(m_history->modules[std::size_t(m_focus)].column);
        if (columns != 0) {
            const int next = std::clamp(int(column) + columns, 0, int(m_order.size()) - 1);
            const double y = m_geometry.nodes[std::size_t(m_focus)].center().y();
            const auto& nodes = m_order[std::size_t(next)];
            if (next != int(column)) {
                m_focus = *std::min_element(nodes.begin(), nodes.end(), [&](int a, int b) {
                    return std::abs(m_geometry.nodes[std::size_t(a)].center().y() - y)
                        < std::abs(m_geometry.nodes[std::size_t(b)].center().y() - y);
                });
            }
        } else {
            const auto& nodes = m_order[column];
            const auto at = std::find(nodes.begin(), nodes.end(), m_focus) - nodes.begin();
            m_focus = nodes[std::size_t(std::clamp<std::ptrdiff_t>(at + rows, 0, std::ptrdiff_t(nodes.size()) - 1))];
        }
    }
    describe();
    update();
    Q_EMIT selectionChanged();
}

void PathCanvas::stepPath(int direction)
{
    QVector<int> choice;
    if (m_focus >= 0) {
        choice = m_history->modules[std::size_t(m_focus)].paths;
    } else {
        for (std::size_t p = 0; p < m_graph.paths.size(); ++p) choice.push_back(int(p));
    }
    if (choice.isEmpty()) return;
    const auto at = m_pinned.isEmpty() ? -1 : choice.indexOf(m_pinned.first());
    const auto next = at < 0 ? (direction > 0 ? 0 : choice.size() - 1) : (at + direction + choice.size()) % choice.size();
    m_pinned.clear();
    pinPath(choice[next], false);
}

void PathCanvas::keyPressEvent(QKeyEvent* event)
{
    if (m_history == nullptr || m_graph.paths.empty()) return QWidget::keyPressEvent(event);
    switch (event->key()) {
    case Qt::Key_Left:
        return moveFocus(-1, 0);
    case Qt::Key_Right:
        return moveFocus(1, 0);
    case Qt::Key_Up:
        return moveFocus(0, -1);
    case Qt::Key_Down:
        return moveFocus(0, 1);
    case Qt::Key_PageDown:
        return stepPath(1);
    case Qt::Key_PageUp:
        return stepPath(-1);
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (m_focus < 0) return;
        m_pinned.clear();
        m_pinnedModule = m_pinnedModule == m_focus ? -1 : m_focus;
        update();
        describe();
        Q_EMIT selectionChanged();
        return;
    case Qt::Key_Escape:
        if (m_pinned.isEmpty() && m_pinnedModule < 0) return QWidget::keyPressEvent(event);
        return unpin();
    default:
        QWidget::keyPressEvent(event);
    }
}

void PathCanvas::focusInEvent(QFocusEvent* event)
{
    if (m_focus < 0 && event->reason() != Qt::MouseFocusReason && !m_order.empty() && !m_graph.paths.empty()) moveFocus(0, 0);
    update();
}

void PathCanvas::focusOutEvent(QFocusEvent*)
{
    update();
}

bool PathCanvas::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        const int module = moduleAt(help->pos());
        if (module >= 0) {
            QToolTip::showText(help->globalPos(), moduleTip(module), this);
        } else {
            QToolTip::hideText();
        }
        return true;
    }
    return QWidget::event(event);
}

QString PathCanvas::moduleTip(int module) const
{
    const ModuleState& state = m_history->modules[std::size_t(module)];
    const ModuleMoment now
        = std::size_t(module) < m_moment.modules.size() ? m_moment.modules[std::size_t(module)] : ModuleMoment();
    QStringList lines{QStringLiteral("%1, version %2").arg(state.name).arg(now.version),
        tr("%1 of %2 contributions in").arg(now.received).arg(now.expected),
        counted(state.paths.size(), tr("1 path through it"), tr("%1 paths through it")),
        tr("%1 parameters, %2").arg(formatCount(double(state.parameters)), formatBytes(double(state.bytes)))};
    if (now.version > 0) {
        lines << tr("pseudo-gradient norm %1, mean cosine %2").arg(formatNumber(now.gradientNorm), formatNumber(state.meanCosine))
              << tr("last step at %1").arg(formatClock(now.lastStepMs));
    }
    return lines.join(QLatin1Char('\n'));
}

void PathCanvas::describe()
{
    QString text = tr("No run is shown.");
    if (m_history != nullptr && !m_graph.paths.empty()) {
        text = tr("%1 paths through %2 modules in %3 columns. Arrow keys move between modules, Enter pins, Page Down steps "
                  "through paths, Escape unpins.")
                   .arg(m_graph.paths.size())
                   .arg(m_graph.modules)
                   .arg(m_graph.columns.size());
        if (m_focus >= 0)
            text = moduleTip(m_focus).replace(QLatin1Char('\n'), QStringLiteral("; ")) + QStringLiteral(". ") + text;
        for (const int path : m_pinned) text = tr("Path %1 is pinned. ").arg(path) + text;
        if (m_pinnedModule >= 0) text = tr("Pinned. ") + text;
    }
    if (accessibleDescription() != text) setAccessibleDescription(text);
}

double PathCanvas::pulseOf(int module) const
{
    const auto it = m_pulses.find(module);
    if (it == m_pulses.end()) return 0;
    const double t = double(m_clock.elapsed() - it.value()) / kPulseMs;
    return t >= 1 ? 0 : (1 - t) * (1 - t);  // ease-out
}

QColor PathCanvas::colourOf(int path) const
{
    const Theme& theme = m_theme.theme();
    const double value = std::size_t(path) < m_values.values.size() ? m_values.values[std::size_t(path)] : std::nan("");
    if (std::isnan(value)) return theme.tokens().muted;
    if (m_colour == RibbonColour::Domain) return theme.categorical(int(value));
    const double range = m_values.high - m_values.low;
    return theme.sequential(range > 0 ? (value - m_values.low) / range : 0);
}

}  // namespace pathloom
