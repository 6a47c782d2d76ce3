// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/film.h"

#include "engine/corpus/document_reader.h"
#include "engine/probe/mixture.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

Error unexpected(const std::filesystem::path& file)
{
    return {ErrorCode::Failed, file.string() + ": pathloom-read gave an answer that is not understood; reinstall Pathloom"};
}

struct Media {
    int seconds = 0;
    bool pictures = false;
};

Result<Media> media_of(const std::filesystem::path& file, const ReadLimits& limits)
{
    Media out;
    PATHLOOM_CHECK(run_reader(file, {"--media"}, limits, [&](std::string_view line) -> Result<void> {
        auto said = nlohmann::json::parse(line, nullptr, false);
        if (!said.is_object() || !said.contains("media") || !said["media"].is_object() || !said["media"]["seconds"].is_number())
            return fail(unexpected(file));
        out.seconds = int(std::min(1e8, said["media"]["seconds"].get<double>()));
        out.pictures = said["media"].value("video", nlohmann::json()).is_object();
        return {};
    }));
    return out;
}

}  // namespace

Result<int> film_seconds(const std::filesystem::path& file, const ReadLimits& limits)
{
    PATHLOOM_TRY(const Media media, media_of(file, limits));
    if (media.seconds < 1) return fail(ErrorCode::Usage, "{} is shorter than a second; give a longer film", file.string());
    return media.seconds;
}

Result<int> picture_seconds(const std::filesystem::path& file, const ReadLimits& limits)
{
    const auto media = media_of(file, limits);
    if (!media && media.error().code == ErrorCode::Cancelled) return fail(media.error());
    return media && media->pictures ? media->seconds : 0;
}

Result<FilmText> read_film_text(const std::filesystem::path& file, const ReadLimits& limits)
{
    FilmText out;
    out.file = file;
    PATHLOOM_TRY(out.seconds, film_seconds(file, limits));
    ReadLimits own = limits;
    own.options.may_be_empty = true;
    PATHLOOM_TRY(const DocumentText text, read_document(file, own));
    for (std::size_t i = 0; i < text.marks.size(); ++i) {
        const std::size_t begin = text.marks[i].begin;
        const std::size_t end = i + 1 < text.marks.size() ? text.marks[i + 1].begin : text.text.size();
        out.lines.emplace_back(text.marks[i].where.seconds, text.text.substr(begin, end - begin));
    }
    return out;
}

Timeline::Timeline(std::vector<FilmText> films)
    : m_films(std::move(films))
{
    for (const FilmText& film : m_films) m_seconds += film.seconds;
}

Timeline::Place Timeline::at(int second) const
{
    second %= m_seconds;
    Place out;
    while (second >= m_films[out.film].seconds) second -= m_films[out.film++].seconds;
    out.second = second;
    return out;
}

Timeline::Text Timeline::text(int seconds) const
{
    Text out;
    std::size_t next = 0;  // line of the film
    for (int second = 0; second < seconds; ++second) {
        const Place place = at(second);
        const FilmText& film = m_films[place.film];
        if (place.second == 0) {
            out.text += film.file.filename().string() + "\n";
            next = 0;
        }
        const bool last = place.second + 1 == film.seconds;
        for (; next < film.lines.size() && (last || film.lines[next].first < place.second + 1); ++next)
            out.text += film.lines[next].second;
        out.ends.push_back(out.text.size());
    }
    return out;
}

Result<std::vector<std::pair<GridPlace, Rng>>> draw_places(
    const Timeline& timeline, std::span<const int> lengths, int depths, std::uint64_t seed)
{
    std::vector<std::pair<GridPlace, Rng>> out;
    for (const int length : lengths) {
        if (length < depths)
            return fail(ErrorCode::Usage, "a length of {} s has no room for {} depths; ask for longer films or fewer depths",
                length, depths);
        for (int d = 0; d < depths; ++d) {
            GridPlace one;
            one.length = length;
            one.depth = 100.0 * (d + 0.5) / depths;
            one.seed = mix(seed, std::uint64_t(length), std::uint64_t(d));
            Rng rng(one.seed);
            one.second = std::min(length - 1, int(double(length) * (d + rng.uniform()) / depths));
            one.place = timeline.at(one.second);
            one.repeated = length > timeline.seconds();
            out.emplace_back(one, rng);
        }
    }
    return out;
}

namespace {

constexpr std::size_t at_once = 256;  // requests: a command line holds only so much

/// Asks pathloom-read for `arguments` (one request each, behind `flag`), a few at a time, and collects the "text" of each `list`
/// of its answers `kind`, by index.
Result<std::vector<std::vector<std::string>>> read_requests(const std::filesystem::path& film, const ReadLimits& limits,
    const std::vector<std::string>& common, const char* flag, const std::vector<std::string>& requests, const char* kind,
    const char* list)
{
    std::vector<std::vector<std::string>> out(requests.size());
    for (std::size_t first = 0; first < requests.size(); first += at_once) {
        const std::size_t count = std::min(at_once, requests.size() - first);
        std::vector<std::string> arguments = common;
        for (std::size_t i = first; i < first + count; ++i) arguments.insert(arguments.end(), {flag, requests[i]});
        PATHLOOM_CHECK(run_reader(film, arguments, limits, [&](std::string_view line) -> Result<void> {
            auto said = nlohmann::json::parse(line, nullptr, false);
            if (!said.is_object() || !said.contains(kind) || !said[kind].is_object()) return fail(unexpected(film));
            auto& answer = said[kind];
            if (!answer["index"].is_number_unsigned() || answer["index"] >= count || !answer[list].is_array())
                return fail(unexpected(film));
            for (const auto& read : answer[list])
                if (read.is_object() && read.contains("text") && read["text"].is_string())
                    out[first + answer["index"].get<std::size_t>()].push_back(read["text"].get<std::string>());
            return {};
        }));
    }
    return out;
}

}  // namespace

Result<std::vector<std::vector<std::string>>> read_drawn_words(
    const std::filesystem::path& film, std::span<const DrawnWords> words, const ReadLimits& limits)
{
    std::vector<std::string> requests;
    for (const DrawnWords& one : words)
        requests.push_back(fmt::format("{},{:.4f},{:.4f},{}", one.second, one.x, one.y, one.text));
    return read_requests(film, limits, {"--text-language", limits.options.language}, "--overlay", requests, "overlay", "lines");
}

Result<std::vector<std::vector<std::string>>> read_spoken_words(
    const std::filesystem::path& recording, std::span<const SpokenWords> words, const ReadLimits& limits)
{
    std::vector<std::string> requests;
    for (const SpokenWords& one : words) requests.push_back(fmt::format("{},{},{}", one.second, one.voice, one.text));
    return read_requests(recording, limits, {}, "--spoken", requests, "spoken", "said");
}

}  // namespace pathloom
