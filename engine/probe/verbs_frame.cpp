// SPDX-License-Identifier: GPL-3.0-or-later
// probe frame.
#include "engine/core/clock.h"
#include "engine/core/files.h"
#include "engine/corpus/read_flags.h"
#include "engine/probe/frame_grid.h"
#include "engine/probe/probe_options.h"
#include "engine/probe/visual_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace pathloom {

namespace {

using nlohmann::json;

struct FrameOptions {
    ProbeOptions common;
    std::string route = "marks";
};

json frame_cell_json(const FrameCell& cell, const Timeline& timeline)
{
    const auto file = [&](std::size_t film) { return timeline.films()[film].file.string(); };
    return {{"length", cell.length}, {"depth", cell.depth}, {"actual_second", cell.second},
        {"answer", {{"film", file(cell.found_film)}, {"film_second", cell.found_second}}}, {"difference", cell.difference},
        {"found", cell.found}, {"same_shot", cell.same_shot}, {"repeated", cell.repeated},
        {"recipe", {{"film", file(cell.place.film)}, {"film_second", cell.place.second}, {"seed", cell.seed}}}};
}

constexpr const char* visual_route = "visual";

/// By the encoder's tokens; what the summary says of it.
Result<json> find_visually(const ProbeShell& shell, const FrameOptions& options, const Timeline& timeline,
    std::span<const FilmMarks> marks, std::vector<FrameCell>& cells)
{
    const ComputeThreads one(1);
    PATHLOOM_TRY(const std::filesystem::path folder, vision_folder(options.common.frames));
    PATHLOOM_TRY(VisionModel model, load_vision(folder));
    const ReadLimits limits = read_limits(shell, options.common);
    PATHLOOM_TRY(const VisualHaystack haystack,
        encode_films(
            model, timeline, memory_folder(options.common), limits, [&](std::size_t, std::size_t) { return !shell.stopped(); }));
    PATHLOOM_CHECK(find_by_looks(model, haystack, timeline, marks, limits, cells));
    return json{{"model_sha256", model.hash}, {"rows_encoded_now", haystack.encoded_now},
        {"seconds_encode_films", haystack.seconds_encode}};
}

Result<void> run_frame(const ProbeShell& shell, const FrameOptions& options)
{
    const ReadLimits limits = read_limits(shell, options.common);
    FrameGridRequest request;
    for (const double length : options.common.lengths) request.lengths.push_back(int(length));
    request.depths = options.common.depths;
    request.rate = options.common.reading.frames_per_second;
    request.seed = options.common.seed;
    if (options.route == visual_route && request.rate != 1.0)
        return fail(ErrorCode::Usage, "route visual compares the picture of each second; leave --fps at 1");
    std::vector<FilmText> films;
    std::vector<FilmMarks> marks;
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& file : options.common.documents) {
        PATHLOOM_TRY(const int seconds, film_seconds(file, limits));
        films.push_back({file, seconds, {}});
        PATHLOOM_TRY(marks.emplace_back(), read_film_marks(file, request.rate, limits));
    }
    const double seconds_read = seconds_since(begin);
    const Timeline timeline(std::move(films));
    PATHLOOM_TRY(std::vector<FrameCell> cells, plan_frame_grid(timeline, request));
    PATHLOOM_CHECK(read_copies(timeline, limits, cells));
    const auto looking = std::chrono::steady_clock::now();
    json of_route = json::object();
    if (options.route == visual_route) {
        PATHLOOM_TRY(of_route, find_visually(shell, options, timeline, marks, cells));
    } else {
        find_by_marks(timeline, marks, cells);
    }
    const double seconds_find = seconds_since(looking);

    json out{{"cells", json::array()}};
    std::string table
        = fmt::format("{:>8} {:>7} {:>8} {:>10} {:>6} {:>5}\n", "SECONDS", "DEPTH", "AT", "FOUND AT", "FOUND", "SHOT");
    for (const FrameCell& cell : cells) {
        out["cells"].push_back(frame_cell_json(cell, timeline));
        table += fmt::format("{:>8} {:>6.1f}% {:>8} {:>10.1f} {:>6} {:>5}\n", cell.length, cell.depth, cell.place.second,
            cell.found_second, cell.found ? "yes" : "no", cell.same_shot ? "yes" : "no");
    }
    const auto share
        = [&](bool FrameCell::*what) { return double(std::ranges::count(cells, true, what)) / double(cells.size()); };
    const double recall = share(&FrameCell::found), shot = share(&FrameCell::same_shot);
    std::size_t pictures = 0;
    for (const FilmMarks& film : marks) pictures += film.marks.size();
    out["summary"] = {{"route", options.route}, {"recall", recall}, {"recall_same_shot", shot}, {"cells", cells.size()},
        {"film_seconds", timeline.seconds()}, {"pictures", pictures}, {"seconds_read_films", seconds_read},
        {"seconds_find", seconds_find}, {"peak_rss_mb", peak_rss_mb()}};
    out["summary"].update(of_route);
    if (!options.common.out.empty()) PATHLOOM_CHECK(write_file_atomic(options.common.out, out.dump(2) + "\n"));
    shell.print(
        out, table + fmt::format("within a second {:.4f}, in the same shot {:.4f} over {} cells\n", recall, shot, cells.size()));
    return {};
}

}  // namespace

void add_frame_verb(CLI::App& probe, ProbeShell& shell)
{
    auto options = std::make_shared<FrameOptions>();
    options->common.depths = 10;
    auto* verb = probe.add_subcommand("frame", "Find the moment of a picture of a film, over length and depth");
    verb->add_option("--doc", options->common.documents, "Films, one after the other")->required();
    verb->add_option("--lengths", options->common.lengths, "Seconds of film, separated by commas")
        ->delimiter(',')
        ->required()
        ->check(CLI::Range(10.0, 1e6));
    verb->add_option("--depths", options->common.depths, "Shares of the film a picture is drawn from")
        ->check(CLI::Range(1, 1000));
    verb->add_option("--route", options->route,
            "How it is found: marks (light and colours, without learning) or visual (the frame encoder's tokens)")
        ->check(CLI::IsMember({"marks", visual_route}));
    verb->add_option("--frames", options->common.frames, "Frame encoder of the visual route: \"shipped\" or its folder");
    verb->add_option("--memory", options->common.memory, "Folder of encoded films (default: in the user's cache)");
    verb->add_option("--fps", options->common.reading.frames_per_second, "Pictures compared, a second of film")
        ->check(CLI::Range(LeastFrameRate, MostFrameRate));
    verb->add_option("--seed", options->common.seed, "Of pictures and of how they are changed");
    verb->add_option("--out", options->common.out, "Also write the JSON to this file");
    verb->callback([&shell, options] { shell.action = [&shell, options] { return run_frame(shell, *options); }; });
}

}  // namespace pathloom
