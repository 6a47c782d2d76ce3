// SPDX-License-Identifier: GPL-3.0-or-later
// reader train.
#include "engine/probe/probe_verbs.h"
#include "engine/probe/reader_training.h"

#include <fmt/format.h>

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
                        "first tokens {:.3f}\n",
                        p.step, p.steps, p.tokens, p.train.nll, p.train.retrieval, p.valid.nll, p.valid.retrieval,
                        p.valid.sourced > 0 ? double(p.valid.first) / double(p.valid.sourced) : 0.0,
                        p.valid.leads > 0 ? double(p.valid.leads_first) / double(p.valid.leads) : 0.0);
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
}

}  // namespace pathloom
