// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/cluster/task_key.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace pathloom {

namespace {
constexpr std::array<std::pair<Stage, const char*>, 13> names{{{Stage::Warm, "warm"}, {Stage::Features, "features"},
    {Stage::Routing, "routing"}, {Stage::Discriminate, "discriminate"}, {Stage::Train, "train"}, {Stage::Valid, "valid"},
    {Stage::Slice, "slice"}, {Stage::Test, "test"}, {Stage::ValidFull, "valid-full"}, {Stage::WindowFeatures, "window-features"},
    {Stage::Windows, "windows"}, {Stage::TokenRouter, "token-router"}, {Stage::Done, "done"}}};

template <class T>
bool parse_number(std::string_view text, T& out)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}
}  // namespace

std::string stage_name(Stage stage)
{
    for (const auto& [value, name] : names)
        if (value == stage) return name;
    return "unknown";
}

std::optional<Stage> stage_from_name(const std::string& name)
{
    for (const auto& [value, text] : names)
        if (name == text) return value;
    return std::nullopt;
}

std::string task_id(std::int64_t run, const TaskKey& key)
{
    return fmt::format("{}/{}/{}/{}/{}", run, stage_name(key.stage), key.phase, key.path, key.chunk);
}

std::optional<RunTask> parse_task_id(const std::string& id)
{
    std::vector<std::string_view> parts;
    std::string_view rest = id;
    for (;;) {
        const auto slash = rest.find('/');
        parts.push_back(rest.substr(0, slash));
        if (slash == std::string_view::npos) break;
        rest.remove_prefix(slash + 1);
    }
    if (parts.size() != 5) return std::nullopt;
    RunTask task;
    const auto stage = stage_from_name(std::string(parts[1]));
    if (!stage || !parse_number(parts[0], task.run) || !parse_number(parts[2], task.key.phase)
        || !parse_number(parts[3], task.key.path) || !parse_number(parts[4], task.key.chunk))
        return std::nullopt;
    task.key.stage = *stage;
    // One task has one name: "1/train/00/0/0" would be another key in every map of tasks.
    if (task.run < 0 || task.key.phase < 0 || task.key.path < 0 || task.key.chunk < 0 || task_id(task.run, task.key) != id)
        return std::nullopt;
    return task;
}

}  // namespace pathloom
