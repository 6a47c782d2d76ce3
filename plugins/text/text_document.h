// SPDX-License-Identifier: GPL-3.0-or-later
// Plain text and Markdown: the text itself, cut at headings and every few thousand lines.
#pragma once

#include "engine/corpus/segment.h"

#include <string_view>

namespace pathloom {

/// Segments with byte and, after Markdown headings ("# ..." or underlined, outside fenced code), section. Usage when the bytes
/// are no UTF-8 text or hold nothing but blanks.
Result<void> read_text(std::string_view bytes, const SegmentSink& sink);

}  // namespace pathloom
