// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/corpus/document_reader.h"

#include "engine/core/files.h"
#include "engine/corpus/reading_cache.h"
#include "engine/corpus/text.h"

#include <algorithm>
#include <set>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

std::string extension_of(const fs::path& file)
{
    return ascii_lowered(file.extension().string());
}

Result<DocumentText> read_plain(const fs::path& file)
{
    PATHLOOM_TRY(std::string bytes, read_file(file));
    if (const auto why = why_not_text(bytes)) return fail(ErrorCode::Usage, "{} is no text ({})", file.string(), *why);
    DocumentText out;
    out.text = normalised(std::move(bytes));
    if (std::ranges::all_of(out.text, is_blank))
        return fail(ErrorCode::Usage, "{} is empty; give a document with some text", file.string());
    return out;
}

/// What differs from the usual.
std::vector<std::string> arguments_of(const ReadOptions& options)
{
    std::vector<std::string> words;
    const ReadOptions usual;
    if (options.frames_per_second != usual.frames_per_second)
        words.insert(words.end(), {"--fps", fmt::format("{}", options.frames_per_second)});
    if (!options.picture_text) words.emplace_back("--no-picture-text");
    if (options.language != usual.language) words.insert(words.end(), {"--text-language", options.language});
    if (options.speech) words.emplace_back("--speech");
    if (options.may_be_empty) words.emplace_back("--may-be-empty");
    if (options.from > 0.0) words.insert(words.end(), {"--from", fmt::format("{}", options.from)});
    return words;
}

/// Films take long: what was read of one is kept, and a reading that was stopped goes on where it was.
Result<DocumentText> read_through_helper(const fs::path& file, const ReadLimits& limits)
{
    DocumentText out;
    ReadingCache cache(file, limits.options);
    if (!cache.take_finished(out)) {
        ReadLimits own = limits;
        own.options.from = std::max(limits.options.from, cache.take_part(out));
        own.progress = [&](double done, double total) {
            cache.reached(done);
            if (limits.progress) limits.progress(done, total);
        };
        PATHLOOM_CHECK(run_reader(file, arguments_of(own.options), own, [&](std::string_view line) -> Result<void> {
            auto segment = parse_segment(line);
            if (!segment) return fail(ErrorCode::Corrupt, "{}: {}", file.string(), segment.error().message);
            cache.add(line);
            out.add(std::move(*segment));
            return {};
        }));
        cache.finish();
    }
    if (std::ranges::all_of(out.text, is_blank) && !limits.options.may_be_empty)
        return fail(ErrorCode::Usage, "{} has no text", file.string());
    return out;
}

Result<void> add_folder(const fs::path& folder, std::vector<fs::path>& out)
{
    std::error_code error;
    std::vector<fs::path> files;
    fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
        std::error_code unknown;
        if (walk->path().filename().string().starts_with('.'))
            walk.disable_recursion_pending();
        else if (walk->is_regular_file(unknown))
            files.push_back(walk->path());
    }
    if (error) return fail(ErrorCode::Failed, "cannot read the folder {}: {}", folder.string(), error.message());
    if (files.empty()) return fail(ErrorCode::Usage, "the folder {} holds no files", folder.string());
    std::ranges::sort(files);
    out.insert(out.end(), files.begin(), files.end());
    return {};
}

}  // namespace

Result<DocumentText> read_document(const fs::path& file, const ReadLimits& limits)
{
    const std::string extension = extension_of(file);
    std::error_code error;
    if (fs::is_directory(file, error)) return fail(ErrorCode::Usage, "{} is a folder; name a file", file.string());
    if (extension.empty() || extension == ".txt" || !fs::exists(file, error)) return read_plain(file);
    return read_through_helper(file, limits);
}

Result<std::vector<fs::path>> document_files(const std::vector<fs::path>& paths)
{
    std::vector<fs::path> found, out;
    for (const fs::path& path : paths) {
        std::error_code error;
        if (fs::is_directory(path, error)) {
            PATHLOOM_CHECK(add_folder(path, found));
        } else {
            found.push_back(path);
        }
    }
    std::set<std::string> seen;
    for (fs::path& file : found) {
        std::error_code error;
        if (seen.insert(fs::weakly_canonical(file, error).string()).second) out.push_back(std::move(file));
    }
    return out;
}

}  // namespace pathloom
