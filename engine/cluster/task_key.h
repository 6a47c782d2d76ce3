// SPDX-License-Identifier: GPL-3.0-or-later
// Names a task within the project. The text form is what workers, rows and events carry.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace pathloom {

/// Stages of a run in the order they happen. Discriminate comes between phases that route anew, Valid and Slice run beside Train;
/// ValidFull, the windows and TokenRouter only when somebody asks for them.
enum class Stage {
    Warm,
    Features,
    Routing,
    Discriminate,
    Train,
    Valid,
    Slice,
    Test,
    ValidFull,
    WindowFeatures,
    Windows,
    TokenRouter,
    Done
};
/// "warm", "features", "routing", "discriminate", "train", "valid", "slice", "test", "valid-full", "window-features", "windows",
/// "token-router", "done"
std::string stage_name(Stage stage);
std::optional<Stage> stage_from_name(const std::string& name);

/// Ordered by what should be leased first: earlier phases before later ones, training before the validation of the same
/// number of outer steps.
struct TaskKey {
    int phase = 0;
    Stage stage = Stage::Warm;
    int path = 0;
    int chunk = 0;
    auto operator<=>(const TaskKey&) const = default;
};

/// "<run>/<stage>/<phase>/<path>/<chunk>"
std::string task_id(std::int64_t run, const TaskKey& key);

struct RunTask {
    std::int64_t run = 0;
    TaskKey key;
    bool operator==(const RunTask&) const = default;
};
/// Inverse of task_id; nothing for any other text.
std::optional<RunTask> parse_task_id(const std::string& id);

}  // namespace pathloom
