// SPDX-License-Identifier: GPL-3.0-or-later
// A spin box that is named for tests and screen readers.
#pragma once

#include <QString>

class QSpinBox;

namespace pathloom {

QSpinBox* numberBox(const QString& name, const QString& accessible, int low, int high, int value);

}  // namespace pathloom
