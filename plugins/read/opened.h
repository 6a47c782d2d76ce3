// SPDX-License-Identifier: GPL-3.0-or-later
// From a file to the importer that reads it, and from an answer to a line.
#pragma once

#include "engine/core/result.h"
#include "plugins/api/media_reader.h"
#include "plugins/read/importer_list.h"

#include <nlohmann/json.hpp>

#include <QObject>
#include <QPluginLoader>

#include <filesystem>
#include <functional>
#include <string>

namespace pathloom {

/// The importer for a file that is there, of a kind that is known and not too large; errors without the file's name.
Result<ImporterFile> importer_of(const std::filesystem::path& file);

/// What `loader` holds, which must outlive it.
template <class Interface>
Result<const Interface*> loaded(QPluginLoader& loader, const ImporterFile& chosen)
{
    if (const auto* importer = qobject_cast<Interface*>(loader.instance())) return importer;
    return fail(
        ErrorCode::Failed, "needs the importer '{}', which cannot be loaded: {}", chosen.id, loader.errorString().toStdString());
}

/// Asks the importer of the call's film.
Result<void> ask_film(const std::filesystem::path& file, const std::function<Result<void>(const MediaReader& reader)>& ask);

/// Prints how far a reading is, a few times a second at most, and gives it the time to go on: `seconds` of computing. Its
/// functions say false when nobody reads.
std::function<bool(double done, double total)> progress_lines(unsigned long seconds);

std::string line_of(const nlohmann::json& value);

}  // namespace pathloom
