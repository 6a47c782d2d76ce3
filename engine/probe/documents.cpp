// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/documents.h"

#include "engine/corpus/document_reader.h"

#include <algorithm>

namespace pathloom {

Result<std::vector<ProbeDocument>> read_probe_documents(const std::vector<std::filesystem::path>& paths, const ReadLimits& limits,
    const std::function<void(const std::string&)>& skipped)
{
    PATHLOOM_TRY(const std::vector<std::filesystem::path> files, document_files(paths));
    std::vector<ProbeDocument> out;
    std::size_t bytes = 0;
    for (const auto& file : files) {
        auto content = read_document(file, limits);
        if (!content) {
            const bool named = std::ranges::find(paths, file) != paths.end();
            if (named || content.error().code == ErrorCode::Cancelled) return fail(content.error());
            skipped(content.error().message);
            continue;
        }
        bytes += content->text.size();
        if (bytes > std::size_t(4000) << 20) return fail(ErrorCode::Usage, "the documents have more than 4000 MB; give fewer");
        out.push_back({file, std::move(*content)});
    }
    if (out.empty()) return fail(ErrorCode::Usage, "no document could be read");
    return out;
}

std::string joined_text(const std::vector<ProbeDocument>& documents)
{
    std::string all;
    for (const ProbeDocument& document : documents) {
        if (!all.empty()) all += "\n\n";
        all += document.content.text;
    }
    return all;
}

}  // namespace pathloom
