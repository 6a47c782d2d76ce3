// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/documents.h"

#include "engine/corpus/document_reader.h"
#include "engine/probe/film.h"

#include <algorithm>

namespace pathloom {

Result<ProbeDocument> read_probe_document(const std::filesystem::path& file, const ReadLimits& limits, bool pictures)
{
    ProbeDocument out{file, {}, 0};
    ReadLimits own = limits;
    if (pictures) {
        PATHLOOM_TRY(out.pictures, picture_seconds(file, limits));
        own.options.may_be_empty = out.pictures > 0;
    }
    PATHLOOM_TRY(out.content, read_document(file, own));
    if (out.content.marks.empty() && out.pictures > 0) {
        Locator title;
        title.seconds = 0.0;
        title.track = "title";
        out.content.add({file.filename().string() + "\n", title});
    }
    return out;
}

Result<std::vector<ProbeDocument>> read_probe_documents(const std::vector<std::filesystem::path>& paths, const ReadLimits& limits,
    bool pictures, const std::function<void(const std::string&)>& skipped)
{
    PATHLOOM_TRY(const std::vector<std::filesystem::path> files, document_files(paths));
    std::vector<ProbeDocument> out;
    std::size_t bytes = 0;
    for (const auto& file : files) {
        auto document = read_probe_document(file, limits, pictures);
        if (!document) {
            const bool named = std::ranges::find(paths, file) != paths.end();
            if (named || document.error().code == ErrorCode::Cancelled) return fail(document.error());
            skipped(document.error().message);
            continue;
        }
        bytes += document->content.text.size();
        if (bytes > std::size_t(4000) << 20) return fail(ErrorCode::Usage, "the documents have more than 4000 MB; give fewer");
        out.push_back(std::move(*document));
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
