// SPDX-License-Identifier: GPL-3.0-or-later
// Real servers on real sockets for the tests of this room, and real processes.
#pragma once

#include "engine/core/rpc.h"
#include "engine/server/auth.h"
#include "engine/server/blob_service.h"
#include "engine/store/blobs.h"
#include "pathloom/v1/engine.grpc.pb.h"
#include "pathloom/v1/workers.grpc.pb.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pathloom::test {

/// One bit in the middle of a file.
inline void flip_a_bit(const std::filesystem::path& file)
{
    const auto middle = std::streamoff(std::filesystem::file_size(file) / 2);
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(middle);
    const char byte = char(stream.get() ^ 4);
    stream.seekp(middle);
    stream.put(byte);
    ASSERT_TRUE(stream.flush().good()) << file;
}

/// A folder that goes away.
class TempFolder {
public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }
    std::filesystem::path operator/(const std::string& name) const { return m_path / name; }

private:
    std::filesystem::path m_path;
};

/// Deterministic bytes that do not compress to a pattern.
std::string noise(std::size_t size, std::uint64_t seed);
std::span<const std::byte> as_bytes(const std::string& text);
/// Value or a test failure that shows the message.
template <class T>
T must(Result<T> result)
{
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}
inline void must(const Result<void>& result)
{
    if (!result) throw std::runtime_error(result.error().message);
}

/// The engine's side of the worker protocol, as a script.
class ScriptedWorkers final : public v1::Workers::Service {
public:
    explicit ScriptedWorkers(const TokenAuth& auth)
        : m_auth(auth)
    {
    }
    grpc::Status Register(grpc::ServerContext*, const v1::RegisterRequest*, v1::RegisterResponse*) override;
    grpc::Status Lease(grpc::ServerContext*, const v1::LeaseRequest*, v1::LeaseResponse*) override;
    grpc::Status Heartbeat(grpc::ServerContext*, const v1::HeartbeatRequest*, v1::HeartbeatResponse*) override;
    grpc::Status Commit(grpc::ServerContext*, const v1::CommitRequest*, v1::CommitResponse*) override;
    grpc::Status Fail(grpc::ServerContext*, const v1::FailRequest*, v1::FailResponse*) override;
    grpc::Status Leave(grpc::ServerContext*, const v1::LeaveRequest*, v1::LeaveResponse*) override;

    void publish(const v1::Task& task);
    void drain();
    /// Takes the task published first back.
    void retract();
    /// Wait until `condition` holds (checked under the lock after every call); false after 20 s.
    bool wait(const std::function<bool()>& condition);
    template <class Change>
    void change(Change change)
    {
        const std::lock_guard lock(mutex);
        change();
        changed.notify_all();
    }

    // Read and written under `mutex`.
    std::mutex mutex;
    std::condition_variable changed;
    int protocol = protocol_version;
    std::int64_t heartbeat_ms = 20;
    bool block_commits = false;  ///< a commit is noted, but its answer waits: the connection is to drop first
    bool abandon = false;
    bool forget_worker = false;  ///< answer the next heartbeat with unknown_worker
    std::vector<v1::RegisterRequest> registered;
    std::vector<v1::HeartbeatRequest> heartbeats;
    std::vector<v1::LeaseRequest> leases;  ///< every attempt, looks ahead apart
    std::vector<v1::CommitRequest> commits;  ///< every attempt
    std::map<std::string, v1::TaskResult> counted;  ///< (task, fence) once
    std::vector<v1::FailRequest> fails;
    std::vector<v1::LeaveRequest> leaves;

private:
    const TokenAuth& m_auth;
    std::deque<v1::Task> m_tasks;
    bool m_draining = false;
};

/// A server with blobs and scripted workers; the socket can go down and come back.
class TestEngine {
public:
    explicit TestEngine(grpc::Service* extra = nullptr);
    ~TestEngine();
    void start();
    void stop();
    [[nodiscard]] std::string address() const { return "unix:" + (folder / "socket").string(); }
    [[nodiscard]] std::string token(Role role) const { return auth.token(role); }
    std::filesystem::path write_token(Role role);

    TempFolder folder;
    TokenAuth auth;
    BlobStore store;
    std::mutex traffic_mutex;
    std::vector<BlobTraffic> traffic;
    BlobService blobs;
    ScriptedWorkers workers;

private:
    grpc::Service* m_extra;
    std::unique_ptr<grpc::Server> m_server;
};

struct ProgramResult {
    int code = -1;  ///< exit code, or 128 + signal
    std::string out;
    std::string err;
};
/// A program of this build with its output in files; killed when the object dies.
class Program {
public:
    Program(const std::string& name, std::vector<std::string> arguments);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    [[nodiscard]] pid_t pid() const { return m_pid; }
    void signal(int number) const;
    /// Wait for its end, at most 60 s.
    ProgramResult finish();

private:
    TempFolder m_folder;
    pid_t m_pid = -1;
};
ProgramResult run_program(const std::string& name, std::vector<std::string> arguments);
[[nodiscard]] bool program_exists(const std::string& name);

}  // namespace pathloom::test
