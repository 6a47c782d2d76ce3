// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl engine, preset, workers.
#include "engine/cli/proto_json.h"
#include "engine/cli/shell.h"
#include "engine/cli/table.h"

#include <fmt/format.h>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;

Result<void> engine_info(Shell& shell)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    const auto& info = session->info();
    Facts facts;
    facts.add("project", fmt::format("{} ({})", info.project(), info.project_path()));
    facts.add("version", fmt::format("{}, protocol {}", info.version(), info.protocol()));
    facts.add("workers", std::to_string(info.workers()));
    std::string devices;
    for (const auto& device : info.devices()) devices += (devices.empty() ? "" : ", ") + device;
    facts.add("devices", fmt::format("{} ({}, {} cores)", devices, info.isa(), info.cores()));
    facts.add("events", human_count(info.last_seq()));
    facts.add("process", std::to_string(info.pid()));
    shell.print(to_json(info), facts.text());
    return {};
}

Result<void> engine_stop(Shell& shell)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    if (!session->is_private()) {
        PATHLOOM_CHECK(session->call(&Stub::Shutdown, v1::ShutdownRequest()));
    }
    shell.print({{"stopped", true}}, "stopped\n");
    return {};
}

Result<void> preset_list(Shell& shell)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    PATHLOOM_TRY(const auto list, session->call(&Stub::ListPresets, v1::ListPresetsRequest()));
    Table table({"NAME", "TITLE", "DESCRIPTION"});
    for (const auto& preset : list.presets()) table.add({preset.name(), preset.title(), preset.description()});
    shell.print(to_json(list), table.text());
    return {};
}

Result<void> preset_show(Shell& shell, const std::string& name)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    PATHLOOM_TRY(const auto list, session->call(&Stub::ListPresets, v1::ListPresetsRequest()));
    for (const auto& preset : list.presets()) {
        if (preset.name() != name) continue;
        const auto document = to_json(preset);
        const std::string spec = document["spec"].dump(2);
        shell.print(document, fmt::format("{}\n{}\n\n{}\n", preset.title(), preset.description(), spec));
        return {};
    }
    return fail(ErrorCode::NotFound, "no preset named '{}'; see preset list", name);
}

void print_workers(const Shell& shell, const v1::ListWorkersResponse& list)
{
    Table table({"ID", "NAME", "HOST", "PID", "STATE", "TASK", "DONE", "LOST", "TOKENS/S", "DOWN", "UP", "HEARTBEAT", "ISA"});
    for (const auto& w : list.workers())
        table.add({std::to_string(w.id()), w.name(), w.host(), std::to_string(w.pid()), w.state(), w.task(),
            std::to_string(w.tasks_done()), std::to_string(w.tasks_lost()), fmt::format("{:.0f}", w.tokens_per_second()),
            human_bytes(w.bytes_down()), human_bytes(w.bytes_up()), fmt::format("{} ms", w.heartbeat_age_ms()), w.isa()});
    shell.print(to_json(list), table.empty() ? "no workers\n" : table.text());
}

Result<void> workers_list(Shell& shell)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    PATHLOOM_TRY(const auto list, session->call(&Stub::ListWorkers, v1::ListWorkersRequest()));
    print_workers(shell, list);
    return {};
}

template <class Method>
Result<void> workers_end(Shell& shell, Method method, std::int64_t id)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::WorkerRequest request;
    request.set_worker(id);
    PATHLOOM_TRY(const v1::ListWorkersResponse list, session->call(method, request));
    print_workers(shell, list);
    return {};
}

Result<void> workers_set(Shell& shell, int count)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::SetLocalWorkersRequest request;
    request.set_count(count);
    PATHLOOM_TRY(const auto list, session->call(&Stub::SetLocalWorkers, request));
    print_workers(shell, list);
    return {};
}

}  // namespace

void add_engine_verbs(CLI::App& app, Shell& shell)
{
    auto* engine = app.add_subcommand("engine", "The engine itself")->require_subcommand(1);
    on_parsed(
        engine->add_subcommand("info", "Version, project, workers, devices"), shell, [&shell] { return engine_info(shell); });
    on_parsed(engine->add_subcommand("stop", "Shut it down in order"), shell, [&shell] { return engine_stop(shell); });

    auto* preset = app.add_subcommand("preset", "Recipes that come with Pathloom")->require_subcommand(1);
    on_parsed(preset->add_subcommand("list", "All of them"), shell, [&shell] { return preset_list(shell); });
    auto* show = preset->add_subcommand("show", "One, with its whole spec");
    auto name = std::make_shared<std::string>();
    show->add_option("NAME", *name, "Preset")->required();
    on_parsed(show, shell, [&shell, name] { return preset_show(shell, *name); });

    auto* workers = app.add_subcommand("workers", "Who trains")->require_subcommand(1);
    on_parsed(workers->add_subcommand("list", "All of them"), shell, [&shell] { return workers_list(shell); });
    auto id = std::make_shared<std::int64_t>(0);
    auto* kill = workers->add_subcommand("kill", "End a worker at once; its task goes to another one");
    kill->add_option("WORKER", *id, "Worker id")->required();
    on_parsed(kill, shell, [&shell, id] { return workers_end(shell, &Stub::KillWorker, *id); });
    auto* drain = workers->add_subcommand("drain", "Let a worker finish its task, then leave");
    drain->add_option("WORKER", *id, "Worker id")->required();
    on_parsed(drain, shell, [&shell, id] { return workers_end(shell, &Stub::DrainWorker, *id); });
    auto count = std::make_shared<int>(0);
    auto* set = workers->add_subcommand("set", "How many local workers the engine keeps");
    set->add_option("COUNT", *count, "Number")->required()->check(CLI::Range(0, 1024));
    on_parsed(set, shell, [&shell, count] { return workers_set(shell, *count); });
}

}  // namespace pathloom
