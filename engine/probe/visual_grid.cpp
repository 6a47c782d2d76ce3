// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/visual_grid.h"

#include "engine/core/clock.h"
#include "engine/corpus/text.h"
#include "engine/probe/joint_answer.h"
#include "engine/probe/mixture.h"
#include "engine/vision/film_pictures.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace pathloom {

namespace {

/// The rows of each cell's picture with its words on it.
Result<std::vector<std::shared_ptr<const KeyPatch>>> drawn_patches(
    VisionModel& model, const Timeline& timeline, const ReadLimits& limits, const std::vector<VideoCell>& cells)
{
    std::map<std::size_t, std::vector<std::size_t>> by_film;
    for (std::size_t i = 0; i < cells.size(); ++i) by_film[cells[i].place.film].push_back(i);
    const VisionSpec& spec = model.net.spec();
    std::vector<std::shared_ptr<const KeyPatch>> out(cells.size());
    for (const auto& [film, indices] : by_film) {
        std::vector<PictureWords> words;
        for (const std::size_t i : indices) {
            const DrawnWords& drawn = cells[i].drawn;
            words.push_back({double(drawn.second), drawn.x, drawn.y, drawn.text});
        }
        PATHLOOM_CHECK(drawn_pictures(timeline.films()[film].file, spec.width, spec.height, words, limits,
            [&](std::size_t index, const Picture& grey) -> Result<void> {
                out[indices[index]] = frame_patch(model.net, grey);
                return {};
            }));
    }
    return out;
}

}  // namespace

Result<FilmText> film_without_text(const std::filesystem::path& film, const ReadLimits& limits)
{
    FilmText out;
    out.file = film;
    PATHLOOM_TRY(out.seconds, film_seconds(film, limits));
    return out;
}

Result<VisualHaystack> encode_films(VisionModel& model, const Timeline& timeline, const std::filesystem::path& folder,
    const ReadLimits& limits, const MemoryProgress& progress)
{
    VisualHaystack out;
    const auto start = std::chrono::steady_clock::now();
    for (const FilmText& film : timeline.films()) {
        PATHLOOM_TRY(MemoryFile memory, obtain_visual_memory(model, film.file, film.seconds, folder, limits, progress));
        out.encoded_now += memory.encoded_now();
        out.films.push_back(std::move(memory));
    }
    out.seconds_encode = seconds_since(start);
    return out;
}

MemoryView visual_view(const VisualHaystack& haystack, const Timeline& timeline, int length, int second,
    const std::shared_ptr<const KeyPatch>& patch, int tokens)
{
    MemoryView view;
    const auto each = std::size_t(tokens);
    for (int at = 0; at < length;) {
        const Timeline::Place place = timeline.at(at);
        int until = std::min(length, at + timeline.films()[place.film].seconds - place.second);
        const MemoryFile& film = haystack.films[place.film];
        if (patch && at == second) {
            view.add(patch);
            ++at;
            continue;
        }
        if (patch && at < second) until = std::min(until, second);
        view.add(film, std::size_t(place.second) * each, std::size_t(until - at) * each);
        at = until;
    }
    return view;
}

Result<void> ask_visual_grid(ReaderPackage& reader, VisionModel& model, const FilmHaystack& haystack, const Timeline& timeline,
    const VideoGridRequest& request, const ReadLimits& limits, std::vector<VideoCell>& cells,
    const std::function<bool(const VideoCell&)>& done)
{
    const SecretWords secret = secret_of(request.kind);
    std::vector<std::shared_ptr<const KeyPatch>> patches(cells.size());
    if (!request.no_needle) {
        PATHLOOM_TRY(patches, drawn_patches(model, timeline, limits, cells));
    }
    const int tokens = model.net.spec().tokens();
    for (std::size_t i = 0; i < cells.size(); ++i) {
        VideoCell& cell = cells[i];
        const MemoryView pictures = visual_view(haystack.pictures, timeline, cell.length, cell.second, patches[i], tokens);
        MemoryView text;
        if (haystack.text) {
            PATHLOOM_TRY(text, text_view(reader, *haystack.text, cell.length));
        }
        PATHLOOM_TRY(const JointAnswer answer,
            ask_text_and_pictures(reader, text, model, pictures, secret.question, secret.prefix, request.answer));
        cell.position = std::size_t(cell.second) * std::size_t(tokens);
        cell.tokens = std::size_t(pictures.rows() + text.rows());
        cell.answer = answer.said();
        cell.by_picture = answer.by_picture;
        cell.evidence = answer.picture.logit;
        cell.evidence_second = int(answer.picture.picture);
        cell.found = cell.answer == (request.no_needle ? std::string(NoAnswer) : ascii_lowered(cell.word));
        cell.seconds_answer = cell.seconds_first = answer.picture.seconds + answer.text.seconds;
        if (!done(cell)) return fail(ErrorCode::Cancelled, "stopped");
    }
    return {};
}

Result<void> find_by_looks(VisionModel& model, const VisualHaystack& haystack, const Timeline& timeline,
    std::span<const FilmMarks> films, const ReadLimits& limits, std::vector<FrameCell>& cells)
{
    const VisionSpec& spec = model.net.spec();
    std::map<std::size_t, std::vector<std::size_t>> by_film;
    for (std::size_t i = 0; i < cells.size(); ++i) by_film[cells[i].place.film].push_back(i);
    std::vector<std::vector<std::vector<double>>> alike(cells.size());  // of each cell, film and picture
    std::vector<MemoryView> memories(films.size());
    for (std::size_t f = 0; f < films.size(); ++f) memories[f].add(haystack.films[f], 0, haystack.films[f].rows());
    for (const auto& [film, indices] : by_film) {
        std::vector<CopyRequest> copies;
        for (const std::size_t i : indices) copies.push_back({double(cells[i].place.second), cells[i].seed});
        PATHLOOM_CHECK(copied_pictures(timeline.films()[film].file, spec.width, spec.height, copies, limits,
            [&](std::size_t index, const Picture& grey) -> Result<void> {
                const std::vector<float> wanted = unit_looks(spec, frame_rows(model.net, grey));
                for (const MemoryView& memory : memories) alike[indices[index]].push_back(picture_likeness(spec, memory, wanted));
                return {};
            }));
    }
    find_nearest(
        timeline, films,
        [&](std::size_t cell, std::size_t film, std::size_t picture) {
            const std::vector<double>& of_film = alike[cell][film];  // its marks may show the begun last second, too
            return 1.0 - of_film[std::min(picture, of_film.size() - 1)];
        },
        cells);
    return {};
}

}  // namespace pathloom
