// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl as a process: exit codes, JSON, following a run, fetching an export.
#include "tests/rpc/support.h"

#include "engine/cli/proto_json.h"
#include "engine/cli/table.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"

#include <nlohmann/json.hpp>

#include <signal.h>

#include <algorithm>

namespace pathloom::test {
namespace {

/// An engine with one run whose log is a script.
class ScriptedEngine final : public v1::Engine::Service {
public:
    const TokenAuth* auth = nullptr;
    int protocol = protocol_version;
    std::vector<v1::Event> log;
    v1::Run run;  ///< what GetRun tells once `told_running` answers are used up
    int told_running = 0;
    bool hold_stream = false;  ///< Watch does not end by itself
    v1::ExportPathResponse exported;
    std::mutex mutex;
    std::condition_variable watched;
    bool watching = false;

    grpc::Status GetInfo(grpc::ServerContext* context, const v1::GetInfoRequest*, v1::EngineInfo* info) override
    {
        if (auto status = auth->check(*context, viewers); !status.ok()) return status;
        info->set_protocol(protocol);
        info->set_version("0.0.1");
        info->set_project("scripted");
        info->set_last_seq(log.empty() ? 0 : log.back().seq());
        return grpc::Status::OK;
    }
    grpc::Status StartRun(grpc::ServerContext* context, const v1::StartRunRequest* request, v1::Run* out) override
    {
        if (auto status = auth->check(*context, operators); !status.ok()) return status;
        for (const auto& set : request->set())
            if (set.find('=') == std::string::npos) return {grpc::StatusCode::INVALID_ARGUMENT, "'" + set + "' is not key=value"};
        *out = run;
        return grpc::Status::OK;
    }
    grpc::Status GetRun(grpc::ServerContext*, const v1::GetRunRequest* request, v1::Run* out) override
    {
        if (request->id() != run.id())
            return {grpc::StatusCode::NOT_FOUND, fmt::format("there is no run {}; see run list", request->id())};
        const std::lock_guard lock(mutex);
        *out = run;
        if (told_running > 0) {
            --told_running;
            out->set_state(v1::RUN_STATE_RUNNING);
        }
        return grpc::Status::OK;
    }
    grpc::Status Watch(
        grpc::ServerContext* context, const v1::WatchRequest* request, grpc::ServerWriter<v1::WatchResponse>* writer) override
    {
        for (const auto& event : log) {
            if (event.seq() < request->from_seq() || (request->run() != 0 && event.run() != request->run())) continue;
            v1::WatchResponse batch;
            *batch.add_events() = event;
            batch.set_last_seq(log.back().seq());
            writer->Write(batch);
        }
        std::unique_lock lock(mutex);
        watching = true;
        watched.notify_all();
        while (hold_stream && !context->IsCancelled()) watched.wait_for(lock, std::chrono::milliseconds(20));
        return grpc::Status::OK;
    }
    grpc::Status ExportPath(grpc::ServerContext*, const v1::ExportPathRequest*, v1::ExportPathResponse* out) override
    {
        *out = exported;
        return grpc::Status::OK;
    }
};

v1::Event state_event(std::int64_t seq, std::int64_t run, v1::RunState state)
{
    v1::Event event;
    event.set_seq(seq);
    event.set_run(run);
    event.mutable_run_state()->set_state(state);
    return event;
}

struct Ctl : testing::Test {
    ScriptedEngine service;
    TestEngine engine{&service};
    std::string token = engine.write_token(Role::Operator).string();

    Ctl()
    {
        service.auth = &engine.auth;
        service.run.set_id(3);
        service.run.set_state(v1::RUN_STATE_DONE);
        service.run.set_bytes_down(std::uint64_t(1) << 60);
        service.run.set_spec_json(R"({"seed":5})");
    }
    ProgramResult ctl(std::vector<std::string> arguments) { return run_program("pathloomctl", connected(std::move(arguments))); }
    std::vector<std::string> connected(std::vector<std::string> arguments)
    {
        for (const std::string& extra : {std::string("--engine"), engine.address(), std::string("--token-file"), token})
            arguments.push_back(extra);
        return arguments;
    }
};

bool one_line(const std::string& text)
{
    return !text.empty() && std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
}

TEST_F(Ctl, WrongUsageIsTwo)
{
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{}, {"run"}, {"run", "show"},
             {"run", "list", "--nonsense"}, {"run", "eval", "3", "--split", "train"}, {"run", "list"},
             {"run", "start", "--engine", "x:1", "--token-file", token}}) {
        const auto result = run_program("pathloomctl", arguments);
        EXPECT_EQ(result.code, 2) << result.err;
        EXPECT_TRUE(one_line(result.err)) << result.err;
    }
    const auto refused = ctl({"run", "start", "sample", "--set", "nonsense"});
    EXPECT_EQ(refused.code, 2);
    EXPECT_EQ(refused.err, "pathloomctl: 'nonsense' is not key=value\n");
}

TEST_F(Ctl, AnAbsentEngineIsThree)
{
    engine.stop();
    const auto result = ctl({"run", "list", "--json"});
    EXPECT_EQ(result.code, 3);
    EXPECT_TRUE(one_line(result.err)) << result.err;
    EXPECT_EQ(nlohmann::json::parse(result.out)["error"]["code"], "unreachable");
}

TEST_F(Ctl, AWrongTokenOrRoleIsFour)
{
    const auto viewer = engine.write_token(Role::Viewer);
    token = viewer.string();
    EXPECT_EQ(ctl({"engine", "info"}).code, 0);
    const auto role = ctl({"run", "start", "sample"});
    EXPECT_EQ(role.code, 4);
    EXPECT_NE(role.err.find("operator token"), std::string::npos) << role.err;
    must(write_private_file(viewer, std::string(64, 'f') + "\n"));
    EXPECT_EQ(ctl({"engine", "info"}).code, 4);
    EXPECT_EQ(run_program("pathloomctl", {"engine", "info", "--engine", engine.address()}).code, 4);
}

TEST_F(Ctl, AFailureIsOne)
{
    const auto result = ctl({"run", "show", "99"});
    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(result.err, "pathloomctl: there is no run 99; see run list\n");
    EXPECT_EQ(result.out, "");
    service.protocol = protocol_version + 1;
    EXPECT_EQ(ctl({"engine", "info"}).code, 1);
}

TEST_F(Ctl, JsonIsOneDocumentWithNumbersAsNumbers)
{
    const auto result = ctl({"--json", "run", "show", "3"});
    ASSERT_EQ(result.code, 0) << result.err;
    const auto document = nlohmann::json::parse(result.out);
    EXPECT_EQ(document["id"], 3);
    EXPECT_EQ(document["state"], "done");
    EXPECT_EQ(document["bytes_down"].get<std::uint64_t>(), std::uint64_t(1) << 60);
    EXPECT_EQ(document["spec"]["seed"], 5);
    EXPECT_EQ(document["phase"], 0) << "unset values are written, too";
    EXPECT_EQ(result.err, "");
}

TEST_F(Ctl, WatchReplaysAResumedRunToItsRealEnd)
{
    service.log = {state_event(1, 3, v1::RUN_STATE_RUNNING), state_event(2, 3, v1::RUN_STATE_STOPPED),
        state_event(3, 3, v1::RUN_STATE_RUNNING), state_event(4, 9, v1::RUN_STATE_RUNNING), state_event(5, 3, v1::RUN_STATE_DONE),
        state_event(6, 9, v1::RUN_STATE_DONE)};
    service.hold_stream = true;
    for (const int told_running : {0, 4}) {  // at rest from the start; coming to rest while it is watched
        service.told_running = told_running;
        const auto result = ctl({"run", "watch", "3", "--json"});
        ASSERT_EQ(result.code, 0) << result.err;
        std::vector<std::int64_t> seen;
        std::string last;
        std::istringstream lines(result.out);
        for (std::string line; std::getline(lines, line);) {
            const auto object = nlohmann::json::parse(line);
            last = object["event"];
            if (last == "run_state") seen.push_back(object["seq"]);
        }
        EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3, 5})) << told_running;
        EXPECT_EQ(last, "summary");
    }
    const auto tail = ctl({"run", "watch", "3", "--json", "--from-seq", "5"});
    EXPECT_EQ(std::count(tail.out.begin(), tail.out.end(), '\n'), 2) << tail.out;
}

TEST_F(Ctl, CtrlCEndsTheWaitNotTheRun)
{
    service.run.set_state(v1::RUN_STATE_RUNNING);
    service.hold_stream = true;
    Program program("pathloomctl", connected({"run", "start", "sample", "--wait"}));
    {
        std::unique_lock lock(service.mutex);
        ASSERT_TRUE(service.watched.wait_for(lock, std::chrono::seconds(20), [&] { return service.watching; }));
    }
    program.signal(SIGINT);
    const auto result = program.finish();
    EXPECT_EQ(result.code, 1);
    EXPECT_NE(result.err.find("run 3 goes on"), std::string::npos) << result.err;
}

TEST_F(Ctl, ExportFetchesAndChecksBlobs)
{
    const std::string model = noise(2'500'000, 1);
    auto* file = service.exported.add_files();
    file->set_name("model.safetensors");
    file->set_hash(must(engine.store.put(as_bytes(model))));
    file = service.exported.add_files();
    file->set_name("config.json");
    file->set_content("{}");
    file->set_hash(sha256_hex(std::string_view("{}")));
    const auto out = engine.folder / "out";
    const auto result = ctl({"export", "path", "3", "0", "--out", out.string(), "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(must(read_file(out / "model.safetensors")), model);
    EXPECT_EQ(must(read_file(out / "config.json")), "{}");
    EXPECT_EQ(nlohmann::json::parse(result.out)["files"][0]["bytes"], model.size());

    service.exported.mutable_files(1)->set_name("../config.json");
    EXPECT_EQ(ctl({"export", "path", "3", "0", "--out", (engine.folder / "other").string()}).code, 1);
    EXPECT_FALSE(std::filesystem::exists(engine.folder / "config.json"));
}

TEST(Json, EventsKeepFieldNamesAndShortFloats)
{
    v1::Event event;
    event.set_seq(9);
    event.mutable_train_points()->add_losses(0.1F);
    event.mutable_train_points()->set_step_begin(std::int64_t(1) << 40);
    EXPECT_EQ(to_json(event).dump(),
        R"({"run":0,"seq":9,"time_ms":0,"train_points":{"losses":[0.1],"path":0,"phase":0,"stage":"","step_begin":1099511627776}})");
}

TEST(Text, TablesAlignAndUnitsRound)
{
    Table table({"NAME", "TOKENS"});
    table.add({"a", "5"});
    table.add({"größe", "12,345"});
    EXPECT_EQ(table.text(), "NAME   TOKENS\na           5\ngröße  12,345\n");
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(1500), "1.5 kB");
    EXPECT_EQ(human_bytes(999'999), "1.0 MB");
    EXPECT_EQ(human_count(-1234567), "-1,234,567");
    EXPECT_EQ(human_count(-123), "-123");
    EXPECT_EQ(human_count(0), "0");
}

}  // namespace
}  // namespace pathloom::test
