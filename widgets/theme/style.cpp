// SPDX-License-Identifier: GPL-3.0-or-later
// OutlinedStyle: fields, lists to choose from and check boxes.
#include "widgets/theme/style.h"

#include <QPainter>
#include <QPainterPath>
#include <QStyleFactory>
#include <QStyleOption>

namespace pathloom {
namespace {

void outline(QPainter& painter, const QStyleOption& option)
{
    const bool focus = option.state.testFlag(QStyle::State_HasFocus) && option.state.testFlag(QStyle::State_Enabled);
    const bool enabled = option.state.testFlag(QStyle::State_Enabled);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(option.palette.color(focus ? QPalette::Highlight : enabled ? QPalette::Dark : QPalette::Mid), 1));
    painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    painter.restore();
}

void checkBox(QPainter& painter, const QStyleOption& option)
{
    const bool on = option.state.testFlag(QStyle::State_On);
    const bool enabled = option.state.testFlag(QStyle::State_Enabled);
    const QRectF box = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor fill = option.palette.color(on ? QPalette::Highlight : QPalette::Base);
    painter.setBrush(fill);
    painter.setPen(QPen(on ? fill : option.palette.color(enabled ? QPalette::Dark : QPalette::Mid), 1));
    painter.drawRoundedRect(box, 3, 3);
    if (on) {
        const double w = box.width();
        QPainterPath tick(box.topLeft() + QPointF(0.24 * w, 0.52 * w));
        tick.lineTo(box.topLeft() + QPointF(0.43 * w, 0.71 * w));
        tick.lineTo(box.topLeft() + QPointF(0.77 * w, 0.30 * w));
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(option.palette.color(QPalette::HighlightedText), 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPath(tick);
    }
    painter.restore();
}

}  // namespace

OutlinedStyle::OutlinedStyle()
    : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion")))
{
}

void OutlinedStyle::drawPrimitive(
    PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    if (element == PE_IndicatorCheckBox && !option->state.testFlag(State_NoChange)) {
        checkBox(*painter, *option);
        return;
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    if (element == PE_FrameLineEdit) outline(*painter, *option);
}

void OutlinedStyle::drawComplexControl(
    ComplexControl control, const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const
{
    QProxyStyle::drawComplexControl(control, option, painter, widget);
    if (control == CC_SpinBox || control == CC_ComboBox) outline(*painter, *option);
}

}  // namespace pathloom
