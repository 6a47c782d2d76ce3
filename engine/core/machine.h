// SPDX-License-Identifier: GPL-3.0-or-later
// What this process may use of the machine: cores and memory, with the limits a container or a cluster puts on them.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

struct Machine {
    std::vector<int> cores;  ///< numbers of the cores this process may run on, ascending; never empty
    std::uint64_t memory_bytes = 0;  ///< physical memory, or the control group's limit when that is less
};
Machine this_machine();

/// Cores for worker `slot` of `workers` (both counted from 0 and 1): equal consecutive shares of at least one core each, and when
/// there are more workers than cores one core after the other again. Shares differ by at most one core.
std::vector<int> cores_of_worker(const std::vector<int>& cores, int workers, int slot);

/// "0-3,8" <-> {0, 1, 2, 3, 8}, as in /proc/PID/status. Usage when the text is no such list or is empty.
std::string core_list(const std::vector<int>& cores);
Result<std::vector<int>> parse_core_list(const std::string& text);

/// Bind the calling thread, and every thread it will start, to these cores. Failed when the system refuses.
Result<void> bind_to_cores(const std::vector<int>& cores);

/// The same for every thread a process has now, and so for those they start. NotFound when the process is gone.
Result<void> bind_process_to_cores(int pid, const std::vector<int>& cores);

/// The memory limit in a cgroup's memory.max text; nothing for "max" or anything else.
std::uint64_t parse_memory_limit(const std::string& text, std::uint64_t otherwise);

}  // namespace pathloom
