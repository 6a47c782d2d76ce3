// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/read/answers.h"

#include "engine/core/files.h"
#include "plugins/api/document_importer.h"
#include "plugins/read/limits.h"
#include "plugins/read/opened.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <optional>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::size_t largest_text = std::size_t(1) << 30;  // a memory counts bytes in 32 bits

}  // namespace

bool print_importers()
{
    json out = json::array();
    for (const ImporterFile& one : list_importers(importer_folders())) {
        json entry{{"id", one.id}, {"name", one.name}, {"file", one.file.string()}, {"extensions", one.extensions}};
        if (!one.problem.empty()) entry["problem"] = one.problem;
        out.push_back(std::move(entry));
    }
    return print_line(out.dump(2));
}

Result<void> print_document(const ReadCall& call)
{
    const std::filesystem::path file = call.file;
    PATHLOOM_TRY(const ImporterFile chosen, importer_of(file));
    std::optional<MappedFile> mapping;
    ImportSource source{file, {}, call.options, {}};
    if (!chosen.by_path) {
        PATHLOOM_TRY(mapping, MappedFile::open(file));
        source.bytes = {reinterpret_cast<const char*>(mapping->bytes().data()), mapping->bytes().size()};
    }
    source.progress = progress_lines(call.seconds);
    QPluginLoader loader(QString::fromStdString(chosen.file.string()));
    PATHLOOM_TRY(const DocumentImporter* const importer, loaded<DocumentImporter>(loader, chosen));
    std::size_t segments = 0, text = 0;
    bool too_long = false;
    const auto done = importer->read(source, [&](Segment&& segment) {
        text += segment.text.size();
        too_long = text > largest_text;
        ++segments;
        return !too_long && print_line(to_json_line(segment));
    });
    if (too_long) return fail(ErrorCode::Usage, "has more than 1 GB of text; split it");
    if (!done) return fail(done.error());
    print_line(line_of({{"end", segments}}));
    return {};
}

}  // namespace pathloom
