// SPDX-License-Identifier: GPL-3.0-or-later
// Colour arithmetic: see colors.h.
#include "widgets/theme/colors.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace pathloom {

namespace {

double linear(double channel)
{
    return channel <= 0.03928 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

// Cividis sampled at 17 even steps; between them a straight line is within one 8-bit level.
constexpr std::array<QRgb, 17> kCividis{0xff00224e, 0xff002c69, 0xff163771, 0xff2a426e, 0xff3a4c6d, 0xff48566d, 0xff55606e,
    0xff626a71, 0xff707574, 0xff7e7f78, 0xff8c8a78, 0xff9b9576, 0xffaaa172, 0xffbaad6b, 0xffcbb961, 0xffdcc752, 0xfffee838};

}  // namespace

double relativeLuminance(const QColor& color)
{
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

double contrastRatio(const QColor& a, const QColor& b)
{
    const double la = relativeLuminance(a);
    const double lb = relativeLuminance(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

QColor mixColors(const QColor& a, const QColor& b, double t)
{
    const float f = float(std::clamp(t, 0.0, 1.0));
    const auto mix = [f](float x, float y) { return std::clamp(x + (y - x) * f, 0.0F, 1.0F); };
    return QColor::fromRgbF(
        mix(a.redF(), b.redF()), mix(a.greenF(), b.greenF()), mix(a.blueF(), b.blueF()), mix(a.alphaF(), b.alphaF()));
}

QColor withAlpha(QColor color, double alpha)
{
    color.setAlphaF(float(std::clamp(alpha, 0.0, 1.0)));
    return color;
}

QColor inkOver(const QColor& surface, const QColor& color, double alpha)
{
    const float a = float(std::clamp(alpha, 0.01, 1.0));
    const auto ink = [a](float under, float wanted) { return std::clamp((wanted - (1 - a) * under) / a, 0.0F, 1.0F); };
    return QColor::fromRgbF(
        ink(surface.redF(), color.redF()), ink(surface.greenF(), color.greenF()), ink(surface.blueF(), color.blueF()), a);
}

QColor cividis(double t)
{
    const double x = std::clamp(std::isnan(t) ? 0.0 : t, 0.0, 1.0) * double(kCividis.size() - 1);
    const auto i = std::min(std::size_t(x), kCividis.size() - 2);
    return mixColors(QColor(kCividis[i]), QColor(kCividis[i + 1]), x - double(i));
}

QColor divergingColor(const QColor& low, const QColor& middle, const QColor& high, double t)
{
    const double x = std::clamp(std::isnan(t) ? 0.0 : t, -1.0, 1.0);
    return x < 0 ? mixColors(middle, low, -x) : mixColors(middle, high, x);
}

}  // namespace pathloom
