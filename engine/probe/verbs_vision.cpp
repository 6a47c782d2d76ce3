// SPDX-License-Identifier: GPL-3.0-or-later
// vision train.
#include "engine/core/files.h"
#include "engine/probe/corpus_texts.h"
#include "engine/probe/frame_lines.h"
#include "engine/probe/probe_verbs.h"
#include "engine/probe/reader_package.h"
#include "engine/vision/vision_training.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace pathloom {

namespace {

Result<void> run_vision_training(const ProbeShell& shell, VisionTrainingRequest request)
{
    request.limits.stopped = shell.stopped;
    PATHLOOM_TRY(const std::string recipe_text, read_file(request.recipe_file));
    PATHLOOM_TRY(const VisionRecipe recipe, parse_vision_recipe(recipe_text));
    if (recipe.corpus.empty()) return fail(ErrorCode::Usage, "vision recipe: corpus must be given; lines are made of its words");
    PATHLOOM_TRY(const std::filesystem::path folder, reader_folder(recipe.reader));
    PATHLOOM_TRY(ReaderPackage reader, load_reader(folder, Precision::Fp32));
    PATHLOOM_TRY(const CorpusTexts texts, read_corpus_texts(request.recipe_file.parent_path() / recipe.corpus, {}));
    const FactWriter facts(words_of(views(texts.train)));
    request.writer = frame_lines(facts);
    request.reader = reader.hash;
    request.texts = texts.hash;
    request.query = [&](const std::string& prompt) -> Result<std::vector<float>> { return prompt_query(reader, prompt); };
    const auto said = [&](const VisionProgress& p) {
        if (p.step % 10 == 0 || p.has_validation)
            fmt::print(stderr, "step {}/{}  line {:.4f}  wanted {:.4f}  crossed {:.4f}  letters {:.3f}\n", p.step, p.steps,
                p.train.line, p.train.wanted, p.train.crossed, p.train.letters);
        if (const VisionValidation& v = p.validation; p.has_validation)
            fmt::print(stderr, "  whole pictures: read {} of {}, refused {} of {} that do not answer\n", v.read, v.answered,
                v.refused, v.others);
        return !shell.stopped();
    };
    PATHLOOM_TRY(const VisionTrainingResult result, train_vision(request, said));
    nlohmann::json out{{"finished", result.finished}, {"step", result.step}, {"out", request.out.string()}};
    std::string text = fmt::format("stopped at step {}; the same command goes on\n", result.step);
    if (result.finished) {
        const VisionValidation& v = result.validation;
        out.update({{"model_sha256", result.model_hash}, {"answered", v.answered}, {"read", v.read}, {"others", v.others},
            {"refused", v.refused}, {"copies", v.copies}, {"matched", v.matched}});
        text = fmt::format("{} steps, {} of {} answers read, {} of {} copies matched, model {}\n", result.step, v.read,
            v.answered, v.matched, v.copies, result.model_hash);
    }
    shell.print(out, text);
    return {};
}

}  // namespace

void add_vision_verbs(CLI::App& app, ProbeShell& shell)
{
    auto* vision = app.add_subcommand("vision", "Frame encoders: films as rows of a memory")->require_subcommand(1);
    auto request = std::make_shared<VisionTrainingRequest>();
    auto* train = vision->add_subcommand("train", "Train one from a recipe; the same command goes on after a stop");
    train->add_option("RECIPE", request->recipe_file, "Recipe (JSON)")->required();
    train->add_option("--pictures", request->pictures, "Folder of the recipe's films")->required();
    train->add_option("--out", request->out, "Folder of the model")->required();
    train->add_option("--stop-after", request->stop_after, "Stop after this many steps")->check(CLI::NonNegativeNumber);
    train->callback([&shell, request] { shell.action = [&shell, request] { return run_vision_training(shell, *request); }; });
}

}  // namespace pathloom
