// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/helper_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace pathloom {

namespace {

class Fd {
public:
    explicit Fd(int fd = -1)
        : m_fd(fd)
    {
    }
    ~Fd() { reset(); }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    void reset()
    {
        if (m_fd >= 0) ::close(m_fd);
        m_fd = -1;
    }
    void take(int fd)
    {
        reset();
        m_fd = fd;
    }
    [[nodiscard]] int get() const { return m_fd; }

private:
    int m_fd;
};

/// The helper's process; killed and reaped when it goes out of scope.
class Child {
public:
    explicit Child(pid_t pid)
        : m_pid(pid)
    {
    }
    ~Child()
    {
        if (m_pid <= 0) return;
        ::kill(m_pid, SIGKILL);
        wait();
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    int wait()
    {
        int status = 0;
        while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) { }
        m_pid = 0;
        return status;
    }
    [[nodiscard]] pid_t pid() const { return m_pid; }

private:
    pid_t m_pid;
};

}  // namespace

Result<int> run_helper(const HelperRequest& request, const std::function<bool(const nlohmann::json&)>& said)
{
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0)
        return fail(ErrorCode::Failed, "cannot make a pipe for the {}: {}", request.what, std::strerror(errno));
    Fd child_in(in[0]);
    Fd to_child(in[1]);
    if (::pipe2(out.data(), O_CLOEXEC) != 0)
        return fail(ErrorCode::Failed, "cannot make a pipe for the {}: {}", request.what, std::strerror(errno));
    Fd from_child(out[0]);
    Fd child_out(out[1]);

    std::vector<std::string> words{request.program.string()};
    words.insert(words.end(), request.arguments.begin(), request.arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, words[0].c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return fail(ErrorCode::Failed, "cannot start {}: {}; is it installed beside the engine?", words[0], std::strerror(error));
    Child child(pid);
    child_in.reset();
    child_out.reset();
    if (request.memory_limit > 0) {
        const rlimit limit{request.memory_limit, request.memory_limit};
        ::prlimit(pid, RLIMIT_AS, &limit, nullptr);
    }

    const std::string line = request.line + "\n";
    for (std::size_t written = 0; written < line.size();) {
        const ssize_t n = ::write(to_child.get(), line.data() + written, line.size() - written);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;  // it died; the reading side finds out why
        written += std::size_t(n);
    }
    to_child.reset();

    std::string buffer;
    std::array<char, 1 << 16> chunk{};
    for (;;) {
        const ssize_t n = ::read(from_child.get(), chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        buffer.append(chunk.data(), std::size_t(n));
        for (std::size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
            const auto object = nlohmann::json::parse(buffer.substr(0, end), nullptr, false);
            buffer.erase(0, end + 1);
            if (object.is_object() && !said(object)) return fail(ErrorCode::Cancelled, "the {} was stopped", request.what);
        }
    }
    return child.wait();
}

Error helper_ended(const HelperRequest& request, int status, const std::string& remedy)
{
    if (WIFSIGNALED(status))
        return {ErrorCode::Failed,
            fmt::format(
                "the {} was ended by signal {} ({}){}", request.what, WTERMSIG(status), ::strsignal(WTERMSIG(status)), remedy)};
    return {ErrorCode::Failed,
        fmt::format("the {} ended with code {} and no result; see the engine's log", request.what, WEXITSTATUS(status))};
}

}  // namespace pathloom
