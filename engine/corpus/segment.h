// SPDX-License-Identifier: GPL-3.0-or-later
// A document as importers give it: pieces of text, each with the place it stands at.
#pragma once

#include "engine/core/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// Where a segment begins. What a format does not have stays unset.
struct Locator {
    int page = 0;  ///< from 1
    std::string section;  ///< headings from the outermost in, joined by " / "
    std::int64_t byte = -1;  ///< in the document's text
    double seconds = -1.0;  ///< of a film or a recording
    std::string track = {};  ///< of a film: "subtitles", "text in the picture", "speech"
    double until = -1.0;  ///< seconds at which it ends; not set when that is not known
    bool operator==(const Locator&) const = default;
};

struct Segment {
    std::string text;  ///< UTF-8; segments joined as they are give the document, line breaks included
    Locator where;
    double confidence = -1.0;  ///< of what was recognised, 0 to 1; text that was written as text has none
    bool operator==(const Segment&) const = default;
};

/// Takes one segment; false stops the reading (Cancelled).
using SegmentSink = std::function<bool(Segment&&)>;

/// The headings above the present place.
class HeadingTrail {
public:
    /// A heading of `level` (1 is outermost) closes those of its level and deeper.
    void enter(int level, std::string title);
    [[nodiscard]] std::string path() const;

private:
    std::vector<std::pair<int, std::string>> m_open;
};

/// A document's text and the place every stretch of it came from.
struct DocumentText {
    struct Mark {
        std::size_t begin = 0;  ///< in text
        Locator where;
    };
    std::string text;
    std::vector<Mark> marks;  ///< by begin

    void add(Segment&& segment);
    /// Where the stretch of marks[i] ends in `text`.
    [[nodiscard]] std::size_t end_of(std::size_t i) const { return i + 1 < marks.size() ? marks[i + 1].begin : text.size(); }
    /// The place of a byte of `text`: that of its segment, the byte counted on; only the byte when there are no marks.
    [[nodiscard]] Locator at(std::size_t byte) const;
};

/// "page 12", "Chapter 2 / Boats", "1:02:03", "1:02:03 (speech)", "byte 77": the parts that are set, separated by commas; the
/// byte only if nothing else.
std::string to_text(const Locator& where);

/// One JSON line without line break, as pathloom-read writes it, and back; Corrupt when it is none.
std::string to_json_line(const Segment& segment);
Result<Segment> parse_segment(std::string_view line);

}  // namespace pathloom
