// SPDX-License-Identifier: GPL-3.0-or-later
// An engine process of our own.
#include "engine/cli/private_engine.h"

#include "engine/core/exit_code.h"
#include "engine/core/resources.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

extern char** environ;

namespace pathloom {

namespace {

constexpr int start_patience_ms = 60'000;
constexpr int end_patience_ms = 60'000;

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};
Result<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(ErrorCode::Failed, "cannot make a pipe to the engine: {}", std::strerror(errno));
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string last_line(int fd)
{
    std::string text(64 * 1024, '\0');
    const off_t size = ::lseek(fd, 0, SEEK_END);
    const off_t from = std::max<off_t>(0, size - off_t(text.size()));
    const ssize_t count = ::pread(fd, text.data(), text.size(), from);
    text.resize(count > 0 ? std::size_t(count) : 0);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    const auto begin = text.rfind('\n');
    std::string line = begin == std::string::npos ? text : text.substr(begin + 1);
    if (const std::string_view prefix = "pathloom-engine: "; line.starts_with(prefix)) line.erase(0, prefix.size());
    return line;
}

Result<pid_t> spawn(const std::filesystem::path& program, std::vector<std::string> arguments, int in, int out, int err)
{
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // A group of its own: Ctrl-C is ours to answer, the engine ends in order through its lifeline.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return fail(ErrorCode::Failed, "cannot start {}: {}", program.string(), std::strerror(error));
    return pid;
}

/// The ready line; empty when the engine ended or took too long.
std::string read_line(int fd)
{
    std::string line;
    pollfd watched{fd, POLLIN, 0};
    while (true) {
        const int ready = ::poll(&watched, 1, start_patience_ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return {};
        char c = 0;
        if (::read(fd, &c, 1) != 1) return {};
        if (c == '\n') return line;
        line += c;
    }
}

}  // namespace

Result<PrivateEngine> PrivateEngine::start(const std::filesystem::path& project, int workers, const std::string& listen)
{
    PATHLOOM_TRY(const auto program, sibling_program("pathloom-engine"));
    PATHLOOM_TRY(Pipe lifeline, make_pipe());
    PATHLOOM_TRY(Pipe output, make_pipe());
    const UniqueFd log(::memfd_create("engine-stderr", MFD_CLOEXEC));
    if (!log) return fail(ErrorCode::Failed, "cannot keep the engine's messages: {}", std::strerror(errno));
    PrivateEngine engine;
    PATHLOOM_TRY(engine.m_pid,
        spawn(program,
            {program.string(), "--project", project.string(), "--listen", listen, "--local-workers", std::to_string(workers),
                "--lifeline"},
            lifeline.read.get(), output.write.get(), log.get()));
    engine.m_lifeline = std::move(lifeline.write);
    engine.m_output = std::move(output.read);
    output.write = UniqueFd();
    lifeline.read = UniqueFd();

    const std::string line = read_line(engine.m_output.get());
    const auto document = nlohmann::json::parse(line, nullptr, false);
    if (!document.is_object() || !document.contains("address") || !document["address"].is_string()) {
        const bool refused = engine.end() == exit_code(ErrorCode::Failed);
        const std::string said = last_line(log.get());
        // An engine that gave a reason was there: the operation failed. One that died or hung is not reachable.
        return fail(refused && !said.empty() ? ErrorCode::Failed : ErrorCode::Unreachable, "the engine for {} did not start: {}",
            project.string(), said.empty() ? "it wrote no reason; try pathloom-engine --project by hand" : said);
    }
    engine.m_address = document["address"].get<std::string>();
    return engine;
}

PrivateEngine::PrivateEngine(PrivateEngine&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1))
    , m_lifeline(std::move(other.m_lifeline))
    , m_output(std::move(other.m_output))
    , m_address(std::move(other.m_address))
{
}

PrivateEngine& PrivateEngine::operator=(PrivateEngine&& other) noexcept
{
    if (this != &other) {
        end();
        m_pid = std::exchange(other.m_pid, -1);
        m_lifeline = std::move(other.m_lifeline);
        m_output = std::move(other.m_output);
        m_address = std::move(other.m_address);
    }
    return *this;
}

PrivateEngine::~PrivateEngine()
{
    end();
}

int PrivateEngine::end()
{
    if (m_pid <= 0) return -1;
    m_lifeline = UniqueFd();
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, m_pid, 0)));
    pollfd watched{process.get(), POLLIN, 0};
    if (process) {
        int ended = -1;
        while ((ended = ::poll(&watched, 1, end_patience_ms)) < 0 && errno == EINTR) { }
        if (ended == 0) ::kill(m_pid, SIGKILL);  // everything acknowledged is on disk: an engine may be killed at any time
    }
    int status = -1;
    while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) { }
    m_pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace pathloom
