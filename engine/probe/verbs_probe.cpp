// SPDX-License-Identifier: GPL-3.0-or-later
// probe needle, probe multineedle, ask.
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/resources.h"
#include "engine/corpus/text.h"
#include "engine/model/kernels/products.h"
#include "engine/probe/needle_grid.h"
#include "engine/probe/probe_verbs.h"

#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace pathloom {

namespace {

using nlohmann::json;

struct Options {
    std::string model = "shipped", precision = "bf16", question, prefix;
    std::vector<std::filesystem::path> documents;
    std::filesystem::path templates, memory, out;
    std::vector<double> lengths;
    int depths = 11, distractors = 0, needles = 100, threads = 2, max_tokens = 40;
    bool no_needle = false;
    std::uint64_t seed = 1;
};

std::filesystem::path default_memory_folder()
{
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache)
        return std::filesystem::path(cache) / "pathloom/memories";
    const char* home = std::getenv("HOME");
    return std::filesystem::path(home && *home ? home : "/tmp") / ".cache/pathloom/memories";
}

double peak_rss_mb()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) / 1024.0;
}

/// All documents one after the other, with a blank line between them.
Result<std::string> read_documents(const std::vector<std::filesystem::path>& files)
{
    std::string all;
    for (const auto& file : files) {
        PATHLOOM_TRY(std::string text, read_file(file));
        if (const auto why = why_not_text(text)) return fail(ErrorCode::Usage, "{} is no text ({})", file.string(), *why);
        if (text.find_first_not_of(" \t\r\n") == std::string::npos)
            return fail(ErrorCode::Usage, "{} is empty; give a document with some text", file.string());
        if (!all.empty()) all += "\n\n";
        all += normalised(std::move(text));
    }
    if (all.size() > std::size_t(4000) << 20) return fail(ErrorCode::Usage, "the documents have more than 4000 MB; give fewer");
    return all;
}

MemoryProgress on_stderr(const ProbeShell& shell)
{
    return [&shell, last = std::size_t(0)](std::size_t done, std::size_t all) mutable {
        if (done > 0 && done != last) fmt::print(stderr, "encoded {} of {} tokens\n", done, all);
        last = done;
        return !shell.stopped();
    };
}

Result<ReaderPackage> reader_of(const Options& options)
{
    PATHLOOM_TRY(const std::filesystem::path folder, reader_folder(options.model));
    return load_reader(folder, options.precision == "bf16" ? Precision::Bf16 : Precision::Fp32);
}

AnswerOptions answer_options(const Options& options)
{
    AnswerOptions answer;
    answer.max_tokens = options.max_tokens;
    answer.scan.threads = options.threads;
    return answer;
}

json cell_json(const NeedleCell& cell, const std::string& model, const std::string& document)
{
    json others = json::array();
    for (const auto& [at, text] : cell.distractors) others.push_back({{"position", at}, {"text", text}});
    return {{"length", cell.length}, {"depth", cell.depth}, {"actual_position", cell.actual_position},
        {"template", cell.needle.template_index}, {"key", cell.needle.key}, {"value", cell.needle.value}, {"answer", cell.answer},
        {"found", cell.found}, {"repeated", cell.repeated}, {"seconds_encode", cell.seconds_encode},
        {"seconds_answer", cell.seconds_answer}, {"seconds_first_token", cell.seconds_first},
        {"recipe",
            {{"model", model}, {"document_sha256", document}, {"seed", cell.seed}, {"needle", cell.needle.text},
                {"question", cell.needle.question}, {"answer_prefix", cell.needle.answer_prefix}, {"distractors", others}}}};
}

Result<void> report(const ProbeShell& shell, const Options& options, const ReaderPackage& reader, const Haystack& haystack,
    const std::string& document, const std::vector<NeedleCell>& cells)
{
    json out{{"cells", json::array()}};
    std::size_t found = 0;
    double first = 0.0;
    std::string table = fmt::format("{:>10} {:>7} {:>6}  {}\n", "LENGTH", "DEPTH", "FOUND", "ANSWER");
    for (const NeedleCell& cell : cells) {
        out["cells"].push_back(cell_json(cell, reader.hash, document));
        found += cell.found ? 1 : 0;
        first = std::max(first, cell.seconds_first);
        table += fmt::format("{:>10} {:>6.1f}% {:>6}  {}\n", cell.length, cell.depth, cell.found ? "yes" : "no", cell.answer);
    }
    const double recall = cells.empty() ? 0.0 : double(found) / double(cells.size());
    const double rows = double(haystack.memory.rows());
    out["summary"] = {{"recall", recall}, {"cells", cells.size()}, {"no_needle", options.no_needle},
        {"document_tokens", haystack.document_tokens}, {"encoded_tokens_now", haystack.memory.encoded_now()},
        {"seconds_encode_document", haystack.seconds_encode},
        {"encode_tokens_per_second",
            haystack.memory.encoded_now() > 0 ? double(haystack.memory.encoded_now()) / haystack.seconds_encode : 0.0},
        {"seconds_first_token_max", first}, {"memory_bytes_per_token", double(haystack.memory.size_on_disk()) / rows},
        {"peak_rss_mb", peak_rss_mb()}, {"scan", scan_target_name()}};
    if (!options.out.empty()) PATHLOOM_CHECK(write_file_atomic(options.out, out.dump(2) + "\n"));
    shell.print(
        out, table + fmt::format("{} {:.4f} over {} cells\n", options.no_needle ? "says none" : "recall", recall, cells.size()));
    return {};
}

Result<NeedleTemplates> templates_of(const Options& options)
{
    std::filesystem::path file = options.templates;
    if (file.empty()) {
        PATHLOOM_TRY(file, resource_path("probes/needles.json"));
    }
    PATHLOOM_TRY(const std::string text, read_file(file));
    return parse_needle_templates(text);
}

Result<void> run_needle(const ProbeShell& shell, const Options& options, bool many)
{
    const ComputeThreads compute(options.threads);
    NeedleGridRequest grid;
    PATHLOOM_TRY(grid.templates, templates_of(options));
    for (const double length : options.lengths) grid.lengths.push_back(std::size_t(length));
    PATHLOOM_TRY(const std::string text, read_documents(options.documents));
    PATHLOOM_TRY(ReaderPackage reader, reader_of(options));
    const std::size_t longest = *std::ranges::max_element(grid.lengths);
    PATHLOOM_TRY(const Haystack haystack,
        prepare_haystack(
            reader, text, longest, options.memory.empty() ? default_memory_folder() : options.memory, on_stderr(shell)));
    const std::string document = sha256_hex(text);
    const auto done = [&](const NeedleCell&) { return !shell.stopped(); };
    std::vector<NeedleCell> cells;
    if (many) {
        for (const std::size_t length : grid.lengths) {
            PATHLOOM_TRY(const std::vector<NeedleCell> part,
                multi_needle(
                    reader, haystack, {length, options.needles, options.seed, grid.templates, answer_options(options)}, done));
            cells.insert(cells.end(), part.begin(), part.end());
        }
    } else {
        grid.depths = options.depths;
        grid.distractors = options.distractors;
        grid.no_needle = options.no_needle;
        grid.seed = options.seed;
        grid.answer = answer_options(options);
        PATHLOOM_TRY(cells, needle_grid(reader, haystack, grid, done));
    }
    return report(shell, options, reader, haystack, document, cells);
}

Result<void> run_ask(const ProbeShell& shell, const Options& options)
{
    const ComputeThreads compute(options.threads);
    PATHLOOM_TRY(ReaderPackage reader, reader_of(options));
    PATHLOOM_CHECK(check_question(reader, options.question, options.prefix));
    const std::filesystem::path folder = options.memory.empty() ? default_memory_folder() : options.memory;
    struct Document {
        std::filesystem::path file;
        std::string text;
        MemoryFile memory;
    };
    std::vector<Document> documents;
    MemoryView view;
    std::size_t encoded = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const auto& file : options.documents) {
        PATHLOOM_TRY(std::string text, read_documents({file}));
        PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(reader, text));
        PATHLOOM_TRY(
            MemoryFile memory, MemoryFile::obtain(folder, identity, key_source(reader, identity.tokens), on_stderr(shell)));
        encoded += memory.encoded_now();
        documents.push_back({file, std::move(text), std::move(memory)});
    }
    for (const Document& document : documents) view.add(document.memory, 0, document.memory.rows());
    const double seconds_encode = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    PATHLOOM_TRY(const Answer answer, ask_memory(reader, view, options.question, options.prefix, answer_options(options)));

    json evidence = json::array();
    std::string lines;
    double total = 0.0;
    for (const EvidenceRow& row : answer.evidence) total += row.mass;
    auto found = passages(answer.evidence, 64);
    found.resize(std::min<std::size_t>(found.size(), 5));
    for (const EvidenceRow& row : found) {
        auto at = std::size_t(row.row);
        const Document* home = documents.data();
        while (at >= home->memory.rows()) at -= (home++)->memory.rows();
        const std::size_t byte = home->memory.bytes()[at + 1];
        const std::size_t from = code_point_floor(home->text, byte - std::min<std::size_t>(byte, 120));
        const std::size_t to = code_point_floor(home->text, std::min(home->text.size(), byte + 120));
        const std::string passage = home->text.substr(from, to - from);
        evidence.push_back({{"locator", {{"file", home->file.string()}, {"byte", byte}, {"token", at + 1}}},
            {"mass", total > 0.0 ? row.mass / total : 0.0}, {"text", passage}});
        std::string shown = passage;
        std::ranges::replace(shown, '\n', ' ');
        lines += fmt::format("  {:>5.1f}%  {} byte {}: ...{}...\n", total > 0.0 ? 100.0 * row.mass / total : 0.0,
            home->file.filename().string(), byte, shown);
    }
    const json out{{"answer", answer.text}, {"evidence", evidence}, {"seconds_to_first_token", answer.seconds_first},
        {"seconds_answer", answer.seconds}, {"seconds_encode", seconds_encode}, {"encoded_tokens_now", encoded},
        {"tokens", view.rows()}, {"model", reader.hash}, {"peak_rss_mb", peak_rss_mb()}};
    shell.print(out, answer.text + "\n" + lines);
    return {};
}

void add_common(CLI::App* verb, Options& options)
{
    verb->add_option("--model", options.model, "\"shipped\" or a reader's folder");
    verb->add_option("--doc", options.documents, "Text files")->required();
    verb->add_option("--memory", options.memory, "Folder of encoded documents (default: in the user's cache)");
    verb->add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 64));
    verb->add_option("--precision", options.precision, "Of the encoder's products")->check(CLI::IsMember({"fp32", "bf16"}));
    verb->add_option("--max-tokens", options.max_tokens, "Longest answer")->check(CLI::Range(1, 400));
}

}  // namespace

void add_probe_verbs(CLI::App& app, ProbeShell& shell)
{
    auto* probe = app.add_subcommand("probe", "Measure a reader on long documents")->require_subcommand(1);
    for (const bool many : {false, true}) {
        auto options = std::make_shared<Options>();
        auto* verb = many ? probe->add_subcommand("multineedle", "Many facts in one document, each asked for")
                          : probe->add_subcommand("needle", "One fact in a long document, over length and depth");
        add_common(verb, *options);
        verb->add_option("--templates", options->templates, "Needles, questions, keys (JSON)");
        verb->add_option("--lengths", options->lengths, "Tokens, separated by commas")
            ->delimiter(',')
            ->required()
            ->check(CLI::Range(64.0, 4e9));
        verb->add_option("--seed", options->seed, "Of keys, values, wordings and places");
        verb->add_option("--out", options->out, "Also write the JSON to this file");
        if (many) {
            verb->add_option("--needles", options->needles, "Facts hidden")->check(CLI::Range(1, 100000));
        } else {
            verb->add_option("--depths", options->depths, "Places from beginning to end")->check(CLI::Range(1, 1000));
            verb->add_option("--distractors", options->distractors, "Facts of the same wording with other keys")
                ->check(CLI::Range(0, 100000));
            verb->add_flag("--no-needle", options->no_needle, "Ask for what is not there");
        }
        verb->callback(
            [&shell, options, many] { shell.action = [&shell, options, many] { return run_needle(shell, *options, many); }; });
    }
    auto options = std::make_shared<Options>();
    auto* ask = app.add_subcommand("ask", "Ask documents a question");
    add_common(ask, *options);
    ask->get_option("--doc")->allow_extra_args(false);  // one file each: the question follows
    ask->add_option("QUESTION", options->question, "What to ask")->required();
    options->prefix = "Answer:";
    ask->add_option("--prefix", options->prefix, "What the answer begins with");
    ask->callback([&shell, options] { shell.action = [&shell, options] { return run_ask(shell, *options); }; });
}

}  // namespace pathloom
