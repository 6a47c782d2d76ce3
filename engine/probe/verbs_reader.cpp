// SPDX-License-Identifier: GPL-3.0-or-later
// reader train, reader gate, reader join.
#include "engine/core/files.h"
#include "engine/corpus/import.h"
#include "engine/probe/probe_verbs.h"
#include "engine/probe/reader_package.h"
#include "engine/probe/reader_training.h"
#include "engine/probe/routed_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace pathloom {

void ProbeShell::print(const nlohmann::json& document, const std::string& text) const
{
    if (json)
        fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    else
        fmt::print("{}", text);
    std::fflush(stdout);
}

namespace {

struct JoinOptions {
    std::string shared = "shipped";
    std::vector<std::filesystem::path> paths;
    std::filesystem::path corpus, out;
};

/// The domains a reader was trained on, by the recipe beside it; empty: all.
Result<std::vector<std::string>> domains_of(const std::filesystem::path& folder)
{
    PATHLOOM_TRY(const std::string text, read_file(folder / "recipe.json"));
    const auto made = nlohmann::json::parse(text, nullptr, false);
    if (!made.is_object() || !made.contains("recipe"))
        return fail(ErrorCode::Corrupt, "{} is no record of a training; train the path again", (folder / "recipe.json").string());
    const auto recipe = parse_reader_recipe(made["recipe"].dump());
    if (!recipe) return fail(recipe.error());
    return recipe->domains;
}

Result<void> join(const ProbeShell& shell, const JoinOptions& options)
{
    PATHLOOM_TRY(const std::filesystem::path folder, reader_folder(options.shared));
    PATHLOOM_TRY(const ReaderPackage shared, load_reader(folder, Precision::Fp32));
    ImportRequest request;
    request.paths = {options.corpus.string()};
    PATHLOOM_TRY(const ReadDocuments read, read_source_documents(request));
    std::vector<PathSource> paths;
    for (const auto& path : options.paths) {
        PATHLOOM_TRY(const std::vector<std::string> domains, domains_of(path));
        PathSource one{path.filename().string(), path, std::vector<std::int64_t>(std::size_t(shared.model.spec().vocabulary), 0)};
        for (const SourceDocument& document : read.documents) {
            if (document.split.value_or(Split::Train) != Split::Train) continue;
            if (!domains.empty() && std::ranges::find(domains, document.domain) == domains.end()) continue;
            for (const std::int32_t token : shared.tokenizer.encode_ids(document.text)) ++one.counts[std::size_t(token)];
        }
        paths.push_back(std::move(one));
    }
    PATHLOOM_CHECK(write_paths(shared, paths, options.out));
    nlohmann::json names = nlohmann::json::array();
    for (const PathSource& path : paths) names.push_back(path.name);
    shell.print({{"out", options.out.string()}, {"paths", names}},
        fmt::format("{} paths in {}; probe it with --path auto\n", paths.size(), options.out.string()));
    return {};
}

}  // namespace

void add_reader_verbs(CLI::App& app, ProbeShell& shell)
{
    auto* reader = app.add_subcommand("reader", "Models that read long documents")->require_subcommand(1);
    auto request = std::make_shared<ReaderTrainingRequest>();
    auto* train = reader->add_subcommand("train", "Train one from a recipe; the same command goes on after a stop");
    train->add_option("RECIPE", request->recipe_file, "Recipe (JSON)")->required();
    train->add_option("--out", request->out, "Folder of the model")->required();
    train->add_option("--stop-after", request->stop_after, "Stop after this many steps")->check(CLI::NonNegativeNumber);
    train->callback([&shell, request] {
        shell.action = [&shell, request]() -> Result<void> {
            const auto said = [&](const ReaderProgress& p) {
                if (p.has_valid)
                    fmt::print(stderr,
                        "step {}/{}  tokens {}  nll {:.3f}  retrieval {:.3f}  valid nll {:.3f}  retrieval {:.3f}  top1 {:.3f}  "
                        "first tokens {:.3f}  selection {:.3f}\n",
                        p.step, p.steps, p.tokens, p.train.nll, p.train.retrieval, p.valid.nll, p.valid.retrieval,
                        p.valid.sourced > 0 ? double(p.valid.first) / double(p.valid.sourced) : 0.0,
                        p.valid.leads > 0 ? double(p.valid.leads_first) / double(p.valid.leads) : 0.0,
                        p.valid.selected > 0 ? double(p.valid.selected_right) / double(p.valid.selected) : 0.0);
                return !shell.stopped();
            };
            PATHLOOM_TRY(const ReaderTrainingResult result, train_reader(*request, said));
            shell.print({{"finished", result.finished}, {"step", result.step}, {"tokens", result.tokens},
                            {"model_sha256", result.model_hash}, {"out", request->out.string()}},
                result.finished ? fmt::format("{} steps, {} tokens, model {}\n", result.step, result.tokens, result.model_hash)
                                : fmt::format("stopped at step {}; the same command goes on\n", result.step));
            return {};
        };
    });
    auto options = std::make_shared<JoinOptions>();
    auto* verb
        = reader->add_subcommand("join", "Make one reader of several encoders: each row of a memory by the path that fits it");
    verb->add_option("--shared", options->shared, "\"shipped\" or the reader that reads and asks");
    verb->add_option("--path", options->paths, "Folder of a reader whose encoder becomes a path (several)")->required();
    verb->add_option("--texts", options->corpus, "The .jsonl(.zst) the paths' domains are from")->required();
    verb->add_option("--out", options->out, "Folder of the joined reader")->required();
    verb->callback([&shell, options] { shell.action = [&shell, options] { return join(shell, *options); }; });
    auto fitted = std::make_shared<ReaderTrainingRequest>();
    auto* gate = reader->add_subcommand("gate", "Fit the gate that says none, and ends lists, of a trained reader again");
    gate->add_option("RECIPE", fitted->recipe_file, "Recipe it was trained from (JSON)")->required();
    gate->add_option("--out", fitted->out, "Folder of the reader")->required();
    gate->callback([&shell, fitted] {
        shell.action = [&shell, fitted]() -> Result<void> {
            PATHLOOM_CHECK(fit_reader_gate(*fitted, [&](int done, int all) {
                if (done > 0 && done % 100 == 0) fmt::print(stderr, "{} of {} cases and stretches\n", done, all);
                return !shell.stopped();
            }));
            PATHLOOM_TRY(const std::string text, read_file(fitted->out / "gate.json"));
            shell.print(nlohmann::json::parse(text), text);
            return {};
        };
    });
}

}  // namespace pathloom
