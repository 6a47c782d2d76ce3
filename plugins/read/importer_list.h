// SPDX-License-Identifier: GPL-3.0-or-later
// Importer plugins as their metadata describes them, before any of them is loaded.
#pragma once

#include "engine/core/result.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

struct ImporterFile {
    std::filesystem::path file;
    std::string id, name;
    std::vector<std::string> extensions, magic;  ///< lower case with the dot; first bytes of a file
    bool by_path = false;  ///< it opens the file itself, however large
    bool media = false;  ///< it is a MediaReader too
    std::string problem = {};  ///< why it cannot be used ("" when it can)
};

/// Folders importers are looked for in: $PATHLOOM_IMPORTERS when set, else <exe dir>/../lib/pathloom/importers.
std::vector<std::filesystem::path> importer_folders();

/// Every file of the folders, by name; those that are no importer, or made for another interface, with the reason. Of two with
/// one id the first counts.
std::vector<ImporterFile> list_importers(const std::vector<std::filesystem::path>& folders);

/// The importer for a file's name or, when its ending is unknown, for its first bytes; Usage when there is none.
Result<ImporterFile> choose_importer(
    const std::vector<ImporterFile>& importers, const std::filesystem::path& file, std::string_view first_bytes);

}  // namespace pathloom
