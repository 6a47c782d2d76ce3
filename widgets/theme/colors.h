// SPDX-License-Identifier: GPL-3.0-or-later
// Colour arithmetic: WCAG contrast, mixing, cividis and a three-stop diverging scale. Pure functions.
#pragma once

#include <QColor>

namespace pathloom {

/// WCAG 2 relative luminance, 0 (black) to 1 (white). Alpha is ignored.
double relativeLuminance(const QColor& color);
/// WCAG 2 contrast ratio, 1 to 21, symmetric.
double contrastRatio(const QColor& a, const QColor& b);
/// a at t = 0, b at t = 1, straight in sRGB; alpha is mixed too.
QColor mixColors(const QColor& a, const QColor& b, double t);
QColor withAlpha(QColor color, double alpha);
/// What to paint with `alpha` over `surface` so that it looks like `color` there, channel by channel as far as there is room:
/// plain translucency would wash every hue out towards the surface. The result carries the alpha.
QColor inkOver(const QColor& surface, const QColor& color, double alpha);
/// The cividis colour map (Nunez et al. 2018), t in [0, 1]; readable with every kind of colour vision.
QColor cividis(double t);
/// low at -1, middle at 0, high at +1.
QColor divergingColor(const QColor& low, const QColor& middle, const QColor& high, double t);

}  // namespace pathloom
