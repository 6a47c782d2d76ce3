// SPDX-License-Identifier: GPL-3.0-or-later
// Fusion with outlines one can see: its own are darker than the window, which on a dark window is no outline at all.
#pragma once

#include <QProxyStyle>

namespace pathloom {

class OutlinedStyle final : public QProxyStyle {
    Q_OBJECT
public:
    OutlinedStyle();
    void drawPrimitive(
        PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const override;
    void drawComplexControl(
        ComplexControl control, const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const override;
};

}  // namespace pathloom
