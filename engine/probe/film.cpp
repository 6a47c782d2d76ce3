// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/film.h"

#include "engine/corpus/document_reader.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

Error unexpected(const std::filesystem::path& file)
{
    return {ErrorCode::Failed, file.string() + ": pathloom-read gave an answer that is not understood; reinstall Pathloom"};
}

}  // namespace

Result<int> film_seconds(const std::filesystem::path& file, const ReadLimits& limits)
{
    int seconds = 0;
    PATHLOOM_CHECK(run_reader(file, {"--media"}, limits, [&](std::string_view line) -> Result<void> {
        auto said = nlohmann::json::parse(line, nullptr, false);
        if (!said.is_object() || !said.contains("media") || !said["media"].is_object() || !said["media"]["seconds"].is_number())
            return fail(unexpected(file));
        seconds = int(std::min(1e8, said["media"]["seconds"].get<double>()));
        return {};
    }));
    if (seconds < 1) return fail(ErrorCode::Usage, "{} is shorter than a second; give a longer film", file.string());
    return seconds;
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

Result<std::vector<std::vector<std::string>>> read_drawn_words(
    const std::filesystem::path& film, std::span<const DrawnWords> words, const ReadLimits& limits)
{
    constexpr std::size_t at_once = 256;  // a command line holds only so much
    std::vector<std::vector<std::string>> out(words.size());
    for (std::size_t first = 0; first < words.size(); first += at_once) {
        const auto now = words.subspan(first, std::min(at_once, words.size() - first));
        std::vector<std::string> arguments{"--text-language", limits.options.language};
        for (const DrawnWords& one : now) {
            arguments.emplace_back("--overlay");
            arguments.push_back(fmt::format("{},{:.4f},{:.4f},{}", one.second, one.x, one.y, one.text));
        }
        PATHLOOM_CHECK(run_reader(film, arguments, limits, [&](std::string_view line) -> Result<void> {
            auto said = nlohmann::json::parse(line, nullptr, false);
            if (!said.is_object() || !said.contains("overlay") || !said["overlay"].is_object()) return fail(unexpected(film));
            auto& overlay = said["overlay"];
            if (!overlay["index"].is_number_unsigned() || overlay["index"] >= now.size() || !overlay["lines"].is_array())
                return fail(unexpected(film));
            for (const auto& read : overlay["lines"])
                if (read.is_object() && read.contains("text") && read["text"].is_string())
                    out[first + overlay["index"].get<std::size_t>()].push_back(read["text"].get<std::string>());
            return {};
        }));
    }
    return out;
}

}  // namespace pathloom
