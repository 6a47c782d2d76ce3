// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/corpus/reader_process.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

extern char** environ;

namespace pathloom {

namespace fs = std::filesystem;

namespace {

/// The helper; killed and reaped when it goes out of scope.
class Helper {
public:
    static Result<Helper> start(const fs::path& program, std::vector<std::string> words)
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            return fail(ErrorCode::Failed, "cannot make a pipe for pathloom-read: {}", std::strerror(errno));
        UniqueFd from(ends[0]), to(ends[1]);
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, to.get(), STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);  // what libraries mutter
        pid_t pid = 0;
        const int error = posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (error != 0)
            return fail(ErrorCode::Failed, "cannot start {}: {}; reinstall Pathloom", program.string(), std::strerror(error));
        return Helper(pid, std::move(from));
    }
    Helper(Helper&& other) noexcept
        : m_pid(std::exchange(other.m_pid, 0))
        , m_out(std::move(other.m_out))
    {
    }
    Helper& operator=(Helper&&) = delete;
    ~Helper()
    {
        if (m_pid <= 0) return;
        ::kill(m_pid, SIGKILL);
        wait();
    }
    int wait()
    {
        int status = 0;
        while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) { }
        m_pid = 0;
        return status;
    }
    [[nodiscard]] int out() const { return m_out.get(); }

private:
    Helper(pid_t pid, UniqueFd out)
        : m_pid(pid)
        , m_out(std::move(out))
    {
    }
    pid_t m_pid;
    UniqueFd m_out;
};

/// The helper ended without saying how the document ends.
Error broke(const fs::path& file, int status, const ReadLimits& limits)
{
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
        return {ErrorCode::Failed,
            fmt::format("{} took more than {} s of computing to read and was given up", file.string(), limits.seconds)};
    if (WIFSIGNALED(status))
        return {ErrorCode::Failed,
            fmt::format("{} broke the program that reads it ({}); it is damaged, or needs more than {} MB", file.string(),
                ::strsignal(WTERMSIG(status)), limits.memory_mb)};
    return {ErrorCode::Failed,
        fmt::format("pathloom-read ended with code {} and no result for {}", WEXITSTATUS(status), file.string())};
}

/// A line that is no part of the answer: a sign of progress, or an error. True when it was one.
Result<bool> take_remark(const fs::path& file, std::string_view line, const ReadLimits& limits)
{
    const bool progress = line.starts_with("{\"progress\":");
    if (!progress && !line.starts_with("{\"code\":")) return false;
    const auto said = nlohmann::json::parse(line, nullptr, false);
    if (progress) {
        const auto number = [&](const char* name) {
            const auto* const at = said.is_object() && said["progress"].is_object() ? &said["progress"] : nullptr;
            return at && at->contains(name) && (*at)[name].is_number() ? (*at)[name].get<double>() : 0.0;
        };
        if (limits.progress) limits.progress(number("done"), number("total"));
        return true;
    }
    if (said.is_object() && said.contains("error") && said["error"].is_string() && said["code"].is_number_integer())
        return fail(Error{ErrorCode(said["code"].get<int>()), file.string() + " " + said["error"].get<std::string>()});
    return false;
}

Result<fs::path> reader_program(const fs::path& file, const ReadLimits& limits)
{
    if (!limits.program.empty()) return limits.program;
    const auto found = sibling_program("pathloom-read");
    if (found) return *found;
    return fail(ErrorCode::NotFound, "{} needs pathloom-read, which is not installed; give plain text (.txt)", file.string());
}

}  // namespace

Result<void> run_reader(const fs::path& file, const std::vector<std::string>& arguments, const ReadLimits& limits,
    const std::function<Result<void>(std::string_view)>& take)
{
    PATHLOOM_TRY(const fs::path program, reader_program(file, limits));
    std::vector<std::string> words{program.string(), file.string(), "--memory-mb", std::to_string(limits.memory_mb), "--seconds",
        std::to_string(limits.seconds)};
    if (words[1].starts_with('-')) words[1] = "./" + words[1];
    words.insert(words.end(), arguments.begin(), arguments.end());
    PATHLOOM_TRY(Helper helper, Helper::start(program, std::move(words)));
    const std::chrono::seconds patience(2 * limits.seconds);
    auto deadline = std::chrono::steady_clock::now() + patience;
    std::string buffer;
    std::array<char, 1 << 16> chunk{};
    bool ended = false;
    for (;;) {
        pollfd ready{helper.out(), POLLIN, 0};
        if (limits.stopped && limits.stopped()) return fail(ErrorCode::Cancelled, "stopped while reading {}", file.string());
        if (std::chrono::steady_clock::now() > deadline)
            return fail(ErrorCode::Failed, "{} took more than {} s to read and was given up", file.string(), 2 * limits.seconds);
        if (::poll(&ready, 1, 200) <= 0) continue;
        const ssize_t n = ::read(helper.out(), chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        buffer.append(chunk.data(), std::size_t(n));
        std::size_t done = 0;
        for (std::size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n', done)) {
            const std::string_view line = std::string_view(buffer).substr(done, end - done);
            done = end + 1;
            const bool whole = line.starts_with("{\"media\":");  // an answer of one line
            ended = ended || whole || line.starts_with("{\"end\":");
            if (ended && !whole) continue;
            PATHLOOM_TRY(const bool remark, take_remark(file, line, limits));
            if (!remark) PATHLOOM_CHECK(take(line));
            deadline = std::chrono::steady_clock::now() + patience;  // an answer is a sign of progress, too
        }
        buffer.erase(0, done);
    }
    const int status = helper.wait();
    if (!ended) return fail(broke(file, status, limits));
    return {};
}

}  // namespace pathloom
