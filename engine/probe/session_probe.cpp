// SPDX-License-Identifier: GPL-3.0-or-later
// A session's measurements: needle grids by several readers, loss against position, and what a project has kept.
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/probe/loss_curve.h"
#include "engine/probe/needle_beside.h"
#include "engine/probe/session_document.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::size_t most_results = 5000;

json cell_event(const NeedleCell& cell, const NeedleGridRequest& grid, const std::string& model)
{
    const double step = grid.depths > 1 ? 100.0 / (grid.depths - 1) : 1.0;
    return {{"length", cell.length}, {"depth", cell.depth},
        {"depth_index", grid.depths > 1 ? int(std::lround(cell.depth / step)) : 0}, {"position", cell.actual_position},
        {"needle", cell.needle.text}, {"value", cell.needle.value}, {"question", cell.needle.question},
        {"answer_prefix", cell.needle.answer_prefix}, {"answer", cell.answer}, {"found", cell.found}, {"repeated", cell.repeated},
        {"seed", std::to_string(cell.seed)}, {"distractors", cell.distractors.size()}, {"seconds_encode", cell.seconds_encode},
        {"seconds_answer", cell.seconds_answer}, {"seconds_first", cell.seconds_first}, {"model", model},
        {"no_needle", grid.no_needle}, {"cold", !grid.cold.empty()}};
}

/// The readers a request names: the session's own first.
std::vector<std::string> readers_of(const json& request)
{
    std::vector<std::string> out{std::string(MainReader)};
    for (const auto& id : request.value("contestants", json::array())) {
        const auto name = id.get<std::string>();
        if (name.starts_with(other_reader) && std::ranges::find(out, name) == out.end()) out.push_back(name);
    }
    return out;
}

}  // namespace

Result<void> ProbeSession::contestants()
{
    PATHLOOM_TRY(const std::filesystem::path models, resource_path("models"));
    PATHLOOM_TRY(const std::filesystem::path own, reader_folder(m_options.model));
    std::vector<std::filesystem::path> folders;
    std::error_code error;
    for (std::filesystem::directory_iterator at(models, error), end; !error && at != end; at.increment(error))
        if (std::filesystem::exists(at->path() / "model.safetensors", error)) folders.push_back(at->path());
    std::ranges::sort(folders);
    json readers = json::array();
    for (const auto& folder : folders) {
        if (std::filesystem::equivalent(folder, own, error)) continue;
        const std::string name = folder.filename().string();
        readers.push_back({{"id", std::string(other_reader) + name}, {"title", name}});
    }
    say("contestants", {{"readers", readers}, {"baselines", {"window", "full", "bm25", "endpoint"}}});
    return {};
}

Result<void> ProbeSession::needle(const json& request)
{
    PATHLOOM_TRY(Document* const document, document_named(request));
    NeedleGridRequest grid;
    PATHLOOM_TRY(const std::filesystem::path file, resource_path("probes/needles.json"));
    PATHLOOM_TRY(const std::string templates, read_file(file));
    PATHLOOM_TRY(grid.templates, parse_needle_templates(templates));
    grid.lengths = request.at("lengths").get<std::vector<std::size_t>>();
    if (grid.lengths.empty()) return fail(ErrorCode::Usage, "give at least one length in tokens");
    grid.depths = std::clamp(request.value("depths", 11), 1, 1000);
    grid.distractors = std::clamp(request.value("distractors", 0), 0, 100'000);
    grid.no_needle = request.value("no_needle", false);
    grid.seed = request.value("seed", std::uint64_t(1));
    grid.only_depth = request.value("only_depth", -1);
    grid.answer = answer_options();
    if (request.value("cold", false)) {
        grid.cold = m_options.memory;
        grid.cold_progress = progress(document->name);
    }
    std::size_t cells = 0;
    for (const std::string& id : readers_of(request)) PATHLOOM_CHECK(needle_by(id, *document, grid, request, cells));
    say("grid", {{"cells", cells}});
    return {};
}

Result<void> ProbeSession::needle_by(
    const std::string& id, Document& document, NeedleGridRequest grid, const json& request, std::size_t& cells)
{
    PATHLOOM_TRY(ReaderPackage* const package, reader_named(id));
    PATHLOOM_TRY(std::optional<ResultStore> store, store_of(request));
    // Baselines stand beside the session's own reader; another reader answers for itself alone.
    PATHLOOM_TRY(auto all, baselines_of(*package, id == MainReader ? request : json::object(), grid.answer));
    NeedleBeside beside("needle", grid.no_needle, package->identity(), document.hash, std::move(all), store ? &*store : nullptr);
    grid.hooks = beside.hooks();
    const std::size_t longest = *std::ranges::max_element(grid.lengths);
    PATHLOOM_TRY(const Haystack haystack,
        prepare_haystack(*package, document.content.text, longest, m_options.memory, progress(document.name)));
    const auto done = [&](const NeedleCell& cell) {
        json event = cell_event(cell, grid, package->hash);
        event["contestant"] = id;
        say("cell", event);
        for (const BaselineAnswer& other : cell.baselines) {
            event["contestant"] = other.contestant;
            event["answer"] = other.answer;
            event["found"] = other.found;
            event["seconds_answer"] = other.seconds;
            say("cell", event);
        }
        ++cells;
        return !m_io.stopped();
    };
    PATHLOOM_CHECK(needle_grid(*package, haystack, grid, done));
    return {};
}

Result<void> ProbeSession::nll(const json& request)
{
    PATHLOOM_TRY(Document* const document, document_named(request));
    PATHLOOM_TRY(std::optional<ResultStore> store, store_of(request));
    for (const std::string& id : readers_of(request)) {
        PATHLOOM_TRY(ReaderPackage* const package, reader_named(id));
        PATHLOOM_TRY(const MemoryFile* const memory, memory_of(*document, id));
        auto length = request.value("length", std::size_t(0));
        if (length == 0) length = memory->tokens().size();
        PATHLOOM_TRY(const Haystack haystack,
            prepare_haystack(*package, document->content.text, length, m_options.memory, progress(document->name)));
        const PositionLossRequest wanted{length, std::clamp(request.value("windows", 24), 1, 1000),
            std::clamp(request.value("window", 64), 1, 4096), answer_options()};
        PATHLOOM_TRY(const LossCurve curve,
            loss_curve(*package, haystack, wanted, document->hash, store ? &*store : nullptr,
                [&](const std::vector<LossPoint>& points, int done) {
                    say("points",
                        {{"contestant", id}, {"points", points_json(points, haystack.document_tokens)}, {"done", done},
                            {"windows", wanted.windows}});
                    return !m_io.stopped();
                }));
        say("curve",
            {{"contestant", id}, {"points", points_json(curve.points, curve.document_tokens)}, {"fit", law_json(curve.law)},
                {"kept", curve.kept}, {"length", length}, {"document_tokens", curve.document_tokens}, {"windows", wanted.windows},
                {"window", wanted.window}, {"model", package->hash}});
    }
    say("done", {});
    return {};
}

Result<void> ProbeSession::results(const json& request)
{
    PATHLOOM_TRY(std::optional<ResultStore> store, store_of(request));
    if (!store) return fail(ErrorCode::Usage, "no project keeps results");
    PATHLOOM_TRY(const std::vector<ProbeResult> all, store->all());
    json rows = json::array();
    for (auto result = all.rbegin(); result != all.rend() && rows.size() < most_results; ++result) {
        const auto text = [&](const char* key) {
            return result->recipe.is_object() && result->recipe.contains(key) && result->recipe[key].is_string()
                ? result->recipe[key].get<std::string>()
                : std::string();
        };
        const std::string hash = text("document_sha256");
        const auto open = std::ranges::find(m_documents, hash, [](const auto& document) { return document->hash; });
        json row{{"result", result->id}, {"probe", result->probe}, {"family", result->family}, {"contestant", result->contestant},
            {"length", result->length}, {"depth", result->depth}, {"seed", std::to_string(result->seed)},
            {"answer", result->answer}, {"score", result->score}, {"seconds", result->seconds}, {"question", text("question")},
            {"answer_prefix", text("answer_prefix")}, {"model", text("model")}, {"document_sha256", hash},
            {"document", open != m_documents.end() ? (*open)->name : std::string()}};
        if (result->recipe.is_object()) {
            row["answers"] = result->recipe.value("answers", json::array());
            row["insertions"] = result->recipe.value("insertions", json::array());
        }
        rows.push_back(std::move(row));
    }
    say("results", {{"rows", rows}, {"total", all.size()}});
    return {};
}

}  // namespace pathloom
