// SPDX-License-Identifier: GPL-3.0-or-later
// How numbers are written everywhere: 3-4 significant digits, a real minus sign never needed, "–" for nothing yet.
#pragma once

#include <QString>

namespace pathloom {

QString noValue();  ///< an en dash
QString countText(double n);  ///< 950, 12.3k, 4.56M, 1.2B
QString bytesText(double bytes);  ///< 950 B, 12.3 kB, 4.56 MB (powers of 1000)
QString significantText(double x, int digits = 4);
QString lossText(double nats);  ///< 4 significant digits, en dash when 0 (not measured)
QString flopsText(double flops);  ///< 12.3 TFLOP
QString percentText(double share);  ///< 0.935 -> 93.5%
QString ageText(qint64 ms);  ///< 0.4 s, 12 s, 3 min, 2 h
QString clockText(qint64 unixMs);  ///< local 14:03:22
QString dateText(qint64 unixMs);  ///< local 2026-01-30 14:03

}  // namespace pathloom
