// SPDX-License-Identifier: GPL-3.0-or-later
// The column right of the path picture: see path_panel.h.
#include "widgets/views/paths/path_panel.h"

#include "widgets/models/run_history.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pathloom {

namespace {
constexpr double kMargin = 12;
constexpr double kRow = 20;
}

PathPanel::PathPanel(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setFixedWidth(216);
    setAccessibleName(tr("Path details"));
    connect(&m_theme, &ThemeController::changed, this, [this] { update(); });
}

void PathPanel::show(const RunHistory* history, const PictureMoment& moment, const Selection& selection)
{
    m_history = history;
    m_moment = moment;
    m_selection = selection;
    QString text;
    if (history != nullptr) {
        for (const int path : selection.paths) {
            const PathState& p = history->paths[std::size_t(path)];
            text += tr("Path %1: %2 sequences, train loss %3 nats a token. ")
                        .arg(path)
                        .arg(p.sequences)
                        .arg(formatNumber(p.lastTrainLoss));
        }
        if (selection.module >= 0) text = history->modules[std::size_t(selection.module)].name;
    }
    if (accessibleDescription() != text) setAccessibleDescription(text);
    update();
}

void PathPanel::paintEvent(QPaintEvent*)
{
    const Tokens& t = m_theme.theme().tokens();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), t.surface);
    painter.setPen(QPen(t.line, 1));
    painter.drawLine(QPointF(0.5, 8), QPointF(0.5, height() - 8));
    if (m_history == nullptr) return;
    double y = 8;
    if (m_selection.module >= 0) {
        paintModule(painter, y, m_selection.module);
    } else if (m_selection.paths.isEmpty()) {
        paintRun(painter, y);
    } else {
        for (qsizetype i = 0; i < std::min<qsizetype>(2, m_selection.paths.size()); ++i)
            y = paintPath(painter, y, m_selection.paths[i]) + 16;
    }
}

double PathPanel::paintHeading(QPainter& painter, double y, const QString& text) const
{
    QFont strong = Theme::bodyFont();
    strong.setWeight(QFont::DemiBold);
    painter.setFont(strong);
    painter.setPen(m_theme.theme().tokens().text);
    drawElided(painter, QRectF(kMargin, y, width() - 2 * kMargin, 20), Qt::AlignLeft | Qt::AlignVCenter, text);
    return y + 24;
}

double PathPanel::paintFact(QPainter& painter, double y, const QString& name, const QString& value) const
{
    const Tokens& t = m_theme.theme().tokens();
    const QRectF row(kMargin, y, width() - 2 * kMargin, kRow);
    painter.setFont(Theme::labelFont());
    const double w = painter.fontMetrics().horizontalAdvance(value);
    painter.setPen(t.text);
    painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter, value);
    painter.setPen(t.muted);
    drawElided(painter, row.adjusted(0, 0, -w - 8, 0), Qt::AlignLeft | Qt::AlignVCenter, name);
    return y + kRow;
}

double PathPanel::paintDomains(QPainter& painter, double y, const QVector<qint64>& byDomain) const
{
    const Tokens& t = m_theme.theme().tokens();
    const double total = double(std::accumulate(byDomain.begin(), byDomain.end(), qint64(0)));
    if (total <= 0) return y;
    const QRectF bar(kMargin, y + 4, width() - 2 * kMargin, 12);
    QPainterPath clip;
    clip.addRoundedRect(bar, 3, 3);
    painter.save();
    painter.setClipPath(clip);
    double x = bar.left();
    for (int d = 0; d < byDomain.size(); ++d) {
        const double w = bar.width() * double(byDomain[d]) / total;
        painter.fillRect(QRectF(x, bar.top(), w, bar.height()), m_theme.theme().categorical(d));
        if (d >= 8) drawHatch(painter, QRectF(x, bar.top(), w, bar.height()), t.surface, 4);
        x += w;
        if (w > 1 && d + 1 < byDomain.size()) painter.fillRect(QRectF(x - 1, bar.top(), 1, bar.height()), t.surface);
    }
    painter.restore();
    y += 22;
    std::vector<int> order(std::size_t(byDomain.size()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return byDomain[a] > byDomain[b]; });
    for (std::size_t i = 0; i < std::min<std::size_t>(m_selection.paths.size() > 1 ? 0 : 4, order.size()); ++i) {
        const int d = order[i];
        if (byDomain[d] <= 0) break;
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_theme.theme().categorical(d));
        painter.drawRoundedRect(QRectF(kMargin, y + kRow / 2 - 4, 8, 8), 2, 2);
        if (d >= 8) drawHatch(painter, QRectF(kMargin, y + kRow / 2 - 4, 8, 8), t.surface, 4);
        painter.save();
        painter.translate(14, 0);
        const QString share = QStringLiteral("%1 %").arg(std::lround(100.0 * double(byDomain[d]) / total));
        painter.setFont(Theme::labelFont());
        painter.setPen(t.text);
        painter.drawText(QRectF(kMargin, y, width() - 2 * kMargin - 14, kRow), Qt::AlignRight | Qt::AlignVCenter, share);
        painter.setPen(t.muted);
        drawElided(painter, QRectF(kMargin, y, width() - 2 * kMargin - 60, kRow), Qt::AlignLeft | Qt::AlignVCenter,
            m_history->domains.value(d));
        painter.restore();
        y += kRow;
    }
    return y + 4;
}

double PathPanel::paintSparkline(
    QPainter& painter, double y, const std::vector<const std::vector<CurvePoint>*>& curves, const QString& title) const
{
    const Tokens& t = m_theme.theme().tokens();
    double x0 = INFINITY;
    double x1 = -INFINITY;
    double low = INFINITY;
    double high = -INFINITY;
    for (const auto* curve : curves) {
        for (const CurvePoint& p : *curve) {
            if (!std::isfinite(p.y)) continue;
            x0 = std::min(x0, p.x);
            x1 = std::max(x1, p.x);
            low = std::min(low, p.y);
            high = std::max(high, p.y);
        }
    }
    painter.setFont(Theme::labelFont());
    painter.setPen(t.muted);
    painter.drawText(QRectF(kMargin, y, width() - 2 * kMargin, kRow), Qt::AlignLeft | Qt::AlignVCenter, title);
    y += kRow;
    const QRectF box(kMargin, y, width() - 2 * kMargin, 56);
    painter.setPen(Qt::NoPen);
    painter.setBrush(t.sunken);
    painter.drawRoundedRect(box, 4, 4);
    if (!std::isfinite(x0) || x1 <= x0) {
        painter.setPen(t.muted);
        painter.drawText(box, Qt::AlignCenter, tr("no loss reported yet"));
        return box.bottom() + 8;
    }
    const QRectF inner = box.adjusted(6, 6, -6, -6);
    const double span = high > low ? high - low : 1;
    const bool many = curves.size() > 2;
    for (std::size_t c = 0; c < curves.size(); ++c) {
        const auto& points = *curves[c];
        if (points.empty()) continue;
        // One low and one high a pixel column are enough, and no spike is lost.
        QPolygonF line;
        const std::size_t stride = std::max<std::size_t>(1, points.size() / std::size_t(inner.width() * 2));
        for (std::size_t i = 0; i < points.size(); i += stride) {
            const auto end = points.begin() + std::ptrdiff_t(std::min(points.size(), i + stride));
            const auto [mn, mx] = std::minmax_element(
                points.begin() + std::ptrdiff_t(i), end, [](const CurvePoint& a, const CurvePoint& b) { return a.y < b.y; });
            const auto put = [&](const CurvePoint& p) {
                if (!std::isfinite(p.y)) return;
                line << QPointF(
                    inner.left() + inner.width() * (p.x - x0) / (x1 - x0), inner.bottom() - inner.height() * (p.y - low) / span);
            };
            put(*mn);
            if (mx != mn) put(*mx);
        }
        const QColor colour = many ? withAlpha(t.muted, 0.35) : c == 0 ? t.accent : m_theme.theme().categorical(1);
        painter.setPen(QPen(colour, many ? 1 : 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.setBrush(Qt::NoBrush);
        painter.drawPolyline(line);
        if (c == 1 && !many) {
            painter.setBrush(colour);
            painter.setPen(Qt::NoPen);
            for (const QPointF& p : line) painter.drawEllipse(p, 1.8, 1.8);
        }
    }
    return box.bottom() + 8;
}

double PathPanel::paintPath(QPainter& painter, double y, int path) const
{
    const Tokens& t = m_theme.theme().tokens();
    const PathState& p = m_history->paths[std::size_t(path)];
    const PathMoment now = std::size_t(path) < m_moment.paths.size() ? m_moment.paths[std::size_t(path)] : PathMoment();
    const auto pin = m_selection.pinned.indexOf(path);
    if (pin >= 0) {
        painter.setPen(QPen(t.text, 1.5, pin == 0 ? Qt::SolidLine : Qt::DashLine));
        painter.drawLine(QPointF(width() - kMargin - 28, y + 10), QPointF(width() - kMargin, y + 10));
    }
    y = paintHeading(painter, y, tr("Path %1").arg(path));
    qint64 all = 0;
    for (const PathState& other : m_history->paths) all += other.sequences;
    if (p.sequences > 0 && all > 0) {
        y = paintFact(painter, y, tr("Sequences"),
            tr("%1 (%2 %)").arg(formatNumber(double(p.sequences)), formatNumber(100.0 * double(p.sequences) / double(all), 2)));
    }
    y = paintDomains(painter, y, p.byDomain);
    y = paintFact(painter, y, tr("Phase"),
        m_history->phases > 0 ? tr("%1 of %2").arg(now.phase).arg(m_history->phases) : QString::number(now.phase));
    if (now.trainLoss > 0) y = paintFact(painter, y, tr("Train loss (nats/token)"), formatNumber(now.trainLoss));
    if (now.validLoss > 0) y = paintFact(painter, y, tr("Validation (nats/token)"), formatNumber(now.validLoss));
    return paintSparkline(
        painter, y, {&p.train, &p.valid}, p.valid.empty() ? tr("Train loss") : tr("Train loss, validation dotted"));
}

double PathPanel::paintCosine(QPainter& painter, double y, double cosine) const
{
    const Tokens& t = m_theme.theme().tokens();
    const QRectF bar(kMargin, y + 4, width() - 2 * kMargin, 8);
    QLinearGradient gradient(bar.topLeft(), bar.topRight());
    for (int i = 0; i <= 8; ++i) gradient.setColorAt(i / 8.0, m_theme.theme().diverging(i / 4.0 - 1));
    painter.setPen(QPen(t.line, 1));
    painter.setBrush(gradient);
    painter.drawRoundedRect(bar, 3, 3);
    const double x = bar.left() + bar.width() * (std::clamp(cosine, -1.0, 1.0) + 1) / 2;
    painter.setPen(QPen(t.text, 2));
    painter.drawLine(QPointF(x, bar.top() - 3), QPointF(x, bar.bottom() + 3));
    painter.setFont(Theme::labelFont());
    painter.setPen(t.muted);
    const QRectF labels(kMargin, bar.bottom() + 2, bar.width(), 16);
    painter.drawText(labels, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("\u22121"));
    painter.drawText(labels, Qt::AlignHCenter | Qt::AlignVCenter, QStringLiteral("0"));
    painter.drawText(labels, Qt::AlignRight | Qt::AlignVCenter, QStringLiteral("1"));
    return labels.bottom() + 6;
}

double PathPanel::paintModule(QPainter& painter, double y, int module) const
{
    const ModuleState& m = m_history->modules[std::size_t(module)];
    const ModuleMoment now
        = std::size_t(module) < m_moment.modules.size() ? m_moment.modules[std::size_t(module)] : ModuleMoment();
    const Tokens& t = m_theme.theme().tokens();
    y = paintHeading(painter, y, m.name);
    y = paintFact(painter, y, tr("Version"), QString::number(now.version));
    y = paintFact(painter, y, tr("Contributions in"), tr("%1 of %2").arg(now.received).arg(now.expected));
    y = paintFact(painter, y, tr("Paths through it"), QString::number(m.paths.size()));
    y = paintFact(painter, y, tr("Parameters"), formatCount(double(m.parameters)));
    y = paintFact(painter, y, tr("Size"), formatBytes(double(m.bytes)));
    if (now.version == 0) return paintFact(painter, y, tr("Last outer step"), tr("none yet"));
    y = paintFact(painter, y, tr("Last outer step"), formatClock(now.lastStepMs));
    y = paintFact(painter, y, tr("Pseudo-gradient norm"), formatNumber(now.gradientNorm));
    y = paintFact(painter, y, tr("Mean cosine of paths"), formatNumber(m.meanCosine));
    y = paintCosine(painter, y, m.meanCosine);
    if (m.pathNorms.isEmpty() || m.pathNorms.size() != m.paths.size() || m.paths.size() > 16) return y;
    painter.setFont(Theme::labelFont());
    painter.setPen(t.muted);
    painter.drawText(QRectF(kMargin, y, width() - 2 * kMargin, kRow), Qt::AlignLeft | Qt::AlignVCenter, tr("Norm by path"));
    y += kRow;
    const double most = std::max(1e-12, *std::max_element(m.pathNorms.begin(), m.pathNorms.end()));
    for (int i = 0; i < m.paths.size() && y + 16 < height(); ++i) {
        painter.setPen(t.muted);
        painter.drawText(QRectF(kMargin, y, 24, 16), Qt::AlignRight | Qt::AlignVCenter, QString::number(m.paths[i]));
        painter.fillRect(QRectF(kMargin + 32, y + 4, (width() - 2 * kMargin - 80) * m.pathNorms[i] / most, 8), t.accent);
        painter.setPen(t.text);
        painter.drawText(
            QRectF(width() - kMargin - 44, y, 44, 16), Qt::AlignRight | Qt::AlignVCenter, formatNumber(m.pathNorms[i]));
        y += 16;
    }
    return y;
}

double PathPanel::paintRun(QPainter& painter, double y) const
{
    y = paintHeading(painter, y, tr("All paths"));
    QVector<qint64> sum(m_history->domains.size(), 0);
    qint64 sequences = 0;
    std::vector<const std::vector<CurvePoint>*> curves;
    double loss = 0;
    int counted = 0;
    for (std::size_t p = 0; p < m_history->paths.size(); ++p) {
        const PathState& path = m_history->paths[p];
        for (qsizetype d = 0; d < std::min(sum.size(), path.byDomain.size()); ++d) sum[d] += path.byDomain[d];
        sequences += path.sequences;
        if (curves.size() < 64) curves.push_back(&path.train);
        if (p < m_moment.paths.size() && m_moment.paths[p].trainLoss > 0) {
            loss += m_moment.paths[p].trainLoss;
            ++counted;
        }
    }
    if (sequences > 0) y = paintFact(painter, y, tr("Sequences"), formatNumber(double(sequences)));
    y = paintDomains(painter, y, sum);
    y = paintFact(painter, y, tr("Parameters in all"), formatCount(double(m_history->totalParameters)));
    y = paintFact(painter, y, tr("Parameters a path"), formatCount(double(m_history->pathParameters)));
    if (counted > 0) y = paintFact(painter, y, tr("Mean loss (nats/token)"), formatNumber(loss / counted));
    return paintSparkline(painter, y, curves, tr("Train loss of all paths"));
}

}  // namespace pathloom
