// SPDX-License-Identifier: GPL-3.0-or-later
// The ready-made runs of resources/presets.
#include "engine/model/presets.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/model/spec_reader.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <tuple>

namespace pathloom {

namespace {

Result<PresetFile> parse_preset(const std::filesystem::path& file)
{
    PATHLOOM_TRY(const std::string text, read_file(file));
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (document.is_discarded())
        return fail(ErrorCode::Corrupt, "preset {} is not valid JSON; reinstall or repair it", file.string());
    std::optional<Error> error;
    PresetFile preset;
    preset.name = file.stem().string();
    SpecReader reader(document, "", error);
    reader.text("title", preset.title);
    reader.text("description", preset.description);
    reader.integer("order", preset.order, 0);
    const nlohmann::json* spec = reader.value("spec");
    reader.finish();
    if (!error && (!spec || !spec->is_object())) error = Error{ErrorCode::Corrupt, "it has no 'spec'"};
    if (error) return fail(ErrorCode::Corrupt, "preset {}: {}", file.string(), error->message);
    preset.spec_json = spec->dump();
    return preset;
}

}  // namespace

Result<std::vector<PresetFile>> load_presets()
{
    PATHLOOM_TRY(const std::filesystem::path folder, resource_path("presets"));
    std::vector<PresetFile> presets;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() != ".json") continue;
        PATHLOOM_TRY(PresetFile preset, parse_preset(entry.path()));
        presets.push_back(std::move(preset));
    }
    if (error) return fail(system_error("cannot list", folder, error.value()));
    std::sort(presets.begin(), presets.end(),
        [](const PresetFile& a, const PresetFile& b) { return std::tie(a.order, a.name) < std::tie(b.order, b.name); });
    return presets;
}

Result<PresetFile> load_preset(const std::string& name)
{
    PATHLOOM_TRY(std::vector<PresetFile> presets, load_presets());
    std::vector<std::string> names;
    for (PresetFile& preset : presets) {
        if (preset.name == name) return std::move(preset);
        names.push_back(preset.name);
    }
    if (const auto near = nearest_word(name, names))
        return fail(ErrorCode::NotFound, "no preset named '{}'; did you mean '{}'?", name, *near);
    return fail(ErrorCode::NotFound, "no preset named '{}'; there are {}", name, fmt::join(names, ", "));
}

}  // namespace pathloom
