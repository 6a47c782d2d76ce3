// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/frame_grid.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace pathloom {

namespace {

constexpr double close_by = 1.0;  // seconds
constexpr std::size_t copies_at_once = 256;  // requests on a command line

/// The "mark" of a line of pathloom-read.
struct SaidMark {
    std::size_t index = 0;
    double seconds = 0.0;
    PictureMark mark;
};

Result<SaidMark> said_mark(const std::filesystem::path& film, std::string_view line)
{
    const auto said = nlohmann::json::parse(line, nullptr, false);
    if (said.is_object() && said.contains("mark") && said["mark"].is_object()) {
        const auto& one = said["mark"];
        const auto mark = one.contains("values") && one["values"].is_string()
            ? parse_mark(one["values"].get_ref<const std::string&>())
            : std::nullopt;
        if (mark && one.contains("seconds") && one["seconds"].is_number())
            return SaidMark{one.value("index", std::size_t(0)), one["seconds"].get<double>(), *mark};
    }
    return fail(ErrorCode::Failed, "{}: pathloom-read gave an answer that is not understood; reinstall Pathloom", film.string());
}

/// Whether the pictures from one to the other follow without a cut.
bool one_shot(const FilmMarks& film, std::size_t from, std::size_t to)
{
    if (from > to) std::swap(from, to);
    for (std::size_t i = from; i < to; ++i)
        if (is_cut(film.marks[i], film.marks[i + 1])) return false;
    return true;
}

std::size_t index_of(const FilmMarks& film, double second)
{
    const auto at = std::ranges::lower_bound(film.seconds, second - 1e-6);
    return std::min(std::size_t(at - film.seconds.begin()), film.seconds.size() - 1);
}

}  // namespace

Result<std::vector<FrameCell>> plan_frame_grid(const Timeline& timeline, const FrameGridRequest& request)
{
    PATHLOOM_TRY(const auto drawn, draw_places(timeline, request.lengths, request.depths, request.seed));
    std::vector<FrameCell> cells;
    for (const auto& [place, state] : drawn) static_cast<GridPlace&>(cells.emplace_back()) = place;
    return cells;
}

Result<FilmMarks> read_film_marks(const std::filesystem::path& film, double rate, const ReadLimits& limits)
{
    FilmMarks out;
    PATHLOOM_CHECK(
        run_reader(film, {"--marks", "--fps", fmt::format("{}", rate)}, limits, [&](std::string_view line) -> Result<void> {
            PATHLOOM_TRY(const SaidMark said, said_mark(film, line));
            out.seconds.push_back(said.seconds);
            out.marks.push_back(said.mark);
            return {};
        }));
    return out;
}

Result<void> read_copies(const Timeline& timeline, const ReadLimits& limits, std::vector<FrameCell>& cells)
{
    std::map<std::size_t, std::vector<std::size_t>> by_film;
    for (std::size_t i = 0; i < cells.size(); ++i) by_film[cells[i].place.film].push_back(i);
    for (const auto& [number, indices] : by_film) {
        const std::filesystem::path& film = timeline.films()[number].file;
        for (std::size_t first = 0; first < indices.size(); first += copies_at_once) {
            const auto now = std::span(indices).subspan(first, std::min(copies_at_once, indices.size() - first));
            std::vector<std::string> arguments;
            for (const std::size_t i : now)
                arguments.insert(arguments.end(), {"--copy", fmt::format("{},{}", cells[i].place.second, cells[i].seed)});
            PATHLOOM_CHECK(run_reader(film, arguments, limits, [&](std::string_view line) -> Result<void> {
                PATHLOOM_TRY(const SaidMark said, said_mark(film, line));
                if (said.index < now.size()) cells[now[said.index]].wanted = said.mark;
                return {};
            }));
        }
    }
    return {};
}

void find_nearest(
    const Timeline& timeline, std::span<const FilmMarks> films, const PictureDistance& distance, std::vector<FrameCell>& cells)
{
    for (std::size_t i = 0; i < cells.size(); ++i) {
        FrameCell& cell = cells[i];
        int before = 0;  // seconds of the films before
        bool any = false;
        for (std::size_t f = 0; f < films.size() && before < cell.length; before += timeline.films()[f++].seconds) {
            const FilmMarks& film = films[f];
            for (std::size_t k = 0; k < film.seconds.size() && film.seconds[k] < double(cell.length - before) - 1e-6; ++k) {
                const double now = distance(i, f, k);
                if (any && now >= cell.difference) continue;
                any = true;
                cell.difference = now;
                cell.found_film = f;
                cell.found_second = film.seconds[k];
            }
        }
        const bool right = any && cell.found_film == cell.place.film;
        cell.found = right && std::abs(cell.found_second - cell.place.second) <= close_by + 1e-6;
        if (!right) continue;
        const FilmMarks& film = films[cell.found_film];
        cell.same_shot
            = cell.found || one_shot(film, index_of(film, cell.found_second), index_of(film, double(cell.place.second)));
    }
}

void find_by_marks(const Timeline& timeline, std::span<const FilmMarks> films, std::vector<FrameCell>& cells)
{
    find_nearest(
        timeline, films,
        [&](std::size_t cell, std::size_t film, std::size_t picture) {
            return difference(films[film].marks[picture], cells[cell].wanted);
        },
        cells);
}

}  // namespace pathloom
