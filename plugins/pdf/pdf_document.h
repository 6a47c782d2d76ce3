// SPDX-License-Identifier: GPL-3.0-or-later
// PDF through Poppler: one segment a page.
#pragma once

#include "engine/corpus/segment.h"

#include <string_view>

namespace pathloom {

/// Segments with page. Corrupt when the file is damaged, Usage when it wants a password or holds no text (scanned pages).
Result<void> read_pdf(std::string_view bytes, const SegmentSink& sink);

}  // namespace pathloom
