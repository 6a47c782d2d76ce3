// SPDX-License-Identifier: GPL-3.0-or-later
// What the process may use.
#pragma once

namespace pathloom {

/// Memory, computing, open files, and no writing but to stdout; for good.
void limit_process(unsigned long megabytes, unsigned long seconds);

/// `seconds` of computing more from now on: the reading goes on, it does not hang.
void allow_computing(unsigned long seconds);

}  // namespace pathloom
