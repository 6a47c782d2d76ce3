// SPDX-License-Identifier: GPL-3.0-or-later
// A report on disk.
#pragma once

#include "engine/cli/report_data.h"

#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

/// Gives the report the app's colours and writes NAME.html, NAME-results.csv and NAME-curves.csv into `folder`, which is made
/// if need be. Returns the files.
Result<std::vector<std::filesystem::path>> write_report(
    ReportData data, const std::filesystem::path& folder, const std::string& name);

}  // namespace pathloom
