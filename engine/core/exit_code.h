// SPDX-License-Identifier: GPL-3.0-or-later
// Exit codes of every command-line program.
#pragma once

#include "engine/core/result.h"

namespace pathloom {

/// 1 failed, 2 wrong usage, 3 no engine reachable, 4 not authorised.
int exit_code(ErrorCode code);

}  // namespace pathloom
