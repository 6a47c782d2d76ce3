// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl corpus.
#include "engine/cli/proto_json.h"
#include "engine/cli/shell.h"
#include "engine/cli/table.h"
#include "engine/corpus/read_flags.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;

std::string describe(const v1::Corpus& corpus)
{
    Facts facts;
    facts.add("corpus", corpus.name());
    facts.add("documents",
        fmt::format("{} ({} train, {} valid, {} test)", human_count(corpus.documents()), human_count(corpus.train_documents()),
            human_count(corpus.valid_documents()), human_count(corpus.test_documents())));
    facts.add("tokens", fmt::format("{} (vocabulary {})", human_count(corpus.tokens()), corpus.vocabulary()));
    facts.add("bytes", human_bytes(std::uint64_t(corpus.bytes())));
    facts.add("duplicates", fmt::format("{} exact, {} near", corpus.exact_duplicates(), corpus.near_duplicates()));
    std::string text = facts.text();
    Table domains({"DOMAIN", "DOCUMENTS", "TOKENS", "BYTES"});
    for (const auto& domain : corpus.domains())
        domains.add({domain.name(), human_count(domain.documents()), human_count(domain.tokens()),
            human_bytes(std::uint64_t(domain.bytes()))});
    if (!domains.empty()) text += "\n" + domains.text();
    Table rejected({"REJECTED", "REASON"});
    for (const auto& file : corpus.rejected()) rejected.add({file.path(), file.reason()});
    if (!rejected.empty()) text += "\n" + rejected.text();
    return text;
}

/// The engine has another working folder: what the user means is relative to ours.
std::string absolute(const std::string& path)
{
    std::error_code error;
    const auto full = std::filesystem::absolute(path, error);
    return error ? path : full.lexically_normal().string();
}

Result<void> import(Shell& shell, v1::ImportCorpusRequest request)
{
    for (auto& path : *request.mutable_paths()) path = absolute(path);
    if (!request.tokenizer_model().empty()) request.set_tokenizer_model(absolute(request.tokenizer_model()));
    PATHLOOM_TRY(const auto session, shell.connect());
    std::optional<v1::Corpus> corpus;
    std::string stage;
    PATHLOOM_CHECK((session->stream<v1::ImportCorpusRequest, v1::ImportProgress>(
        &Stub::ImportCorpus, request, [&](const v1::ImportProgress& progress) -> Result<bool> {
            if (progress.has_corpus()) corpus = progress.corpus();
            if (!shell.json && progress.stage() != stage) {
                stage = progress.stage();
                fmt::print(stderr, "{} ...\n", stage);
            }
            return true;
        })));
    if (!corpus) return fail(ErrorCode::Failed, "the engine ended the import without a result; see its log");
    shell.print(to_json(*corpus), describe(*corpus));
    return {};
}

Result<void> list_corpora(Shell& shell)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    PATHLOOM_TRY(const auto all, session->call(&Stub::ListCorpora, v1::ListCorporaRequest()));
    Table table({"NAME", "DOCUMENTS", "TOKENS", "BYTES", "DOMAINS", "REJECTED"});
    for (const auto& corpus : all.corpora())
        table.add({corpus.name(), human_count(corpus.documents()), human_count(corpus.tokens()),
            human_bytes(std::uint64_t(corpus.bytes())), std::to_string(corpus.domains_size()),
            std::to_string(corpus.rejected_size())});
    shell.print(to_json(all), table.empty() ? "no corpora; see corpus import\n" : table.text());
    return {};
}

Result<void> show(Shell& shell, const std::string& name)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::GetCorpusRequest request;
    request.set_name(name);
    PATHLOOM_TRY(const auto corpus, session->call(&Stub::GetCorpus, request));
    shell.print(to_json(corpus), describe(corpus));
    return {};
}

}  // namespace

void add_corpus_verbs(CLI::App& app, Shell& shell)
{
    auto* corpus = app.add_subcommand("corpus", "Text to train on")->require_subcommand(1);

    struct Options {
        std::vector<std::string> files;
        std::string name, domain, tokenizer;
        int vocabulary = 0;
        std::uint64_t seed = 1;  // as the app imports
        ReadOptions reading;
    };
    auto options = std::make_shared<Options>();
    auto* verb = corpus->add_subcommand("import", "Read files, folders or globs into a new corpus");
    verb->add_option("FILE", options->files, "Files, folders or globs")->required();
    verb->add_option("--name", options->name, "Name of the corpus")->required();
    verb->add_option("--domain", options->domain, "Domain of all documents (default: per file)");
    verb->add_option("--vocabulary", options->vocabulary, "Tokens to train (default 8192)")->check(CLI::Range(1, 1 << 20));
    verb->add_option("--tokenizer", options->tokenizer, "A SentencePiece model to use instead of training one");
    verb->add_option("--seed", options->seed, "Seed of the split");
    add_read_flags(verb, options->reading);
    on_parsed(verb, shell, [&shell, options] {
        v1::ImportCorpusRequest request;
        request.set_name(options->name);
        for (const auto& file : options->files) request.add_paths(file);
        request.set_domain(options->domain);
        request.set_vocabulary(options->vocabulary);
        request.set_tokenizer_model(options->tokenizer);
        request.set_seed(options->seed);
        v1::FilmReading& films = *request.mutable_films();
        films.set_frames_per_second(options->reading.frames_per_second);
        films.set_leave_picture_text(!options->reading.picture_text);
        films.set_text_language(options->reading.language);
        films.set_speech(options->reading.speech);
        return import(shell, std::move(request));
    });

    on_parsed(corpus->add_subcommand("list", "All of them"), shell, [&shell] { return list_corpora(shell); });
    auto name = std::make_shared<std::string>();
    auto* one = corpus->add_subcommand("show", "One, with its domains and rejected files");
    one->add_option("NAME", *name, "Corpus")->required();
    on_parsed(one, shell, [&shell, name] { return show(shell, *name); });
}

}  // namespace pathloom
