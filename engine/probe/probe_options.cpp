// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/probe_options.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/corpus/read_flags.h"
#include "engine/probe/routed_reader.h"

#include <fmt/format.h>

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

namespace pathloom {

void add_common_options(CLI::App* verb, ProbeOptions& options)
{
    verb->add_option("--model", options.model, "\"shipped\" or a reader's folder");
    verb->add_option(
        "--path", options.path, "Of a reader with several: auto (each row by its router's) or a number (one for all)");
    verb->add_option("--doc", options.documents,
            "Documents (text, Markdown, HTML, EPUB, PDF, subtitles, films) or folders of them; pathloomctl --project DIR also "
            "takes "
            "--corpus "
            "NAME [--split S]")
        ->required();
    add_read_flags(verb, options.reading);
    verb->add_option("--memory", options.memory, "Folder of encoded documents (default: in the user's cache)");
    verb->add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 64));
    verb->add_option("--precision", options.precision, "Of the encoder's products")->check(CLI::IsMember({"fp32", "bf16"}));
    verb->add_option("--max-tokens", options.max_tokens, "Longest answer")->check(CLI::Range(1, 400));
    verb->add_option("--rank-words", options.rank.words, "Cosine a row gains for the question's wording before it; 0: none")
        ->check(CLI::Range(0.0, 4.0));
    verb->add_option("--rank-floor", options.rank.words_floor, "Share of the wording that changes nothing")
        ->check(CLI::Range(0.0, 1.0));
    verb->add_option(
            "--rank-whole", options.rank.whole, "Cosine a row loses for the question's whole words that are not before it")
        ->check(CLI::Range(0.0, 4.0));
    verb->add_option("--rank-next", options.rank.going_on, "Cosine the row after the one read last gains; 0: none")
        ->check(CLI::Range(0.0, 4.0));
}

ReadLimits read_limits(const ProbeShell& shell, const ProbeOptions& options)
{
    ReadLimits limits;
    limits.options = options.reading;
    limits.stopped = shell.stopped;
    limits.progress = [last = 0.0](double done, double total) mutable {
        if (done >= last && done < last + 60.0 && done > 0.0) return;  // once a minute of film
        last = done;
        if (done > 0.0) fmt::print(stderr, "read {:.0f} of {:.0f} s\n", done, total);
    };
    return limits;
}

void add_measure_options(CLI::App* verb, ProbeOptions& options)
{
    verb->add_option("--baselines", options.baselines, "Beside the reader: window, full, bm25, endpoint")->delimiter(',');
    verb->add_option("--endpoint", options.endpoint.base_url,
        "Base URL of a model's server (key: $PATHLOOM_ENDPOINT_KEY, else the keyring's)");
    verb->add_option("--endpoint-kind", options.endpoint.kind, "Plugin that speaks to it (pathloom-endpoint --list)");
    verb->add_option("--endpoint-model", options.endpoint.model, "Its model");
    verb->add_option("--endpoint-budget", options.endpoint.token_budget, "Most tokens it may be sent and asked for")
        ->check(CLI::PositiveNumber);
    verb->add_option("--endpoint-retries", options.endpoint.retries, "After refusals for now and broken connections")
        ->check(CLI::Range(0, 20));
    add_keep_options(verb, options);
    verb->add_option("--seed", options.seed, "Of keys, values, wordings and places");
    verb->add_option("--out", options.out, "Also write the JSON to this file");
}

void add_keep_options(CLI::App* verb, ProbeOptions& options)
{
    verb->add_option("--project", options.project, "Project folder that keeps the results: what it holds is not asked again");
    verb->add_option("--keep", options.keep, "Results file (SQLite) instead");
}

void add_length_option(CLI::App* verb, ProbeOptions& options)
{
    verb->add_option("--lengths", options.lengths, "Tokens, separated by commas")
        ->delimiter(',')
        ->required()
        ->check(CLI::Range(64.0, 4e9));
}

Result<std::vector<std::unique_ptr<Contestant>>> contestants_of(ReaderPackage& reader, const ProbeOptions& options)
{
    std::vector<std::string> names{"reader"};
    names.insert(names.end(), options.baselines.begin(), options.baselines.end());
    return make_contestants(reader, names, answer_options(options), options.endpoint);
}

Result<std::optional<ResultStore>> store_of(const ProbeOptions& options)
{
    std::filesystem::path file = options.keep;
    if (file.empty()) {
        if (options.project.empty()) return std::nullopt;
        PATHLOOM_TRY(file, project_results(options.project));
    }
    PATHLOOM_TRY(ResultStore store, ResultStore::open(file));
    return store;
}

Result<std::vector<ProbeDocument>> documents_of(const ProbeShell& shell, const ProbeOptions& options)
{
    return read_probe_documents(options.documents, read_limits(shell, options), options.pictures,
        [](const std::string& why) { fmt::print(stderr, "skipped: {}\n", why); });
}

Result<ReaderPackage> reader_of(const ProbeOptions& options)
{
    PATHLOOM_TRY(const std::filesystem::path folder, reader_folder(options.model));
    const Precision precision = options.precision == "bf16" ? Precision::Bf16 : Precision::Fp32;
    PATHLOOM_TRY(ReaderPackage reader, load_reader(folder, precision));
    if (!options.path.empty()) PATHLOOM_CHECK(use_paths(reader, options.path, precision));
    return reader;
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
    answer.rank = options.rank;
    return answer;
}

std::filesystem::path memory_folder(const ProbeOptions& options)
{
    return options.memory.empty() ? cache_folder() / "memories" : options.memory;
}

MemoryProgress on_stderr(const ProbeShell& shell)
{
    return [&shell, last = std::size_t(0)](std::size_t done, std::size_t all) mutable {
        if (done > 0 && done != last && (done == all || done < last || done >= last + all / 20)) {  // pictures come one by one
            fmt::print(stderr, "encoded {} of {} tokens\n", done, all);
            last = done;
        }
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
