// SPDX-License-Identifier: GPL-3.0-or-later
// HTML through libxml2's forgiving parser: the visible text, cut at headings.
#pragma once

#include "engine/corpus/segment.h"

#include <string_view>

namespace pathloom {

/// Segments with the headings above them as section. Scripts, styles and the head are left out; block elements end lines; <pre>
/// keeps its blanks. UTF-8 when the bytes are, else what the page declares, else Latin-1. Usage when there is no text.
Result<void> read_html(std::string_view bytes, const SegmentSink& sink);

}  // namespace pathloom
