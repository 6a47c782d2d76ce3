// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/machine.h"

#include "engine/core/files.h"

#include <fmt/format.h>

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <set>
#include <system_error>
#include <thread>

namespace pathloom {

namespace {

constexpr int most_cores = CPU_SETSIZE;

/// 0 = the calling thread.
Result<void> bind_thread(int thread, const std::vector<int>& cores)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int core : cores) CPU_SET(core, &set);
    if (::sched_setaffinity(thread, sizeof set, &set) != 0)
        return fail(errno == ESRCH ? ErrorCode::NotFound : ErrorCode::Failed, "cannot run on cores {}: {}", core_list(cores),
            std::strerror(errno));
    return {};
}

/// The tightest memory.max on the way from this process's control group (version 2) up to the root.
std::uint64_t group_limit(std::uint64_t otherwise)
{
    const auto text = read_file("/proc/self/cgroup");
    if (!text || !text->starts_with("0::/")) return otherwise;
    std::filesystem::path group = text->substr(3, text->find('\n') - 3);
    std::uint64_t limit = otherwise;
    while (true) {
        const auto file = std::filesystem::path("/sys/fs/cgroup") / group.relative_path() / "memory.max";
        if (const auto max = read_file(file)) limit = std::min(limit, parse_memory_limit(*max, otherwise));
        if (!group.has_relative_path()) return limit;
        group = group.parent_path();
    }
}

}  // namespace

std::uint64_t parse_memory_limit(const std::string& text, std::uint64_t otherwise)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && (end == text.data() + text.size() || *end == '\n') ? value : otherwise;
}

Machine this_machine()
{
    Machine machine;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        for (int core = 0; core < most_cores; ++core)
            if (CPU_ISSET(core, &set)) machine.cores.push_back(core);
    }
    if (machine.cores.empty())
        for (unsigned core = 0; core < std::max(1U, std::thread::hardware_concurrency()); ++core)
            machine.cores.push_back(int(core));
    const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGE_SIZE);
    machine.memory_bytes = pages > 0 && page > 0 ? std::uint64_t(pages) * std::uint64_t(page) : 0;
    machine.memory_bytes = group_limit(machine.memory_bytes);
    return machine;
}

std::vector<int> cores_of_worker(const std::vector<int>& cores, int workers, int slot)
{
    const int count = int(cores.size());
    if (count == 0 || workers < 1 || slot < 0) return cores;
    if (workers >= count || slot >= workers) return {cores[std::size_t(slot % count)]};
    const int begin = slot * count / workers, end = (slot + 1) * count / workers;
    return {cores.begin() + begin, cores.begin() + end};
}

std::string core_list(const std::vector<int>& cores)
{
    std::string text;
    for (std::size_t i = 0; i < cores.size();) {
        std::size_t last = i;
        while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) ++last;
        text += (text.empty() ? "" : ",") + std::to_string(cores[i]);
        if (last > i) text += "-" + std::to_string(cores[last]);
        i = last + 1;
    }
    return text;
}

Result<std::vector<int>> parse_core_list(const std::string& text)
{
    std::vector<int> cores;
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto number = [&](int& value) {
        const auto [next, error] = std::from_chars(at, end, value);
        const bool good = error == std::errc() && value >= 0 && value < most_cores;
        at = next;
        return good;
    };
    while (true) {
        int first = 0;
        bool good = number(first);
        int last = first;
        if (good && at != end && *at == '-') {
            ++at;
            good = number(last) && last >= first;
        }
        for (int core = first; good && core <= last; ++core) cores.push_back(core);
        if (good && at == end) break;
        if (!good || *at++ != ',')
            return fail(ErrorCode::Usage, "'{}' is not a list of cores; write it like 0-3,8", text.substr(0, 80));
    }
    std::ranges::sort(cores);
    cores.erase(std::ranges::unique(cores).begin(), cores.end());
    return cores;
}

Result<void> bind_to_cores(const std::vector<int>& cores)
{
    return bind_thread(0, cores);
}

Result<void> bind_process_to_cores(int pid, const std::vector<int>& cores)
{
    // A thread may start another one while we look: look until every thread that is there has been seen.
    std::set<int> seen;
    for (bool more = true; more;) {
        more = false;
        std::error_code error;
        std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", pid), error);
        if (error) return fail(ErrorCode::NotFound, "there is no process {}", pid);
        for (; threads != std::filesystem::directory_iterator(); threads.increment(error)) {
            const int thread = std::atoi(threads->path().filename().c_str());
            if (!seen.insert(thread).second) continue;
            more = true;
            if (auto bound = bind_thread(thread, cores); !bound && bound.error().code != ErrorCode::NotFound) return bound;
            if (error) break;
        }
    }
    return {};
}

}  // namespace pathloom
