// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/endpoint.h"

#include "engine/core/files.h"
#include "engine/core/one_line.h"
#include "engine/core/resources.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

extern char** environ;

namespace pathloom {

namespace {

using nlohmann::json;
constexpr int spare_seconds = 20;  // beyond the server's time: the keyring, the plugin
constexpr std::size_t longest_line = std::size_t(64) << 20;

}  // namespace

struct Endpoint::Impl {
    EndpointOptions options;
    std::int64_t used = 0;
    pid_t pid = 0;
    UniqueFd to, from;
    std::string buffer;

    ~Impl() { end(); }
    void end()
    {
        to = UniqueFd();
        from = UniqueFd();
        buffer.clear();
        if (pid <= 0) return;
        ::kill(pid, SIGKILL);  // it keeps nothing
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) { }
        pid = 0;
    }

    Result<void> start()
    {
        if (pid > 0) return {};
        PATHLOOM_TRY(const std::filesystem::path program, sibling_program("pathloom-endpoint"));
        std::array<int, 2> in{}, out{};
        if (::pipe2(in.data(), O_CLOEXEC) != 0) return fail(ErrorCode::Failed, "cannot make a pipe: {}", std::strerror(errno));
        UniqueFd in_read(in[0]);
        to = UniqueFd(in[1]);
        if (::pipe2(out.data(), O_CLOEXEC) != 0) return fail(ErrorCode::Failed, "cannot make a pipe: {}", std::strerror(errno));
        from = UniqueFd(out[0]);
        UniqueFd out_write(out[1]);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in_read.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, out_write.get(), STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);  // what libraries mutter
        std::string word = program.string();
        std::array<char*, 2> argv{word.data(), nullptr};
        const int error = posix_spawn(&pid, word.c_str(), &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (error == 0) return {};
        pid = 0;
        return fail(ErrorCode::Failed, "cannot start {}: {}; reinstall Pathloom", word, std::strerror(error));
    }

    /// The whole line or nothing; the helper may have died, which must not kill us too.
    bool write_line(const std::string& line) const
    {
        struct sigaction quiet {
        }, before{};
        quiet.sa_handler = SIG_IGN;
        ::sigaction(SIGPIPE, &quiet, &before);
        std::size_t done = 0;
        while (done < line.size()) {
            const ssize_t n = ::write(to.get(), line.data() + done, line.size() - done);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) break;
            done += std::size_t(n);
        }
        ::sigaction(SIGPIPE, &before, nullptr);
        return done == line.size();
    }

    bool read_line(std::string& line)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_seconds + spare_seconds);
        std::array<char, 65536> piece{};
        for (std::size_t end = buffer.find('\n'); end == std::string::npos; end = buffer.find('\n')) {
            const auto left
                = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
            pollfd ready{from.get(), POLLIN, 0};
            if (left <= 0 || buffer.size() > longest_line) return false;
            if (::poll(&ready, 1, int(left)) <= 0) continue;
            const ssize_t n = ::read(from.get(), piece.data(), piece.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            buffer.append(piece.data(), std::size_t(n));
        }
        const std::size_t end = buffer.find('\n');
        line = buffer.substr(0, end);
        buffer.erase(0, end + 1);
        return true;
    }

    Result<json> ask_once(const std::string& request)
    {
        PATHLOOM_CHECK(start());
        std::string line;
        if (!write_line(request) || !read_line(line)) {
            end();
            return fail(ErrorCode::Failed, "pathloom-endpoint stopped while {} was asked; try again", options.base_url);
        }
        json reply = json::parse(line, nullptr, false);
        if (!reply.is_object() || !reply.contains("kind") || !reply["kind"].is_string() || !reply.contains("text")
            || !reply["text"].is_string()) {
            end();
            return fail(ErrorCode::Corrupt, "pathloom-endpoint gave no reply that can be read; reinstall Pathloom");
        }
        return reply;
    }

    Result<json> ask(const std::string& request)
    {
        for (int attempt = 0;; ++attempt) {
            PATHLOOM_TRY(json reply, ask_once(request));
            if (reply["kind"] != "again" || attempt >= options.retries) return reply;
            const auto after = std::clamp<std::int64_t>(reply.value("retry_after", std::int64_t(0)), 0, 60);
            const std::int64_t wait = after > 0 ? after * 1000 : std::int64_t(options.first_wait_ms) << attempt;
            ::poll(nullptr, 0, int(wait));
        }
    }
};

Endpoint::Endpoint(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}
Endpoint::Endpoint(Endpoint&&) noexcept = default;
Endpoint& Endpoint::operator=(Endpoint&&) noexcept = default;
Endpoint::~Endpoint() = default;

std::int64_t Endpoint::tokens_used() const
{
    return m_impl->used;
}

Result<Endpoint> Endpoint::create(const EndpointOptions& options)
{
    if (!options.base_url.starts_with("http://") && !options.base_url.starts_with("https://"))
        return fail(
            ErrorCode::Usage, "the endpoint baseline needs --endpoint http://HOST/v1 (or https), got '{}'", options.base_url);
    if (options.model.empty()) return fail(ErrorCode::Usage, "the endpoint baseline needs --endpoint-model NAME");
    PATHLOOM_CHECK(sibling_program("pathloom-endpoint"));
    auto impl = std::make_unique<Impl>();
    impl->options = options;
    return Endpoint(std::move(impl));
}

std::string endpoint_prompt(const std::string& context, const std::string& question, const std::string& answer_prefix)
{
    return "<context>\n" + context + "\n</context>\n" + question
        + " Don't give information outside the document or repeat your findings"
        + (answer_prefix.empty() ? std::string() : "\n" + answer_prefix);
}

Result<std::optional<Answer>> Endpoint::answer(
    const std::string& context, const std::string& question, const std::string& answer_prefix, int max_tokens)
{
    return chat(endpoint_prompt(context, question, answer_prefix), max_tokens);
}

Result<std::optional<Answer>> Endpoint::chat(const std::string& prompt, int max_tokens)
{
    Impl& m = *m_impl;
    const auto guess = std::int64_t(prompt.size() / 4) + max_tokens;
    if (m.used + guess > m.options.token_budget) return std::nullopt;
    const json request{{"kind", m.options.kind}, {"url", m.options.base_url}, {"model", m.options.model}, {"prompt", prompt},
        {"max_tokens", max_tokens}, {"timeout", m.options.timeout_seconds}};
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const json reply, m.ask(request.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"));
    const auto kind = reply["kind"].get<std::string>(), text = reply["text"].get<std::string>();
    if (kind == "key_refused") {
        const std::string sent = reply.value("key", std::string("none"));
        const std::string why = reply.value("key_problem", std::string());
        return fail(ErrorCode::Unauthorised,
            "{} refuses the key of the {} ({}); set PATHLOOM_ENDPOINT_KEY, or keep another in the "
            "app's endpoint settings{}",
            m.options.base_url, sent == "none" ? "caller, who sent none" : sent, one_line(text),
            why.empty() ? "" : "; " + one_line(why));
    }
    if (kind == "again" && !reply.value("connected", true))
        return fail(ErrorCode::Unreachable, "{} does not answer: {}; is it running, and is the address right?",
            m.options.base_url, one_line(text));
    if (kind != "answered") return fail(ErrorCode::Failed, "{} answers with {}", m.options.base_url, one_line(text));
    const auto tokens = reply.value("tokens", std::int64_t(-1));
    m.used += tokens >= 0 ? tokens : guess;
    Answer answer;
    answer.text = text;
    answer.seconds = answer.seconds_first = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return answer;
}

}  // namespace pathloom
