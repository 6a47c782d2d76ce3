// SPDX-License-Identifier: GPL-3.0-or-later
// probe needle, probe multineedle.
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/model/kernels/products.h"
#include "engine/probe/needle_beside.h"
#include "engine/probe/probe_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

namespace pathloom {

namespace {

using nlohmann::json;

json cell_json(const NeedleCell& cell, const std::string& model, const std::string& document)
{
    json others = json::array();
    for (const auto& [at, text] : cell.distractors) others.push_back({{"position", at}, {"text", text}});
    json beside = json::array();
    for (const BaselineAnswer& b : cell.baselines)
        beside.push_back({{"contestant", b.contestant}, {"answer", b.answer}, {"found", b.found}, {"seconds", b.seconds}});
    json out{{"length", cell.length}, {"depth", cell.depth}, {"actual_position", cell.actual_position},
        {"template", cell.needle.template_index}, {"key", cell.needle.key}, {"value", cell.needle.value}, {"answer", cell.answer},
        {"found", cell.found}, {"repeated", cell.repeated}, {"seconds_encode", cell.seconds_encode},
        {"seconds_answer", cell.seconds_answer}, {"seconds_first_token", cell.seconds_first},
        {"recipe",
            {{"model", model}, {"document_sha256", document}, {"seed", cell.seed}, {"needle", cell.needle.text},
                {"question", cell.needle.question}, {"answer_prefix", cell.needle.answer_prefix}, {"distractors", others}}}};
    if (!beside.empty()) out["baselines"] = beside;
    return out;
}

Result<void> report(const ProbeShell& shell, const ProbeOptions& options, const ReaderPackage& reader, const Haystack& haystack,
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
    std::map<std::string, std::pair<std::size_t, std::size_t>> others;  // found, asked
    for (const NeedleCell& cell : cells) {
        for (const BaselineAnswer& b : cell.baselines) {
            others[b.contestant].first += b.found ? 1 : 0;
            ++others[b.contestant].second;
        }
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
    for (const auto& [name, n] : others) {
        const double share = double(n.first) / double(n.second);
        out["summary"]["baselines"][name] = {{"recall", share}, {"cells", n.second}};
        table += fmt::format("{} {:.4f} over {} cells\n", name, share, n.second);
    }
    if (!options.out.empty()) PATHLOOM_CHECK(write_file_atomic(options.out, out.dump(2) + "\n"));
    shell.print(
        out, table + fmt::format("{} {:.4f} over {} cells\n", options.no_needle ? "says none" : "recall", recall, cells.size()));
    return {};
}

Result<void> run_needle(const ProbeShell& shell, const ProbeOptions& options, bool many)
{
    const ComputeThreads compute(options.threads);
    NeedleGridRequest grid;
    PATHLOOM_TRY(grid.templates, templates_of(options));
    for (const double length : options.lengths) grid.lengths.push_back(std::size_t(length));
    PATHLOOM_TRY(const std::vector<ProbeDocument> documents, documents_of(shell, options));
    const std::string text = joined_text(documents);
    PATHLOOM_TRY(ReaderPackage reader, reader_of(options));
    const std::string document = sha256_hex(text);
    PATHLOOM_TRY(std::optional<ResultStore> store, store_of(options));
    PATHLOOM_TRY(auto contestants, contestants_of(reader, options));
    NeedleBeside beside(many ? "multineedle" : "needle", options.no_needle, reader.identity(), document, std::move(contestants),
        store ? &*store : nullptr);
    const std::size_t longest = *std::ranges::max_element(grid.lengths);
    PATHLOOM_TRY(const Haystack haystack, prepare_haystack(reader, text, longest, memory_folder(options), on_stderr(shell)));
    const auto done = [&](const NeedleCell&) { return !shell.stopped(); };
    std::vector<NeedleCell> cells;
    if (many) {
        for (const std::size_t length : grid.lengths) {
            PATHLOOM_TRY(const std::vector<NeedleCell> part,
                multi_needle(reader, haystack,
                    {length, options.needles, options.seed, grid.templates, answer_options(options), beside.hooks(),
                        options.one_turn},
                    done));
            cells.insert(cells.end(), part.begin(), part.end());
        }
    } else {
        grid.depths = options.depths;
        grid.distractors = options.distractors;
        grid.no_needle = options.no_needle;
        grid.seed = options.seed;
        grid.answer = answer_options(options);
        grid.hooks = beside.hooks();
        PATHLOOM_TRY(cells, needle_grid(reader, haystack, grid, done));
    }
    return report(shell, options, reader, haystack, document, cells);
}

}  // namespace

void add_probe_verbs(CLI::App& app, ProbeShell& shell)
{
    auto* probe = app.add_subcommand("probe", "Measure a reader on long documents")->require_subcommand(1);
    for (const bool many : {false, true}) {
        auto options = std::make_shared<ProbeOptions>();
        auto* verb = many ? probe->add_subcommand("multineedle", "Many facts in one document, each asked for")
                          : probe->add_subcommand("needle", "One fact in a long document, over length and depth");
        add_common_options(verb, *options);
        verb->add_option("--templates", options->templates, "Needles, questions, keys (JSON)");
        add_length_option(verb, *options);
        add_measure_options(verb, *options);
        if (many) {
            verb->add_option("--needles", options->needles, "Facts hidden")->check(CLI::Range(1, 100000));
            verb->add_flag("--one-turn", options->one_turn, "All of one template and asked for by one question");
        } else {
            verb->add_option("--depths", options->depths, "Places from beginning to end")->check(CLI::Range(1, 1000));
            verb->add_option("--distractors", options->distractors, "Facts of the same wording with other keys")
                ->check(CLI::Range(0, 100000));
            verb->add_flag("--no-needle", options->no_needle, "Ask for what is not there");
        }
        verb->callback(
            [&shell, options, many] { shell.action = [&shell, options, many] { return run_needle(shell, *options, many); }; });
    }
    add_case_verbs(*probe, shell);
    add_video_verbs(*probe, shell);
    add_frame_verb(*probe, shell);
}

}  // namespace pathloom
