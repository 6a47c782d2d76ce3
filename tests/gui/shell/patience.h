// SPDX-License-Identifier: GPL-3.0-or-later
// QTRY_* with patience for a loaded machine and for sanitizers: they still end as soon as the condition holds.
#pragma once

#include <QTest>

namespace pathloom {
constexpr int patienceMs = 120'000;
}

#define TRY_VERIFY(condition) QTRY_VERIFY_WITH_TIMEOUT(condition, ::pathloom::patienceMs)
#define TRY_VERIFY2(condition, description) QTRY_VERIFY2_WITH_TIMEOUT(condition, description, ::pathloom::patienceMs)
#define TRY_COMPARE(actual, expected) QTRY_COMPARE_WITH_TIMEOUT(actual, expected, ::pathloom::patienceMs)
