// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/read/opened.h"

#include "plugins/read/answers.h"
#include "plugins/read/limits.h"

#include <chrono>
#include <cstdio>
#include <fstream>

namespace pathloom {

namespace {

constexpr std::uintmax_t largest_file = std::uintmax_t(2) << 30;
constexpr std::chrono::milliseconds progress_interval(200);
constexpr std::size_t head_bytes = 4096;  // enough to tell a kind by its first bytes

}  // namespace

Result<ImporterFile> importer_of(const std::filesystem::path& file)
{
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) return fail(ErrorCode::Usage, "is a folder");
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (error) return fail(ErrorCode::NotFound, "cannot be opened: {}", error.message());
    if (size == 0) return fail(ErrorCode::Usage, "is empty; give a document with some text");
    std::string head(head_bytes, '\0');
    std::ifstream in(file, std::ios::binary);
    in.read(head.data(), std::streamsize(head.size()));
    head.resize(std::size_t(in.gcount()));
    PATHLOOM_TRY(ImporterFile chosen, choose_importer(list_importers(importer_folders()), file, head));
    if (!chosen.by_path && size > largest_file) return fail(ErrorCode::Usage, "is larger than 2 GB; split it");
    return chosen;
}

Result<void> ask_film(const std::filesystem::path& file, const std::function<Result<void>(const MediaReader& reader)>& ask)
{
    PATHLOOM_TRY(const ImporterFile chosen, importer_of(file));
    if (!chosen.media) return fail(ErrorCode::Usage, "is no film and no recording ({})", chosen.name);
    QPluginLoader loader(QString::fromStdString(chosen.file.string()));
    PATHLOOM_TRY(const MediaReader* const reader, loaded<MediaReader>(loader, chosen));
    return ask(*reader);
}

std::function<bool(double done, double total)> progress_lines(unsigned long seconds)
{
    return [seconds, last = std::chrono::steady_clock::time_point()](double done, double total) mutable {
        const auto now = std::chrono::steady_clock::now();
        if (now - last < progress_interval) return true;
        last = now;
        allow_computing(seconds);
        return print_line(line_of({{"progress", {{"done", done}, {"total", total}}}})) && std::fflush(stdout) == 0;
    };
}

std::string line_of(const nlohmann::json& value)
{
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool print_line(const std::string& line)
{
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fputc('\n', stdout) != EOF;
}

}  // namespace pathloom
