// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/read/answers.h"

#include "engine/core/files.h"
#include "plugins/api/document_importer.h"
#include "plugins/api/media_reader.h"
#include "plugins/read/importer_list.h"
#include "plugins/read/limits.h"

#include <nlohmann/json.hpp>

#include <QByteArray>
#include <QPluginLoader>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::uintmax_t largest_file = std::uintmax_t(2) << 30;
constexpr std::size_t largest_text = std::size_t(1) << 30;  // a memory counts bytes in 32 bits
constexpr std::size_t head_bytes = 4096;  // enough to tell a kind by its first bytes
constexpr std::chrono::milliseconds progress_interval(200);

Result<ImporterFile> importer_of(const std::filesystem::path& file)
{
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) return fail(ErrorCode::Usage, "is a folder");
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (error) return fail(ErrorCode::NotFound, "cannot be opened: {}", error.message());
    if (size == 0) return fail(ErrorCode::Usage, "is empty; give a document with some text");
    std::string head(head_bytes, '\0');
    std::ifstream in(file, std::ios::binary);
    in.read(head.data(), std::streamsize(head.size()));
    head.resize(std::size_t(in.gcount()));
    PATHLOOM_TRY(ImporterFile chosen, choose_importer(list_importers(importer_folders()), file, head));
    if (!chosen.by_path && size > largest_file) return fail(ErrorCode::Usage, "is larger than 2 GB; split it");
    return chosen;
}

template <class Interface>
Result<const Interface*> loaded(QPluginLoader& loader, const ImporterFile& chosen)
{
    if (const auto* importer = qobject_cast<Interface*>(loader.instance())) return importer;
    return fail(
        ErrorCode::Failed, "needs the importer '{}', which cannot be loaded: {}", chosen.id, loader.errorString().toStdString());
}

Result<ImporterFile> film_importer_of(const std::filesystem::path& file)
{
    PATHLOOM_TRY(ImporterFile chosen, importer_of(file));
    if (!chosen.media) return fail(ErrorCode::Usage, "is no film and no recording ({})", chosen.name);
    return chosen;
}

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

std::string line_of(const json& value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

bool print_line(const std::string& line)
{
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fputc('\n', stdout) != EOF;
}

bool print_importers()
{
    json out = json::array();
    for (const ImporterFile& one : list_importers(importer_folders())) {
        json entry{{"id", one.id}, {"name", one.name}, {"file", one.file.string()}, {"extensions", one.extensions}};
        if (!one.problem.empty()) entry["problem"] = one.problem;
        out.push_back(std::move(entry));
    }
    return print_line(out.dump(2));
}

Result<void> print_document(const ReadCall& call)
{
    const std::filesystem::path file = call.file;
    PATHLOOM_TRY(const ImporterFile chosen, importer_of(file));
    std::optional<MappedFile> mapping;
    ImportSource source{file, {}, call.options, {}};
    if (!chosen.by_path) {
        PATHLOOM_TRY(mapping, MappedFile::open(file));
        source.bytes = {reinterpret_cast<const char*>(mapping->bytes().data()), mapping->bytes().size()};
    }
    source.progress = [&, last = std::chrono::steady_clock::time_point()](double done, double total) mutable {
        const auto now = std::chrono::steady_clock::now();
        if (now - last < progress_interval) return true;
        last = now;
        allow_computing(call.seconds);
        return print_line(line_of({{"progress", {{"done", done}, {"total", total}}}})) && std::fflush(stdout) == 0;
    };
    QPluginLoader loader(QString::fromStdString(chosen.file.string()));
    PATHLOOM_TRY(const DocumentImporter* const importer, loaded<DocumentImporter>(loader, chosen));
    std::size_t segments = 0, text = 0;
    bool too_long = false;
    const auto done = importer->read(source, [&](Segment&& segment) {
        text += segment.text.size();
        too_long = text > largest_text;
        ++segments;
        return !too_long && print_line(to_json_line(segment));
    });
    if (too_long) return fail(ErrorCode::Usage, "has more than 1 GB of text; split it");
    if (!done) return fail(done.error());
    print_line(line_of({{"end", segments}}));
    return {};
}

Result<void> print_media(const ReadCall& call)
{
    PATHLOOM_TRY(const ImporterFile chosen, film_importer_of(call.file));
    QPluginLoader loader(QString::fromStdString(chosen.file.string()));
    PATHLOOM_TRY(const MediaReader* const reader, loaded<MediaReader>(loader, chosen));
    PATHLOOM_TRY(const MediaFacts facts, reader->facts(call.file));
    print_line(line_of({{"media", to_json(facts)}}));
    return {};
}

Result<void> print_thumbnails(const ReadCall& call)
{
    PATHLOOM_TRY(const ImporterFile chosen, film_importer_of(call.file));
    QPluginLoader loader(QString::fromStdString(chosen.file.string()));
    PATHLOOM_TRY(const MediaReader* const reader, loaded<MediaReader>(loader, chosen));
    int made = 0;
    PATHLOOM_CHECK(reader->thumbnails(call.file, call.thumbnails, call.thumbnail_height, [&](const Thumbnail& one) {
        ++made;
        allow_computing(call.seconds);
        const QByteArray png(one.png.data(), qsizetype(one.png.size()));
        return print_line(line_of({{"thumbnail",
                   {{"seconds", one.seconds}, {"width", one.width}, {"height", one.height},
                       {"png", png.toBase64().toStdString()}}}}))
            && std::fflush(stdout) == 0;
    }));
    print_line(line_of({{"end", made}}));
    return {};
}

Result<void> print_overlays(const ReadCall& call)
{
    PATHLOOM_TRY(const ImporterFile chosen, film_importer_of(call.file));
    QPluginLoader loader(QString::fromStdString(chosen.file.string()));
    PATHLOOM_TRY(const MediaReader* const reader, loaded<MediaReader>(loader, chosen));
    PATHLOOM_CHECK(reader->overlays(call.file, call.options, call.overlays, [&](const OverlayReading& one) {
        allow_computing(call.seconds);
        json lines = json::array();
        for (const PictureLine& line : one.lines) lines.push_back({{"text", line.text}, {"confidence", line.confidence}});
        return print_line(line_of({{"overlay", {{"index", one.request}, {"seconds", one.seconds}, {"lines", lines}}}}))
            && std::fflush(stdout) == 0;
    }));
    print_line(line_of({{"end", call.overlays.size()}}));
    return {};
}

Result<void> print_looks(const ReadCall& call)
{
    PATHLOOM_TRY(const ImporterFile chosen, film_importer_of(call.file));
    QPluginLoader loader(QString::fromStdString(chosen.file.string()));
    PATHLOOM_TRY(const MediaReader* const reader, loaded<MediaReader>(loader, chosen));
    PATHLOOM_TRY(const MediaFacts facts, reader->facts(call.file));
    std::size_t made = 0;
    PATHLOOM_CHECK(reader->looks(call.file, call.look, call.options, call.look_count, call.overlays, [&](const Look& one) {
        ++made;
        allow_computing(call.seconds);
        print_line(line_of({{"progress", {{"done", one.seconds}, {"total", facts.seconds}}}}));
        const QByteArray bytes(reinterpret_cast<const char*>(one.grey.bytes.data()), qsizetype(one.grey.bytes.size()));
        return print_line(line_of({{"look",
                   {{"index", one.index}, {"seconds", one.seconds}, {"width", one.grey.width}, {"height", one.grey.height},
                       {"grey", bytes.toBase64().toStdString()}}}}))
            && std::fflush(stdout) == 0;
    }));
    print_line(line_of({{"end", made}}));
    return {};
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

std::optional<OverlayRequest> parse_overlay(std::string_view text)
{
    OverlayRequest out;
    for (double* const value : {&out.seconds, &out.overlay.x, &out.overlay.y}) {
        const std::size_t comma = text.find(',');
        if (comma == std::string_view::npos) return std::nullopt;
        const auto [end, error] = std::from_chars(text.data(), text.data() + comma, *value);
        if (error != std::errc() || end != text.data() + comma || !(*value >= 0.0 && *value <= 1e8)) return std::nullopt;
        text.remove_prefix(comma + 1);
    }
    if (text.empty() || text.find('\n') != std::string_view::npos) return std::nullopt;
    out.overlay.text = text;
    return out;
}

}  // namespace pathloom
