// SPDX-License-Identifier: GPL-3.0-or-later
// Files of segments.
#include "engine/core/files.h"
#include "engine/core/one_line.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/unicode.h"

#include <algorithm>

namespace pathloom {

namespace {

struct File {
    std::string name;
    std::u32string text;
    /// Ends in LF, or has nothing to end.
    [[nodiscard]] bool is_terminated() const { return text.empty() || text.back() == U'\n'; }
    [[nodiscard]] std::size_t line_ends() const { return std::size_t(std::count(text.begin(), text.end(), U'\n')); }
};

/// LF ends a line, or parts two: then what follows the last LF is a line even when it is empty.
std::size_t lines_of(const File& file, bool parted)
{
    return file.line_ends() + (parted || !file.is_terminated() ? 1 : 0);
}

std::vector<std::u32string> split_lines(const std::u32string& text, std::size_t lines)
{
    std::vector<std::u32string> split;
    split.reserve(lines);
    for (std::size_t start = 0; split.size() < lines;) {
        const std::size_t end = std::min(text.find(U'\n', start), text.size());
        std::size_t length = end - start;
        if (length > 0 && text[end - 1] == U'\r') --length;
        split.push_back(text.substr(start, length));
        start = std::min(end + 1, text.size());
    }
    return split;
}

Result<File> read(const std::filesystem::path& path)
{
    PATHLOOM_TRY(const std::string bytes, read_file(path));
    auto text = decode_utf8(bytes);
    if (!text)
        return fail(text.error().code, "{} is {}; convert it, for instance with iconv -t UTF-8", one_line(path.string()),
            text.error().message);
    return File{one_line(path.string()), std::move(*text)};
}

}  // namespace

Result<ScoredText> read_scored_text(
    const std::filesystem::path& hypotheses, const std::vector<std::filesystem::path>& references, bool whole_files)
{
    std::vector<File> files;
    PATHLOOM_TRY(files.emplace_back(), read(hypotheses));
    for (const auto& path : references) {
        PATHLOOM_TRY(files.emplace_back(), read(path));
    }
    ScoredText scored;
    scored.references.resize(references.size());
    const auto segments_of = [&](std::size_t file) -> auto&
    {
        return file == 0 ? scored.hypotheses : scored.references[file - 1];
    };
    if (whole_files) {
        for (std::size_t f = 0; f < files.size(); ++f) segments_of(f) = {std::move(files[f].text)};
        return scored;
    }

    const auto same_length = [&](bool parted) {
        return std::all_of(
            files.begin(), files.end(), [&](const File& file) { return lines_of(file, parted) == lines_of(files[0], parted); });
    };
    // Somebody who joins lines by LF writes no LF after the last one, not even when it is empty.
    const bool parted = !same_length(false) && same_length(true)
        && std::any_of(files.begin(), files.end(), [](const File& file) { return !file.is_terminated(); });
    if (std::all_of(files.begin(), files.end(), [&](const File& file) { return lines_of(file, parted) == 0; }))
        return fail(ErrorCode::Failed, "{} and its references are empty; put one segment on a line", files[0].name);
    for (const auto& file : files)
        if (lines_of(file, parted) != lines_of(files[0], parted))
            return fail(ErrorCode::Failed, "{} has {} lines and {} has {}; hypotheses and references must match line by line",
                files[0].name, lines_of(files[0], parted), file.name, lines_of(file, parted));
    for (std::size_t f = 0; f < files.size(); ++f) segments_of(f) = split_lines(files[f].text, lines_of(files[f], parted));
    return scored;
}

}  // namespace pathloom
