// SPDX-License-Identifier: GPL-3.0-or-later
// DensityStrip.
#include "widgets/views/probe/density_strip.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/exports.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr double smallestSpan = 200;  // bytes

QRectF laneOf(const QRectF& area)
{
    return area.adjusted(10, 8, -10, -8);
}

}  // namespace

QVector<double> evidenceDensity(const QVector<EvidenceMark>& marks, double from, double to, int bins)
{
    QVector<double> density(std::max(1, bins), 0.0);
    if (to <= from) return density;
    for (const EvidenceMark& mark : marks) {
        const double at = (double(mark.byte) - from) / (to - from);
        if (at < 0 || at >= 1) continue;
        density[std::min<qsizetype>(density.size() - 1, qsizetype(at * double(density.size())))] += mark.mass;
    }
    return density;
}

DensityStrip::DensityStrip(ThemeController& theme, QWidget* parent)
    : Picture(QStringLiteral("probe.strip"), theme, parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
    setAccessibleName(tr("Evidence along the whole document"));
    setAccessibleDescription(tr("Up and down move, plus and minus zoom, 0 shows the whole document"));
}

void DensityStrip::setDocument(qint64 bytes, const QString& name)
{
    m_bytes = bytes;
    m_name = name;
    m_marks.clear();
    resetZoom();
}

void DensityStrip::setMarks(const QVector<EvidenceMark>& marks)
{
    m_marks = marks;
    update();
}

void DensityStrip::setView(qint64 from, qint64 to)
{
    if (from == m_viewFrom && to == m_viewTo) return;
    m_viewFrom = from;
    m_viewTo = to;
    update();
}

void DensityStrip::resetZoom()
{
    m_from = 0;
    m_to = double(std::max<qint64>(1, m_bytes));
    update();
}

void DensityStrip::zoomBy(double factor, double around)
{
    const double whole = double(std::max<qint64>(1, m_bytes));
    const double span = std::clamp((m_to - m_from) / factor, std::min(smallestSpan, whole), whole);
    const double share = m_to > m_from ? (around - m_from) / (m_to - m_from) : 0.5;
    m_from = std::clamp(around - share * span, 0.0, whole - span);
    m_to = m_from + span;
    update();
}

QString DensityStrip::title() const
{
    return tr("Evidence along %1").arg(m_name);
}

QString DensityStrip::csv() const
{
    QString out = csvLine({tr("byte"), tr("end"), tr("mass")});
    for (const EvidenceMark& mark : m_marks)
        out += csvLine({QString::number(mark.byte), QString::number(mark.end), QString::number(mark.mass, 'g', 7)});
    return out;
}

double DensityStrip::byteAt(double y) const
{
    const QRectF lane = laneOf(rect());
    return m_from + std::clamp((y - lane.top()) / std::max(1.0, lane.height()), 0.0, 1.0) * (m_to - m_from);
}

double DensityStrip::placeOf(double byte, const QRectF& lane) const
{
    return lane.top() + (byte - m_from) / std::max(1.0, m_to - m_from) * lane.height();
}

void DensityStrip::paintOn(QPainter& painter, const QRectF& area)
{
    const Theme& theme = m_theme.theme();
    const Tokens& tokens = theme.tokens();
    const QRectF lane = laneOf(area);
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.sunken);
    painter.drawRoundedRect(lane, 3, 3);
    const int bins = std::max(1, int(lane.height() / 3));
    const QVector<double> density = evidenceDensity(m_marks, m_from, m_to, bins);
    const double most = *std::max_element(density.begin(), density.end());
    for (int i = 0; i < bins && most > 0; ++i) {
        if (density[i] <= 0) continue;
        const double strength = std::sqrt(density[i] / most);
        const double y = lane.top() + lane.height() * i / bins;
        painter.setBrush(theme.sequential(0.25 + 0.75 * strength));
        // Even a trace is seen: a bar never gets thinner than three pixels.
        painter.drawRect(
            QRectF(lane.left() + 2, y, std::max(4.0, (lane.width() - 4) * strength), std::max(3.0, lane.height() / bins)));
    }
    if (m_viewTo > m_viewFrom) {
        const double top = std::clamp(placeOf(double(m_viewFrom), lane), lane.top(), lane.bottom());
        const double bottom = std::clamp(placeOf(double(m_viewTo), lane), lane.top(), lane.bottom());
        painter.setBrush(withAlpha(tokens.text, 0.08));
        painter.setPen(QPen(tokens.text, 1.2));
        painter.drawRoundedRect(
            QRectF(lane.left() - 3, std::min(top, lane.bottom() - 4), lane.width() + 6, std::max(4.0, bottom - top)), 2, 2);
    }
}

void DensityStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintOn(painter, rect());
    if (hasFocus()) drawFocusRing(painter, laneOf(rect()).adjusted(-2, -2, 2, 2), 3, m_theme.theme());
}

void DensityStrip::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton) Q_EMIT jumped(qint64(byteAt(event->position().y())));
}

void DensityStrip::mouseMoveEvent(QMouseEvent* event)
{
    if (event->buttons() & Qt::LeftButton) Q_EMIT jumped(qint64(byteAt(event->position().y())));
}

void DensityStrip::wheelEvent(QWheelEvent* event)
{
    zoomBy(std::pow(1.2, event->angleDelta().y() / 120.0), byteAt(event->position().y()));
    event->accept();
}

void DensityStrip::keyPressEvent(QKeyEvent* event)
{
    const double middle = double(m_viewFrom + m_viewTo) / 2, step = (m_to - m_from) / 20;
    switch (event->key()) {
    case Qt::Key_Up:
        Q_EMIT jumped(qint64(std::max(0.0, double(m_viewFrom) - step)));
        return;
    case Qt::Key_Down:
        Q_EMIT jumped(qint64(std::min(double(m_bytes), double(m_viewFrom) + step)));
        return;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        return zoomBy(1.5, middle);
    case Qt::Key_Minus:
        return zoomBy(1 / 1.5, middle);
    case Qt::Key_0:
        return resetZoom();
    default:
        Picture::keyPressEvent(event);
    }
}

bool DensityStrip::event(QEvent* event)
{
    if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) update();
    if (event->type() != QEvent::ToolTip) return Picture::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const double at = byteAt(help->pos().y()), near = (m_to - m_from) / 60;
    double mass = 0;
    for (const EvidenceMark& mark : m_marks)
        if (std::abs(double(mark.byte) - at) <= near) mass += mark.mass;
    QToolTip::showText(help->globalPos(),
        mass > 0 ? tr("byte %1: %2 of the answer").arg(QLocale().toString(qint64(at)), percentText(mass))
                 : tr("byte %1").arg(QLocale().toString(qint64(at))),
        this);
    return true;
}

}  // namespace pathloom
