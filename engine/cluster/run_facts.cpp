// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/cluster/run_facts.h"

#include <algorithm>

namespace pathloom {

namespace {

bool all_at_least(const std::vector<int>& versions, int wanted_version)
{
    return std::all_of(versions.begin(), versions.end(), [&](int v) { return v >= wanted_version; });
}

/// Lowest version among the modules of a path.
int path_version(const RunShape& shape, const RunFacts& facts, int path)
{
    int lowest = shape.phases;
    for (int module : shape.path_modules[std::size_t(path)])
        lowest = std::min(lowest, facts.module_versions[std::size_t(module)]);
    return lowest;
}

void want_warm(const RunShape& shape, const RunFacts& facts, Wanted& out)
{
    out.stage = Stage::Warm;
    for (int column = 0; column < shape.columns; ++column)
        if (facts.warm_versions[std::size_t(column)] < facts.warm_committed)
            out.outer_steps.push_back({true, column, facts.warm_versions[std::size_t(column)]});
    if (out.outer_steps.empty() && facts.warm_committed < shape.warm_tasks)
        out.tasks.push_back({facts.warm_committed, Stage::Warm, 0, 0});
}

/// All modules have reached the next re-sharding: every path scores the router's data, then the router is fitted. No module can
/// be further: its paths wait for their new shards.
void want_reshard(const RunShape& shape, const RunFacts& facts, Wanted& out)
{
    if (facts.routings > int(shape.reshard.size())) return;
    const int phase = shape.reshard[std::size_t(facts.routings - 1)];
    if (!all_at_least(facts.module_versions, phase)) return;
    out.stage = Stage::Discriminate;
    bool missing = false;
    for (int path : shape.router_paths)
        for (int chunk = 0; chunk < shape.router_chunks; ++chunk) {
            const TaskKey key{phase, Stage::Discriminate, path, chunk};
            if (facts.scored.contains(key)) continue;
            out.tasks.push_back(key);
            missing = true;
        }
    out.route = !missing;
}

void want_train(const RunShape& shape, const RunFacts& facts, Wanted& out)
{
    out.stage = Stage::Train;
    std::vector<int> versions;
    for (int path = 0; path < shape.paths(); ++path) versions.push_back(path_version(shape, facts, path));
    for (int path = 0; path < shape.paths(); ++path) {
        const int phase = shape.next_phase(path, facts.path_commits[std::size_t(path)]);
        if (phase < shape.phases && versions[std::size_t(path)] >= phase && shape.routing_of_phase(phase) < facts.routings)
            out.tasks.push_back({phase, Stage::Train, path, 0});
    }
    for (int version = 0; version <= shape.phases; ++version) {
        const int routing = shape.routing_of_version(version);
        if (!shape.validates(version) || routing >= int(shape.valid_paths.size())) continue;
        for (int path : shape.valid_paths[std::size_t(routing)]) {
            const TaskKey key{version, Stage::Valid, path, 0};
            if (version <= versions[std::size_t(path)] && !facts.scored.contains(key)) out.tasks.push_back(key);
        }
    }
    for (int path : shape.slice_paths)
        for (int version = shape.first_choice(); version <= versions[std::size_t(path)]; ++version) {
            const TaskKey key{version, Stage::Slice, path, 0};
            if (!facts.scored.contains(key)) out.tasks.push_back(key);
        }
    want_reshard(shape, facts, out);
    for (int module = 0; module < shape.modules; ++module) {
        const auto count = contributions(shape, facts, module);
        const int version = facts.module_versions[std::size_t(module)];
        if (version < shape.phases && count.received == count.expected) out.outer_steps.push_back({false, module, version});
    }
    std::sort(out.tasks.begin(), out.tasks.end());
}

void want_scores(const std::vector<TaskKey>& tasks, const RunFacts& facts, Wanted& out)
{
    for (const TaskKey& key : tasks)
        if (!facts.scored.contains(key)) out.tasks.push_back(key);
}

}  // namespace

int RunShape::next_phase(int path, int phase) const
{
    while (phase < phases && !trains(phase, path)) ++phase;
    return phase;
}

bool RunShape::validates(int version) const
{
    return valid_every > 0 && (version % valid_every == 0 || version == phases);
}

int RunShape::train_tasks() const
{
    if (sampled.empty()) return phases * paths();
    int tasks = 0;
    for (const auto& of_phase : sampled) tasks += int(std::count(of_phase.begin(), of_phase.end(), true));
    return tasks;
}

int RunShape::routing_of_phase(int phase) const
{
    return int(std::upper_bound(reshard.begin(), reshard.end(), phase) - reshard.begin());
}

RunFacts initial_facts(const RunShape& shape)
{
    RunFacts facts;
    facts.warm_versions.assign(std::size_t(shape.columns), 0);
    facts.path_commits.assign(std::size_t(shape.paths()), 0);
    facts.module_versions.assign(std::size_t(shape.modules), 0);
    return facts;
}

ContributionCount contributions(const RunShape& shape, const RunFacts& facts, int module)
{
    ContributionCount count;
    const int version = facts.module_versions[std::size_t(module)];
    for (int path = 0; path < shape.paths(); ++path) {
        const auto& modules = shape.path_modules[std::size_t(path)];
        if (version >= shape.phases || !shape.trains(version, path)) continue;
        if (std::find(modules.begin(), modules.end(), module) == modules.end()) continue;
        ++count.expected;
        if (facts.path_commits[std::size_t(path)] > version) ++count.received;
    }
    return count;
}

Wanted wanted(const RunShape& shape, const RunFacts& facts)
{
    Wanted out;
    if (!all_at_least(facts.warm_versions, shape.warm_tasks) || facts.warm_committed < shape.warm_tasks) {
        want_warm(shape, facts, out);
        return out;
    }
    if (facts.routings == 0) {
        if (int(facts.features_done.size()) < shape.feature_chunks) {
            out.stage = Stage::Features;
            for (int chunk = 0; chunk < shape.feature_chunks; ++chunk)
                if (!facts.features_done.contains(chunk)) out.tasks.push_back({0, Stage::Features, 0, chunk});
            return out;
        }
        out.stage = Stage::Routing;
        out.route = true;
        return out;
    }
    want_train(shape, facts, out);
    const bool trained = all_at_least(facts.module_versions, shape.phases);
    // Until every slice is scored nobody knows which version of a path the test is about.
    const bool chosen
        = std::none_of(out.tasks.begin(), out.tasks.end(), [](const TaskKey& k) { return k.stage == Stage::Slice; });
    if (trained && chosen) {
        if (out.tasks.empty()) out.stage = Stage::Test;
        want_scores(shape.test_tasks, facts, out);
    }
    if (trained && out.tasks.empty()) {
        out.stage = Stage::Done;
        want_scores(shape.valid_full_tasks, facts, out);
        want_scores(shape.window_tasks, facts, out);
        out.finished = out.tasks.empty();
        if (!out.finished) out.stage = out.tasks.front().stage;
    }
    return out;
}

bool commit(const RunShape& shape, RunFacts& facts, const TaskKey& key)
{
    switch (key.stage) {
    case Stage::Warm:
        if (key.phase != facts.warm_committed || key.phase >= shape.warm_tasks) return false;
        ++facts.warm_committed;
        return true;
    case Stage::Features:
        return key.chunk >= 0 && key.chunk < shape.feature_chunks && facts.features_done.insert(key.chunk).second;
    case Stage::Train:
        if (key.path < 0 || key.path >= shape.paths() || key.phase >= shape.phases
            || key.phase != shape.next_phase(key.path, facts.path_commits[std::size_t(key.path)]))
            return false;
        facts.path_commits[std::size_t(key.path)] = key.phase + 1;
        return true;
    case Stage::Discriminate:
        if (key.chunk < 0 || key.chunk >= shape.router_chunks) return false;
        return facts.scored.insert(key).second;
    case Stage::Valid:
    case Stage::Slice:
    case Stage::Test:
    case Stage::ValidFull:
    case Stage::WindowFeatures:
    case Stage::Windows:
    case Stage::TokenRouter:
        return facts.scored.insert(key).second;
    case Stage::Routing:
    case Stage::Done:
        return false;
    }
    return false;
}

bool forget(RunFacts& facts, const TaskKey& key)
{
    switch (key.stage) {
    case Stage::Warm:
        if (key.phase + 1 != facts.warm_committed) return false;
        --facts.warm_committed;
        return true;
    case Stage::Features:
        return facts.routings == 0 && facts.features_done.erase(key.chunk) > 0;
    case Stage::Train: {
        if (key.path < 0 || key.path >= int(facts.path_commits.size())) return false;
        int& commits = facts.path_commits[std::size_t(key.path)];
        if (key.phase + 1 != commits) return false;
        --commits;
        return true;
    }
    case Stage::Discriminate:
        return facts.scored.erase(key) > 0;
    case Stage::Routing:
    case Stage::Valid:
    case Stage::Slice:
    case Stage::Test:
    case Stage::ValidFull:
    case Stage::WindowFeatures:
    case Stage::Windows:
    case Stage::TokenRouter:
    case Stage::Done:
        break;
    }
    return false;
}

bool stepped(RunFacts& facts, const OuterStepWanted& step)
{
    int& version = step.warm ? facts.warm_versions[std::size_t(step.module)] : facts.module_versions[std::size_t(step.module)];
    if (version != step.phase) return false;
    ++version;
    return true;
}

}  // namespace pathloom
