// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/rpc/live_engine.h"

#include "engine/core/files.h"

#include <nlohmann/json.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <random>

namespace pathloom::test {

void write_two_domains(const std::filesystem::path& file, int documents)
{
    std::mt19937 random(7);
    const std::vector<std::vector<std::string>> words
        = {{"loom", "thread", "warp", "weft", "cloth", "spin"}, {"path", "module", "level", "shard", "phase", "step"}};
    std::ofstream out(file);
    for (int document = 0; document < documents; ++document) {
        const auto& vocabulary = words[std::size_t(document % 2)];
        std::string text;
        for (int i = 0; i < 200; ++i) text += vocabulary[random() % vocabulary.size()] + (i % 9 == 8 ? ". " : " ");
        out << nlohmann::json{{"text", text}, {"domain", document % 2 == 0 ? "weaving" : "training"}}.dump() << "\n";
    }
}

const char* const small_spec = R"({"name":"chaos","seed":5,
  "model":{"vocabulary":300,"d_model":64,"heads":2,"head_dim":32,"blocks":["full","full"]},
  "topology":{"levels":[{"modules":2,"blocks":[0]},{"modules":2,"blocks":[1]}]},
  "routing":{"router":"kmeans","prefix":8},
  "data":{"corpus":"two","sequence":64,"batch":4},
  "training":{"warm_start_steps":20,"phases":3,"tau":60,"warmup_steps":5},
  "evaluation":{"valid_sequences":8,"every":1,"test_sequences":16}})";

nlohmann::json ctl_json(const std::filesystem::path& project, std::vector<std::string> arguments)
{
    for (const std::string& extra : {std::string("--json"), std::string("--project"), project.string()})
        arguments.push_back(extra);
    const auto result = run_program("pathloomctl", arguments);
    if (result.code != 0) throw std::runtime_error(arguments[0] + " " + arguments[1] + ": " + result.err);
    return nlohmann::json::parse(result.out);
}

bool is_done(const v1::Event& event)
{
    return event.has_run_state() && event.run_state().state() == v1::RUN_STATE_DONE;
}

std::vector<std::string> LiveEngine::arguments(
    const std::filesystem::path& project, int workers, const std::string& listen, const std::vector<std::string>& more)
{
    std::vector<std::string> all{"--project", project.string(), "--listen", listen, "--local-workers", std::to_string(workers),
        "--lease-ms", "4000", "--heartbeat-ms", "100"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

LiveEngine::LiveEngine(
    const std::filesystem::path& project, int workers, const std::string& listen, const std::vector<std::string>& more)
    : m_process("pathloom-engine", arguments(project, workers, listen, more))
{
    // The connection file appears once it serves; the call then waits for the socket.
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, m_process.pid(), 0)));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
        const auto connection = read_connection(project);
        if (connection && connection->pid == m_process.pid()) {
            m_address = connection->address;
            break;
        }
        pollfd watched{process.get(), POLLIN, 0};
        if (::poll(&watched, 1, 10) == 1) throw std::runtime_error("the engine ended: " + m_process.finish().err);
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the engine did not start");
    }
    m_channel = must(make_channel(m_address));
    m_caller = Caller(must(read_token(token_file(project, "operator"))));
    m_stub = v1::Engine::NewStub(m_channel);
    if (!m_channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30)))
        throw std::runtime_error("no connection");
}

bool LiveEngine::follow(const std::function<bool(const v1::Event&)>& seen)
{
    const auto context = m_caller.context(std::chrono::seconds(90));
    v1::WatchRequest request;
    request.set_from_seq(m_next);
    const auto reader = m_stub->Watch(context.get(), request);
    v1::WatchResponse response;
    while (reader->Read(&response)) {
        for (const v1::Event& event : response.events()) {
            EXPECT_EQ(event.seq(), m_next) << "the log has a gap";
            ++m_next;
            if (event.has_worker_joined()) m_pids[event.worker_joined().worker()] = pid_t(event.worker_joined().pid());
            if (event.has_task_lost()) ++losses;
            if (seen(event)) {
                context->TryCancel();
                return true;
            }
        }
    }
    return false;
}

void LiveEngine::kill()
{
    m_process.signal(SIGKILL);
    m_process.finish();
}

void LiveEngine::stop()
{
    m_process.signal(SIGTERM);
    EXPECT_EQ(m_process.finish().code, 0);
}

void LiveEngine::start_at(std::int64_t seq, std::map<std::int64_t, pid_t> pids)
{
    m_next = seq;
    m_pids = std::move(pids);
}

}  // namespace pathloom::test
