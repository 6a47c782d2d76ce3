// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/corpus/document_reader.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/corpus/text.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>

extern char** environ;

namespace pathloom {

namespace fs = std::filesystem;

namespace {

std::string extension_of(const fs::path& file)
{
    std::string out = file.extension().string();
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return out;
}

Result<DocumentText> read_plain(const fs::path& file)
{
    PATHLOOM_TRY(std::string bytes, read_file(file));
    if (const auto why = why_not_text(bytes)) return fail(ErrorCode::Usage, "{} is no text ({})", file.string(), *why);
    DocumentText out;
    out.text = normalised(std::move(bytes));
    if (std::ranges::all_of(out.text, is_blank))
        return fail(ErrorCode::Usage, "{} is empty; give a document with some text", file.string());
    return out;
}

/// The helper; killed and reaped when it goes out of scope.
class Helper {
public:
    static Result<Helper> start(const fs::path& program, const fs::path& file, const ReadLimits& limits)
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            return fail(ErrorCode::Failed, "cannot make a pipe for pathloom-read: {}", std::strerror(errno));
        UniqueFd from(ends[0]), to(ends[1]);
        std::array<std::string, 6> words{program.string(), file.string(), "--memory-mb", std::to_string(limits.memory_mb),
            "--seconds", std::to_string(limits.seconds)};
        if (words[1].starts_with('-')) words[1] = "./" + words[1];
        std::array<char*, 7> argv{};
        for (std::size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
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

/// One line of the helper: a segment into `out`, or the end, or an error.
Result<bool> take_line(const fs::path& file, std::string_view line, DocumentText& out)
{
    if (line.starts_with("{\"end\":")) return true;
    if (line.starts_with("{\"code\":")) {
        const auto said = nlohmann::json::parse(line, nullptr, false);
        if (said.is_object() && said.contains("error") && said["error"].is_string() && said["code"].is_number_integer())
            return fail(Error{ErrorCode(said["code"].get<int>()), file.string() + " " + said["error"].get<std::string>()});
    }
    auto segment = parse_segment(line);
    if (!segment) return fail(ErrorCode::Corrupt, "{}: {}", file.string(), segment.error().message);
    out.add(std::move(*segment));
    return false;
}

Result<DocumentText> read_through_helper(const fs::path& file, const ReadLimits& limits)
{
    fs::path program = limits.program;
    if (program.empty()) {
        const auto found = sibling_program("pathloom-read");
        if (!found)
            return fail(
                ErrorCode::NotFound, "{} needs pathloom-read, which is not installed; give plain text (.txt)", file.string());
        program = *found;
    }
    PATHLOOM_TRY(Helper helper, Helper::start(program, file, limits));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2 * limits.seconds);
    DocumentText out;
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
            PATHLOOM_TRY(const bool last, take_line(file, std::string_view(buffer).substr(done, end - done), out));
            ended = ended || last;
            done = end + 1;
        }
        buffer.erase(0, done);
    }
    const int status = helper.wait();
    if (!ended) return fail(broke(file, status, limits));
    if (std::ranges::all_of(out.text, is_blank)) return fail(ErrorCode::Usage, "{} has no text", file.string());
    return out;
}

Result<void> add_folder(const fs::path& folder, std::vector<fs::path>& out)
{
    std::error_code error;
    std::vector<fs::path> files;
    fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
        std::error_code unknown;
        if (walk->path().filename().string().starts_with('.'))
            walk.disable_recursion_pending();
        else if (walk->is_regular_file(unknown))
            files.push_back(walk->path());
    }
    if (error) return fail(ErrorCode::Failed, "cannot read the folder {}: {}", folder.string(), error.message());
    if (files.empty()) return fail(ErrorCode::Usage, "the folder {} holds no files", folder.string());
    std::ranges::sort(files);
    out.insert(out.end(), files.begin(), files.end());
    return {};
}

}  // namespace

Result<DocumentText> read_document(const fs::path& file, const ReadLimits& limits)
{
    const std::string extension = extension_of(file);
    std::error_code error;
    if (fs::is_directory(file, error)) return fail(ErrorCode::Usage, "{} is a folder; name a file", file.string());
    if (extension.empty() || extension == ".txt" || !fs::exists(file, error)) return read_plain(file);
    return read_through_helper(file, limits);
}

Result<std::vector<fs::path>> document_files(const std::vector<fs::path>& paths)
{
    std::vector<fs::path> found, out;
    for (const fs::path& path : paths) {
        std::error_code error;
        if (fs::is_directory(path, error)) {
            PATHLOOM_CHECK(add_folder(path, found));
        } else {
            found.push_back(path);
        }
    }
    std::set<std::string> seen;
    for (fs::path& file : found) {
        std::error_code error;
        if (seen.insert(fs::weakly_canonical(file, error).string()).second) out.push_back(std::move(file));
    }
    return out;
}

}  // namespace pathloom
