// SPDX-License-Identifier: GPL-3.0-or-later
// Calls about films.
#include "plugins/read/answers.h"

#include "plugins/read/limits.h"
#include "plugins/read/opened.h"

#include <QByteArray>

#include <charconv>
#include <cstdio>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::size_t moments_found = 5;

json to_json(const MediaFacts& facts)
{
    json out{{"seconds", facts.seconds}, {"video", nullptr}, {"audio", nullptr}, {"subtitles", json::array()}};
    if (const auto& video = facts.video)
        out["video"] = {{"codec", video->codec}, {"width", video->width}, {"height", video->height}, {"fps", video->fps},
            {"rotation", video->rotation}};
    if (const auto& audio = facts.audio)
        out["audio"] = {{"codec", audio->codec}, {"sample_rate", audio->sample_rate}, {"channels", audio->channels}};
    for (const SubtitleFacts& track : facts.subtitles)
        out["subtitles"].push_back(
            {{"codec", track.codec}, {"language", track.language}, {"title", track.title}, {"text", track.text}});
    return out;
}

/// A line of an answer that goes on, and time for the next.
bool go_on(const ReadCall& call, const json& line)
{
    allow_computing(call.seconds);
    return print_line(line_of(line)) && std::fflush(stdout) == 0;
}

Result<void> ended(std::size_t count)
{
    print_line(line_of({{"end", count}}));
    return {};
}

}  // namespace

Result<void> print_abilities()
{
    for (const ImporterFile& one : list_importers(importer_folders())) {
        if (!one.problem.empty() || !one.media) continue;
        QPluginLoader loader(QString::fromStdString(one.file.string()));
        PATHLOOM_TRY(const MediaReader* const reader, loaded<MediaReader>(loader, one));
        const MediaAbilities abilities = reader->abilities();
        json said{{"text_languages", abilities.text_languages}, {"speech", abilities.speech_problem.empty()}};
        if (!abilities.speech_problem.empty()) said["speech_problem"] = abilities.speech_problem;
        print_line(line_of({{"abilities", said}}));
        return {};
    }
    return fail(ErrorCode::NotFound, "no importer of films is installed; reinstall Pathloom");
}

Result<void> print_media(const ReadCall& call)
{
    return ask_film(call.file, [&](const MediaReader& reader) -> Result<void> {
        PATHLOOM_TRY(const MediaFacts facts, reader.facts(call.file));
        print_line(line_of({{"media", to_json(facts)}}));
        return {};
    });
}

Result<void> print_thumbnails(const ReadCall& call)
{
    return ask_film(call.file, [&](const MediaReader& reader) -> Result<void> {
        std::size_t made = 0;
        PATHLOOM_CHECK(reader.thumbnails(call.file, call.thumbnails, call.thumbnail_height, [&](const Thumbnail& one) {
            ++made;
            const QByteArray png(one.png.data(), qsizetype(one.png.size()));
            return go_on(call,
                {{"thumbnail",
                    {{"seconds", one.seconds}, {"width", one.width}, {"height", one.height},
                        {"png", png.toBase64().toStdString()}}}});
        }));
        return ended(made);
    });
}

Result<void> print_overlays(const ReadCall& call)
{
    return ask_film(call.file, [&](const MediaReader& reader) -> Result<void> {
        PATHLOOM_CHECK(reader.overlays(call.file, call.options, call.overlays, [&](const OverlayReading& one) {
            json lines = json::array();
            for (const PictureLine& line : one.lines) lines.push_back({{"text", line.text}, {"confidence", line.confidence}});
            return go_on(call, {{"overlay", {{"index", one.request}, {"seconds", one.seconds}, {"lines", lines}}}});
        }));
        return ended(call.overlays.size());
    });
}

Result<void> print_spoken(const ReadCall& call)
{
    return ask_film(call.file, [&](const MediaReader& reader) -> Result<void> {
        PATHLOOM_CHECK(reader.spoken(call.file, call.spoken, [&](const SpokenReading& one) {
            json said = json::array();
            for (const Utterance& utterance : one.said)
                said.push_back({{"text", utterance.text}, {"confidence", utterance.confidence}});
            return go_on(call, {{"spoken", {{"index", one.request}, {"seconds", one.seconds}, {"said", said}}}});
        }));
        return ended(call.spoken.size());
    });
}

Result<void> print_marks(const ReadCall& call)
{
    return ask_film(call.file, [&](const MediaReader& reader) -> Result<void> {
        PATHLOOM_TRY(const MediaFacts facts, reader.facts(call.file));
        const auto progress = progress_lines(call.seconds);
        std::size_t made = 0;
        PATHLOOM_CHECK(reader.marks(call.file, call.options.frames_per_second, [&](const MarkedMoment& one) {
            ++made;
            return print_line(line_of({{"mark", {{"seconds", one.seconds}, {"values", to_hex(one.mark)}}}}))
                && progress(one.seconds, facts.seconds);
        }));
        return ended(made);
    });
}

Result<void> print_copies(const ReadCall& call)
{
    return ask_film(call.file, [&](const MediaReader& reader) -> Result<void> {
        PATHLOOM_CHECK(reader.copies(call.file, call.copies, [&](std::size_t index, const PictureMark& mark) {
            return go_on(call, {{"mark", {{"index", index}, {"seconds", call.copies[index].seconds}, {"values", to_hex(mark)}}}});
        }));
        return ended(call.copies.size());
    });
}

Result<void> print_found(const ReadCall& call)
{
    return ask_film(call.file, [&](const MediaReader& reader) -> Result<void> {
        PATHLOOM_TRY(const auto found,
            reader.find(call.file, call.find, call.options.frames_per_second, moments_found, progress_lines(call.seconds)));
        for (const FoundMoment& one : found)
            print_line(line_of({{"moment", {{"seconds", one.seconds}, {"difference", one.difference}}}}));
        return ended(found.size());
    });
}

Result<void> print_looks(const ReadCall& call)
{
    return ask_film(call.file, [&](const MediaReader& reader) -> Result<void> {
        PATHLOOM_TRY(const MediaFacts facts, reader.facts(call.file));
        std::size_t made = 0;
        PATHLOOM_CHECK(
            reader.looks(call.file, call.look, call.options, call.look_count, call.overlays, call.copies, [&](const Look& one) {
                ++made;
                print_line(line_of({{"progress", {{"done", one.seconds}, {"total", facts.seconds}}}}));
                const QByteArray bytes(reinterpret_cast<const char*>(one.grey.bytes.data()), qsizetype(one.grey.bytes.size()));
                return go_on(call,
                    {{"look",
                        {{"index", one.index}, {"seconds", one.seconds}, {"width", one.grey.width}, {"height", one.grey.height},
                            {"grey", bytes.toBase64().toStdString()}}}});
            }));
        return ended(made);
    });
}

namespace {

/// The number before the next comma, which is taken off with it.
bool take_number(std::string_view& text, double& value)
{
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + comma, value);
    if (error != std::errc() || end != text.data() + comma || !(value >= 0.0 && value <= 1e8)) return false;
    text.remove_prefix(comma + 1);
    return true;
}

bool one_line(std::string_view text)
{
    return !text.empty() && text.find('\n') == std::string_view::npos;
}

}  // namespace

std::optional<OverlayRequest> parse_overlay(std::string_view text)
{
    OverlayRequest out;
    for (double* const value : {&out.seconds, &out.overlay.x, &out.overlay.y})
        if (!take_number(text, *value)) return std::nullopt;
    if (!one_line(text)) return std::nullopt;
    out.overlay.text = text;
    return out;
}

std::optional<SpokenRequest> parse_spoken(std::string_view text)
{
    SpokenRequest out;
    if (!take_number(text, out.seconds)) return std::nullopt;
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos || !one_line(text.substr(comma + 1))) return std::nullopt;
    out.voice = text.substr(0, comma);
    out.text = text.substr(comma + 1);
    return out;
}

std::optional<LookSize> parse_look(std::string_view text)
{
    LookSize out;
    const std::size_t cross = text.find('x');
    if (cross == std::string_view::npos) return std::nullopt;
    const auto side = [](std::string_view digits, int least, int& value) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return error == std::errc() && end == digits.data() + digits.size() && value >= least && value <= 2160;
    };
    if (!side(text.substr(0, cross), 0, out.width) || !side(text.substr(cross + 1), 8, out.height)) return std::nullopt;
    return out;
}

std::optional<CopyRequest> parse_copy(std::string_view text)
{
    CopyRequest out;
    if (!take_number(text, out.seconds)) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.seed);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return out;
}

}  // namespace pathloom
