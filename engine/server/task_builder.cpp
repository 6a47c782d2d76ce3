// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/task_builder.h"

#include "engine/core/hash.h"
#include "engine/core/rng.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace pathloom {

namespace {

v1::TaskSpec base_spec(const RunPlan& plan, const std::vector<Column>& columns, const DataHashes& data,
    const std::vector<std::string>& module_hashes, const std::string& subset)
{
    v1::TaskSpec spec;
    spec.set_model_json(to_json(plan.spec.model));
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const Column& column = columns[i];
        auto* ref = spec.add_columns();
        ref->set_name(column.name);
        for (int block : column.blocks) ref->add_blocks(block);
        ref->set_module_hash(module_hashes[i]);
    }
    spec.set_tokens_hash(data.tokens);
    spec.set_sequences_hash(data.sequences);
    spec.set_subset_hash(subset);
    spec.set_sequence_length(plan.spec.data.sequence);
    spec.set_batch(plan.spec.data.batch);
    spec.set_prefix(plan.spec.routing.prefix);
    spec.set_precision(plan.spec.training.precision);
    spec.set_recompute(plan.spec.training.recompute);
    spec.set_threads(plan.spec.training.threads);
    if (plan.spec.training.device == "cuda") spec.set_device("cuda");
    return spec;
}

void set_training(v1::TaskSpec& spec, const RunPlan& plan, std::int64_t step_begin, int steps, const std::string& inner_state)
{
    const TrainingSpec& training = plan.spec.training;
    spec.set_kind(v1::TASK_KIND_TRAIN);
    spec.set_step_begin(step_begin);
    spec.set_steps(steps);
    if (training.inner_state == "keep") spec.set_inner_state_hash(inner_state);
    auto* inner = spec.mutable_inner();
    inner->set_lr(training.lr);
    inner->set_lr_min_ratio(training.lr_min_ratio);
    inner->set_warmup_steps(training.warmup_steps);
    inner->set_total_steps(training.total_steps());
    inner->set_beta1(training.beta1);
    inner->set_beta2(training.beta2);
    inner->set_eps(training.eps);
    inner->set_weight_decay(training.weight_decay);
    inner->set_clip(training.clip);
}

}  // namespace

v1::TaskSpec warm_spec(const RunPlan& plan, const DataHashes& data, int task, const std::vector<std::string>& module_hashes,
    const std::string& inner_state, const std::string& subset)
{
    v1::TaskSpec spec = base_spec(plan, plan.warm.columns, data, module_hashes, subset);
    set_training(spec, plan, std::int64_t(task) * plan.spec.training.tau, warm_task_steps(plan.spec.training, task), inner_state);
    spec.set_inner_state_hash(inner_state);  // one dense model: its state is kept whatever the paths do
    spec.set_data_seed(mix(plan.spec.seed, 0x7761726dU, 0));
    return spec;
}

v1::TaskSpec train_spec(const RunPlan& plan, const DataHashes& data, int path, int phase,
    const std::vector<std::string>& module_hashes, const std::string& inner_state, const std::string& residual,
    const std::string& subset)
{
    v1::TaskSpec spec = base_spec(plan, plan.topology.columns, data, module_hashes, subset);
    const TrainingSpec& training = plan.spec.training;
    set_training(spec, plan, training.warm_start_steps + std::int64_t(phase) * training.tau, training.tau, inner_state);
    spec.set_data_seed(mix(plan.spec.seed, 0x70617468U, std::uint64_t(path)));
    const OuterSpec& outer = plan.spec.outer;
    if (outer.codec != "fp32") spec.set_codec(outer.codec);
    if (outer.keeps_residual()) {
        spec.set_error_feedback(true);
        spec.set_residual_hash(residual);
    }
    return spec;
}

v1::TaskSpec score_spec(
    const RunPlan& plan, const DataHashes& data, const std::vector<std::string>& module_hashes, const std::string& subset)
{
    v1::TaskSpec spec = base_spec(plan, plan.topology.columns, data, module_hashes, subset);
    spec.set_kind(v1::TASK_KIND_SCORE);
    return spec;
}

v1::TaskSpec rows_spec(const RunPlan& plan, const DataHashes& data, const std::vector<std::string>& module_hashes,
    const std::string& subset, int window)
{
    v1::TaskSpec spec = score_spec(plan, data, module_hashes, subset);
    spec.set_kind(v1::TASK_KIND_ROWS);
    spec.set_window(window);
    return spec;
}

v1::TaskSpec features_spec(const RunPlan& plan, const DataHashes& data, const std::vector<std::string>& module_hashes,
    const std::string& subset, int window)
{
    v1::TaskSpec spec = base_spec(plan, plan.warm.columns, data, module_hashes, subset);
    spec.set_kind(v1::TASK_KIND_FEATURES);
    spec.set_window(window);
    return spec;
}

v1::TaskSpec token_router_spec(const RunPlan& plan, const DataHashes& data, const std::vector<std::string>& module_hashes,
    const std::string& fit, const std::string& labels, const std::string& apply, int window)
{
    v1::TaskSpec spec = base_spec(plan, plan.warm.columns, data, module_hashes, fit);
    constexpr int most_steps = 400;  // early stopping ends it sooner
    set_training(spec, plan, 0, most_steps, {});
    spec.set_kind(v1::TASK_KIND_TOKEN_ROUTER);
    spec.clear_device();  // its loss is on the model's outputs: CPU only
    spec.set_inner_state_hash({});
    spec.mutable_inner()->set_lr(0.2 * plan.spec.training.lr);  // it is tuned, not trained; no warm-up (DiPaCo 7.3)
    spec.mutable_inner()->set_warmup_steps(0);
    spec.mutable_inner()->set_total_steps(most_steps);
    spec.set_labels_hash(labels);
    spec.set_apply_hash(apply);
    spec.set_cells(plan.topology.cells());
    spec.set_window(window);
    spec.set_data_seed(mix(plan.spec.seed, 0x746f6b65U, 0));
    return spec;
}

std::vector<MissingInput> missing_among(std::vector<MissingInput> inputs, const BlobStore& blobs)
{
    std::erase_if(inputs, [&](const MissingInput& input) { return input.hash.empty() || blobs.has(input.hash); });
    return inputs;
}

std::vector<MissingInput> missing_inputs(const v1::TaskSpec& spec, const BlobStore& blobs)
{
    std::vector<MissingInput> inputs;
    for (const auto& column : spec.columns())
        inputs.push_back({column.module_hash(), "module of column '" + column.name() + "'"});
    inputs.push_back({spec.inner_state_hash(), "inner optimiser state"});
    if (spec.residual_hash() != spec.inner_state_hash()) inputs.push_back({spec.residual_hash(), "residual of the codec"});
    inputs.push_back({spec.tokens_hash(), "corpus's tokens"});
    inputs.push_back({spec.sequences_hash(), "sequence table"});
    inputs.push_back({spec.subset_hash(), "list of sequences"});
    inputs.push_back({spec.apply_hash(), "list of sequences to route"});
    inputs.push_back({spec.labels_hash(), "token router's labels"});
    for (const auto& path : spec.teacher().paths())
        for (const auto& hash : path.module_hashes()) inputs.push_back({hash, "module of the teacher"});
    inputs.push_back({spec.teacher().route_hash(), "teacher's routing"});
    return missing_among(std::move(inputs), blobs);
}

std::string memo_key(const v1::TaskSpec& spec)
{
    std::string bytes;
    {
        google::protobuf::io::StringOutputStream stream(&bytes);
        google::protobuf::io::CodedOutputStream coded(&stream);
        coded.SetSerializationDeterministic(true);
        spec.SerializeToCodedStream(&coded);
    }
    return sha256_hex(std::as_bytes(std::span(bytes)));
}

}  // namespace pathloom
