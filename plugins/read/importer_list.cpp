// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/read/importer_list.h"

#include "engine/core/resources.h"
#include "plugins/api/document_importer.h"
#include "plugins/api/plugin_metadata.h"

#include <QJsonArray>
#include <QJsonObject>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace pathloom {

namespace {

std::vector<std::string> texts(const QJsonValue& list)
{
    std::vector<std::string> out;
    const QJsonArray array = list.toArray();
    for (const QJsonValue& item : array) out.push_back(item.toString().toStdString());
    return out;
}

ImporterFile described(const std::filesystem::path& file)
{
    ImporterFile out{file, file.stem().string(), {}, {}, {}};
    const PluginMetadata metadata = read_plugin_metadata(file, PATHLOOM_IMPORTER_IID, ImporterApiVersion);
    out.problem = metadata.problem;
    if (!out.problem.empty()) return out;
    const QJsonObject& own = metadata.own;
    out.id = own.value(QLatin1String("id")).toString().toStdString();
    out.name = own.value(QLatin1String("name")).toString().toStdString();
    out.extensions = texts(own.value(QLatin1String("extensions")));
    out.magic = texts(own.value(QLatin1String("magic")));
    out.by_path = own.value(QLatin1String("byPath")).toBool();
    out.media = own.value(QLatin1String("media")).toBool();
    if (out.id.empty() || out.extensions.empty()) out.problem = "does not say what it reads";
    return out;
}

}  // namespace

std::vector<std::filesystem::path> importer_folders()
{
    if (const char* folder = std::getenv("PATHLOOM_IMPORTERS"); folder && *folder) return {folder};
    return {exe_dir() / "../lib/pathloom/importers"};
}

std::vector<ImporterFile> list_importers(const std::vector<std::filesystem::path>& folders)
{
    std::vector<ImporterFile> out;
    for (const auto& folder : folders) {
        std::vector<std::filesystem::path> files;
        std::error_code error;
        for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
            files.push_back(at->path());
        std::ranges::sort(files);
        for (const auto& file : files) {
            ImporterFile one = described(file);
            const bool known = one.problem.empty() && std::ranges::any_of(out, [&](const ImporterFile& other) {
                return other.problem.empty() && other.id == one.id;
            });
            if (known) one.problem = fmt::format("there is another importer named '{}'", one.id);
            out.push_back(std::move(one));
        }
    }
    return out;
}

Result<ImporterFile> choose_importer(
    const std::vector<ImporterFile>& importers, const std::filesystem::path& file, std::string_view first_bytes)
{
    std::string extension = file.extension().string(), known;
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    for (const ImporterFile& importer : importers) {
        if (!importer.problem.empty()) continue;
        if (std::ranges::find(importer.extensions, extension) != importer.extensions.end()) return importer;
        for (const std::string& ending : importer.extensions) {
            if (!known.empty()) known += ' ';
            known += ending;
        }
    }
    for (const ImporterFile& importer : importers) {
        if (!importer.problem.empty()) continue;
        for (const std::string& magic : importer.magic)
            if (!magic.empty() && first_bytes.starts_with(magic)) return importer;
    }
    if (known.empty()) return fail(ErrorCode::NotFound, "no importers are installed (looked in lib/pathloom/importers)");
    return fail(ErrorCode::Usage, "is of a kind that is not read; known are {}", known);
}

}  // namespace pathloom
