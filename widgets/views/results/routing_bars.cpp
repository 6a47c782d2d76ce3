// SPDX-License-Identifier: GPL-3.0-or-later
// RoutingBars: plain painting, tool tips with the numbers.
#include "widgets/views/results/routing_bars.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr int rowHeight = 24;
constexpr int legendHeight = 20;  ///< of a line of the legend
constexpr int legendKey = 14;  ///< colour and gap before a name
constexpr int legendGap = 14;
constexpr int margin = 12;

QVector<double> normalised(const QVector<double>& values)
{
    double sum = 0;
    for (const double v : values) sum += v;
    QVector<double> shares;
    if (sum > 0)
        for (const double v : values) shares.append(v / sum);
    return shares;
}

}  // namespace

RoutingBars::RoutingBars(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setObjectName(QStringLiteral("results.routing"));
    setAccessibleName(tr("Routing of test sequences to paths by domain"));
    connect(&theme, &ThemeController::changed, this, qOverload<>(&QWidget::update));
}

void RoutingBars::setResult(const ResultRow* row)
{
    m_bars.clear();
    m_paths = 0;
    if (row && row->paths > 1 && !row->eval.histogram.isEmpty()) {
        m_paths = int(row->eval.histogram.size());
        m_bars.append({tr("All domains"), normalised(row->eval.histogram), {}});
        for (auto it = row->eval.routing.begin(); it != row->eval.routing.end(); ++it)
            m_bars.append({it.key(), normalised(it.value()), {}});
    }
    updateGeometry();
    update();
}

QSize RoutingBars::sizeHint() const
{
    if (m_bars.isEmpty()) return {320, 56};
    return {320, legendLines() * legendHeight + int(m_bars.size()) * rowHeight + margin};
}

double RoutingBars::left() const
{
    int widest = 60;
    for (const Bar& bar : m_bars) widest = std::max(widest, fontMetrics().horizontalAdvance(bar.name));
    return margin + std::min(widest, width() / 3) + margin;
}

int RoutingBars::legendLines() const
{
    return m_paths == 0 ? 0 : (m_paths + legendColumns() - 1) / legendColumns();
}

int RoutingBars::legendColumns() const
{
    const int cell = legendKey + QFontMetrics(Theme::labelFont()).horizontalAdvance(tr("path %1").arg(m_paths - 1)) + legendGap;
    return std::max(1, int(width() - left()) / cell);
}

void RoutingBars::place()
{
    const double top = legendLines() * legendHeight;
    for (int i = 0; i < int(m_bars.size()); ++i)
        m_bars[i].area = QRectF(left(), top + i * rowHeight + 4, std::max(40.0, width() - left() - margin), rowHeight - 8);
}

void RoutingBars::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    updateGeometry();  // the legend has other lines
}

void RoutingBars::paintLegend(QPainter& painter) const
{
    const Theme& theme = m_theme.theme();
    const int columns = legendColumns();
    const double cell = (width() - left()) / columns;
    for (int path = 0; path < m_paths; ++path) {
        const double x = left() + path % columns * cell;
        const double y = path / columns * legendHeight;
        const QRectF key(x, y + 6, 9, 9);
        painter.fillRect(key, theme.categorical(path));
        if (path >= 8) drawHatch(painter, key, theme.tokens().surface, 5);
        painter.setPen(theme.tokens().muted);
        painter.drawText(
            QRectF(x + legendKey, y, cell - legendKey, legendHeight), Qt::AlignLeft | Qt::AlignVCenter, tr("path %1").arg(path));
    }
}

void RoutingBars::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = m_theme.theme();
    const Tokens& tokens = theme.tokens();
    if (m_bars.isEmpty()) {
        painter.setPen(tokens.muted);
        painter.drawText(rect().adjusted(margin, 0, -margin, 0), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap,
            tr("The selected run has one path, so nothing is routed."));
        return;
    }
    place();
    painter.setFont(Theme::labelFont());
    const QFontMetrics metrics(Theme::labelFont());
    paintLegend(painter);
    for (const Bar& bar : std::as_const(m_bars)) {
        painter.setFont(Theme::labelFont());
        painter.setPen(tokens.text);
        drawElided(painter, QRectF(margin, bar.area.top(), bar.area.left() - 2 * margin, bar.area.height()),
            Qt::AlignLeft | Qt::AlignVCenter, bar.name);
        double left = bar.area.left();
        for (int path = 0; path < int(bar.shares.size()); ++path) {
            const double span = bar.area.width() * bar.shares[path];
            const QRectF part(left, bar.area.top(), std::max(0.0, span - 1), bar.area.height());
            left += span;
            if (span < 0.5) continue;
            const QColor fill = theme.categorical(path);
            painter.fillRect(part, fill);
            if (path >= 8) drawHatch(painter, part, tokens.surface, 5);
            const QString label = percentText(bar.shares[path]);
            if (part.width() < metrics.horizontalAdvance(label) + 8) continue;
            const bool dark = contrastRatio(fill, Qt::black) > contrastRatio(fill, Qt::white);
            if (path >= 8) {  // no letters on stripes
                QRectF chip(0, 0, metrics.horizontalAdvance(label) + 6, part.height());
                chip.moveCenter(part.center());
                painter.fillRect(chip, fill);
            }
            painter.setPen(dark ? Qt::black : Qt::white);
            painter.drawText(part, Qt::AlignCenter, label);
        }
    }
}

bool RoutingBars::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    for (const Bar& bar : std::as_const(m_bars)) {
        if (help->pos().y() < bar.area.top() - 4 || help->pos().y() > bar.area.bottom() + 4) continue;
        QStringList lines{bar.name};
        for (int path = 0; path < int(bar.shares.size()); ++path)
            lines.append(tr("path %1: %2").arg(path).arg(percentText(bar.shares[path])));
        QToolTip::showText(help->globalPos(), lines.join(QLatin1Char('\n')), this);
        return true;
    }
    QToolTip::hideText();
    return true;
}

}  // namespace pathloom
