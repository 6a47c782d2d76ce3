// SPDX-License-Identifier: GPL-3.0-or-later
// Number formats.
#include "widgets/models/formats.h"

#include <QDateTime>

#include <array>
#include <cmath>

namespace pathloom {
namespace {

QString scaled(double x, const std::array<const char*, 6>& units, const QString& gap)
{
    int unit = 0;
    double v = std::abs(x);
    while (v >= 999.5 && unit + 1 < int(units.size())) {
        v /= 1000.0;
        ++unit;
    }
    const QString sign = x < 0 ? QStringLiteral("-") : QString();
    const int decimals = unit == 0 ? (v == std::floor(v) ? 0 : 1) : v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
    const QString suffix = QLatin1String(units[std::size_t(unit)]);
    return sign + QString::number(v, 'f', decimals) + (suffix.isEmpty() ? QString() : gap + suffix);
}

}  // namespace

QString noValue()
{
    return QStringLiteral("\u2013");
}

QString countText(double n)
{
    return scaled(n, {"", "k", "M", "B", "T", "Qa"}, {});
}

QString bytesText(double bytes)
{
    return scaled(bytes, {"B", "kB", "MB", "GB", "TB", "PB"}, QStringLiteral("\u00a0"));
}

QString flopsText(double flops)
{
    return scaled(flops, {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"}, QStringLiteral("\u00a0"));
}

QString significantText(double x, int digits)
{
    if (!std::isfinite(x)) return noValue();
    if (x == 0.0) return QStringLiteral("0");
    const int magnitude = int(std::floor(std::log10(std::abs(x))));
    if (magnitude < -4) return QString::number(x, 'e', digits - 1);
    return QString::number(x, 'f', std::max(0, digits - 1 - magnitude));
}

QString lossText(double nats)
{
    return nats == 0.0 ? noValue() : significantText(nats, 4);
}

QString percentText(double share)
{
    const double p = share * 100.0;
    return QString::number(p, 'f', p >= 99.95 || p == 0.0 ? 0 : 1) + QLatin1Char('%');
}

QString ageText(qint64 ms)
{
    const double s = double(std::max<qint64>(0, ms)) / 1000.0;
    if (s < 9.95) return QStringLiteral("%1 s").arg(s, 0, 'f', 1);
    if (s < 119.5) return QStringLiteral("%1 s").arg(s, 0, 'f', 0);
    if (s < 7200) return QStringLiteral("%1 min").arg(s / 60, 0, 'f', 0);
    return QStringLiteral("%1 h").arg(s / 3600, 0, 'f', 1);
}

QString clockText(qint64 unixMs)
{
    return QDateTime::fromMSecsSinceEpoch(unixMs).toString(QStringLiteral("HH:mm:ss"));
}

QString dateText(qint64 unixMs)
{
    return unixMs == 0 ? noValue() : QDateTime::fromMSecsSinceEpoch(unixMs).toString(QStringLiteral("yyyy-MM-dd HH:mm"));
}

}  // namespace pathloom
