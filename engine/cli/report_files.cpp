// SPDX-License-Identifier: GPL-3.0-or-later
// Writing a report.
#include "engine/cli/report_files.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"

namespace pathloom {

Result<std::vector<std::filesystem::path>> write_report(
    ReportData data, const std::filesystem::path& folder, const std::string& name)
{
    PATHLOOM_TRY(const auto themes, resource_path("themes"));
    PATHLOOM_TRY(const std::string light, read_file(themes / "light.json"));
    PATHLOOM_TRY(const std::string dark, read_file(themes / "dark.json"));
    PATHLOOM_TRY(data.light, parse_theme(light));
    PATHLOOM_TRY(data.dark, parse_theme(dark));
    PATHLOOM_CHECK(make_folders(folder));
    std::vector<std::filesystem::path> files{
        folder / (name + ".html"), folder / (name + "-results.csv"), folder / (name + "-curves.csv")};
    PATHLOOM_CHECK(write_file_atomic(files[0], report_html(data)));
    PATHLOOM_CHECK(write_file_atomic(files[1], results_csv(data)));
    PATHLOOM_CHECK(write_file_atomic(files[2], curves_csv(data)));
    return files;
}

}  // namespace pathloom
