// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/reader_training.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/isa.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/training_run.h"
#include "engine/probe/corpus_texts.h"
#include "engine/probe/reader_package.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace pathloom {

namespace {

/// Everything a resumed training needs to go on with the same bits.
struct TrainingState {
    std::vector<float> values, m, v;
    KeyBank bank;
    int step = 0;
    std::int64_t tokens = 0;
};

Result<void> save(const std::filesystem::path& file, const TrainingState& state, const std::string& identity)
{
    const auto tensor = [](const char* name, const auto& data, DType type) {
        return TensorView{name, type, {std::int64_t(data.size())}, std::as_bytes(std::span(data))};
    };
    const std::vector<TensorView> all{tensor("values", state.values, DType::F32), tensor("m", state.m, DType::F32),
        tensor("v", state.v, DType::F32), tensor("bank.keys", state.bank.keys, DType::F32),
        tensor("bank.tokens", state.bank.tokens, DType::I32)};
    return write_file_atomic(file,
        write_safetensors(
            all, {{"identity", identity}, {"step", std::to_string(state.step)}, {"tokens", std::to_string(state.tokens)}}));
}

Result<TrainingState> load(const std::filesystem::path& file, const std::string& identity, std::size_t parameters)
{
    PATHLOOM_TRY(const Safetensors blob, Safetensors::open(file));
    TrainingState state;
    PATHLOOM_TRY(state.step, state_step(blob, identity, file));
    const auto floats = [&](const char* name, std::vector<float>& out) -> Result<void> {
        PATHLOOM_TRY(const TensorView* view, blob.expect(name, DType::F32));
        out.assign(view->as<float>().begin(), view->as<float>().end());
        return {};
    };
    PATHLOOM_CHECK(floats("values", state.values));
    PATHLOOM_CHECK(floats("m", state.m));
    PATHLOOM_CHECK(floats("v", state.v));
    PATHLOOM_CHECK(floats("bank.keys", state.bank.keys));
    PATHLOOM_TRY(const TensorView* tokens, blob.expect("bank.tokens", DType::I32));
    state.bank.tokens.assign(tokens->as<std::int32_t>().begin(), tokens->as<std::int32_t>().end());
    if (const auto seen = blob.metadata().find("tokens"); seen != blob.metadata().end())
        std::from_chars(seen->second.data(), seen->second.data() + seen->second.size(), state.tokens);
    if (state.values.size() != parameters || state.m.size() != parameters || state.v.size() != parameters)
        return fail(ErrorCode::Corrupt, "{} is damaged; delete it to start over", file.string());
    return state;
}

/// Newest keys first; at most `limit` rows.
void remember(KeyBank& bank, KeyBank&& fresh, std::size_t limit, std::size_t width)
{
    fresh.keys.insert(fresh.keys.end(), bank.keys.begin(), bank.keys.end());
    fresh.tokens.insert(fresh.tokens.end(), bank.tokens.begin(), bank.tokens.end());
    fresh.tokens.resize(std::min(fresh.tokens.size(), limit));
    fresh.keys.resize(fresh.tokens.size() * width);
    bank = std::move(fresh);
}

nlohmann::json log_line(const ReaderProgress& p, double lr)
{
    const auto numbers = [](const ReaderLoss& loss) {
        return nlohmann::json{{"nll", loss.nll}, {"retrieval", loss.retrieval},
            {"top1", loss.sourced > 0 ? double(loss.first) / double(loss.sourced) : 0.0},
            {"top1_lead", loss.leads > 0 ? double(loss.leads_first) / double(loss.leads) : 0.0},
            {"selection", loss.selected > 0 ? double(loss.selected_right) / double(loss.selected) : 0.0}};
    };
    nlohmann::json line{{"step", p.step}, {"tokens", p.tokens}, {"lr", lr}, {"train", numbers(p.train)}};
    if (p.has_valid) line["valid"] = numbers(p.valid);
    return line;
}

}  // namespace

Result<ReaderTrainingResult> train_reader(
    const ReaderTrainingRequest& request, const std::function<bool(const ReaderProgress&)>& progress)
{
    const ComputeThreads one(1);
    PATHLOOM_TRY(const std::string recipe_text, read_file(request.recipe_file));
    PATHLOOM_TRY(const ReaderRecipe recipe, parse_reader_recipe(recipe_text));
    const ReaderOptimizer& o = recipe.training;
    PATHLOOM_TRY(const CorpusTexts texts, read_corpus_texts(request.recipe_file.parent_path() / recipe.corpus, recipe.domains));
    PATHLOOM_CHECK(make_folders(request.out));

    const std::filesystem::path tokenizer_file = request.out / "tokenizer.model";
    std::error_code ignored;
    std::optional<ReaderPackage> start;
    std::vector<float> first;
    if (!recipe.start.empty()) {
        PATHLOOM_TRY(start, load_reader(request.recipe_file.parent_path() / recipe.start, Precision::Fp32));
        const auto fitting = with_selections(start->model.spec(), start->model.parameters(), recipe.model);
        if (!fitting) return fail(ErrorCode::Usage, "the reader in {}: {}", start->folder.string(), fitting.error().message);
        first = *fitting;
        PATHLOOM_CHECK(write_file_atomic(tokenizer_file, start->tokenizer.model()));
    } else if (!std::filesystem::exists(tokenizer_file, ignored)) {
        PATHLOOM_TRY(const Tokenizer trained, Tokenizer::train(views(texts.train), {recipe.model.vocabulary, recipe.seed}));
        PATHLOOM_CHECK(write_file_atomic(tokenizer_file, trained.model()));
    }
    PATHLOOM_TRY(const std::string tokenizer_bytes, read_file(tokenizer_file));
    PATHLOOM_TRY(const Tokenizer tokenizer, Tokenizer::from_model(tokenizer_bytes));
    if (tokenizer.vocabulary() != recipe.model.vocabulary)
        return fail(ErrorCode::Exists, "{} has {} tokens and the recipe {}; give another --out folder", tokenizer_file.string(),
            tokenizer.vocabulary(), recipe.model.vocabulary);
    PATHLOOM_TRY(const Mixture train_data, Mixture::create(tokenizer, views(texts.train), recipe.mixture, recipe.seed));
    PATHLOOM_TRY(const Mixture valid_data, Mixture::create(tokenizer, views(texts.valid), recipe.mixture, mix(recipe.seed, 1)));
    const ReaderBatch valid_batch = valid_data.batch(0);

    const std::string identity = sha256_hex(recipe_text + texts.hash + tokenizer_bytes + (start ? start->hash : ""));
    const std::filesystem::path state_file = request.out / "state.safetensors", log_file = request.out / "training.jsonl";
    const ReaderLayout layout(recipe.model);
    TrainingState state;
    if (std::filesystem::exists(state_file, ignored)) {
        PATHLOOM_TRY(state, load(state_file, identity, layout.size()));
    } else {
        state.values = first_reader_weights(recipe.model, recipe.seed);
        if (start) state.values = first;
        if (!start)
            salience_from_counts(train_data.counts(recipe.model.vocabulary),
                std::span(state.values).subspan(layout.at("memory.salience"), std::size_t(recipe.model.vocabulary)));
        state.m.assign(layout.size(), 0.0f);
        state.v.assign(layout.size(), 0.0f);
    }
    std::string log = log_until_step(log_file, state.step);
    PATHLOOM_TRY(MemoryModel model,
        MemoryModel::create(recipe.model, state.values, o.precision == "bf16" ? Precision::Bf16 : Precision::Fp32));
    const auto checkpoint = [&]() -> Result<void> {
        state.values.assign(model.parameters().begin(), model.parameters().end());
        PATHLOOM_CHECK(write_file_atomic(log_file, log));
        // A usable reader at every checkpoint: a training that is stopped early is not lost.
        PATHLOOM_CHECK(write_file_atomic(request.out / "model.safetensors", write_reader(recipe.model, state.values, false)));
        return save(state_file, state, identity);
    };

    const int last = request.stop_after > 0 ? std::min(o.steps, state.step + request.stop_after) : o.steps;
    while (state.step < last) {
        const ReaderBatch batch = train_data.batch(std::uint64_t(state.step));
        KeyBank fresh;
        const bool banked = o.bank > 0;
        ReaderProgress now;
        now.train = model.loss_and_gradients(batch, o.retrieval_weight, o.lead_weight,
            banked && !state.bank.tokens.empty() ? &state.bank : nullptr, banked ? &fresh : nullptr);
        const double norm = std::sqrt(sum_of_squares(model.gradients()));
        if (!std::isfinite(now.train.nll) || !std::isfinite(norm))
            return fail(
                ErrorCode::Failed, "training diverged at step {}; lower training.lr or lengthen training.warmup", state.step);
        AdamWStep step{
            warm_cosine(o.lr, o.lr_min_ratio, o.warmup, o.steps, state.step), o.beta1, o.beta2, o.eps, 0.0, state.step + 1, 1.0};
        if (norm > o.clip) step.gradient_scale = o.clip / (norm + 1e-6);
        for (const ReaderTensor& tensor : layout.tensors()) {
            if (o.only == "encoder" && !tensor.name.starts_with("block")) continue;
            step.weight_decay = tensor.decay ? o.weight_decay : 0.0;
            adamw_update(step, model.parameters().subspan(tensor.offset, tensor.size),
                model.gradients().subspan(tensor.offset, tensor.size), std::span(state.m).subspan(tensor.offset, tensor.size),
                std::span(state.v).subspan(tensor.offset, tensor.size));
        }
        if (banked) remember(state.bank, std::move(fresh), std::size_t(o.bank), std::size_t(recipe.model.key_dim));
        ++state.step;
        for (const int size : batch.context_sizes) state.tokens += size;
        state.tokens += std::int64_t(batch.question.size());

        now.step = state.step;
        now.steps = o.steps;
        now.tokens = state.tokens;
        const bool report = state.step % o.report_every == 0 || state.step == o.steps;
        if (report) {
            now.valid = model.loss_and_gradients(valid_batch, o.retrieval_weight, o.lead_weight);
            now.has_valid = true;
            log += log_line(now, step.lr).dump() + "\n";
        }
        const bool go_on = progress(now);
        if (!go_on || state.step % o.checkpoint_every == 0 || state.step == last) PATHLOOM_CHECK(checkpoint());
        if (!go_on) return fail(ErrorCode::Cancelled, "stopped at step {}; the same command goes on from there", state.step);
    }

    ReaderTrainingResult result{state.step >= o.steps, state.step, {}, state.tokens};
    if (!result.finished) return result;
    PATHLOOM_TRY(result.model_hash, sha256_file(request.out / "model.safetensors"));
    nlohmann::json made{{"recipe", nlohmann::json::parse(recipe_text)}, {"corpus_sha256", texts.hash},
        {"tokenizer_sha256", sha256_hex(tokenizer_bytes)}, {"model_sha256", result.model_hash}, {"tokens", state.tokens},
        {"parameters", layout.size()}, {"isa", cpu_isa()}};
    if (start) made["start_sha256"] = start->hash;
    PATHLOOM_CHECK(write_file_atomic(request.out / "recipe.json", made.dump(2) + "\n"));
    if (recipe.gate.cases > 0) {
        ReaderProgress now;
        now.step = now.steps = state.step;
        PATHLOOM_CHECK(fit_reader_gate(request, [&](int, int) { return progress(now); }));
    }
    return result;
}

Result<void> fit_reader_gate(const ReaderTrainingRequest& request, const std::function<bool(int done, int all)>& progress)
{
    const ComputeThreads one(1);
    PATHLOOM_TRY(const std::string recipe_text, read_file(request.recipe_file));
    PATHLOOM_TRY(const ReaderRecipe recipe, parse_reader_recipe(recipe_text));
    if (recipe.gate.cases == 0) return fail(ErrorCode::Usage, "{} wants no gate; set gate.cases", request.recipe_file.string());
    PATHLOOM_TRY(const CorpusTexts texts, read_corpus_texts(request.recipe_file.parent_path() / recipe.corpus, recipe.domains));
    const std::filesystem::path gate_file = request.out / "gate.json", memories = request.out / "gate-memory";
    std::error_code ignored;
    std::filesystem::remove(gate_file, ignored);  // one of other weights would be refused
    PATHLOOM_TRY(ReaderPackage reader, load_reader(request.out, Precision::Fp32));
    PATHLOOM_TRY(const Mixture mixture, Mixture::create(reader.tokenizer, views(texts.valid), recipe.mixture, recipe.seed));
    std::string text;  // what was not trained on comes first: short memories hold nothing else
    for (const auto* part : {&texts.valid, &texts.train}) {
        for (const std::string& document : *part) {
            text += document + "\n";
            if (text.size() > 8 * std::size_t(recipe.gate.longest)) break;
        }
    }
    const auto fitted = fit_gate(reader, mixture, text, recipe.gate, mix(recipe.seed, 2), memories, progress);
    std::filesystem::remove_all(memories, ignored);
    if (!fitted) return tl::unexpected(fitted.error());
    return write_file_atomic(gate_file, write_gate(fitted->gate, reader.hash, fitted->recipe));
}

}  // namespace pathloom
