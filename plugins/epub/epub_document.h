// SPDX-License-Identifier: GPL-3.0-or-later
// EPUB 2 and 3: the spine's pages in reading order.
#pragma once

#include "engine/corpus/segment.h"

#include <string_view>

namespace pathloom {

inline constexpr std::size_t LargestEpubUnpacked = std::size_t(256) << 20;  ///< bytes of all pages together

/// Segments as read_html() cuts them. Corrupt when the archive or its table of contents is damaged or unpacks to more than
/// LargestEpubUnpacked; Usage when the book is encrypted or has no text.
Result<void> read_epub(std::string_view bytes, const SegmentSink& sink);

}  // namespace pathloom
