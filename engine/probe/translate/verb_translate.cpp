// SPDX-License-Identifier: GPL-3.0-or-later
// translate and pack show: language packs and the translators that know a language from one.
#include "engine/core/files.h"
#include "engine/core/one_line.h"
#include "engine/probe/probe_verbs.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/grammar_file.h"
#include "engine/probe/translate/translation_scores.h"
#include "engine/probe/translate/translators.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

namespace pathloom {

namespace {

Result<void> show_pack(const ProbeShell& shell, const std::string& folder)
{
    PATHLOOM_TRY(const auto pack, read_pack(folder));
    nlohmann::json splits = nlohmann::json::object();
    std::string text = fmt::format("pack        {}\nlanguages   {}, {}\ndictionary  {} entries\n", pack.name, pack.languages[0],
        pack.languages[1], pack.dictionary.size());
    for (const auto& [name, pairs] : pack.splits) {
        splits[name] = pairs.size();
        text += fmt::format("{:<11} {} sentence pairs\n", name, pairs.size());
    }
    std::size_t examples = 0;
    const auto mined = mined_pairs(pack, pack.grammar);
    for (const auto& pair : mined) examples += pair.kind == BookPair::Kind::example;
    text += fmt::format("grammar     {} bytes, {} examples and {} words with a translation\n", pack.grammar.size(), examples,
        mined.size() - examples);
    shell.print(
        {{"name", pack.name}, {"languages", pack.languages}, {"dictionary", pack.dictionary.size()}, {"sentences", splits},
            {"grammar_bytes", pack.grammar.size()}, {"grammar_examples", examples}, {"grammar_words", mined.size() - examples}},
        text);
    return {};
}

struct MakeOptions {
    PackRequest request;
    std::vector<std::string> languages, sentence_columns, dictionary_columns;
    std::string grammar;
    bool no_header = false, preview = false;
};

Result<void> make(const ProbeShell& shell, const MakeOptions& options)
{
    PackRequest request = options.request;
    request.header = request.dictionary_header = !options.no_header;
    PATHLOOM_TRY(request.grammar, GrammarFiles().read(options.grammar, [&shell] { return shell.stopped(); }));
    for (std::size_t i = 0; i < 2; ++i) {
        request.languages[i] = options.languages[i];
        if (!options.sentence_columns.empty()) request.sentence_columns[i] = options.sentence_columns[i];
        if (!options.dictionary_columns.empty()) request.dictionary_columns[i] = options.dictionary_columns[i];
    }
    if (!options.preview && request.out.empty()) return fail(ErrorCode::Usage, "--out is missing: where should the pack go?");
    PATHLOOM_TRY(const PackPreview made, options.preview ? preview_pack(request) : make_pack(request));
    shell.print({{"out", options.preview ? "" : request.out.string()}, {"train", made.train}, {"dev", made.dev},
                    {"dictionary", made.dictionary}, {"grammar_bytes", made.grammar_bytes}, {"skipped", made.skipped},
                    {"repeated", made.repeated}, {"alike", made.alike}, {"columns", made.sentence_names},
                    {"dictionary_columns", made.dictionary_names}, {"sentences", made.sentences}, {"words", made.words}},
        fmt::format("{} pairs to learn from, {} to score on, {} dictionary lines, {} bytes of grammar\n"
                    "left out: {} rows with an empty side, {} repeated pairs; {} pairs are like another one and stay in train\n",
            made.train, made.dev, made.dictionary, made.grammar_bytes, made.skipped, made.repeated, made.alike));
    return {};
}

struct TranslateOptions {
    TranslatorChoice choice;
    std::string from, to, pack, context = "no-book", in, out;
    std::vector<std::string> references;
    int shots = -1;
    std::uint64_t seed = 1;
};

std::string joined(const std::vector<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

Result<void> translate(const ProbeShell& shell, const TranslateOptions& options)
{
    PATHLOOM_TRY(const auto pack, read_pack(options.pack));
    PATHLOOM_TRY(const int from, language_index(pack, options.from));
    PATHLOOM_TRY(const int to, language_index(pack, options.to));
    if (from == to) return fail(ErrorCode::Usage, "--from and --to are both {}; name two languages of the pack", options.from);
    PATHLOOM_TRY(const Context context, context_named(options.context));
    // Read like the files of score, so that hypotheses and references stay line by line.
    PATHLOOM_TRY(const auto text, read_scored_text(options.in, {options.references.begin(), options.references.end()}, false));
    std::vector<std::array<std::string, 2>> held_out;
    for (const auto& reference : text.references)
        for (std::size_t i = 0; i < reference.size(); ++i)
            held_out.push_back({encode_utf8(text.hypotheses[i]), encode_utf8(reference[i])});

    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const auto material, translation_material(pack, from, context, options.shots, options.seed, held_out));
    Translators translators;
    const auto encoding = [&](std::size_t done, std::size_t all) {
        if (done > 0) fmt::print(stderr, "read {} of {} tokens\n", done, all);
        return !shell.stopped();
    };
    PATHLOOM_TRY(const auto translator, translators.make(options.choice, material, encoding));
    const auto trained = std::chrono::steady_clock::now();
    std::vector<std::u32string> scored;
    std::vector<std::string> hypotheses;
    nlohmann::json sentences = nlohmann::json::array();
    for (const auto& line : text.hypotheses) {
        if (shell.stopped())
            return fail(ErrorCode::Cancelled, "stopped after {} of {} sentences", hypotheses.size(), text.hypotheses.size());
        const std::string source = encode_utf8(line);
        PATHLOOM_TRY(std::string hypothesis, translator->translate(source));
        PATHLOOM_TRY(scored.emplace_back(), decode_utf8(hypothesis));
        sentences.push_back({{"source", source}, {"hypothesis", hypothesis}});
        hypotheses.push_back(std::move(hypothesis));
    }
    const auto seconds = [](auto span) { return std::chrono::duration<double>(span).count(); };
    nlohmann::json document{{"model", options.choice.model}, {"from", options.from}, {"to", options.to},
        {"context", name_of(context)}, {"pack", pack.name}, {"examples", material.sentences.size()},
        {"dictionary", material.dictionary.size()}, {"book_pairs", material.book.size()},
        {"book_removed", material.removed_examples}, {"seconds_train", seconds(trained - start)},
        {"seconds_translate", seconds(std::chrono::steady_clock::now() - trained)}};
    if (options.shots >= 0) document["seed"] = options.seed;
    std::string summary = options.out.empty() ? joined(hypotheses) : "";
    if (!text.references.empty()) {
        const TranslationScores scores = translation_scores(scored, text.references);
        document["chrf"] = scores.chrf;
        document["chrf++"] = scores.chrfpp;
        document["bleu"] = scores.bleu;
        document["signatures"]
            = {{"chrf", scores.chrf_signature}, {"chrf++", scores.chrfpp_signature}, {"bleu", scores.bleu_signature}};
        summary += fmt::format("chrF2|{} = {:.2f}\nchrF2++|{} = {:.2f}\nBLEU|{} = {:.2f}\n", scores.chrf_signature, scores.chrf,
            scores.chrfpp_signature, scores.chrfpp, scores.bleu_signature, scores.bleu);
    }
    document["sentences"] = std::move(sentences);
    if (!options.out.empty()) {
        PATHLOOM_CHECK(write_file_atomic(options.out, joined(hypotheses)));
        summary = fmt::format("{} sentences to {}\n", hypotheses.size(), options.out) + summary;
    }
    shell.print(document, summary);
    return {};
}

}  // namespace

void add_translate_verbs(CLI::App& app, ProbeShell& shell)
{
    auto* group = app.add_subcommand("pack", "Language packs; see docs/translation.md")->require_subcommand(1);
    auto folder = std::make_shared<std::string>();
    auto* show = group->add_subcommand("show", "What a pack holds");
    show->add_option("DIR", *folder, "Folder of the pack")->required();
    show->callback([&shell, folder] { shell.action = [&shell, folder] { return show_pack(shell, *folder); }; });

    auto making = std::make_shared<MakeOptions>();
    auto* maker = group->add_subcommand("make", "A pack out of your own files (TSV, CSV, JSON lines, plain lines)");
    maker->add_option("--out", making->request.out, "Folder of the pack: new or empty");
    maker->add_option("--languages", making->languages, "Two codes; the dictionary's headwords are in the first")
        ->required()
        ->expected(2);
    maker->add_option("--sentences", making->request.sentences, "A table with both languages, or two files that go line by line")
        ->required()
        ->expected(1, 2);
    maker->add_option("--columns", making->sentence_columns, "Its two columns, by name or number")->expected(2);
    maker->add_option("--dictionary", making->request.dictionary, "A table of words");
    maker->add_option("--dictionary-columns", making->dictionary_columns, "Its two columns")->expected(2);
    maker->add_option("--pos-column", making->request.part_of_speech, "Its parts of speech");
    maker->add_option("--grammar", making->grammar, "A book (text, Markdown, PDF, HTML, EPUB)");
    maker->add_flag("--no-header", making->no_header, "The first row of a TSV or CSV is a row like the others");
    maker->add_option("--dev", making->request.dev_share, "Share of the pairs kept for scoring (default 0.1)");
    maker->add_option("--seed", making->request.seed, "Which ones");
    maker->add_flag("--preview", making->preview, "Only say what it would hold");
    maker->callback([&shell, making] { shell.action = [&shell, making] { return make(shell, *making); }; });

    auto options = std::make_shared<TranslateOptions>();
    auto* verb = app.add_subcommand("translate", "Translate sentences from what a pack holds");
    verb->add_option("--model", options->choice.model,
            "lexical: dictionary, alignments, phrases; nearest: the most similar example; reader: our own reader; endpoint: an "
            "OpenAI-compatible server; or a reader's folder")
        ->required();
    verb->add_option("--from", options->from, "Code of the language of the input")->required();
    verb->add_option("--to", options->to, "Code of the language to translate to")->required();
    verb->add_option("--pack", options->pack, "Folder of the pack")->required();
    verb->add_option("--context", options->context,
        "zero-shot, words, sentences, no-book (both; default), half-book or full-book (both and the book)");
    verb->add_option("--shots", options->shots, "Use only so many of the sentences")->check(CLI::NonNegativeNumber);
    verb->add_option("--seed", options->seed, "Which ones");
    verb->add_option("--in", options->in, "Sentences, one a line")->required();
    verb->add_option("--out", options->out, "Where the translations go, one a line");
    verb->add_option(
        "--ref", options->references, "References, line by line: scores the translations, and keeps these pairs out of training");
    auto& endpoint = options->choice.endpoint;
    verb->add_option("--endpoint", endpoint.base_url, "Base URL of an OpenAI-compatible server (key: $PATHLOOM_ENDPOINT_KEY)");
    verb->add_option("--endpoint-model", endpoint.model, "Its model");
    verb->add_option("--endpoint-window", options->choice.endpoint_window, "Tokens its model takes (default 128000)")
        ->check(CLI::PositiveNumber);
    verb->add_option("--endpoint-budget", endpoint.token_budget, "Most tokens it may be sent and asked for")
        ->check(CLI::PositiveNumber);
    verb->add_option("--endpoint-retries", endpoint.retries, "After refusals for now and broken connections")
        ->check(CLI::NonNegativeNumber);
    verb->callback([&shell, options] { shell.action = [&shell, options] { return translate(shell, *options); }; });
}

}  // namespace pathloom
