// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/recipe_section.h"
#include "engine/vision/vision_training.h"

namespace pathloom {

Result<VisionRecipe> parse_vision_recipe(const std::string& text)
{
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) return fail(ErrorCode::Usage, "a vision recipe must be a JSON object");
    const std::string kind = "vision recipe";
    VisionRecipe recipe;
    std::string description;
    RecipeSection top(kind, document, "");
    top.read("name", recipe.name);
    top.read("description", description);
    top.read("seed", recipe.seed);
    top.read("start", recipe.start);
    top.read("reader", recipe.reader);
    top.read("corpus", recipe.corpus);
    top.read("films", recipe.films);
    top.read("rows", recipe.rows);
    top.read("valid_every", recipe.valid_every);

    RecipeSection model(kind, top.object("model"), "model.");
    model.read("width", recipe.model.width);
    model.read("height", recipe.model.height);
    model.read("stem", recipe.model.stem);
    model.read("fine_blocks", recipe.model.fine_blocks);
    model.read("d_model", recipe.model.d_model);
    model.read("blocks", recipe.model.blocks);
    model.read("key_dim", recipe.model.key_dim);
    model.read("look_dim", recipe.model.look_dim);

    RecipeSection overlays(kind, top.object("overlays"), "overlays.");
    overlays.read("answered", recipe.overlays.answered);
    overlays.read("other", recipe.overlays.other);
    overlays.read("usual", recipe.overlays.usual);
    overlays.read("narrow", recipe.overlays.narrow);
    overlays.read("strip", recipe.overlays.strip);
    overlays.read("strips", recipe.overlays.strips);
    overlays.read("whole_every", recipe.overlays.whole_every);
    overlays.read("wholes", recipe.overlays.wholes);

    RecipeSection scenes(kind, top.object("scenes"), "scenes.");
    scenes.read("every", recipe.scenes.every);
    scenes.read("pairs", recipe.scenes.pairs);
    scenes.read("neighbours", recipe.scenes.neighbours);
    scenes.read("sharpness", recipe.scenes.sharpness);

    VisionOptimizer& t = recipe.training;
    RecipeSection training(kind, top.object("training"), "training.");
    read_steps_and_adamw(training, t);
    training.read("place_steps", t.place_steps);
    training.read("checkpoint_every", t.checkpoint_every);
    training.read("report_every", t.report_every);
    training.read("validate_every", t.validate_every);
    training.read("validation", t.validation);
    training.read("gate_pictures", t.gate_pictures);
    for (const RecipeSection* section : {&top, &model, &overlays, &scenes, &training}) PATHLOOM_CHECK(section->done());

    for (const auto& valid : {validate(recipe.model), validate(recipe.overlays, recipe.model), validate(recipe.scenes)})
        if (!valid) return fail(ErrorCode::Usage, "{}: {}", kind, valid.error().message);
    if (recipe.name.empty() || recipe.films.empty()) return fail(ErrorCode::Usage, "{}: name and films must be given", kind);
    if (recipe.rows < recipe.model.height || recipe.rows > 2160 || recipe.rows * recipe.overlays.strip % recipe.model.height != 0)
        return fail(
            ErrorCode::Usage, "{}: rows must be from model.height to 2160 and divide into strips, got {}", kind, recipe.rows);
    if (recipe.valid_every < 2) return fail(ErrorCode::Usage, "{}: valid_every must be at least 2", kind);
    for (const auto& [name, value] :
        {std::pair{"steps", t.steps}, {"checkpoint_every", t.checkpoint_every}, {"report_every", t.report_every},
            {"validate_every", t.validate_every}, {"validation", t.validation}, {"gate_pictures", t.gate_pictures}})
        if (value < 1) return fail(ErrorCode::Usage, "{}: training.{} must be above 0", kind, name);
    if (!(t.lr > 0.0) || !(t.clip > 0.0))
        return fail(ErrorCode::Usage, "{}: training.lr and training.clip must be above 0", kind);
    return recipe;
}

}  // namespace pathloom
