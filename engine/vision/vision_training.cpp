// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/vision_training.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/isa.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/training_run.h"
#include "engine/vision/film_pictures.h"
#include "engine/vision/vision_model.h"
#include "engine/vision/vision_validation.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr double gate_penalty = 1e-3, gate_lost = 0.02;

struct ScenePictures {
    std::vector<Picture> train, valid;
    std::string hash;
};

Result<ScenePictures> fetch_scenes(const VisionTrainingRequest& request, const VisionRecipe& recipe)
{
    ScenePictures out;
    Sha256 hash;
    std::size_t seen = 0;
    for (const std::string& film : recipe.films) {
        const auto take = [&](std::size_t, const Picture& grey) -> Result<void> {
            hash.update(fmt::format("{}x{} ", grey.width, grey.height));
            hash.update(std::as_bytes(std::span(grey.bytes)));
            auto& where = seen++ % std::size_t(recipe.valid_every) == std::size_t(recipe.valid_every) - 1 ? out.valid : out.train;
            where.push_back(grey);
            return {};
        };
        PATHLOOM_CHECK(film_pictures(request.pictures / film, 0, recipe.rows, 0, 0, request.limits, take));
    }
    if (out.train.empty() || out.valid.empty())
        return fail(ErrorCode::Usage, "the films have {} pictures; give at least {}, one a second", seen, recipe.valid_every);
    out.hash = hash.hex();
    return out;
}

struct FirstWeights {
    std::vector<float> values;
    std::string hash;  ///< of the encoder they are from, "" for none
};

Result<FirstWeights> first_weights(const VisionTrainingRequest& request, const VisionRecipe& recipe)
{
    if (recipe.start.empty()) return FirstWeights{first_vision_weights(recipe.model, recipe.seed), ""};
    const std::filesystem::path folder = request.recipe_file.parent_path() / recipe.start;
    PATHLOOM_TRY(VisionModel start, load_vision(folder));
    if (!(start.net.spec() == recipe.model))
        return fail(ErrorCode::Usage, "the encoder in {} has other sizes than the recipe's model", folder.string());
    return FirstWeights{{start.net.parameters().begin(), start.net.parameters().end()}, start.hash};
}

/// Everything a resumed training needs to go on with the same bits.
struct VisionState {
    std::vector<float> m, v;
    int step = 0;
};

Result<void> save_state(
    const std::filesystem::path& file, const VisionState& state, std::span<const float> values, const std::string& identity)
{
    const auto tensor = [](const char* name, std::span<const float> data) {
        return TensorView{name, DType::F32, {std::int64_t(data.size())}, std::as_bytes(data)};
    };
    const std::vector<TensorView> all{tensor("values", values), tensor("m", state.m), tensor("v", state.v)};
    return write_file_atomic(file, write_safetensors(all, {{"identity", identity}, {"step", std::to_string(state.step)}}));
}

Result<VisionState> load_state(const std::filesystem::path& file, const std::string& identity, std::span<float> values)
{
    PATHLOOM_TRY(const Safetensors blob, Safetensors::open(file));
    VisionState state;
    PATHLOOM_TRY(state.step, state_step(blob, identity, file));
    const auto floats = [&](const char* name) -> Result<std::vector<float>> {
        PATHLOOM_TRY(const TensorView* view, blob.expect(name, DType::F32));
        const auto data = view->as<float>();
        if (data.size() != values.size())
            return fail(ErrorCode::Corrupt, "{} is damaged; delete it to start over", file.string());
        return std::vector<float>(data.begin(), data.end());
    };
    PATHLOOM_TRY(const std::vector<float> kept, floats("values"));
    PATHLOOM_TRY(state.m, floats("m"));
    PATHLOOM_TRY(state.v, floats("v"));
    std::ranges::copy(kept, values.begin());
    return state;
}

json numbers_of(const VisionLoss& loss)
{
    return {{"line", loss.line}, {"wanted", loss.wanted}, {"crossed", loss.crossed}, {"letters", loss.letters}};
}

json numbers_of(const VisionValidation& v)
{
    json out = numbers_of(v.loss);
    out.update({{"answered", v.answered}, {"read", v.read}, {"others", v.others}, {"refused", v.refused}});
    if (v.copies > 0) out.update({{"copies", v.copies}, {"matched", v.matched}});
    return out;
}

constexpr const char* look_tensor = "look";  // trained by pairs of pictures, all the rest by overlays

/// One of the two parts of the parameters by its gradients, whose length is `norm`.
void update(VisionNet& net, VisionState& state, const VisionOptimizer& o, double lr, double norm, bool looks)
{
    AdamWStep step{lr, o.beta1, o.beta2, o.eps, 0.0, state.step + 1, 1.0};
    if (norm > o.clip) step.gradient_scale = o.clip / (norm + 1e-6);
    for (const VisionTensor& tensor : net.layout().tensors()) {
        if ((tensor.name == look_tensor) != looks) continue;
        step.weight_decay = tensor.decay ? o.weight_decay : 0.0;
        adamw_update(step, net.parameters().subspan(tensor.offset, tensor.size),
            net.gradients().subspan(tensor.offset, tensor.size), std::span(state.m).subspan(tensor.offset, tensor.size),
            std::span(state.v).subspan(tensor.offset, tensor.size));
    }
}

double train_looks(VisionNet& net, VisionState& state, const ScenePairs& pairs, const VisionRecipe& recipe, double lr)
{
    const std::vector<float> pictures = pairs.batch(std::uint64_t(state.step));
    const VisionOutputs& outputs = net.forward(pictures, 2 * pairs.pairs(), recipe.model.height);
    std::vector<float> slopes;
    const double loss = scene_loss(
        unit_looks(recipe.model, outputs.rows), pairs.pairs(), recipe.model.tokens(), recipe.scenes.sharpness, slopes);
    net.backward_looks(slopes);
    update(net, state, recipe.training, lr, std::sqrt(sum_of_squares(net.gradients())), true);
    return loss;
}

}  // namespace

Result<VisionTrainingResult> train_vision(
    const VisionTrainingRequest& request, const std::function<bool(const VisionProgress&)>& progress)
{
    const ComputeThreads one(1);
    PATHLOOM_TRY(const std::string recipe_text, read_file(request.recipe_file));
    PATHLOOM_TRY(const VisionRecipe recipe, parse_vision_recipe(recipe_text));
    const VisionOptimizer& o = recipe.training;
    PATHLOOM_TRY(ScenePictures scenes, fetch_scenes(request, recipe));
    PATHLOOM_CHECK(make_folders(request.out));
    PATHLOOM_TRY(const FirstWeights first, first_weights(request, recipe));
    const std::string identity = sha256_hex(recipe_text + scenes.hash + first.hash + request.reader + request.texts);
    const std::size_t pictures = scenes.train.size(), kept_back = scenes.valid.size();
    const OverlayMixture train(std::move(scenes.train), recipe.model, recipe.overlays, request.writer, recipe.seed);
    const OverlayMixture valid(std::move(scenes.valid), recipe.model, recipe.overlays, request.writer, mix(recipe.seed, 1));

    const ScenePairs pairs(train.pictures(), recipe.model, recipe.scenes, recipe.seed);

    VisionNet net(recipe.model, first.values);
    PromptQueries asked(request, recipe.model.key_dim);
    const std::filesystem::path state_file = request.out / "state.safetensors", log_file = request.out / "training.jsonl";
    VisionState state{std::vector<float>(net.parameters().size(), 0.0f), std::vector<float>(net.parameters().size(), 0.0f), 0};
    std::error_code ignored;
    if (std::filesystem::exists(state_file, ignored)) {
        PATHLOOM_TRY(state, load_state(state_file, identity, net.parameters()));
    }
    std::string log = log_until_step(log_file, state.step);
    const auto write_model = [&](const Logistic& gate) {
        const VisionWeights weights{recipe.model, {net.parameters().begin(), net.parameters().end()}, gate, request.reader};
        return write_file_atomic(request.out / "model.safetensors", write_vision(weights));
    };
    const auto checkpoint = [&]() -> Result<void> {
        PATHLOOM_CHECK(write_file_atomic(log_file, log));
        PATHLOOM_CHECK(write_model(
            {0.0, {1.0}}));  // by the keys alone; usable at every checkpoint: a training that is stopped early is not lost
        return save_state(state_file, state, net.parameters(), identity);
    };

    VisionTrainingResult result;
    const int last = request.stop_after > 0 ? std::min(o.steps, state.step + request.stop_after) : o.steps;
    VisionOutputs slopes;
    while (state.step < last) {
        const VisionBatch batch = train.batch(std::uint64_t(state.step));
        PATHLOOM_TRY(const std::vector<float> queries, asked.of(batch));
        const VisionOutputs& outputs = net.forward(batch.pictures, batch.batch, batch.height, queries);
        VisionProgress now{state.step + 1, o.steps, {}, {}, false, {}};
        now.train = vision_loss(batch, recipe.model, outputs, state.step < o.place_steps ? 1.0 : 0.0, slopes);
        net.backward(slopes);
        const double norm = std::sqrt(sum_of_squares(net.gradients()));
        if (!std::isfinite(norm) || !std::isfinite(now.train.sum()))
            return fail(
                ErrorCode::Failed, "training diverged at step {}; lower training.lr or lengthen training.warmup", state.step);
        const double lr = warm_cosine(o.lr, o.lr_min_ratio, o.warmup, o.steps, state.step);
        update(net, state, o, lr, norm, false);
        if (state.step % recipe.scenes.every == recipe.scenes.every - 1) now.scenes = train_looks(net, state, pairs, recipe, lr);
        ++state.step;
        if (state.step % o.validate_every == 0 || state.step == o.steps) {
            now.has_validation = true;
            PATHLOOM_TRY(const VisionReadings readings, read_usual(net, valid, asked, o.validation, 0));
            now.validation = readings.counts;
        }
        if (now.has_validation || state.step % o.report_every == 0) {
            json line{{"step", state.step}, {"lr", lr}, {"train", numbers_of(now.train)}};
            if (now.scenes) line["scenes"] = *now.scenes;
            if (now.has_validation) line["valid"] = numbers_of(now.validation);
            log += line.dump() + "\n";
        }
        const bool go_on = progress(now);
        if (!go_on || state.step % o.checkpoint_every == 0 || state.step == last) PATHLOOM_CHECK(checkpoint());
        if (!go_on) return fail(ErrorCode::Cancelled, "stopped at step {}; the same command goes on from there", state.step);
    }

    result.step = state.step;
    result.finished = state.step >= o.steps;
    if (!result.finished) return result;
    PATHLOOM_TRY(VisionReadings readings, read_usual(net, valid, asked, 2 * o.gate_pictures, 1'000'000));
    const std::span<const GateExample> measured(readings.measured);
    const std::size_t fitted = measured.size() * 3 / 4;  // the rest says how good the gate is
    PATHLOOM_TRY(Logistic gate, fit_logistic(measured.first(fitted), gate_penalty));
    gate = accepting(gate, measured.first(fitted), gate_lost);
    const ScenePairs kept(valid.pictures(), recipe.model, recipe.scenes, recipe.seed);
    match_copies(net, pairs, pictures, kept, kept_back, readings.counts);
    result.validation = readings.counts;
    PATHLOOM_CHECK(write_model(gate));
    PATHLOOM_TRY(result.model_hash, sha256_file(request.out / "model.safetensors"));
    json made{{"recipe", json::parse(recipe_text)}, {"pictures_sha256", identity}, {"pictures", pictures},
        {"reader_sha256", request.reader}, {"texts_sha256", request.texts}, {"model_sha256", result.model_hash},
        {"parameters", net.parameters().size()}, {"gate", decided(gate, measured.subspan(fitted))},
        {"validation", numbers_of(readings.counts)}, {"isa", cpu_isa()}};
    if (!first.hash.empty()) made["start_sha256"] = first.hash;
    PATHLOOM_CHECK(write_file_atomic(request.out / "recipe.json", made.dump(2) + "\n"));
    return result;
}

}  // namespace pathloom
