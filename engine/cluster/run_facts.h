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
    std::vector<int> valid_paths;  ///< paths worth validating (one replica a cell), known once routed
    std::vector<TaskKey> test_tasks;  ///< known once routed
    std::vector<TaskKey> valid_full_tasks;  ///< only when asked for
    [[nodiscard]] int paths() const { return int(path_modules.size()); }
};

/// What has happened so far.
struct RunFacts {
    int warm_committed = 0;  ///< warm tasks committed
    std::vector<int> warm_versions;  ///< per column: warm outer steps done
    std::set<int> features_done;  ///< chunks
    bool routed = false;
    std::vector<int> path_commits;  ///< train tasks committed by each path
    std::vector<int> module_versions;  ///< outer steps done by each module
    std::set<TaskKey> scored;  ///< valid, test and valid-full tasks committed
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
    bool route = false;  ///< all features are in: fit the router
    bool finished = false;
    Stage stage = Stage::Warm;  ///< what the run is busy with
};
Wanted wanted(const RunShape& shape, const RunFacts& facts);

/// Contributions that module `module` holds towards its next version: (received, expected).
struct ContributionCount {
    int received = 0;
    int expected = 0;
    bool operator==(const ContributionCount&) const = default;
};
ContributionCount contributions(const RunShape& shape, const RunFacts& facts, int module);

/// Record a committed task. False: it was a fact already or does not fit what has happened (a duplicate or stale commit).
bool commit(const RunShape& shape, RunFacts& facts, const TaskKey& key);
/// Undo a commit whose blobs are lost, so that the task is wanted again. Only the newest one of the warm start or of a path, or
/// features before routing. False: it is no such fact.
bool forget(RunFacts& facts, const TaskKey& key);
/// Record an outer step from version `phase` to `phase + 1`. False: it was a fact already.
bool stepped(RunFacts& facts, const OuterStepWanted& step);

}  // namespace pathloom
