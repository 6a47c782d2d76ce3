// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/common/number_box.h"

#include <QSpinBox>

namespace pathloom {

QSpinBox* numberBox(const QString& name, const QString& accessible, int low, int high, int value)
{
    auto* box = new QSpinBox;
    box->setObjectName(name);
    box->setAccessibleName(accessible);
    box->setToolTip(accessible);
    box->setRange(low, high);
    box->setValue(value);
    return box;
}

}  // namespace pathloom
