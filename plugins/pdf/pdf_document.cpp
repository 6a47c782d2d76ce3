// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pdf/pdf_document.h"

#include "engine/corpus/text.h"

#include <poppler-document.h>
#include <poppler-global.h>
#include <poppler-page.h>

#include <algorithm>
#include <climits>
#include <memory>

namespace pathloom {

Result<void> read_pdf(std::string_view bytes, const SegmentSink& sink)
{
    if (bytes.size() > std::size_t(INT_MAX)) return fail(ErrorCode::Usage, "is larger than 2 GB; split it");
    poppler::set_debug_error_function([](const std::string&, void*) {}, nullptr);  // its complaints would fill stderr
    const std::unique_ptr<poppler::document> document(poppler::document::load_from_raw_data(bytes.data(), int(bytes.size())));
    if (!document) return fail(ErrorCode::Corrupt, "is damaged or no PDF; open it in a viewer and save it again");
    if (document->is_locked()) return fail(ErrorCode::Usage, "wants a password; save it without one first");
    bool any = false;
    for (int i = 0; i < document->pages(); ++i) {
        const std::unique_ptr<poppler::page> page(document->create_page(i));
        if (!page) continue;  // a damaged page: the others are still worth reading
        const poppler::byte_array utf8 = page->text(poppler::rectf(), poppler::page::non_raw_non_physical_layout).to_utf8();
        std::string text;
        for (const char c : utf8) {
            if (c == '\f' || c == '\0' || c == '\r') continue;
            text += c;
        }
        if (first_invalid_utf8(text) || std::ranges::all_of(text, is_blank)) continue;
        if (text.back() != '\n') text += '\n';
        any = true;
        if (!sink({std::move(text), {i + 1, {}, -1, -1.0}})) return fail(ErrorCode::Cancelled, "stopped");
    }
    if (!any) return fail(ErrorCode::Usage, "has {} pages and no text in them; are they scanned pictures?", document->pages());
    return {};
}

}  // namespace pathloom
