// SPDX-License-Identifier: GPL-3.0-or-later
// probe ruler, mrcr, qa, nll, show.
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/model/kernels/products.h"
#include "engine/probe/case_makers.h"
#include "engine/probe/loss_curve.h"
#include "engine/probe/probe_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

namespace pathloom {

namespace {

using nlohmann::json;

struct CaseOptions : ProbeOptions {
    std::vector<std::string> families;
    std::filesystem::path questions, file;
    int samples = 5, windows = 24, window = 64;
    std::int64_t show = 0;
};

json result_json(const ProbeResult& r)
{
    json out{{"probe", r.probe}, {"family", r.family}, {"contestant", r.contestant}, {"length", r.length}, {"seed", r.seed},
        {"answer", r.answer}, {"score", r.score}, {"seconds_answer", r.seconds}, {"seconds_first_token", r.seconds_first},
        {"recipe", r.recipe}};
    if (r.depth >= 0.0) out["depth"] = r.depth;
    if (r.id > 0) out["id"] = r.id;
    return out;
}

/// Cells as they come, and their means by family, length and contestant.
class Report {
public:
    explicit Report(const ProbeShell& shell)
        : m_shell(shell)
    {
    }
    bool add(const ProbeResult& result, bool repeated)
    {
        json cell = result_json(result);
        cell["repeated"] = repeated;
        m_cells.push_back(std::move(cell));
        Sum& sum = m_sums[{result.family, result.length, result.contestant}];
        sum.score += result.score;
        ++sum.cells;
        return !m_shell.stopped();
    }
    Result<void> print(const std::filesystem::path& out_file) const
    {
        json summary = json::array();
        std::string table = fmt::format("{:<16} {:>10} {:<10} {:>6} {:>7}\n", "FAMILY", "LENGTH", "BY", "CASES", "SCORE");
        for (const auto& [key, sum] : m_sums) {
            const auto& [family, length, contestant] = key;
            const double mean = sum.score / double(sum.cells);
            summary.push_back(
                {{"family", family}, {"length", length}, {"contestant", contestant}, {"cases", sum.cells}, {"score", mean}});
            table += fmt::format("{:<16} {:>10} {:<10} {:>6} {:>7.4f}\n", family, length, contestant, sum.cells, mean);
        }
        const json out{{"cells", m_cells}, {"summary", {{"scores", summary}, {"peak_rss_mb", peak_rss_mb()}}}};
        if (!out_file.empty()) PATHLOOM_CHECK(write_file_atomic(out_file, out.dump(2) + "\n"));
        m_shell.print(out, table);
        return {};
    }

private:
    struct Sum {
        double score = 0.0;
        std::size_t cells = 0;
    };
    const ProbeShell& m_shell;
    json m_cells = json::array();
    std::map<std::tuple<std::string, std::int64_t, std::string>, Sum> m_sums;
};

/// What every probe of cases needs, ready to run.
struct Stage {
    ReaderPackage reader;
    std::string text;
    std::optional<Haystack> haystack;
    std::vector<std::unique_ptr<Contestant>> contestants;
    std::optional<ResultStore> store;
    CaseRun run;

    static Result<std::unique_ptr<Stage>> set(const ProbeShell& shell, const CaseOptions& options, std::size_t longest)
    {
        PATHLOOM_TRY(const std::vector<ProbeDocument> documents, documents_of(shell, options));
        PATHLOOM_TRY(ReaderPackage reader, reader_of(options));
        auto stage = std::make_unique<Stage>(Stage{std::move(reader), joined_text(documents), {}, {}, {}, {}});
        PATHLOOM_TRY(stage->contestants, contestants_of(stage->reader, options));  // a wrong name costs no encoding
        if (longest == 0) {  // the whole document
            PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(stage->reader, stage->text));
            longest = std::max<std::size_t>(identity.tokens.size(), 16);
        }
        PATHLOOM_TRY(
            stage->haystack, prepare_haystack(stage->reader, stage->text, longest, memory_folder(options), on_stderr(shell)));
        PATHLOOM_TRY(stage->store, store_of(options));
        stage->run = {&stage->reader, &*stage->haystack, sha256_hex(stage->text), memory_folder(options), &stage->contestants,
            stage->store ? &*stage->store : nullptr, on_stderr(shell), {}};
        return stage;
    }
    [[nodiscard]] std::function<std::size_t(const std::string&)> counter() const
    {
        return [this](const std::string& words) { return reader.tokenizer.encode_ids(words).size(); };
    }
};

std::size_t longest_of(const CaseOptions& options)
{
    return std::size_t(*std::ranges::max_element(options.lengths));
}

Result<void> run_ruler(const ProbeShell& shell, const CaseOptions& options)
{
    const ComputeThreads compute(options.threads);
    const std::vector<std::string>& families = options.families.empty() ? ruler_families() : options.families;
    for (const std::string& family : families)  // before anything is encoded
        PATHLOOM_CHECK(ruler_case(family, 64, 1, [](const std::string& words) { return words.size(); }));
    PATHLOOM_TRY(const auto stage, Stage::set(shell, options, longest_of(options)));
    Report report(shell);
    stage->run.done = [&](const ProbeResult& result, bool repeated) { return report.add(result, repeated); };
    for (const double length : options.lengths) {
        for (const std::string& family : families) {
            for (int sample = 0; sample < options.samples; ++sample) {
                PATHLOOM_TRY(const ProbeCase one,
                    ruler_case(family, std::size_t(length), mix(options.seed, std::uint64_t(sample)), stage->counter()));
                PATHLOOM_CHECK(run_case(stage->run, one));
            }
        }
    }
    return report.print(options.out);
}

Result<void> run_mrcr(const ProbeShell& shell, const CaseOptions& options)
{
    const ComputeThreads compute(options.threads);
    PATHLOOM_TRY(const auto stage, Stage::set(shell, options, 256));
    Report report(shell);
    stage->run.done = [&](const ProbeResult& result, bool repeated) { return report.add(result, repeated); };
    for (const double length : options.lengths) {
        for (int sample = 0; sample < options.samples; ++sample) {
            PATHLOOM_TRY(const ProbeCase one,
                mrcr_case(stage->text, std::size_t(length), options.needles, mix(options.seed, std::uint64_t(sample)),
                    stage->counter()));
            PATHLOOM_CHECK(run_case(stage->run, one));
        }
    }
    return report.print(options.out);
}

Result<void> run_qa(const ProbeShell& shell, const CaseOptions& options)
{
    const ComputeThreads compute(options.threads);
    PATHLOOM_TRY(const std::string text, read_file(options.questions));
    PATHLOOM_TRY(ProbeCase questions, parse_question_file(text));
    PATHLOOM_TRY(const auto stage, Stage::set(shell, options, 0));
    Report report(shell);
    stage->run.done = [&](const ProbeResult& result, bool repeated) { return report.add(result, repeated); };
    questions.length = stage->haystack->memory.tokens().size();
    questions.family = options.questions.stem().string();
    PATHLOOM_CHECK(run_case(stage->run, questions));
    return report.print(options.out);
}

Result<void> run_nll(const ProbeShell& shell, const CaseOptions& options)
{
    const ComputeThreads compute(options.threads);
    PATHLOOM_TRY(const auto stage, Stage::set(shell, options, options.lengths.empty() ? 0 : longest_of(options)));
    const PositionLossRequest request{
        stage->haystack->memory.tokens().size(), options.windows, options.window, answer_options(options)};
    PATHLOOM_TRY(const LossCurve curve,
        loss_curve(stage->reader, *stage->haystack, request, sha256_hex(stage->text), stage->store ? &*stage->store : nullptr,
            [&](const std::vector<LossPoint>&, int) { return !shell.stopped(); }));
    std::string table = fmt::format("{:>10} {:>8} {:>12} {:>11}\n", "POSITION", "NLL", "WINDOW ONLY", "CUMULATIVE");
    for (const LossPoint& point : curve.points) {
        table += fmt::format(
            "{:>10} {:>8.4f} {:>12.4f} {:>11.4f}\n", point.position, point.nll, point.nll_window, point.cumulative);
    }
    const PowerLaw& law = curve.law;
    const json out{{"points", points_json(curve.points, curve.document_tokens)}, {"estimated", true}, {"kept", curve.kept},
        {"model", stage->reader.hash}, {"fit", law_json(law)}, {"peak_rss_mb", peak_rss_mb()}};
    if (!options.out.empty()) PATHLOOM_CHECK(write_file_atomic(options.out, out.dump(2) + "\n"));
    shell.print(out,
        table
            + fmt::format("cumulative mean, estimated from the same {} windows of {} tokens at every position: {:.4g} x^{:.4f} + "
                          "{:.4f}, R2 {:.4f}\n",
                options.windows, options.window, law.alpha, law.beta, law.gamma, law.r2));
    return {};
}

Result<void> show_prompt(const ProbeShell& shell, const CaseOptions& options, const ProbeResult& result)
{
    json out = result_json(result);
    std::string text = fmt::format("{} {} by {}: score {:.4f}\nquestion: {}\nanswer begins: {}\nanswer: {}\n", result.probe,
        result.family, result.contestant, result.score, result.recipe.value("question", ""),
        result.recipe.value("answer_prefix", ""), result.answer);
    if (!options.documents.empty()) {
        PATHLOOM_TRY(const std::vector<ProbeDocument> documents, documents_of(shell, options));
        PATHLOOM_TRY(const ReaderPackage reader, reader_of(options));
        const std::string wanted = result.recipe.value("document_sha256", "");
        std::string document = joined_text(documents);
        if (sha256_hex(document) != wanted) {  // what was asked over may have been written from it
            PATHLOOM_TRY(document,
                own_text_again(result.probe, result.family, std::size_t(result.length), result.seed, document,
                    [&](const std::string& words) { return reader.tokenizer.encode_ids(words).size(); }));
        }
        if (sha256_hex(document) != wanted)
            return fail(ErrorCode::Usage,
                "result {} was made over another document; give the one with SHA-256 {}, or the one it was written from",
                result.id, wanted);
        if (reader.hash != result.recipe.value("model", ""))
            return fail(ErrorCode::Usage, "result {} was made with another reader; give it as --model", result.id);
        PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(reader, document));
        PATHLOOM_TRY(const std::string context, rebuild_context(result.recipe, reader.tokenizer, identity.tokens));
        out["context"] = context;
        text = context + "\n\n" + text;
    }
    shell.print(out, text);
    return {};
}

Result<void> run_show(const ProbeShell& shell, const CaseOptions& options)
{
    std::filesystem::path file = options.file;
    if (file.empty()) {
        if (options.project.empty()) return fail(ErrorCode::Usage, "say which results: a results file, or --project DIR");
        PATHLOOM_TRY(file, project_results(options.project));
    }
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        return fail(ErrorCode::NotFound, "no results in {}; probes write them with --project or --keep", file.string());
    PATHLOOM_TRY(ResultStore store, ResultStore::open(file));
    PATHLOOM_TRY(const std::vector<ProbeResult> all, store.all());
    if (options.show > 0) {
        const auto found = std::ranges::find(all, options.show, &ProbeResult::id);
        if (found == all.end()) return fail(ErrorCode::NotFound, "no result {} in {}", options.show, file.string());
        return show_prompt(shell, options, *found);
    }
    json list = json::array();
    std::string table = fmt::format(
        "{:>6} {:<12} {:<14} {:<10} {:>10} {:>7}  {}\n", "ID", "PROBE", "FAMILY", "BY", "LENGTH", "SCORE", "ANSWER");
    for (const ProbeResult& r : all) {
        list.push_back(result_json(r));
        std::string answer = r.probe == "nll" ? "a curve" : r.answer.substr(0, 40);
        std::ranges::replace(answer, '\n', ' ');
        table += fmt::format(
            "{:>6} {:<12} {:<14} {:<10} {:>10} {:>7.4f}  {}\n", r.id, r.probe, r.family, r.contestant, r.length, r.score, answer);
    }
    shell.print({{"results", list}}, table);
    return {};
}

template <class Run>
void on_call(CLI::App* verb, ProbeShell& shell, const std::shared_ptr<CaseOptions>& options, Run run)
{
    verb->callback([&shell, options, run] { shell.action = [&shell, options, run] { return run(shell, *options); }; });
}

}  // namespace

void add_case_verbs(CLI::App& probe, ProbeShell& shell)
{
    auto options = std::make_shared<CaseOptions>();
    auto* ruler = probe.add_subcommand("ruler", "RULER's retrieval families and variable tracking");
    add_common_options(ruler, *options);
    add_length_option(ruler, *options);
    add_measure_options(ruler, *options);
    ruler
        ->add_option("--families", options->families,
            "single, single_uuid, multikey, multikey_all, multikey_uuid, multivalue, multiquery, vt")
        ->delimiter(',');
    ruler->add_option("--samples", options->samples, "Of each family and length")->check(CLI::Range(1, 10000));
    options->max_tokens = 64;
    on_call(ruler, shell, options, run_ruler);

    options = std::make_shared<CaseOptions>();
    auto* mrcr = probe.add_subcommand("mrcr", "Which of several like passages came first, second...: ordinal recall");
    add_common_options(mrcr, *options);
    add_length_option(mrcr, *options);
    add_measure_options(mrcr, *options);
    options->needles = 2;
    options->max_tokens = 120;
    mrcr->add_option("--needles", options->needles, "Like passages")->check(CLI::Range(2, 8));
    mrcr->add_option("--samples", options->samples, "Of each length")->check(CLI::Range(1, 10000));
    on_call(mrcr, shell, options, run_mrcr);

    options = std::make_shared<CaseOptions>();
    auto* qa = probe.add_subcommand("qa", "Questions and answers from a file");
    add_common_options(qa, *options);
    add_measure_options(qa, *options);
    qa->add_option("--questions", options->questions, "JSON: [{question, answers, answer_prefix}]")->required();
    on_call(qa, shell, options, run_qa);

    options = std::make_shared<CaseOptions>();
    auto* nll = probe.add_subcommand("nll", "Loss against position, with its power law");
    add_common_options(nll, *options);
    nll->add_option(
           "--lengths", options->lengths, "Tokens of the document used (default: all); positions reach to three quarters of it")
        ->delimiter(',')
        ->check(CLI::Range(512.0, 4e9));
    nll->add_option("--windows", options->windows, "Stretches of its last quarter whose tokens are foretold")
        ->check(CLI::Range(1, 1000));
    nll->add_option("--window", options->window, "Tokens of each")->check(CLI::Range(1, 4096));
    nll->add_option("--out", options->out, "Also write the JSON to this file");
    add_keep_options(nll, *options);
    on_call(nll, shell, options, run_nll);

    options = std::make_shared<CaseOptions>();
    auto* show = probe.add_subcommand("show", "What a results file holds; one result with its exact prompt");
    auto* results = show->add_option("FILE", options->file, "Results file");
    auto* project = show->add_option("--project", options->project, "Project folder: what its probes found");
    results->excludes(project);
    show->add_option("--id", options->show, "One result")->check(CLI::PositiveNumber);
    show->add_option("--doc", options->documents, "The document: the prompt is rebuilt")->allow_extra_args(false);
    show->add_option("--model", options->model, "\"shipped\" or a reader's folder");
    on_call(show, shell, options, run_show);
}

}  // namespace pathloom
