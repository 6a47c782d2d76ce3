// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/cluster/launcher.h"

#include "engine/core/machine.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

extern char** environ;

namespace pathloom {

namespace {

std::string describe_exit(int status)
{
    if (WIFSIGNALED(status)) return fmt::format("ended by signal {}", WTERMSIG(status));
    return fmt::format("exited with {}", WEXITSTATUS(status));
}

/// Wait for `pid` to end, at most `timeout_ms`; true when it is gone (and reaped).
bool wait_gone(pid_t pid, int timeout_ms)
{
    const int fd = int(syscall(SYS_pidfd_open, pid, 0));
    if (fd >= 0) {
        pollfd item{fd, POLLIN, 0};
        ::poll(&item, 1, timeout_ms);
        ::close(fd);
    }
    int status = 0;
    return waitpid(pid, &status, WNOHANG) != 0;
}

}  // namespace

LocalLauncher::~LocalLauncher()
{
    stop(2000);
}

int LocalLauncher::free_slot() const
{
    for (int number = 1;; ++number) {
        const bool used
            = std::any_of(m_processes.begin(), m_processes.end(), [&](const auto& p) { return p.second.slot_number == number; })
            || std::any_of(m_retries.begin(), m_retries.end(), [&](const Retry& r) { return r.slot_number == number; });
        if (!used) return number;
    }
}

Result<void> LocalLauncher::start(int slot_number, std::int64_t now_ms)
{
    std::error_code ignored;
    const auto cache = m_command.cache_root / fmt::format("worker-{}", slot_number);
    std::filesystem::create_directories(cache, ignored);
    std::filesystem::create_directories(m_command.log_root, ignored);
    const auto log = m_command.log_root / fmt::format("worker-{}.log", slot_number);
    std::vector<std::string> words{m_command.program.string(), "--engine", m_command.engine, "--token-file",
        m_command.token_file.string(), "--name", fmt::format("local-{}", slot_number), "--cache", cache.string(),
        "--exit-with-parent", "--local"};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, m_command.program.c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return fail(ErrorCode::Failed, "cannot start {}: {}; is it installed beside the engine?", m_command.program.string(),
            std::strerror(error));
    m_processes[pid] = {slot_number, now_ms, false};
    spread();
    return {};
}

void LocalLauncher::spread() const
{
    if (m_command.cores.empty()) return;
    std::map<int, pid_t> by_slot;
    for (const auto& [pid, process] : m_processes)
        if (!process.leaving) by_slot[process.slot_number] = pid;
    int index = 0;
    for (const auto& [slot_number, pid] : by_slot) {
        // One that has just ended is about to be noticed; one the system refuses to bind runs all the same.
        bind_process_to_cores(pid, cores_of_worker(m_command.cores, std::max(m_wanted, int(by_slot.size())), index++));
    }
}

Result<void> LocalLauncher::set_count(int count, std::int64_t now_ms)
{
    m_wanted = count;
    auto active = [&] {
        return int(std::count_if(m_processes.begin(), m_processes.end(), [](const auto& p) { return !p.second.leaving; }));
    };
    while (active() + int(m_retries.size()) > count) {
        if (!m_retries.empty()) {
            m_retries.pop_back();
            continue;
        }
        auto newest = m_processes.end();
        for (auto it = m_processes.begin(); it != m_processes.end(); ++it)
            if (!it->second.leaving && (newest == m_processes.end() || it->second.slot_number > newest->second.slot_number))
                newest = it;
        newest->second.leaving = true;
        ::kill(newest->first, SIGTERM);
    }
    spread();
    while (active() + int(m_retries.size()) < count) PATHLOOM_CHECK(start(free_slot(), now_ms));
    return {};
}

void LocalLauncher::poll(std::int64_t now_ms, const std::function<void(pid_t, const std::string&)>& ended)
{
    for (auto it = m_processes.begin(); it != m_processes.end();) {
        int status = 0;
        if (waitpid(it->first, &status, WNOHANG) != it->first) {
            ++it;
            continue;
        }
        const auto [pid, process] = *it;
        it = m_processes.erase(it);
        ended(pid, describe_exit(status));
        if (process.leaving) continue;
        std::int64_t& pause = m_pause_ms[process.slot_number];
        pause = now_ms - process.started_ms < 5000 ? std::clamp<std::int64_t>(pause * 2, 500, 60000) : 0;
        m_retries.push_back({process.slot_number, now_ms + pause});
    }
    for (auto it = m_retries.begin(); it != m_retries.end();) {
        if (it->due_ms > now_ms) {
            ++it;
            continue;
        }
        const int number = it->slot_number;
        it = m_retries.erase(it);
        if (!start(number, now_ms)) {
            m_retries.push_back({number, now_ms + 60000});
            return;
        }
    }
}

bool LocalLauncher::owns(pid_t pid) const
{
    return m_processes.contains(pid);
}

bool LocalLauncher::kill(pid_t pid)
{
    return owns(pid) && ::kill(pid, SIGKILL) == 0;
}

void LocalLauncher::let_go(pid_t pid)
{
    const auto found = m_processes.find(pid);
    if (found == m_processes.end() || found->second.leaving) return;
    found->second.leaving = true;
    if (m_wanted > 0) --m_wanted;
    spread();
}

void LocalLauncher::stop(std::int64_t grace_ms)
{
    m_wanted = 0;
    m_retries.clear();
    for (const auto& [pid, process] : m_processes) ::kill(pid, SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(grace_ms);
    for (const auto& [pid, process] : m_processes) {
        const auto left
            = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        if (wait_gone(pid, int(std::max<std::int64_t>(0, left)))) continue;
        ::kill(pid, SIGKILL);
        int status = 0;
        waitpid(pid, &status, 0);
    }
    m_processes.clear();
}

}  // namespace pathloom
