// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl run: start, list, show, watch, stop, resume, clone.
#include "engine/cli/proto_json.h"
#include "engine/cli/run_follow.h"
#include "engine/cli/shell.h"
#include "engine/cli/table.h"
#include "engine/core/files.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;
constexpr int workers_for_waiting = 2;  ///< local workers of a private engine that is to make progress

std::string state_of(const v1::Run& run)
{
    return to_json(run)["state"].get<std::string>();
}

nlohmann::json run_json(const v1::Run& run)
{
    auto document = to_json(run);
    document["run"] = run.id();
    return document;
}

std::string describe(const v1::Run& run)
{
    Facts facts;
    facts.add("run", fmt::format("{} {}", run.id(), run.name()));
    facts.add("state", run.reason().empty() ? state_of(run) : fmt::format("{}: {}", state_of(run), run.reason()));
    facts.add("stage", run.stage());
    facts.add("phase", fmt::format("{} of {}", run.phase(), run.phases()));
    facts.add("step", fmt::format("{} of {}", run.step(), run.total_steps()));
    facts.add("paths", std::to_string(run.paths()));
    facts.add("train loss", human_number(run.train_loss()));
    facts.add("valid loss", human_number(run.valid_loss()));
    facts.add("test perplexity", human_number(run.test_perplexity(), 3));
    facts.add("on the wire", fmt::format("{} down, {} up", human_bytes(run.bytes_down()), human_bytes(run.bytes_up())));
    facts.add("faults", fmt::format("{} leases lost, goodput {:.3f}", run.faults(), run.goodput()));
    std::string text = facts.text();
    Table traffic({"PHASE", "MEASURED", "ANALYTIC", "CACHE HITS", "INNER STATE"});
    for (const auto& phase : run.traffic())
        traffic.add({std::to_string(phase.phase()), human_bytes(phase.measured()), human_bytes(phase.analytic()),
            human_bytes(phase.hits()), human_bytes(phase.inner_state())});
    if (!traffic.empty()) text += "\n" + traffic.text();
    return text;
}

std::string progress_line(const v1::Run& run)
{
    return fmt::format("run {}: {}, phase {}/{}, step {}/{}, train {}, valid {}, {} down, {} up", run.id(), run.stage(),
        run.phase(), run.phases(), run.step(), run.total_steps(), human_number(run.train_loss()), human_number(run.valid_loss()),
        human_bytes(run.bytes_down()), human_bytes(run.bytes_up()));
}

Result<void> set_workers(Session& session, int count)
{
    v1::SetLocalWorkersRequest request;
    request.set_count(count);
    PATHLOOM_CHECK(session.call(&Stub::SetLocalWorkers, request));
    return {};
}

struct WaitOptions {
    int workers = -1;  ///< -1 = as they are
    bool wait = false;
};
void add_wait_options(CLI::App* verb, WaitOptions& options)
{
    verb->add_option("--workers", options.workers, "Local workers the engine runs")->check(CLI::Range(0, 1024));
    verb->add_flag("--wait", options.wait, "Return when the run is done");
}
int private_workers(const WaitOptions& options)
{
    return options.workers >= 0 ? options.workers : (options.wait ? workers_for_waiting : 0);
}

/// After a run has been set in motion: print it, or wait for its end.
Result<void> conclude(Shell& shell, Session& session, const v1::Run& run, const WaitOptions& options, std::int64_t from_seq)
{
    if (!options.wait) {
        if (session.is_private())
            fmt::print(
                stderr, "pathloomctl: the private engine ends now and run {} pauses; --wait trains it to its end\n", run.id());
        shell.print(run_json(run), fmt::format("run {} ({}) {}\n", run.id(), run.name(), state_of(run)));
        return {};
    }
    FollowHandlers handlers;
    std::string last;
    handlers.on_progress = [&](const v1::Run& now) {
        if (const std::string line = progress_line(now); line != last) {
            fmt::print(stderr, "{}\n", line);
            last = line;
        }
    };
    const auto end = follow_run(session, run.id(), from_seq, handlers);
    if (!end && end.error().code == ErrorCode::Cancelled)
        return fail(ErrorCode::Cancelled, "no longer waiting; run {} {}", run.id(),
            session.is_private() ? "pauses with its private engine, see run resume" : "goes on");
    PATHLOOM_CHECK(end);
    if (end->state() != v1::RUN_STATE_DONE)
        return fail(ErrorCode::Failed, "run {} is {}: {}", end->id(), state_of(*end),
            end->reason().empty() ? "see run show" : end->reason());
    shell.print(run_json(*end), describe(*end));
    return {};
}

struct StartOptions {
    std::string spec;
    std::string preset;
    std::vector<std::string> set;
    std::string name;
    bool dry_run = false;
    WaitOptions wait;
};

/// "SPEC.json" or a preset's name: a file that exists, or anything that looks like one, is a spec.
Result<v1::StartRunRequest> start_request(const StartOptions& options)
{
    v1::StartRunRequest request;
    if (options.spec.empty() == options.preset.empty())
        return fail(ErrorCode::Usage, "give either a spec file or a preset; see preset list");
    std::error_code ignored;
    if (!options.preset.empty()) {
        request.set_preset(options.preset);
    } else if (std::filesystem::exists(options.spec, ignored) || options.spec.ends_with(".json")) {
        PATHLOOM_TRY(*request.mutable_spec_json(), read_file(options.spec));
    } else {
        request.set_preset(options.spec);
    }
    for (const auto& set : options.set) request.add_set(set);
    request.set_name(options.name);
    return request;
}

std::string describe(const v1::RunEstimate& e)
{
    Facts facts;
    facts.add("paths", fmt::format("{} through {} modules", e.paths(), e.modules()));
    facts.add("parameters",
        fmt::format("{} a path ({} of them embedding), {} in all", human_count(e.path_parameters()),
            human_count(e.embedding_parameters()), human_count(e.total_parameters())));
    if (e.active_parameters() > 0 && e.active_parameters() < e.path_parameters())
        facts.add("active parameters", fmt::format("{} a token", human_count(e.active_parameters())));
    facts.add("worker memory",
        fmt::format("{} (weights {}, optimizer {}, activations {})", human_bytes(std::uint64_t(e.worker_bytes())),
            human_bytes(std::uint64_t(e.weight_bytes())), human_bytes(std::uint64_t(e.optimizer_bytes())),
            human_bytes(std::uint64_t(e.activation_bytes()))));
    facts.add("traffic a phase",
        fmt::format("{} (data-parallel training: {})", human_bytes(std::uint64_t(e.sync_bytes_per_phase())),
            human_bytes(std::uint64_t(e.data_parallel_bytes_per_phase()))));
    facts.add("pseudo-gradients",
        fmt::format("{} a path and phase as {}", human_bytes(std::uint64_t(e.delta_bytes_per_path())), e.codec()));
    facts.add("steps a path", human_count(e.total_steps_per_path()));
    facts.add("work a path", fmt::format("{:.3g} floating-point operations", e.flops_per_path()));
    std::string text = facts.text();
    if (!e.memory_plan().empty()) text += "\n" + e.memory_plan();
    if (!e.explanation().empty()) text += "\n" + e.explanation() + (e.explanation().ends_with('\n') ? "" : "\n");
    for (const auto& warning : e.warnings()) text += "warning: " + warning + "\n";
    return text;
}

Result<void> dry_run(Shell& shell, const v1::StartRunRequest& start)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::EstimateRunRequest request;
    request.set_spec_json(start.spec_json());
    *request.mutable_set() = start.set();
    if (!start.preset().empty()) {
        PATHLOOM_TRY(const auto presets, session->call(&Stub::ListPresets, v1::ListPresetsRequest()));
        for (const auto& preset : presets.presets())
            if (preset.name() == start.preset()) request.set_spec_json(preset.spec_json());
        if (request.spec_json().empty())
            return fail(ErrorCode::NotFound, "no preset named '{}'; see preset list", start.preset());
    }
    PATHLOOM_TRY(const auto estimate, session->call(&Stub::EstimateRun, request));
    shell.print(to_json(estimate), describe(estimate));
    return {};
}

Result<void> start(Shell& shell, const StartOptions& options)
{
    PATHLOOM_TRY(const auto request, start_request(options));
    if (options.dry_run) return dry_run(shell, request);
    PATHLOOM_TRY(const auto session, shell.connect(private_workers(options.wait)));
    if (options.wait.workers >= 0 && !session->is_private()) {
        PATHLOOM_CHECK(set_workers(*session, options.wait.workers));
    }
    PATHLOOM_TRY(const auto run, session->call(&Stub::StartRun, request));
    return conclude(shell, *session, run, options.wait, session->info().last_seq() + 1);
}

Result<void> list_runs(Shell& shell)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    PATHLOOM_TRY(const auto all, session->call(&Stub::ListRuns, v1::ListRunsRequest()));
    Table table({"ID", "NAME", "PRESET", "STATE", "STAGE", "PHASE", "STEP", "TRAIN", "VALID", "TEST PPL", "DOWN", "UP", "FAULTS",
        "GOODPUT"});
    nlohmann::json runs = nlohmann::json::array();
    for (const auto& run : all.runs()) {
        runs.push_back(run_json(run));
        table.add({std::to_string(run.id()), run.name(), run.preset(), state_of(run), run.stage(),
            fmt::format("{}/{}", run.phase(), run.phases()), fmt::format("{}/{}", run.step(), run.total_steps()),
            human_number(run.train_loss()), human_number(run.valid_loss()), human_number(run.test_perplexity(), 3),
            human_bytes(run.bytes_down()), human_bytes(run.bytes_up()), std::to_string(run.faults()),
            fmt::format("{:.3f}", run.goodput())});
    }
    shell.print({{"runs", runs}}, table.empty() ? "no runs; see run start\n" : table.text());
    return {};
}

Result<void> show(Shell& shell, std::int64_t id)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::GetRunRequest request;
    request.set_id(id);
    PATHLOOM_TRY(const auto run, session->call(&Stub::GetRun, request));
    shell.print(run_json(run), describe(run));
    return {};
}

std::string event_name(const v1::Event& event)
{
    const auto* field = v1::Event::descriptor()->FindFieldByNumber(int(event.body_case()));
    return field == nullptr ? "event" : field->name();
}

Result<void> watch(Shell& shell, std::int64_t id, std::int64_t from_seq)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    FollowHandlers handlers;
    handlers.on_event = [&](const v1::Event& event) {
        auto line = to_json(event);
        line["event"] = event_name(event);
        if (shell.json)
            shell.print_line(line);
        else if (event.body_case() == v1::Event::kStage)
            fmt::print("run {}: stage {}\n", id, event.stage().stage());
    };
    const auto summary = [&](const v1::Run& run, const char* kind) {
        auto line = run_json(run);
        line["event"] = kind;
        line.erase("spec");  // a long constant: run show has it
        if (shell.json)
            shell.print_line(line);
        else
            fmt::print("{}{}\n", progress_line(run), at_rest(run) ? ", " + state_of(run) : "");
    };
    handlers.on_progress = [&](const v1::Run& run) { summary(run, "progress"); };
    const auto end = follow_run(*session, id, from_seq, handlers);
    if (!end && end.error().code == ErrorCode::Cancelled) return {};  // Ctrl-C is how a watch ends
    PATHLOOM_CHECK(end);
    summary(*end, "summary");
    return {};
}

Result<void> stop(Shell& shell, std::int64_t id)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::RunRequest request;
    request.set_id(id);
    PATHLOOM_TRY(const auto run, session->call(&Stub::StopRun, request));
    shell.print(run_json(run), fmt::format("run {} {}\n", run.id(), state_of(run)));
    return {};
}

Result<void> resume(Shell& shell, std::int64_t id, const WaitOptions& wait)
{
    PATHLOOM_TRY(const auto session, shell.connect(private_workers(wait)));
    if (wait.workers >= 0 && !session->is_private()) {
        PATHLOOM_CHECK(set_workers(*session, wait.workers));
    }
    v1::RunRequest request;
    request.set_id(id);
    PATHLOOM_TRY(const auto run, session->call(&Stub::ResumeRun, request));
    return conclude(shell, *session, run, wait, session->info().last_seq() + 1);
}

Result<void> clone(Shell& shell, v1::CloneRunRequest request, const WaitOptions& wait)
{
    PATHLOOM_TRY(const auto session, shell.connect(private_workers(wait)));
    if (wait.workers >= 0 && !session->is_private()) {
        PATHLOOM_CHECK(set_workers(*session, wait.workers));
    }
    PATHLOOM_TRY(const auto run, session->call(&Stub::CloneRun, request));
    return conclude(shell, *session, run, wait, session->info().last_seq() + 1);
}

CLI::App* verb_of_run(CLI::App& group, const char* name, const char* help, std::int64_t& id)
{
    auto* verb = group.add_subcommand(name, help);
    verb->add_option("ID", id, "Run id")->required();
    return verb;
}

}  // namespace

void add_run_verbs(CLI::App& app, Shell& shell)
{
    auto* run = app.add_subcommand("run", "Training runs")->require_subcommand(1);
    auto options = std::make_shared<StartOptions>();
    auto* verb = run->add_subcommand("start", "Train");
    verb->add_option("SPEC", options->spec, "A spec file, or the name of a preset");
    verb->add_option("--preset", options->preset, "Name of a preset");
    verb->add_option("--set", options->set, "training.tau=20: change one value; may be repeated")->allow_extra_args(false);
    verb->add_option("--name", options->name, "Name of the run");
    verb->add_flag("--dry-run", options->dry_run, "Only tell what it would cost");
    add_wait_options(verb, options->wait);
    on_parsed(verb, shell, [&shell, options] { return start(shell, *options); });

    on_parsed(run->add_subcommand("list", "All of them"), shell, [&shell] { return list_runs(shell); });
    auto id = std::make_shared<std::int64_t>(0);
    on_parsed(verb_of_run(*run, "show", "One, with its traffic", *id), shell, [&shell, id] { return show(shell, *id); });
    on_parsed(verb_of_run(*run, "stop", "Stop it; it can be resumed", *id), shell, [&shell, id] { return stop(shell, *id); });

    auto from = std::make_shared<std::int64_t>(1);
    auto* watch_verb = verb_of_run(*run, "watch", "Its events until it comes to rest, one a line", *id);
    watch_verb->add_option("--from-seq", *from, "First event wanted")->check(CLI::PositiveNumber);
    on_parsed(watch_verb, shell, [&shell, id, from] { return watch(shell, *id, *from); });

    auto wait = std::make_shared<WaitOptions>();
    auto* resume_verb = verb_of_run(*run, "resume", "Go on where it stopped", *id);
    add_wait_options(resume_verb, *wait);
    on_parsed(resume_verb, shell, [&shell, id, wait] { return resume(shell, *id, *wait); });

    auto* clone_verb = verb_of_run(*run, "clone", "The same again, with changes", *id);
    clone_verb->add_option("--set", options->set, "training.tau=20: change one value; may be repeated")->allow_extra_args(false);
    clone_verb->add_option("--name", options->name, "Name of the new run");
    add_wait_options(clone_verb, *wait);
    on_parsed(clone_verb, shell, [&shell, id, wait, options] {
        v1::CloneRunRequest request;
        request.set_id(*id);
        for (const auto& set : options->set) request.add_set(set);
        request.set_name(options->name);
        return clone(shell, std::move(request), *wait);
    });
    add_result_verbs(app, shell, *run);
    add_report_verb(shell, *run);
    add_routing_verbs(shell, *run);
}

}  // namespace pathloom
