// SPDX-License-Identifier: GPL-3.0-or-later
// pathloom-read: one document's text and places, in a process with limits of memory, time and files, so that a hostile file ends
// this process and nothing else. JSON lines on stdout: segments, then {"end": N} or {"error": "...", "code": C}.
#include "engine/core/exit_code.h"
#include "engine/core/files.h"
#include "plugins/api/document_importer.h"
#include "plugins/read/importer_list.h"

#include <nlohmann/json.hpp>

#include <QPluginLoader>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

using namespace pathloom;

constexpr std::uintmax_t largest_file = std::uintmax_t(2) << 30;
constexpr std::size_t largest_text = std::size_t(1) << 30;  // a memory counts bytes in 32 bits

struct Call {
    std::string file;
    bool list = false;
    rlim_t megabytes = 2048, seconds = 120;
};

bool print(const std::string& line)
{
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fputc('\n', stdout) != EOF;
}

int refuse(const Error& error)
{
    print(nlohmann::json{{"error", error.message}, {"code", int(error.code)}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace));
    std::fflush(stdout);
    return exit_code(error.code);
}

void limit(decltype(RLIMIT_AS) resource, rlim_t value)
{
    const rlimit both{value, value};
    ::setrlimit(resource, &both);
}

void set_limits(const Call& call)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // sanitizers reserve terabytes of addresses
    limit(RLIMIT_AS, call.megabytes << 20);
#endif
    limit(RLIMIT_CPU, call.seconds);
    struct stat out { };
    if (::fstat(STDOUT_FILENO, &out) != 0 || !S_ISREG(out.st_mode)) limit(RLIMIT_FSIZE, 0);  // it writes nothing but its answer
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 64);
}

int list()
{
    nlohmann::json out = nlohmann::json::array();
    for (const ImporterFile& one : list_importers(importer_folders())) {
        nlohmann::json entry{{"id", one.id}, {"name", one.name}, {"file", one.file.string()}, {"extensions", one.extensions}};
        if (!one.problem.empty()) entry["problem"] = one.problem;
        out.push_back(std::move(entry));
    }
    return print(out.dump(2)) ? 0 : 1;
}

Result<std::size_t> read(const Call& call)
{
    const std::filesystem::path file = call.file;
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) return fail(ErrorCode::Usage, "is a folder");
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (error) return fail(ErrorCode::NotFound, "cannot be opened: {}", error.message());
    if (size == 0) return fail(ErrorCode::Usage, "is empty; give a document with some text");
    if (size > largest_file) return fail(ErrorCode::Usage, "is larger than 2 GB; split it");
    auto mapping = MappedFile::open(file);
    if (!mapping) return fail(mapping.error());
    const std::string_view bytes(reinterpret_cast<const char*>(mapping->bytes().data()), mapping->bytes().size());
    PATHLOOM_TRY(const ImporterFile chosen, choose_importer(list_importers(importer_folders()), file, bytes));
    QPluginLoader loader(QString::fromStdString(chosen.file.string()));
    const auto* importer = qobject_cast<DocumentImporter*>(loader.instance());
    if (!importer)
        return fail(ErrorCode::Failed, "needs the importer '{}', which cannot be loaded: {}", chosen.id,
            loader.errorString().toStdString());
    std::size_t segments = 0, text = 0;
    bool too_long = false;
    const auto done = importer->read(bytes, [&](Segment&& segment) {
        text += segment.text.size();
        too_long = text > largest_text;
        ++segments;
        return !too_long && print(to_json_line(segment));
    });
    if (too_long) return fail(ErrorCode::Usage, "has more than 1 GB of text; split it");
    if (!done) return fail(done.error());
    return segments;
}

bool number(std::string_view text, rlim_t& out)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && out > 0 && out <= 1'000'000;
}

bool parse(int argc, char** argv, Call& call)
{
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--list")
            call.list = true;
        else if (word == "--memory-mb" && i + 1 < argc && number(argv[i + 1], call.megabytes))
            ++i;
        else if (word == "--seconds" && i + 1 < argc && number(argv[i + 1], call.seconds))
            ++i;
        else if (call.file.empty() && !word.starts_with("--"))
            call.file = word;
        else
            return false;
    }
    return call.list != !call.file.empty();
}

}  // namespace

int main(int argc, char** argv)
{
    Call call;
    if (!parse(argc, argv, call)) {
        std::fputs("usage: pathloom-read FILE [--memory-mb N] [--seconds N]\n       pathloom-read --list\n", stderr);
        return 2;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (call.list) return list();
    set_limits(call);
    try {
        const auto segments = read(call);
        if (!segments) return refuse(segments.error());
        print(nlohmann::json{{"end", *segments}}.dump());
    } catch (const std::bad_alloc&) {
        return refuse({ErrorCode::Failed, fmt::format("needs more than {} MB to be read", call.megabytes)});
    }
    std::fflush(stdout);
    std::_Exit(0);  // nothing a library leaves behind is worth waiting for
}
