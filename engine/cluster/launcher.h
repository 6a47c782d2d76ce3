// SPDX-License-Identifier: GPL-3.0-or-later
// Worker processes on this machine: start, watch, restart, kill. The only part of this floor that touches the system.
#pragma once

#include "engine/core/result.h"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace pathloom {

struct LocalWorkerCommand {
    std::filesystem::path program;  ///< pathloom-worker
    std::string engine;  ///< address to dial
    std::filesystem::path token_file;
    std::filesystem::path cache_root;  ///< one folder a worker below it
    std::filesystem::path log_root;  ///< stderr of each worker goes to <log_root>/worker-<n>.log
    std::vector<int> cores;  ///< shared out among the workers, see cores_of_worker(); empty = wherever the system puts them
};

/// Keeps a wanted number of local workers alive. Not thread safe: one owner calls it.
class LocalLauncher {
public:
    explicit LocalLauncher(LocalWorkerCommand command)
        : m_command(std::move(command))
    {
    }
    ~LocalLauncher();
    LocalLauncher(const LocalLauncher&) = delete;
    LocalLauncher& operator=(const LocalLauncher&) = delete;

    /// Start or end processes until `count` run. The newest are ended first, politely (SIGTERM).
    Result<void> set_count(int count, std::int64_t now_ms);
    [[nodiscard]] int count() const { return m_wanted; }

    /// Collect ended processes and start replacements that are due. `ended(pid, how)` is called for each that ended; one that
    /// dies quicker than 5 s is replaced after a pause that doubles up to a minute, so a broken worker does not spin.
    void poll(std::int64_t now_ms, const std::function<void(pid_t, const std::string&)>& ended);

    /// SIGKILL one of ours. False: not ours.
    bool kill(pid_t pid);
    [[nodiscard]] bool owns(pid_t pid) const;
    /// This one will end by itself (drained) and is not to be replaced; count() falls by one.
    void let_go(pid_t pid);
    /// SIGTERM to all, SIGKILL to those still there after `grace_ms`; returns when all are gone.
    void stop(std::int64_t grace_ms);

private:
    struct Process {
        int slot_number = 0;
        std::int64_t started_ms = 0;
        bool leaving = false;
    };
    struct Retry {
        int slot_number = 0;
        std::int64_t due_ms = 0;
    };
    Result<void> start(int slot_number, std::int64_t now_ms);
    [[nodiscard]] int free_slot() const;
    /// Share the cores out anew among those that stay.
    void spread() const;

    LocalWorkerCommand m_command;
    int m_wanted = 0;
    std::map<pid_t, Process> m_processes;
    std::vector<Retry> m_retries;
    std::map<int, std::int64_t> m_pause_ms;  ///< by slot number
};

}  // namespace pathloom
