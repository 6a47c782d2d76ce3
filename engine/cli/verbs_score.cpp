// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl score: compare a file of hypotheses with files of references. Needs no engine.
#include "engine/cli/shell.h"
#include "engine/probe/score/bleu.h"
#include "engine/probe/score/chrf.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/error_rate.h"
#include "engine/probe/score/sequence_ratio.h"
#include "engine/probe/score/ter.h"

#include <fmt/format.h>

namespace pathloom {

namespace {

/// What every metric takes.
struct ScoreFiles {
    std::string hypotheses;
    std::vector<std::string> references;
    bool sentence = false, whole = false, confidence = false, details = false;
    BootstrapOptions bootstrap;
};

Result<void> score(const Shell& shell, const Metric& metric, const ScoreFiles& files)
{
    if (files.sentence && files.confidence)
        return fail(ErrorCode::Usage, "a sentence has no confidence interval; leave out --sentence or --confidence");
    PATHLOOM_TRY(
        const auto text, read_scored_text(files.hypotheses, {files.references.begin(), files.references.end()}, files.whole));
    const auto statistics = segment_statistics(metric, text);
    const auto bootstrapped = files.confidence ? std::optional(files.bootstrap) : std::nullopt;
    const std::string signature = pathloom::signature(metric, text.references.size(), bootstrapped);
    nlohmann::json document{{"signature", signature}};
    if (files.details) {
        document["metric"] = metric.name();
        document["segments"] = text.hypotheses.size();
    }
    std::string lines;
    if (files.sentence) {
        auto& scores = document["score"] = nlohmann::json::array();
        for (const auto& one : statistics) {
            scores.push_back(metric.score(one));
            lines += fmt::format("{}|{} = {:.4f}\n", metric.name(), signature, metric.score(one));
        }
    } else {
        const auto totals = summed(statistics);
        document["score"] = metric.score(totals);
        if (files.details) document["details"] = metric.details(totals);
        lines = fmt::format("{}|{} = {:.4f}", metric.name(), signature, metric.score(totals));
        if (bootstrapped) {
            const auto interval = bootstrap(metric, statistics, *bootstrapped);
            const double half = 0.5 * (interval.high - interval.low);
            document["confidence"]
                = {{"mean", interval.mean}, {"half_width", half}, {"low", interval.low}, {"high", interval.high}};
            lines += fmt::format(" (μ = {:.4f} ± {:.4f})", interval.mean, half);
        }
        lines += "\n";
    }
    shell.print(document, lines);
    return {};
}

CLI::App* add_metric(CLI::App& group, const char* name, const char* what, const std::shared_ptr<ScoreFiles>& files)
{
    auto* verb = group.add_subcommand(name, what);
    verb->add_option("--hyp", files->hypotheses, "Hypotheses, one a line")->required();
    verb->add_option(
            "--ref", files->references, "References, line by line with the hypotheses; several files give several references")
        ->required();
    verb->add_flag("--sentence", files->sentence, "One score a line");
    verb->add_flag("--whole", files->whole, "Each file is one segment, line ends and all");
    verb->add_flag("--details", files->details, "With --json: what the score is made of, too");
    verb->add_flag("--confidence", files->confidence, "95 per cent interval by bootstrap");
    verb->add_option("--confidence-n", files->bootstrap.samples, "Its samples")->check(CLI::Range(2, 1000000));
    verb->add_option("--seed", files->bootstrap.seed, "Its seed");
    return verb;
}

void add_chrf(CLI::App& group, Shell& shell, const char* name, const char* what, int word_order)
{
    auto files = std::make_shared<ScoreFiles>();
    auto options = std::make_shared<ChrfOptions>();
    options->word_order = word_order;
    auto* verb = add_metric(group, name, what, files);
    verb->add_option("--char-order", options->char_order, "Longest character n-gram (default 6)")->check(CLI::Range(0, 1000));
    verb->add_option("--word-order", options->word_order, "Longest word n-gram (0: chrF, 2: chrF++)")->check(CLI::Range(0, 1000));
    verb->add_option("--beta", options->beta, "Weight of recall (default 2)")->check(CLI::NonNegativeNumber);
    verb->add_flag("--lowercase", options->lowercase, "Ignore case");
    verb->add_flag("--whitespace", options->whitespace, "Let character n-grams hold white space");
    verb->add_flag("--eps-smoothing", options->eps_smoothing, "Average F over all orders, as chrF++.py, NLTK and Moses do");
    on_parsed(verb, shell, [&shell, files, options]() -> Result<void> {
        if (options->char_order + options->word_order == 0)
            return fail(ErrorCode::Usage, "--char-order and --word-order are both 0, which leaves nothing to compare; raise one");
        return score(shell, Chrf(*options), *files);
    });
}

void add_bleu(CLI::App& group, Shell& shell)
{
    struct Options {
        std::string tokenizer = "13a", smoothing = "exp";
        std::optional<bool> effective_order;
        BleuOptions bleu;
    };
    auto files = std::make_shared<ScoreFiles>();
    auto options = std::make_shared<Options>();
    auto* verb = add_metric(group, "bleu", "BLEU, word n-gram precision with a brevity penalty", files);
    verb->add_option("--tokenize", options->tokenizer, "13a (default), intl, char, zh or none")
        ->check(CLI::IsMember({"13a", "intl", "char", "zh", "none"}));
    verb->add_flag("--lowercase", options->bleu.lowercase, "Ignore case");
    verb->add_option("--smooth-method", options->smoothing, "exp (default), floor, add-k or none")
        ->check(CLI::IsMember({"exp", "floor", "add-k", "none"}));
    verb->add_option("--smooth-value", options->bleu.smooth_value, "Of floor (default 0.1) and add-k (default 1)")
        ->check(CLI::NonNegativeNumber);
    verb->add_option("--max-ngram-order", options->bleu.max_order, "Longest n-gram (default 4)")->check(CLI::Range(1, 1000));
    verb->add_flag("--effective-order,!--no-effective-order", options->effective_order,
        "Leave out orders longer than the hypothesis (default: with --sentence)");
    on_parsed(verb, shell, [&shell, files, options] {
        BleuOptions bleu = options->bleu;
        bleu.tokenizer = *tokenizer_named(options->tokenizer);
        bleu.smoothing = *smoothing_named(options->smoothing);
        bleu.effective_order = options->effective_order.value_or(files->sentence);
        return score(shell, Bleu(bleu), *files);
    });
}

void add_ter(CLI::App& group, Shell& shell)
{
    auto files = std::make_shared<ScoreFiles>();
    auto options = std::make_shared<TercomOptions>();
    auto* verb = add_metric(group, "ter", "TER, edits and shifts a reference word", files);
    verb->add_flag("--normalized", options->normalized, "Unescape entities and set punctuation apart");
    verb->add_flag("--no-punct", options->no_punct, "Remove punctuation");
    verb->add_flag("--asian-support", options->asian_support, "With the two above: East Asian text too");
    auto* exact = verb->add_flag("--case-sensitive", options->case_sensitive, "Do not ignore case");
    verb->add_flag("--lowercase")->description("Ignore case, which TER does unless told otherwise")->excludes(exact);
    on_parsed(verb, shell, [&shell, files, options] { return score(shell, Ter(*options), *files); });
}

template <class Make>
void add_plain(CLI::App& group, Shell& shell, const char* name, const char* what, Make make)
{
    auto files = std::make_shared<ScoreFiles>();
    auto lowercase = std::make_shared<bool>(false);
    auto* verb = add_metric(group, name, what, files);
    verb->add_flag("--lowercase", *lowercase, "Ignore case");
    on_parsed(verb, shell, [&shell, files, lowercase, make] { return score(shell, make(*lowercase), *files); });
}

}  // namespace

void add_score_verbs(CLI::App& app, Shell& shell)
{
    auto* group = app.add_subcommand("score", "Compare hypotheses with references; see docs/scoring.md")->require_subcommand(1);
    add_chrf(*group, shell, "chrf", "chrF, character n-gram F", 0);
    add_chrf(*group, shell, "chrf++", "chrF++, with words and pairs of words", 2);
    add_bleu(*group, shell);
    add_ter(*group, shell);
    add_plain(*group, shell, "wer", "Word error rate", [](bool lowercase) { return ErrorRate(ErrorUnit::word, lowercase); });
    add_plain(
        *group, shell, "cer", "Character error rate", [](bool lowercase) { return ErrorRate(ErrorUnit::character, lowercase); });
    add_plain(*group, shell, "ratio", "Python's difflib ratio, as MRCR uses it",
        [](bool lowercase) { return SequenceRatio(lowercase); });
}

}  // namespace pathloom
