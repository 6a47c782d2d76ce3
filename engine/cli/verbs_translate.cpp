// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl pack, translate: language packs and the baselines that translate from them. Needs no engine.
#include "engine/cli/shell.h"
#include "engine/cli/table.h"
#include "engine/core/files.h"
#include "engine/probe/score/bleu.h"
#include "engine/probe/score/chrf.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/translator.h"

#include <fmt/format.h>

#include <chrono>

namespace pathloom {

namespace {

Result<void> show_pack(const Shell& shell, const std::string& folder)
{
    PATHLOOM_TRY(const auto pack, read_pack(folder));
    nlohmann::json splits = nlohmann::json::object();
    Facts facts;
    facts.add("pack", pack.name);
    facts.add("languages", pack.languages[0] + ", " + pack.languages[1]);
    facts.add("dictionary", human_count(std::int64_t(pack.dictionary.size())) + " entries");
    for (const auto& [name, pairs] : pack.splits) {
        splits[name] = pairs.size();
        facts.add(name, human_count(std::int64_t(pairs.size())) + " sentence pairs");
    }
    facts.add("grammar", human_bytes(pack.grammar.size()));
    shell.print({{"name", pack.name}, {"languages", pack.languages}, {"dictionary", pack.dictionary.size()},
                    {"sentences", splits}, {"grammar_bytes", pack.grammar.size()}},
        facts.text());
    return {};
}

struct TranslateOptions {
    std::string model, from, to, pack, context = "no-book", in, out;
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

Result<void> translate(const Shell& shell, const TranslateOptions& options)
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
    const auto material = translation_material(pack, from, context, options.shots, options.seed, held_out);
    const auto translator = options.model == "nearest" ? make_nearest_translator(material) : make_lexical_translator(material);
    const auto trained = std::chrono::steady_clock::now();
    ScoredText scored{{}, text.references};
    std::vector<std::string> hypotheses;
    nlohmann::json sentences = nlohmann::json::array();
    for (const auto& line : text.hypotheses) {
        const std::string source = encode_utf8(line);
        std::string hypothesis = translator->translate(source);
        PATHLOOM_TRY(scored.hypotheses.emplace_back(), decode_utf8(hypothesis));
        sentences.push_back({{"source", source}, {"hypothesis", hypothesis}});
        hypotheses.push_back(std::move(hypothesis));
    }
    const auto seconds = [](auto span) { return std::chrono::duration<double>(span).count(); };
    nlohmann::json document{{"model", options.model}, {"from", options.from}, {"to", options.to}, {"context", name_of(context)},
        {"pack", pack.name}, {"examples", material.sentences.size()}, {"dictionary", material.dictionary.size()},
        {"seconds_train", seconds(trained - start)}, {"seconds_translate", seconds(std::chrono::steady_clock::now() - trained)}};
    if (options.shots >= 0) document["seed"] = options.seed;
    std::string summary = options.out.empty() ? joined(hypotheses) : "";
    if (!scored.references.empty()) {
        ChrfOptions with_words;
        with_words.word_order = 2;
        const Chrf chrf({}), chrfpp(with_words);
        const Bleu bleu({});
        for (const auto& [key, metric] :
            std::initializer_list<std::pair<const char*, const Metric*>>{{"chrf", &chrf}, {"chrf++", &chrfpp}, {"bleu", &bleu}}) {
            const double score = metric->score(summed(segment_statistics(*metric, scored)));
            const std::string what = signature(*metric, scored.references.size());
            document[key] = score;
            document["signatures"][key] = what;
            summary += fmt::format("{}|{} = {:.2f}\n", metric->name(), what, score);
        }
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

void add_translate_verbs(CLI::App& app, Shell& shell)
{
    auto* group = app.add_subcommand("pack", "Language packs; see docs/translation.md")->require_subcommand(1);
    auto folder = std::make_shared<std::string>();
    auto* show = group->add_subcommand("show", "What a pack holds");
    show->add_option("DIR", *folder, "Folder of the pack")->required();
    on_parsed(show, shell, [&shell, folder] { return show_pack(shell, *folder); });

    auto options = std::make_shared<TranslateOptions>();
    auto* verb = app.add_subcommand("translate", "Translate sentences from what a pack holds");
    verb->add_option("--model", options->model, "lexical: dictionary, alignments, phrases; nearest: the most similar example")
        ->required()
        ->check(CLI::IsMember({"lexical", "nearest"}));
    verb->add_option("--from", options->from, "Code of the language of the input")->required();
    verb->add_option("--to", options->to, "Code of the language to translate to")->required();
    verb->add_option("--pack", options->pack, "Folder of the pack")->required();
    verb->add_option("--context", options->context, "zero-shot, words, sentences or no-book (both; default)");
    verb->add_option("--shots", options->shots, "Use only so many of the sentences")->check(CLI::NonNegativeNumber);
    verb->add_option("--seed", options->seed, "Which ones");
    verb->add_option("--in", options->in, "Sentences, one a line")->required();
    verb->add_option("--out", options->out, "Where the translations go, one a line");
    verb->add_option(
        "--ref", options->references, "References, line by line: scores the translations, and keeps these pairs out of training");
    on_parsed(verb, shell, [&shell, options] { return translate(shell, *options); });
}

}  // namespace pathloom
