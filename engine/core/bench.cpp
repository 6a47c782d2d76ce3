// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/bench.h"

#include "engine/core/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace pathloom {

double median(std::vector<double> values)
{
    if (values.empty()) return 0.0;
    std::ranges::sort(values);
    return values[values.size() / 2];
}

Result<void> deliver_report(const BenchReport& report, bool as_json, const std::filesystem::path& keep)
{
    if (!keep.empty()) {
        if (keep.has_parent_path()) PATHLOOM_CHECK(make_folders(keep.parent_path()));
        PATHLOOM_CHECK(write_file_atomic(keep, report.json + "\n"));
    }
    std::fputs((as_json ? report.json + "\n" : report.table).c_str(), stdout);
    std::fflush(stdout);
    return {};
}

Result<BenchFolder> BenchFolder::make(const std::filesystem::path& parent)
{
    std::error_code error;
    const auto below = parent.empty() ? std::filesystem::temp_directory_path(error) : parent;
    if (error) return fail(ErrorCode::Failed, "there is no temporary folder: {}; set TMPDIR", error.message());
    std::string pattern = (below / "pathloom-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return fail(system_error("cannot make a folder in", below, errno));
    return BenchFolder(pattern);
}

BenchFolder::~BenchFolder()
{
    std::error_code ignored;
    if (!m_path.empty()) std::filesystem::remove_all(m_path, ignored);
}

}  // namespace pathloom
