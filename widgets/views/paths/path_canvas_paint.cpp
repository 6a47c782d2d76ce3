// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing of the path picture: ribbons into a cached pixmap, nodes with their version rings, headers and legend on top.
#include "widgets/models/run_history.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/paths/path_canvas.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {
constexpr double kCorner = 6;
constexpr double kFaded = 0.15 / PathCanvas::ribbonAlpha;  // of the ribbons' own translucency: 15% of their colour is left
}

void PathCanvas::paintEvent(QPaintEvent*)
{
    const Tokens& t = m_theme.theme().tokens();
    QPainter painter(this);
    painter.fillRect(rect(), t.surface);
    if (m_history == nullptr || m_graph.paths.empty()) return;
    const double dpr = devicePixelRatioF();
    if (m_stale || m_cache.size() != size() * dpr || m_cache.devicePixelRatio() != dpr) {
        m_cache = QPixmap(size() * dpr);
        m_cache.setDevicePixelRatio(dpr);
        m_cache.fill(Qt::transparent);
        QPainter ribbons(&m_cache);
        ribbons.setRenderHint(QPainter::Antialiasing);
        paintRibbons(ribbons);
        m_stale = false;
    }
    const QVector<int> lit = litPaths();
    painter.setOpacity(lit.isEmpty() ? 1.0 : kFaded);
    painter.drawPixmap(0, 0, m_cache);
    painter.setOpacity(1.0);
    painter.setRenderHint(QPainter::Antialiasing);
    if (!lit.isEmpty()) paintLit(painter, lit);
    paintHeaders(painter);
    for (int m = 0; m < int(m_geometry.nodes.size()); ++m) paintNode(painter, m);
    if (hasFocus() && m_focus >= 0) {
        const QRectF node = m_geometry.boxes[std::size_t(m_focus)];
        drawFocusRing(painter, node, std::min(kCorner, node.height() / 2), m_theme.theme());
    }
    paintLegend(painter);
}

void PathCanvas::paintBand(QPainter& painter, const Band& band, const QColor& colour, double alpha) const
{
    const double thickness = band.bottom0 - band.top0;
    const QColor surface = m_theme.theme().tokens().surface;
    if (thickness < 1.6) {  // a hairline: stroke its middle, many times faster than filling a sliver
        const double middle = (band.x0 + band.x1) / 2;
        const double y0 = (band.top0 + band.bottom0) / 2;
        const double y1 = (band.top1 + band.bottom1) / 2;
        QPainterPath line(QPointF(band.x0, y0));
        line.cubicTo(middle, y0, middle, y1, band.x1, y1);
        painter.setBrush(Qt::NoBrush);
        QPen pen(inkOver(surface, colour, std::min(1.0, alpha * std::max(0.6, thickness))), 1);
        pen.setCosmetic(true);
        painter.setPen(pen);
        painter.drawPath(line);
        return;
    }
    const QPainterPath shape = bandShape(band);
    painter.setPen(Qt::NoPen);
    painter.setBrush(inkOver(surface, colour, alpha));
    painter.drawPath(shape);
    const bool single = band.path >= 0 && std::size_t(band.path) < m_values.values.size();
    if (m_colour != RibbonColour::Domain || !single || m_values.values[std::size_t(band.path)] < 8) return;
    painter.save();  // the hues have run out: a pattern tells the ninth domain from the first
    painter.setClipPath(shape);
    drawHatch(painter, shape.boundingRect(), withAlpha(m_theme.theme().tokens().surface, 0.7), 8);
    painter.restore();
}

void PathCanvas::paintBundle(QPainter& painter, const Band& bundle, double alpha) const
{
    // Neighbouring members of one colour make one stripe; a bundle with too many stripes takes their mean colour.
    struct Stripe {
        QColor colour;
        double weight = 0;
    };
    std::vector<Stripe> stripes;
    double total = 0;
    for (const int path : bundle.members) {
        const QColor colour = colourOf(path);
        const double weight = m_graph.paths[std::size_t(path)].weight;
        if (stripes.empty() || stripes.back().colour != colour) stripes.push_back({colour, 0});
        stripes.back().weight += weight;
        total += weight;
    }
    if (total <= 0) return;
    if (stripes.size() > 8) {
        double r = 0;
        double g = 0;
        double b = 0;
        for (const Stripe& stripe : stripes) {
            r += stripe.colour.redF() * stripe.weight / total;
            g += stripe.colour.greenF() * stripe.weight / total;
            b += stripe.colour.blueF() * stripe.weight / total;
        }
        return paintBand(painter, bundle, QColor::fromRgbF(float(r), float(g), float(b)), alpha);
    }
    Band part = bundle;
    for (const Stripe& stripe : stripes) {
        const double share = stripe.weight / total;
        part.bottom0 = part.top0 + (bundle.bottom0 - bundle.top0) * share;
        part.bottom1 = part.top1 + (bundle.bottom1 - bundle.top1) * share;
        paintBand(painter, part, stripe.colour, alpha);
        part.top0 = part.bottom0;
        part.top1 = part.bottom1;
    }
}

void PathCanvas::paintRibbons(QPainter& painter) const
{
    for (const Band& bundle : m_bundled ? m_geometry.bundles : m_geometry.ribbons) {
        if (m_bundled) {
            paintBundle(painter, bundle, ribbonAlpha);
        } else {
            paintBand(painter, bundle, colourOf(bundle.path), ribbonAlpha);
        }
    }
}

void PathCanvas::paintLit(QPainter& painter, const QVector<int>& lit) const
{
    const Tokens& t = m_theme.theme().tokens();
    std::vector<char> isLit(m_graph.paths.size(), 0);
    for (const int path : lit) isLit[std::size_t(path)] = 1;
    for (const Band& band : m_geometry.ribbons) {
        if (isLit[std::size_t(band.path)] == 0) continue;
        paintBand(painter, band, colourOf(band.path), litAlpha);
        const auto pin = m_pinned.indexOf(band.path);
        if (pin < 0) continue;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(t.text, 1.25, pin == 0 ? Qt::SolidLine : Qt::DashLine));
        painter.drawPath(bandShape(band, 5));
    }
}

void PathCanvas::paintHeaders(QPainter& painter) const
{
    const Tokens& t = m_theme.theme().tokens();
    QFont strong = Theme::labelFont();
    strong.setWeight(QFont::DemiBold);
    const double step = m_geometry.columnX.size() > 1 ? m_geometry.columnX[1] - m_geometry.columnX[0] : width();
    for (std::size_t c = 0; c < m_geometry.columnX.size() && c < m_history->columns.size(); ++c) {
        const ColumnState& column = m_history->columns[c];
        const double w = std::max(40.0, step - 8);
        QRectF box(m_geometry.columnX[c] - w / 2, 8, w, 16);
        int align = Qt::AlignHCenter;
        if (box.left() < 4) {  // the outer columns stand at the edge: align with their node instead
            const QRectF node = m_geometry.nodes[std::size_t(m_order[c].front())];
            box = QRectF(node.left(), 8, w, 16);
            align = Qt::AlignLeft;
        } else if (box.right() > width() - 4) {
            const QRectF node = m_geometry.nodes[std::size_t(m_order[c].front())];
            box = QRectF(node.right() - w, 8, w, 16);
            align = Qt::AlignRight;
        }
        painter.setFont(strong);
        painter.setPen(t.text);
        drawElided(painter, box, align | Qt::AlignVCenter, column.title);
        const auto n = column.modules.size();
        QString note = column.pathSpecific ? tr("path-specific") : n == 1 ? tr("shared") : tr("%1 modules").arg(n);
        if (column.blocks.size() > 1 && step > 150) {
            note += tr(", blocks %1\u2013%2").arg(column.blocks.first()).arg(column.blocks.last());
        }
        painter.setFont(Theme::labelFont());
        painter.setPen(t.muted);
        drawElided(painter, box.translated(0, 16), align | Qt::AlignVCenter, note);
    }
}

void PathCanvas::paintRing(QPainter& painter, const QRectF& circle, const ModuleMoment& moment, double width) const
{
    const Tokens& t = m_theme.theme().tokens();
    const QRectF arc = circle.adjusted(width / 2, width / 2, -width / 2, -width / 2);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(t.line, width));
    painter.drawEllipse(arc);
    if (moment.expected <= 0 || moment.received <= 0) return;
    const double share = std::min(1.0, double(moment.received) / moment.expected);
    painter.setPen(QPen(t.accent, width, Qt::SolidLine, Qt::FlatCap));
    painter.drawArc(arc, 90 * 16, int(-share * 360 * 16));
}

void PathCanvas::paintNode(QPainter& painter, int module) const
{
    const Tokens& t = m_theme.theme().tokens();
    const QRectF node = m_geometry.boxes[std::size_t(module)];
    if (node.isEmpty()) return;
    const ModuleMoment now
        = std::size_t(module) < m_moment.modules.size() ? m_moment.modules[std::size_t(module)] : ModuleMoment();
    const double h = node.height();
    const double corner = std::min(kCorner, h / 2);
    const QVector<int> lit = litPaths();
    const QVector<int>& own = m_history->modules[std::size_t(module)].paths;
    const bool on = lit.isEmpty() || std::any_of(own.begin(), own.end(), [&](int p) { return lit.contains(p); });
    const double pulse = pulseOf(module);
    const bool pinned = module == m_pinnedModule;

    painter.setOpacity(on ? 1.0 : 0.45);
    painter.setBrush(pulse > 0 ? mixColors(t.raised, t.accent, 0.35 * pulse) : t.raised);
    const QColor edge = mixColors(t.line, t.muted, 0.55);
    const double edgeWidth = pinned ? 2 : h < 6 ? 0.5 : 1;
    painter.setPen(QPen(pinned ? t.accent : pulse > 0 ? mixColors(edge, t.accent, pulse) : edge, edgeWidth));
    const double inset = h < 6 ? 0 : 0.5;
    painter.drawRoundedRect(node.adjusted(inset, inset, -inset, -inset), corner, corner);

    const QString version = QString::number(now.version);
    if (h >= 56) {
        const double d = std::min({44.0, node.width() - 16, h - 28});
        const bool named = node.width() >= 56;
        const double blockHeight = named ? d + 20 : d;
        const QRectF circle(node.center().x() - d / 2, node.center().y() - blockHeight / 2, d, d);
        paintRing(painter, circle, now, 4);
        QFont strong = Theme::bodyFont();
        strong.setWeight(QFont::DemiBold);
        painter.setFont(strong);
        painter.setPen(t.text);
        painter.drawText(circle, Qt::AlignCenter, version);
        if (named) {
            painter.setFont(Theme::labelFont());
            painter.setPen(t.muted);
            drawElided(painter, QRectF(node.left() + 4, circle.bottom() + 3, node.width() - 8, 16), Qt::AlignCenter,
                m_history->modules[std::size_t(module)].name);
        }
    } else if (h >= 15) {
        const double d = std::min(16.0, h - 5);
        const double gap = 6;
        painter.setFont(Theme::labelFont());
        const double text = painter.fontMetrics().horizontalAdvance(version);
        const bool fits = node.width() >= d + gap + text + 8;
        const double left = fits ? node.center().x() - (d + gap + text) / 2 : node.center().x() - d / 2;
        paintRing(painter, QRectF(left, node.center().y() - d / 2, d, d), now, d > 15 ? 3 : 2.5);
        if (fits) {
            painter.setPen(t.text);
            painter.drawText(QRectF(left + d + gap, node.top(), text + 4, h), Qt::AlignLeft | Qt::AlignVCenter, version);
        }
    } else if (now.expected > 0 && now.received > 0) {
        // Too flat for a ring: the same share as a bar from the left.
        const double share = std::min(1.0, double(now.received) / now.expected);
        painter.setPen(Qt::NoPen);
        painter.setBrush(t.accent);
        const double in = h > 5 ? 2 : 0;
        const QRectF bar(node.left() + in, node.top() + in, (node.width() - 2 * in) * share, h - 2 * in);
        painter.drawRoundedRect(bar, std::min(2.0, bar.height() / 2), std::min(2.0, bar.height() / 2));
    }
    painter.setOpacity(1.0);
}

namespace {
constexpr double kSwatch = 16;  // a legend's colour and the gap to its name
constexpr double kLegendGap = 16;
}

/// Rows the domains' names need; every domain is named, however narrow the pane.
int PathCanvas::legendRows() const
{
    if (m_history == nullptr || m_colour != RibbonColour::Domain) return 1;
    const QFontMetricsF metrics(Theme::labelFont());
    const double room = std::max(120.0, width() - 40.0);
    double x = 0;
    int rows = 1;
    for (const QString& domain : m_history->domains) {
        const double w = kSwatch + metrics.horizontalAdvance(domain);
        if (x > 0 && x + w > room) {
            x = 0;
            ++rows;
        }
        x += w + kLegendGap;
    }
    return std::min(rows, 4);
}

void PathCanvas::paintLegend(QPainter& painter) const
{
    const Tokens& t = m_theme.theme().tokens();
    const int rows = legendRows();
    QRectF row(20, height() - 6 - 20.0 * rows, width() - 40, 16);
    painter.setFont(Theme::labelFont());
    if (m_colour != RibbonColour::Domain) return paintGradientLegend(painter, row);
    double x = row.left();
    const auto item = [&](const QColor& colour, bool hatched, const QString& text) {
        const double w = QFontMetricsF(Theme::labelFont()).horizontalAdvance(text);
        if (x > row.left() && x + kSwatch + w > row.right()) {
            x = row.left();
            row.translate(0, 20);
        }
        const QRectF swatch(x, row.center().y() - 5, 10, 10);
        painter.setPen(Qt::NoPen);
        painter.setBrush(colour);
        painter.drawRoundedRect(swatch, 2, 2);
        if (hatched) drawHatch(painter, swatch, t.surface, 4);
        painter.setPen(t.muted);
        painter.drawText(QRectF(x + kSwatch, row.top(), w + 4, row.height()), Qt::AlignLeft | Qt::AlignVCenter, text);
        x += kSwatch + w + kLegendGap;
    };
    const bool sharded = std::any_of(m_values.values.begin(), m_values.values.end(), [](double v) { return !std::isnan(v); });
    if (!sharded) return item(t.muted, false, tr("shards not assigned yet"));
    for (int d = 0; d < m_history->domains.size() && row.bottom() <= height(); ++d)
        item(m_theme.theme().categorical(d), d >= 8, m_history->domains[d]);
}

void PathCanvas::paintGradientLegend(QPainter& painter, const QRectF& row) const
{
    const Tokens& t = m_theme.theme().tokens();
    const bool loss = m_colour == RibbonColour::Loss;
    const bool known = std::any_of(m_values.values.begin(), m_values.values.end(), [](double v) { return !std::isnan(v); });
    painter.setPen(t.muted);
    if (!known) {
        painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, tr("no loss reported yet"));
        return;
    }
    const QString low = loss ? formatNumber(m_values.low) : QStringLiteral("0");
    const QString high = loss ? tr("%1 nats a token").arg(formatNumber(m_values.high))
                              : counted(int(m_values.high), tr("1 phase behind"), tr("%1 phases behind"));
    const double lowWidth = painter.fontMetrics().horizontalAdvance(low) + 8;
    painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, low);
    const QRectF bar(row.left() + lowWidth, row.center().y() - 4, 120, 8);
    QLinearGradient gradient(bar.topLeft(), bar.topRight());
    for (int i = 0; i <= 8; ++i) gradient.setColorAt(i / 8.0, m_theme.theme().sequential(i / 8.0));
    painter.setPen(Qt::NoPen);
    painter.setBrush(gradient);
    painter.drawRoundedRect(bar, 2, 2);
    painter.setPen(t.muted);
    painter.drawText(
        QRectF(bar.right() + 8, row.top(), row.right() - bar.right() - 8, row.height()), Qt::AlignLeft | Qt::AlignVCenter, high);
}

}  // namespace pathloom
