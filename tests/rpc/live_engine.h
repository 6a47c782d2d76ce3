// SPDX-License-Identifier: GPL-3.0-or-later
// A project with its engine process and local workers, for tests that kill, starve and damage them.
#pragma once

#include "tests/rpc/support.h"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pathloom::test {

/// Two domains a router can tell apart, `documents` in all, as .jsonl.
void write_two_domains(const std::filesystem::path& file, int documents = 160);

/// A 2x2 run over the corpus "two" (vocabulary 300) with tasks of about a second: long enough to be killed in the middle.
extern const char* const small_spec;

/// pathloomctl --json --project P ARGUMENTS...: its document; throws with its message when it fails.
nlohmann::json ctl_json(const std::filesystem::path& project, std::vector<std::string> arguments);

bool is_done(const v1::Event& event);

/// One engine process with local workers, and a client that follows its log.
class LiveEngine {
public:
    LiveEngine(const std::filesystem::path& project, int workers, const std::string& listen = "unix",
        const std::vector<std::string>& more = {});

    /// Read the log from where the last call ended until `seen` says true. False: the stream ended or a minute and a half has
    /// passed.
    bool follow(const std::function<bool(const v1::Event&)>& seen);

    [[nodiscard]] v1::Engine::Stub& stub() { return *m_stub; }
    [[nodiscard]] const Caller& caller() const { return m_caller; }
    [[nodiscard]] const std::string& address() const { return m_address; }
    [[nodiscard]] const std::shared_ptr<grpc::Channel>& channel() const { return m_channel; }
    [[nodiscard]] pid_t pid() const { return m_process.pid(); }
    [[nodiscard]] pid_t pid_of(std::int64_t worker) const { return m_pids.at(worker); }
    void kill();
    /// SIGTERM, and it must end with 0.
    void stop();
    void start_at(std::int64_t seq, std::map<std::int64_t, pid_t> pids);
    [[nodiscard]] std::int64_t next() const { return m_next; }
    int losses = 0;  ///< tasks lost so far

private:
    static std::vector<std::string> arguments(
        const std::filesystem::path& project, int workers, const std::string& listen, const std::vector<std::string>& more);
    Program m_process;
    std::string m_address;
    std::shared_ptr<grpc::Channel> m_channel;
    Caller m_caller;
    std::unique_ptr<v1::Engine::Stub> m_stub;
    std::map<std::int64_t, pid_t> m_pids;
    std::int64_t m_next = 1;
};

}  // namespace pathloom::test
