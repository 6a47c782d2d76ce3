// SPDX-License-Identifier: GPL-3.0-or-later
// Servers and processes for the tests of this room.
#include "tests/rpc/support.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>

extern char** environ;

namespace pathloom::test {

TempFolder::TempFolder()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "pathloom-rpc-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    m_path = pattern;
}

TempFolder::~TempFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

std::string noise(std::size_t size, std::uint64_t seed)
{
    std::mt19937_64 random(seed);
    std::string bytes(size, '\0');
    for (char& c : bytes) c = char(random() & 0xFF);
    return bytes;
}

std::span<const std::byte> as_bytes(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

#define REQUIRE_WORKER()                                                                                                         \
    if (auto status = m_auth.check(*context, workers_only); !status.ok()) return status

grpc::Status ScriptedWorkers::Register(
    grpc::ServerContext* context, const v1::RegisterRequest* request, v1::RegisterResponse* response)
{
    REQUIRE_WORKER();
    const std::lock_guard lock(mutex);
    if (request->protocol() != protocol)
        return {grpc::StatusCode::FAILED_PRECONDITION,
            fmt::format("this engine speaks protocol {}, the worker {}", protocol, request->protocol())};
    registered.push_back(*request);
    response->set_worker(7);
    response->set_heartbeat_ms(heartbeat_ms);
    changed.notify_all();
    return grpc::Status::OK;
}

grpc::Status ScriptedWorkers::Lease(grpc::ServerContext* context, const v1::LeaseRequest* request, v1::LeaseResponse* response)
{
    REQUIRE_WORKER();
    std::unique_lock lock(mutex);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(request->wait_ms());
    if (request->ahead()) {
        while (m_tasks.empty() && !m_draining && !context->IsCancelled() && std::chrono::steady_clock::now() < end)
            changed.wait_for(lock, std::chrono::milliseconds(20));
        if (context->IsCancelled()) return grpc::Status::CANCELLED;
        if (m_tasks.empty()) return grpc::Status::OK;
        *response->mutable_task() = m_tasks.front();
        response->mutable_task()->set_fence(0);
        return grpc::Status::OK;
    }
    leases.push_back(*request);
    changed.notify_all();
    while (m_tasks.empty() && !m_draining && !context->IsCancelled() && std::chrono::steady_clock::now() < end)
        changed.wait_for(lock, std::chrono::milliseconds(20));
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    if (!m_tasks.empty()) {
        *response->mutable_task() = m_tasks.front();
        m_tasks.pop_front();
    } else {
        response->set_leave(m_draining);
    }
    return grpc::Status::OK;
}

grpc::Status ScriptedWorkers::Heartbeat(
    grpc::ServerContext* context, const v1::HeartbeatRequest* request, v1::HeartbeatResponse* response)
{
    REQUIRE_WORKER();
    const std::lock_guard lock(mutex);
    heartbeats.push_back(*request);
    response->set_abandon(abandon && !request->task().empty());
    for (const auto& also : request->also())
        if (abandon) response->add_abandon_also(also.task());
    response->set_unknown_worker(std::exchange(forget_worker, false));
    changed.notify_all();
    return grpc::Status::OK;
}

grpc::Status ScriptedWorkers::Commit(grpc::ServerContext* context, const v1::CommitRequest* request, v1::CommitResponse* response)
{
    REQUIRE_WORKER();
    std::unique_lock lock(mutex);
    commits.push_back(*request);
    counted[fmt::format("{}#{}", request->task(), request->fence())] = request->result();
    response->set_accepted(true);
    changed.notify_all();
    while (block_commits && !context->IsCancelled()) changed.wait_for(lock, std::chrono::milliseconds(20));
    return grpc::Status::OK;
}

grpc::Status ScriptedWorkers::Fail(grpc::ServerContext* context, const v1::FailRequest* request, v1::FailResponse*)
{
    REQUIRE_WORKER();
    change([&] { fails.push_back(*request); });
    return grpc::Status::OK;
}

grpc::Status ScriptedWorkers::Leave(grpc::ServerContext* context, const v1::LeaveRequest* request, v1::LeaveResponse*)
{
    REQUIRE_WORKER();
    change([&] { leaves.push_back(*request); });
    return grpc::Status::OK;
}

void ScriptedWorkers::publish(const v1::Task& task)
{
    change([&] { m_tasks.push_back(task); });
}

void ScriptedWorkers::retract()
{
    change([&] { m_tasks.pop_front(); });
}

void ScriptedWorkers::drain()
{
    change([&] { m_draining = true; });
}

bool ScriptedWorkers::wait(const std::function<bool()>& condition)
{
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), condition);
}

TestEngine::TestEngine(grpc::Service* extra)
    : auth(must(TokenAuth::create()))
    , store(must(BlobStore::open(folder / "blobs")))
    , blobs(store, auth,
          [this](const BlobTraffic& one) {
              const std::lock_guard lock(traffic_mutex);
              traffic.push_back(one);
          })
    , workers(auth)
    , m_extra(extra)
{
    start();
}

TestEngine::~TestEngine()
{
    stop();
}

void TestEngine::start()
{
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address(), grpc::InsecureServerCredentials());
    builder.RegisterService(&blobs);
    builder.RegisterService(&workers);
    if (m_extra != nullptr) builder.RegisterService(m_extra);
    m_server = builder.BuildAndStart();
    if (!m_server) throw std::runtime_error("cannot listen");
}

void TestEngine::stop()
{
    if (!m_server) return;
    m_server->Shutdown(std::chrono::system_clock::now());
    m_server->Wait();
    m_server.reset();
}

std::filesystem::path TestEngine::write_token(Role role)
{
    const auto file = folder / (role_name(role) + ".token");
    must(write_private_file(file, auth.token(role) + "\n"));
    return file;
}

Program::Program(const std::string& name, std::vector<std::string> arguments)
{
    const std::string program = must(sibling_program(name)).string();
    arguments.insert(arguments.begin(), program);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (m_folder / "out").c_str(), O_CREAT | O_WRONLY, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (m_folder / "err").c_str(), O_CREAT | O_WRONLY, 0600);
    const int error = ::posix_spawn(&m_pid, program.c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("cannot start " + program);
}

Program::~Program()
{
    if (m_pid <= 0) return;
    ::kill(m_pid, SIGKILL);
    ::waitpid(m_pid, nullptr, 0);
}

void Program::signal(int number) const
{
    ::kill(m_pid, number);
}

ProgramResult Program::finish()
{
    ProgramResult result;
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, m_pid, 0)));
    pollfd watched{process.get(), POLLIN, 0};
    if (::poll(&watched, 1, 60'000) != 1) {
        result.err = "still running after 60 s";
        return result;
    }
    int status = 0;
    ::waitpid(m_pid, &status, 0);
    m_pid = -1;
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.out = must(read_file(m_folder / "out"));
    result.err = must(read_file(m_folder / "err"));
    return result;
}

ProgramResult run_program(const std::string& name, std::vector<std::string> arguments)
{
    return Program(name, std::move(arguments)).finish();
}

bool program_exists(const std::string& name)
{
    return sibling_program(name).has_value();
}

}  // namespace pathloom::test
