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
constexpr int legendHeight = 24;

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
    return {320, m_bars.isEmpty() ? 56 : legendHeight + int(m_bars.size()) * rowHeight + 12};
}

void RoutingBars::place()
{
    int widest = 60;
    for (const Bar& bar : std::as_const(m_bars)) widest = std::max(widest, fontMetrics().horizontalAdvance(bar.name));
    widest = std::min(widest, width() / 3);
    for (int i = 0; i < int(m_bars.size()); ++i)
        m_bars[i].area
            = QRectF(12 + widest + 12, legendHeight + i * rowHeight + 4, std::max(40, width() - widest - 36), rowHeight - 8);
}

void RoutingBars::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = m_theme.theme();
    const Tokens& tokens = theme.tokens();
    if (m_bars.isEmpty()) {
        painter.setPen(tokens.muted);
        painter.drawText(rect().adjusted(12, 0, -12, 0), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap,
            tr("The selected run has one path, so nothing is routed."));
        return;
    }
    place();
    painter.setFont(Theme::labelFont());
    const QFontMetrics metrics(Theme::labelFont());
    double x = m_bars[0].area.left();
    for (int path = 0; path < m_paths; ++path) {
        const QString name = tr("path %1").arg(path);
        const double need = 14 + metrics.horizontalAdvance(name) + 14;
        if (x + need > width()) break;  // the tool tips name every path
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.categorical(path));
        painter.drawRoundedRect(QRectF(x, 8, 9, 9), 2, 2);
        painter.setPen(tokens.muted);
        painter.drawText(QRectF(x + 14, 0, need, legendHeight), Qt::AlignLeft | Qt::AlignVCenter, name);
        x += need;
    }
    for (const Bar& bar : std::as_const(m_bars)) {
        painter.setFont(Theme::labelFont());
        painter.setPen(tokens.text);
        drawElided(painter, QRectF(12, bar.area.top(), bar.area.left() - 24, bar.area.height()), Qt::AlignLeft | Qt::AlignVCenter,
            bar.name);
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
