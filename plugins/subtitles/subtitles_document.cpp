// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/subtitles/subtitles_document.h"

#include "engine/corpus/text.h"

#include <algorithm>

namespace pathloom {

namespace {

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Without <i>...</i>, <v Name> and {\an8}.
std::string plain(std::string_view line)
{
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool tag = line[i] == '<' || line.substr(i).starts_with("{\\");
        const std::size_t end = tag ? line.find(line[i] == '<' ? '>' : '}', i) : std::string_view::npos;
        if (end == std::string_view::npos)
            out += line[i];
        else
            i = end;
    }
    return std::string(trimmed(out));
}

/// What stands after the arrow: a time, then settings of WebVTT.
std::optional<double> cue_end(std::string_view rest)
{
    rest = trimmed(rest);
    std::size_t end = 0;
    while (end < rest.size() && !is_blank(rest[end])) ++end;
    return cue_time(rest.substr(0, end));
}

}  // namespace

std::optional<double> cue_time(std::string_view text)
{
    text = trimmed(text);
    double seconds = 0.0, unit = 1.0;
    int fields = 1, digits = 0;
    bool fraction = false;
    double field = 0.0;
    for (const char c : text) {
        if (c >= '0' && c <= '9') {
            if (++digits > 9) return std::nullopt;
            if (fraction) unit /= 10.0;
            field = fraction ? field + unit * (c - '0') : field * 10.0 + (c - '0');
        } else if (c == ':' && !fraction && digits > 0 && fields < 3) {
            seconds = (seconds + field) * 60.0;
            field = 0.0;
            digits = 0;
            ++fields;
        } else if ((c == ',' || c == '.') && !fraction && digits > 0) {
            fraction = true;
            digits = 0;
        } else {
            return std::nullopt;
        }
    }
    if (digits == 0 || fields < 2) return std::nullopt;
    return seconds + field;
}

Result<void> read_subtitles(std::string_view bytes, const SegmentSink& sink)
{
    if (const auto why = why_not_text(bytes)) return fail(ErrorCode::Usage, "is no text ({}); save it as UTF-8", *why);
    const std::string text = normalised(std::string(bytes));
    bool any = false, in_cue = false;
    Segment cue;
    const auto give = [&] {
        const bool spoken = in_cue && !cue.text.empty();
        in_cue = false;
        any = any || spoken;
        return !spoken || sink(std::exchange(cue, {}));
    };
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = trimmed(std::string_view(text).substr(at, end - at));
        at = end + 1;
        if (const std::size_t arrow = line.find("-->"); arrow != std::string_view::npos) {
            if (const auto from = cue_time(line.substr(0, arrow))) {
                if (!give()) return fail(ErrorCode::Cancelled, "stopped");
                in_cue = true;
                const double until = cue_end(line.substr(arrow + 3)).value_or(-1.0);
                cue = {{}, {0, {}, -1, *from, {}, until >= *from ? until : -1.0}};
                continue;
            }
        }
        if (line.empty()) {
            if (!give()) return fail(ErrorCode::Cancelled, "stopped");
        } else if (in_cue) {  // numbers, names of cues, NOTE and STYLE blocks stand outside
            if (std::string words = plain(line); !words.empty()) cue.text += std::move(words) + "\n";
        }
    }
    if (!give()) return fail(ErrorCode::Cancelled, "stopped");
    if (!any)
        return fail(ErrorCode::Corrupt, "holds no subtitles: no line like 00:01:02,000 --> 00:01:04,000 with words after it");
    return {};
}

}  // namespace pathloom
