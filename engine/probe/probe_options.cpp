// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/probe_options.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"

#include <fmt/format.h>

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

namespace pathloom {

void add_common_options(CLI::App* verb, ProbeOptions& options)
{
    verb->add_option("--model", options.model, "\"shipped\" or a reader's folder");
    verb->add_option("--doc", options.documents, "Documents (text, Markdown, HTML, EPUB, PDF, subtitles) or folders of them")
        ->required();
    verb->add_option("--memory", options.memory, "Folder of encoded documents (default: in the user's cache)");
    verb->add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 64));
    verb->add_option("--precision", options.precision, "Of the encoder's products")->check(CLI::IsMember({"fp32", "bf16"}));
    verb->add_option("--max-tokens", options.max_tokens, "Longest answer")->check(CLI::Range(1, 400));
}

Result<std::vector<ProbeDocument>> documents_of(const ProbeShell& shell, const ProbeOptions& options)
{
    return read_probe_documents(
        options.documents, shell.stopped, [](const std::string& why) { fmt::print(stderr, "skipped: {}\n", why); });
}

Result<ReaderPackage> reader_of(const ProbeOptions& options)
{
    PATHLOOM_TRY(const std::filesystem::path folder, reader_folder(options.model));
    return load_reader(folder, options.precision == "bf16" ? Precision::Bf16 : Precision::Fp32);
}

Result<NeedleTemplates> templates_of(const ProbeOptions& options)
{
    std::filesystem::path file = options.templates;
    if (file.empty()) {
        PATHLOOM_TRY(file, resource_path("probes/needles.json"));
    }
    PATHLOOM_TRY(const std::string text, read_file(file));
    return parse_needle_templates(text);
}

AnswerOptions answer_options(const ProbeOptions& options)
{
    AnswerOptions answer;
    answer.max_tokens = options.max_tokens;
    answer.scan.threads = options.threads;
    return answer;
}

std::filesystem::path memory_folder(const ProbeOptions& options)
{
    if (!options.memory.empty()) return options.memory;
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache)
        return std::filesystem::path(cache) / "pathloom/memories";
    const char* home = std::getenv("HOME");
    return std::filesystem::path(home && *home ? home : "/tmp") / ".cache/pathloom/memories";
}

MemoryProgress on_stderr(const ProbeShell& shell)
{
    return [&shell, last = std::size_t(0)](std::size_t done, std::size_t all) mutable {
        if (done > 0 && done != last) fmt::print(stderr, "encoded {} of {} tokens\n", done, all);
        last = done;
        return !shell.stopped();
    };
}

double peak_rss_mb()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) / 1024.0;
}

}  // namespace pathloom
