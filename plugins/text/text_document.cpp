// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/text/text_document.h"

#include "engine/corpus/text.h"

#include <algorithm>

namespace pathloom {

namespace {

constexpr std::size_t segment_bytes = std::size_t(1) << 16;

std::string_view stripped(std::string_view line)
{
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    return line;
}

/// Level of "### title" (0: none); CommonMark 4.2 without its indentation.
int heading_level(std::string_view line)
{
    const std::size_t marks = std::min(line.find_first_not_of('#'), line.size());
    if (marks < 1 || marks > 6 || (marks < line.size() && line[marks] != ' ' && line[marks] != '\t')) return 0;
    return int(marks);
}

bool underline(std::string_view line, char mark)
{
    return line.size() >= 3 && line.find_first_not_of(mark) == std::string_view::npos;
}

}  // namespace

Result<void> read_text(std::string_view bytes, const SegmentSink& sink)
{
    if (const auto why = why_not_text(bytes)) return fail(ErrorCode::Usage, "is no text ({})", *why);
    const std::string text = normalised(std::string(bytes));
    if (std::ranges::all_of(text, is_blank)) return fail(ErrorCode::Usage, "is empty; give a document with some text");
    HeadingTrail trail;
    std::size_t begin = 0, last_line = 0;  // of the segment; of the line before, where an underlined title would stand
    bool fenced = false;
    std::string_view before;
    Locator where{0, {}, 0, -1.0};
    const auto give = [&](std::size_t end) {
        if (end == begin) return true;
        const bool more = sink({text.substr(begin, end - begin), where});
        begin = end;
        where.byte = std::int64_t(end);
        return more;
    };
    const auto stopped = [] { return fail(ErrorCode::Cancelled, "stopped"); };
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const std::string_view line = stripped(std::string_view(text).substr(at, end - at));
        if (line.starts_with("```") || line.starts_with("~~~")) fenced = !fenced;
        const int level = fenced ? 0 : heading_level(line);
        const int under = fenced || before.empty() ? 0 : underline(line, '=') ? 1 : underline(line, '-') ? 2 : 0;
        if (level > 0 || under > 0) {
            if (!give(under > 0 ? last_line : at)) return stopped();
            std::string title(level > 0 ? line.substr(std::size_t(level)) : before);
            while (!title.empty() && (title.back() == '#' || is_blank(title.back()))) title.pop_back();
            trail.enter(level > 0 ? level : under, std::move(title));
            where.section = trail.path();
        } else if (at - begin >= segment_bytes) {
            if (!give(at)) return stopped();
        }
        before = level > 0 || under > 0 ? std::string_view() : line;
        last_line = at;
        at = end;
    }
    if (!give(text.size())) return stopped();
    return {};
}

}  // namespace pathloom
