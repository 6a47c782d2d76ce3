// SPDX-License-Identifier: GPL-3.0-or-later
// A reader's recipe as JSON. Unknown keys are refused: a misspelt setting must not pass silently.
#include "engine/probe/reader_training.h"
#include "engine/probe/selection.h"

#include "engine/core/one_line.h"
#include "engine/core/recipe_section.h"

#include <nlohmann/json.hpp>

namespace pathloom {

namespace {

using nlohmann::json;

}  // namespace

Result<ReaderRecipe> parse_reader_recipe(const std::string& text)
{
    const json document = json::parse(text, nullptr, false);
    if (!document.is_object()) return fail(ErrorCode::Usage, "a reader recipe must be a JSON object");
    ReaderRecipe recipe;
    std::string title, description;
    RecipeSection top("reader recipe", document, "");
    top.read("name", recipe.name);
    top.read("title", title);
    top.read("description", description);
    top.read("seed", recipe.seed);
    top.read("corpus", recipe.corpus);
    top.read("domains", recipe.domains);
    top.read("start", recipe.start);

    RecipeSection model("reader recipe", top.object("model"), "model.");
    model.read("vocabulary", recipe.model.vocabulary);
    model.read("d_model", recipe.model.d_model);
    model.read("heads", recipe.model.heads);
    model.read("head_dim", recipe.model.head_dim);
    model.read("hidden", recipe.model.hidden);
    model.read("window_blocks", recipe.model.window_blocks);
    model.read("window", recipe.model.window);
    model.read("conv", recipe.model.conv);
    model.read("key_dim", recipe.model.key_dim);
    model.read("top_k", recipe.model.top_k);
    model.read("selections", recipe.model.selections);
    model.read("rope_base", recipe.model.rope_base);
    model.read("key_decay", recipe.model.key_decay);
    model.read("query_decay", recipe.model.query_decay);

    RecipeSection mixture("reader recipe", top.object("mixture"), "mixture.");
    mixture.read("contexts", recipe.mixture.contexts);
    mixture.read("context_length", recipe.mixture.context_length);
    mixture.read("asked", recipe.mixture.asked);
    mixture.read("question_length", recipe.mixture.question_length);
    mixture.read("absent", recipe.mixture.absent);
    mixture.read("most_facts", recipe.mixture.most_facts);
    mixture.read("shared", recipe.mixture.shared);
    mixture.read("near", recipe.mixture.near);
    RecipeSection shares("reader recipe", mixture.object("shares"), "mixture.shares.");
    for (std::size_t i = 0; i < mixture_names.size(); ++i) shares.read(mixture_names[i], recipe.mixture.shares[i]);

    ReaderOptimizer& t = recipe.training;
    RecipeSection training("reader recipe", top.object("training"), "training.");
    read_steps_and_adamw(training, t);
    training.read("retrieval_weight", t.retrieval_weight);
    training.read("lead_weight", t.lead_weight);
    training.read("bank", t.bank);
    training.read("only", t.only);
    training.read("precision", t.precision);
    training.read("checkpoint_every", t.checkpoint_every);
    training.read("report_every", t.report_every);
    RecipeSection gate("reader recipe", top.object("gate"), "gate.");
    gate.read("cases", recipe.gate.cases);
    gate.read("longest", recipe.gate.longest);
    gate.read("penalty", recipe.gate.penalty);
    gate.read("lost", recipe.gate.lost);
    for (const RecipeSection* section : {&top, &model, &mixture, &shares, &training, &gate}) PATHLOOM_CHECK(section->done());

    PATHLOOM_CHECK(validate(recipe.model));
    PATHLOOM_CHECK(validate(recipe.mixture));
    if (recipe.model.selections != 0 && recipe.model.selections != SelectionCount)
        return fail(
            ErrorCode::Usage, "reader recipe: model.selections must be 0 or {}, got {}", SelectionCount, recipe.model.selections);
    if (!(recipe.gate.lost >= 0.0 && recipe.gate.lost < 1.0) || !(recipe.gate.penalty > 0.0))
        return fail(ErrorCode::Usage, "reader recipe: gate.lost must be from 0 to below 1 and gate.penalty above 0");
    if (recipe.name.empty() || recipe.corpus.empty())
        return fail(ErrorCode::Usage, "reader recipe: name and corpus must be given");
    if (t.steps < 1 || t.checkpoint_every < 1 || t.report_every < 1 || !(t.lr > 0.0) || !(t.clip > 0.0))
        return fail(
            ErrorCode::Usage, "reader recipe: training.steps, lr, clip, checkpoint_every and report_every must be above 0");
    if (!t.only.empty() && t.only != "encoder")
        return fail(ErrorCode::Usage, "reader recipe: training.only must be encoder or absent, got '{}'", one_line(t.only));
    if (t.precision != "fp32" && t.precision != "bf16")
        return fail(ErrorCode::Usage, "reader recipe: training.precision must be fp32 or bf16, got '{}'", one_line(t.precision));
    return recipe;
}

}  // namespace pathloom
