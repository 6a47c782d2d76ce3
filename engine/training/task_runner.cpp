// SPDX-License-Identifier: GPL-3.0-or-later
// A task from blobs to blobs.
#include "engine/training/task_runner.h"

#include "engine/core/one_line.h"
#include "engine/model/path_model.h"
#include "engine/training/codec.h"
#include "engine/training/data_order.h"
#include "engine/training/inner_loop.h"
#include "engine/training/scoring.h"
#include "engine/training/teacher.h"
#include "engine/training/token_router.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>

namespace pathloom {
namespace {

Result<Safetensors> fetch_blob(TaskIo& io, const std::string& hash, BlobClass kind)
{
    PATHLOOM_TRY(const std::filesystem::path file, io.fetch(hash, kind));
    return Safetensors::open(file);
}

Result<PathModel> load_path(const v1::TaskSpec& spec, TaskIo& io, const TaskDevice& device)
{
    PATHLOOM_TRY(const ModelSpec model, parse_model_spec(spec.model_json()));
    PATHLOOM_TRY(const Precision precision, parse_precision(spec.precision()));
    std::vector<Column> columns;
    for (const v1::ColumnRef& column : spec.columns()) {
        columns.push_back(make_column(column.name(), {column.blocks().begin(), column.blocks().end()}));
    }
    const bool elsewhere = !spec.device().empty();
    if (elsewhere && (spec.device() != "cuda" || !device.backend))
        return fail(ErrorCode::Unsupported, "the task is for a {} device and this worker has none; start it with --device {}",
            spec.device(), spec.device());
    PATHLOOM_TRY(PathModel path,
        elsewhere ? PathModel::create_on(*device.backend, device.name, model, std::move(columns), precision)
                  : PathModel::create(model, std::move(columns), precision, spec.recompute()));
    for (int c = 0; c < spec.columns_size(); ++c) {
        PATHLOOM_TRY(const Safetensors blob, fetch_blob(io, spec.columns(c).module_hash(), BlobClass::Module));
        PATHLOOM_CHECK(path.layout().load_column(c, blob, path.parameters()));
    }
    return path;
}

Result<TaskData> load_data(const v1::TaskSpec& spec, TaskIo& io, int vocabulary)
{
    PATHLOOM_TRY(const auto tokens, io.fetch(spec.tokens_hash(), BlobClass::Data));
    PATHLOOM_TRY(const auto sequences, io.fetch(spec.sequences_hash(), BlobClass::Data));
    PATHLOOM_TRY(const auto subset, io.fetch(spec.subset_hash(), BlobClass::Data));
    PATHLOOM_TRY(TaskData data, TaskData::open(tokens, sequences, subset));
    PATHLOOM_CHECK(data.check_vocabulary(vocabulary));
    return data;
}

std::int64_t real_tokens(const TaskData& data, std::span<const std::int32_t> rows, int sequence)
{
    std::int64_t sum = 0;
    for (const std::int32_t row : rows) sum += std::min<std::int64_t>(data.row(row).length, sequence);
    return sum;
}

/// What a trained path leaves behind.
struct Trained {
    ParameterLayout layout;
    std::vector<float> delta;  ///< pseudo-gradient: from the new parameters to the old (DiPaCo Alg. 1)
    InnerState state;
    Codec codec = Codec::Fp32;
};

/// One column as it travels. With error feedback, what earlier phases lost goes along, and what is lost now waits for the next.
Result<std::vector<std::byte>> encode_column(Trained& trained, int column)
{
    std::vector<TensorView> views;
    trained.layout.append_views(column, trained.delta, {}, views);
    if (trained.state.residual.empty()) return encode_delta(trained.codec, views);
    std::size_t first = 0, size = 0;
    for (const ParameterView& view : trained.layout.tensors()) {
        first += view.column < column ? view.size : 0;
        size += view.column == column ? view.size : 0;
    }
    float *delta = trained.delta.data() + first, *residual = trained.state.residual.data() + first;
    for (std::size_t i = 0; i < size; ++i) delta[i] += residual[i];
    std::vector<float> lost;
    PATHLOOM_TRY(auto bytes, encode_delta(trained.codec, views, &lost));
    std::copy_n(lost.data(), size, residual);
    return bytes;
}

Result<void> store_training(Trained& trained, TaskIo& io, v1::TaskResult& result)
{
    const auto& columns = trained.layout.columns();
    for (int c = 0; c < int(columns.size()); ++c) {
        PATHLOOM_TRY(const auto bytes, encode_column(trained, c));
        PATHLOOM_TRY(const std::string hash, io.store(bytes, BlobClass::Delta));
        v1::ColumnDelta* delta = result.add_deltas();
        delta->set_name(columns[std::size_t(c)].name);
        delta->set_delta_hash(hash);
    }
    PATHLOOM_TRY(const std::string hash, io.store(write_state(trained.layout, trained.state), BlobClass::Inner));
    result.set_inner_state_hash(hash);
    return {};
}

Result<void> train(const v1::TaskSpec& spec, TaskIo& io, PathModel& path, const TaskData& data, TaskOutcome& outcome)
{
    v1::TaskResult& result = outcome.result;
    InnerState state = zero_state(path.layout());
    if (!spec.inner_state_hash().empty()) {
        PATHLOOM_TRY(const Safetensors blob, fetch_blob(io, spec.inner_state_hash(), BlobClass::Inner));
        PATHLOOM_TRY(state, read_state(path.layout(), blob));
    }
    PATHLOOM_TRY(const Codec codec, parse_codec(spec.codec()));
    if (spec.error_feedback()) {
        state.residual.assign(path.layout().size(), 0.0f);
        if (!spec.residual_hash().empty()) {
            PATHLOOM_TRY(const Safetensors blob, fetch_blob(io, spec.residual_hash(), BlobClass::Inner));
            PATHLOOM_TRY(state.residual, read_residual(path.layout(), blob));
        }
    }
    std::optional<TeacherModel> teacher;
    if (spec.has_teacher()) {
        PATHLOOM_TRY(teacher, TeacherModel::load(spec, io, data.rows()));
    }
    std::vector<float> before(path.parameters().begin(), path.parameters().end());
    if (path.on_device()) path.set_moments(state.m, state.v);
    DataOrder order(data.subset(), spec.data_seed());
    for (std::int64_t step = spec.step_begin(); step < spec.step_begin() + spec.steps(); ++step) {
        const auto rows = order.rows_of(step, spec.batch());
        const TokenBatch batch = make_batch(data, rows, spec.sequence_length(), 1);
        std::optional<SoftTargets> soft;
        if (teacher) soft = teacher->targets(rows, batch);
        PATHLOOM_TRY(const double loss, train_step(path, state, spec.inner(), step, batch, soft ? &*soft : nullptr));
        result.add_losses(float(loss));
        result.set_tokens(result.tokens() + real_tokens(data, rows, spec.sequence_length()));
        if (!io.progress(step, float(loss))) return fail(ErrorCode::Cancelled, "stopped after step {}", step);
    }
    if (path.on_device()) path.get_moments(state.m, state.v);
    const std::span<const float> after = path.parameters();
    for (std::size_t i = 0; i < before.size(); ++i) before[i] -= after[i];
    const auto trained = std::make_shared<Trained>(Trained{path.layout(), std::move(before), std::move(state), codec});
    outcome.store = [trained](TaskIo& to, v1::TaskResult& named) { return store_training(*trained, to, named); };
    return {};
}

Result<void> features(const v1::TaskSpec& spec, TaskIo& io, PathModel& path, const TaskData& data, v1::TaskResult& result)
{
    std::int64_t tokens = 0;
    const auto rows = std::int64_t(data.subset().size()), d = std::int64_t(path.spec().d_model);
    const bool windows = spec.window() > 0;
    const std::vector<float> z = windows
        ? window_features(path, data, spec.sequence_length(), spec.prefix(), spec.window(), tokens)
        : prefix_features(path, data, spec.prefix(), tokens);
    TensorView view{"z", DType::F32, {rows, d}, std::as_bytes(std::span(z))};
    if (windows) view.shape = {rows, std::int64_t(z.size()) / (rows * d), d};
    PATHLOOM_TRY(const std::string hash, io.store(write_safetensors({&view, 1}), BlobClass::Result));
    result.set_features_hash(hash);
    result.set_tokens(tokens);
    return {};
}

Result<void> rows(const v1::TaskSpec& spec, TaskIo& io, PathModel& path, const TaskData& data, v1::TaskResult& result)
{
    std::int64_t tokens = 0;
    const WindowScores scores
        = score_windows(path, data, spec.sequence_length(), spec.prefix(), spec.batch(), spec.window(), tokens);
    const std::vector<std::int64_t> shape{std::int64_t(data.subset().size()), scores.windows};
    const TensorView views[] = {{"nll", DType::F32, shape, std::as_bytes(std::span(scores.nll))},
        {"tokens", DType::I32, shape, std::as_bytes(std::span(scores.tokens))}};
    PATHLOOM_TRY(const std::string hash, io.store(write_safetensors(views), BlobClass::Result));
    result.set_rows_hash(hash);
    result.set_tokens(tokens);
    return {};
}

Result<void> token_router(const v1::TaskSpec& spec, TaskIo& io, PathModel& path, const TaskData& data, v1::TaskResult& result)
{
    PATHLOOM_TRY(const Safetensors labels, fetch_blob(io, spec.labels_hash(), BlobClass::Data));
    PATHLOOM_TRY(const TensorView* cell, labels.expect("cell", DType::I32));
    v1::TaskSpec other = spec;
    other.set_subset_hash(spec.apply_hash());
    PATHLOOM_TRY(const TaskData apply, load_data(other, io, path.spec().vocabulary));
    PATHLOOM_TRY(const TokenRouterResult routed, train_token_router(path, data, cell->as<std::int32_t>(), apply, spec));
    const TensorView view{"score", DType::F32, {std::int64_t(apply.subset().size()), routed.windows, spec.cells()},
        std::as_bytes(std::span(routed.scores))};
    const std::map<std::string, std::string> about{
        {"steps", std::to_string(routed.steps)}, {"held_out_nll", fmt::format("{}", routed.held_out_nll)}};
    PATHLOOM_TRY(const std::string hash, io.store(write_safetensors({&view, 1}, about), BlobClass::Result));
    result.set_rows_hash(hash);
    result.set_tokens(routed.tokens);
    return {};
}

Result<void> check_spec(const v1::TaskSpec& spec)
{
    if (spec.sequence_length() < 2)
        return fail(ErrorCode::Usage, "sequence_length must be at least 2, got {}", spec.sequence_length());
    if (spec.kind() != v1::TASK_KIND_FEATURES && spec.batch() < 1)
        return fail(ErrorCode::Usage, "batch must be at least 1, got {}", spec.batch());
    if (spec.kind() == v1::TASK_KIND_FEATURES && spec.prefix() < 1)
        return fail(ErrorCode::Usage, "prefix must be at least 1, got {}", spec.prefix());
    if (spec.window() < 0) return fail(ErrorCode::Usage, "window must not be negative, got {}", spec.window());
    if (spec.kind() == v1::TASK_KIND_TRAIN && (spec.steps() < 0 || spec.step_begin() < 0)) {
        return fail(
            ErrorCode::Usage, "steps and step_begin must not be negative, got {} and {}", spec.steps(), spec.step_begin());
    }
    return {};
}

Result<TaskOutcome> compute(const v1::TaskSpec& spec, TaskIo& io, const TaskDevice& device)
{
    PATHLOOM_CHECK(check_spec(spec));
    const ComputeThreads threads(spec.threads());
    PATHLOOM_TRY(PathModel path, load_path(spec, io, device));
    PATHLOOM_TRY(const TaskData data, load_data(spec, io, path.spec().vocabulary));

    const auto begin = std::chrono::steady_clock::now();
    TaskOutcome outcome;
    v1::TaskResult& result = outcome.result;
    switch (spec.kind()) {
    case v1::TASK_KIND_TRAIN:
        PATHLOOM_CHECK(train(spec, io, path, data, outcome));
        break;
    case v1::TASK_KIND_FEATURES:
        PATHLOOM_CHECK(features(spec, io, path, data, result));
        break;
    case v1::TASK_KIND_ROWS:
        PATHLOOM_CHECK(rows(spec, io, path, data, result));
        break;
    case v1::TASK_KIND_TOKEN_ROUTER:
        PATHLOOM_CHECK(token_router(spec, io, path, data, result));
        break;
    case v1::TASK_KIND_SCORE: {
        std::int64_t tokens = 0;
        for (v1::DomainScore& score : score_subset(path, data, spec.sequence_length(), spec.prefix(), spec.batch(), tokens)) {
            *result.add_scores() = std::move(score);
        }
        result.set_tokens(tokens);
        break;
    }
    default:
        return fail(ErrorCode::Unsupported, "task kind {} is not known to this worker; update it", int(spec.kind()));
    }
    result.set_compute_seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    return outcome;
}

}  // namespace

Result<TaskOutcome> compute_task(const v1::TaskSpec& spec, TaskIo& io, const TaskDevice& device)
{
    if (spec.device().empty()) return compute(spec, io, device);
    try {
        return compute(spec, io, device);
    } catch (const std::exception& error) {  // a device that is out of memory or gone
        return fail(ErrorCode::Failed, "{} failed: {}", device.name, one_line(error.what()));
    }
}

Result<v1::TaskResult> run_task(const v1::TaskSpec& spec, TaskIo& io, const TaskDevice& device)
{
    PATHLOOM_TRY(TaskOutcome outcome, compute_task(spec, io, device));
    if (outcome.store) PATHLOOM_CHECK(outcome.store(io, outcome.result));
    return std::move(outcome.result);
}

}  // namespace pathloom
