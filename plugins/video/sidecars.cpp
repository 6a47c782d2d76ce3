// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/video/sidecars.h"

#include "engine/core/files.h"
#include "engine/media/subtitle_tracks.h"
#include "plugins/subtitles/subtitles_document.h"

#include <algorithm>
#include <cctype>

namespace pathloom {

namespace {

constexpr std::uintmax_t largest_sidecar = std::uintmax_t(64) << 20;  // bytes: a film's words are far fewer

/// What stands between the film's name and the ending ("" or "en"); nothing when the file is none of its subtitles.
std::optional<std::string> tag_of(const std::filesystem::path& file, const std::string& stem)
{
    std::string ending = file.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    if (ending != ".srt" && ending != ".vtt") return std::nullopt;
    const std::string name = file.stem().string();
    if (name == stem) return "";
    if (name.starts_with(stem + ".")) return name.substr(stem.size() + 1);
    return std::nullopt;
}

}  // namespace

std::vector<std::filesystem::path> subtitle_files(const std::filesystem::path& film)
{
    std::vector<std::filesystem::path> out;
    std::error_code error;
    const auto folder = film.has_parent_path() ? film.parent_path() : std::filesystem::path(".");
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        std::error_code unknown;
        if (tag_of(at->path(), film.stem().string()) && at->is_regular_file(unknown)) out.push_back(at->path());
    }
    std::ranges::sort(out);
    return out;
}

Result<std::vector<Segment>> read_sidecars(const std::filesystem::path& film)
{
    const auto files = subtitle_files(film);
    std::vector<Segment> out;
    for (const auto& file : files) {
        const auto bad = [&](const std::string& why) {
            return fail(ErrorCode::Corrupt, "has subtitles beside it that cannot be read: {} {}; mend or rename them",
                file.filename().string(), why);
        };
        std::error_code error;
        if (std::filesystem::file_size(file, error) > largest_sidecar || error) return bad("is larger than 64 MB");
        PATHLOOM_TRY(const std::string bytes, read_file(file));
        const std::string tag = tag_of(file, film.stem().string()).value_or("");
        const std::string track = files.size() > 1 && !tag.empty() ? std::string(SubtitleTrack) + ", " + tag : SubtitleTrack;
        const auto done = read_subtitles(bytes, [&](Segment&& cue) {
            cue.where.track = track;
            out.push_back(std::move(cue));
            return true;
        });
        if (!done) return bad(done.error().message);
    }
    std::ranges::stable_sort(out, {}, [](const Segment& cue) { return cue.where.seconds; });
    return out;
}

}  // namespace pathloom
