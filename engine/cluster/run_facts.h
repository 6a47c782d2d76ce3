// SPDX-License-Identifier: GPL-3.0-or-later
// Scheduling of one run as pure functions over facts. Facts only grow (a task is committed, a module has stepped; forget() takes
// back a commit whose blobs a disk has lost), each is a row in the store, and what should happen next is derived from them: so a
// restart needs no log of intentions, the order in which facts arrive does not matter, and there is no global barrier
// (DiPaCo 3.3: per-module release).
#pragma once

#include "engine/cluster/task_key.h"

#include <set>
#include <vector>

namespace pathloom {

/// What never changes once the run is planned.
struct RunShape {
    std::vector<std::vector<int>> path_modules;  ///< [path][column] -> module id
    int modules = 0;
    int columns = 0;  ///< of the warm-start model
    int phases = 0;  ///< outer steps
    int warm_tasks = 0;  ///< warm-start tasks, one after another
    int feature_chunks = 0;  ///< 0 = the router needs no features
    int valid_every = 1;  ///< validate after this many phases; 0 = never
    std::vector<std::vector<bool>> sampled;  ///< [phase][path] whether the path trains; empty = always
    std::vector<int> reshard;  ///< outer steps after which sequences are routed anew, ascending, each between 1 and phases - 1
    std::vector<int> router_paths;  ///< paths that score the router's data for that (one replica a cell)
    int router_chunks = 0;  ///< scoring tasks of each of them
    std::vector<std::vector<int>> valid_paths;  ///< [routing] paths worth validating (one replica a cell), known once routed
    std::vector<int> slice_paths;  ///< paths with a held-out slice under the last routing (early stopping)
    std::vector<TaskKey> test_tasks;  ///< known once routed
    std::vector<TaskKey> valid_full_tasks;  ///< only when asked for
    std::vector<TaskKey> window_tasks;  ///< only when asked for
    [[nodiscard]] int paths() const { return int(path_modules.size()); }
    [[nodiscard]] bool trains(int phase, int path) const
    {
        return sampled.empty() || sampled[std::size_t(phase)][std::size_t(path)];
    }
    /// The first phase from `phase` on in which the path trains; `phases` when there is none.
    [[nodiscard]] int next_phase(int path, int phase) const;
    /// Whether a version is validated.
    [[nodiscard]] bool validates(int version) const;
    /// The first version that early stopping may choose: one trained on the last shards.
    [[nodiscard]] int first_choice() const { return reshard.empty() ? 1 : reshard.back() + 1; }
    /// Train tasks of the whole run.
    [[nodiscard]] int train_tasks() const;
    /// Which routing (0 = the first) decides the shards of training phase `phase`.
    [[nodiscard]] int routing_of_phase(int phase) const;
    /// Which routing a path of `version` outer steps was trained, and is validated, under.
    [[nodiscard]] int routing_of_version(int version) const { return routing_of_phase(version > 0 ? version - 1 : 0); }
    [[nodiscard]] int routings() const { return int(reshard.size()) + 1; }
};

/// What has happened so far.
struct RunFacts {
    int warm_committed = 0;  ///< warm tasks committed
    std::vector<int> warm_versions;  ///< per column: warm outer steps done
    std::set<int> features_done;  ///< chunks
    int routings = 0;  ///< routers fitted: the first one, then one after each re-sharding
    std::vector<int> path_commits;  ///< phases behind each path: one more than the last it has committed
    std::vector<int> module_versions;  ///< outer steps done by each module
    std::set<TaskKey> scored;  ///< discriminate, valid, slice, test, valid-full and window tasks committed
    bool operator==(const RunFacts&) const = default;
};
RunFacts initial_facts(const RunShape& shape);

/// A module that has every contribution and should take its outer step now.
struct OuterStepWanted {
    bool warm = false;  ///< warm: `module` is a column
    int module = 0;
    int phase = 0;  ///< version before the step
    auto operator<=>(const OuterStepWanted&) const = default;
};

/// Everything that may happen now.
struct Wanted {
    std::vector<TaskKey> tasks;  ///< ready for a worker (leased ones included), in leasing order
    std::vector<OuterStepWanted> outer_steps;
    bool route = false;  ///< all features, or all scores of a re-sharding, are in: fit the router
    bool finished = false;
    Stage stage = Stage::Warm;  ///< what the run is busy with
};
Wanted wanted(const RunShape& shape, const RunFacts& facts);

/// Contributions that module `module` holds towards its next version: (received, expected). Of a module that no sampled path goes
/// through nothing is expected: it steps to its next version unchanged.
struct ContributionCount {
    int received = 0;
    int expected = 0;
    bool operator==(const ContributionCount&) const = default;
};
ContributionCount contributions(const RunShape& shape, const RunFacts& facts, int module);

/// Record a committed task. False: it was a fact already or does not fit what has happened (a duplicate or stale commit).
bool commit(const RunShape& shape, RunFacts& facts, const TaskKey& key);
/// Undo a commit whose blobs are lost, so that the task is wanted again. Only the newest one of the warm start or of a path,
/// features before the first routing, or scores of a re-sharding. False: it is no such fact.
bool forget(RunFacts& facts, const TaskKey& key);
/// Record an outer step from version `phase` to `phase + 1`. False: it was a fact already.
bool stepped(RunFacts& facts, const OuterStepWanted& step);

}  // namespace pathloom
