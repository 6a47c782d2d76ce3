// SPDX-License-Identifier: GPL-3.0-or-later
// Private: QCustomPlot 2.1 uses the Qt keywords this project switches off. Only files of widgets/plot may include this.
#pragma once

#include <QtCore/qforeach.h>
#include <QtCore/qglobal.h>
#include <QtCore/qobjectdefs.h>

#pragma push_macro("signals")
#pragma push_macro("slots")
#pragma push_macro("emit")
#pragma push_macro("foreach")
#undef signals
#undef slots
#undef emit
#undef foreach
#define signals Q_SIGNALS
#define slots Q_SLOTS
#define emit
#define foreach Q_FOREACH
#include <qcustomplot.h>
#undef signals
#undef slots
#undef emit
#undef foreach
#pragma pop_macro("signals")
#pragma pop_macro("slots")
#pragma pop_macro("emit")
#pragma pop_macro("foreach")
