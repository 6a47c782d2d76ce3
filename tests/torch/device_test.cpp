// SPDX-License-Identifier: GPL-3.0-or-later
// The libtorch backend, loaded as a worker loads it, on libtorch's CPU against our kernels: what a CUDA device then computes is
// the same code.
#include "engine/corpus/sequences.h"
#include "engine/model/init.h"
#include "engine/training/device_loader.h"
#include "engine/training/inner_loop.h"
#include "tests/torch/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace pathloom {
namespace {

using test::columns_of;
using test::FolderIo;
using test::random_batch;
using test::small_model;

DeviceBackend& backend()
{
    static DeviceBackend* const loaded = load_device_backend(device_backend_file()).value();
    return *loaded;
}

double relative(std::span<const float> a, std::span<const float> b)
{
    double error = 0.0, norm = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        error += std::pow(double(a[i]) - double(b[i]), 2);
        norm += std::pow(double(b[i]), 2);
    }
    return std::sqrt(error / norm);
}

struct Pair {
    PathModel device, host;
};
Pair make_pair(const ModelSpec& spec, Precision precision)
{
    Pair pair{PathModel::create_on(backend(), "cpu", spec, columns_of(spec), precision).value(),
        PathModel::create(spec, columns_of(spec), precision).value()};
    test::fill_parameters(pair.device, 3);
    test::fill_parameters(pair.host, 3);
    return pair;
}

struct DeviceCase {
    std::vector<std::string> blocks;
    std::string ffn;
    Precision precision;
};
class Device : public testing::TestWithParam<DeviceCase> { };

TEST_P(Device, LossesGradientsAndStatesAreThoseOfOurKernels)
{
    const auto& [blocks, ffn, precision] = GetParam();
    const bool half = precision == Precision::Bf16;
    const ModelSpec spec = small_model(blocks, ffn);
    auto [device, host] = make_pair(spec, precision);
    ASSERT_TRUE(device.on_device());
    const TokenBatch batch = random_batch(spec, 3, 65, 5);
    EXPECT_NEAR(device.loss_and_gradients(batch), host.loss_and_gradients(batch), half ? 2e-2 : 1e-5);
    EXPECT_LT(relative(device.gradients(), host.gradients()), half ? 3e-2 : 2e-5);

    const auto state = device.hidden(batch);
    const std::vector<float> hidden(state.begin(), state.end());
    EXPECT_LT(relative(hidden, host.hidden(batch)), half ? 2e-2 : 1e-5);
    std::vector<float> ours(batch.inputs.size()), theirs(batch.inputs.size());
    device.score(batch, theirs);
    host.score(batch, ours);
    EXPECT_LT(relative(theirs, ours), half ? 2e-2 : 1e-5);
    for (std::size_t i = 0; i < theirs.size(); ++i)
        if (batch.targets[i] < 0) {
            EXPECT_EQ(theirs[i], 0.0f);
        }

    std::vector<float> wanted(batch.inputs.size() * std::size_t(spec.vocabulary));
    host.logits(hidden, wanted);
    std::vector<float> got(wanted.size());
    device.logits(hidden, got);
    EXPECT_LT(relative(got, wanted), half ? 2e-2 : 1e-5);
    const SoftTargets soft{[&](std::size_t first, int tokens, float* out) {
                               const auto v = std::size_t(spec.vocabulary);
                               for (std::size_t i = 0; i < std::size_t(tokens) * v; ++i)
                                   out[i] = float((first * v + i) % 7) * 0.3f;
                           },
        2.0f, 0.3f};
    EXPECT_NEAR(device.distill(batch, soft), host.distill(batch, soft), half ? 2e-2 : 1e-5);
    EXPECT_LT(relative(device.gradients(), host.gradients()), half ? 3e-2 : 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Models, Device,
    testing::Values(DeviceCase{{"full", "window"}, "swiglu", Precision::Fp32},
        DeviceCase{{"window", "full"}, "gelu", Precision::Fp32}, DeviceCase{{}, "swiglu", Precision::Fp32},
        DeviceCase{{"full", "window"}, "swiglu", Precision::Bf16}));

TEST(DeviceTraining, StepsMoveParametersAndMomentsAsOurOptimiserDoes)
{
    const ModelSpec spec = small_model({"full", "window"});
    auto [device, host] = make_pair(spec, Precision::Fp32);
    v1::InnerOptimizer inner;
    inner.set_lr(1e-2), inner.set_lr_min_ratio(0.1), inner.set_warmup_steps(2), inner.set_total_steps(20);
    inner.set_beta1(0.9), inner.set_beta2(0.95), inner.set_eps(1e-8), inner.set_weight_decay(0.1), inner.set_clip(0.5);
    InnerState there = zero_state(device.layout()), here = zero_state(host.layout());
    device.set_moments(there.m, there.v);
    for (int step = 0; step < 5; ++step) {
        const TokenBatch batch = random_batch(spec, 2, 40, std::uint64_t(100 + step));
        const double theirs = train_step(device, there, inner, step, batch).value();
        EXPECT_NEAR(theirs, train_step(host, here, inner, step, batch).value(), 1e-4);
    }
    device.get_moments(there.m, there.v);
    EXPECT_EQ(there.updates, 5);
    EXPECT_LT(relative(there.m, here.m), 1e-3);
    EXPECT_LT(relative(there.v, here.v), 1e-3);
    EXPECT_LT(relative(device.parameters(), host.parameters()), 1e-4);
    // What the host changes afterwards counts.
    test::fill_parameters(device, 9);
    test::fill_parameters(host, 9);
    const TokenBatch batch = random_batch(spec, 2, 40, 7);
    EXPECT_NEAR(device.loss_and_gradients(batch), host.loss_and_gradients(batch), 1e-4);
}

/// A backend whose "cuda:0" is libtorch's CPU: a task for a CUDA device from blobs to blobs.
class CpuAsCuda final : public DeviceBackend {
public:
    [[nodiscard]] std::string version() const override { return backend().version(); }
    [[nodiscard]] std::vector<CudaDevice> cuda_devices() const override { return {{true}}; }
    Result<std::unique_ptr<DevicePath>> make_path(
        const ModelSpec& model, const ParameterLayout& layout, Precision precision, const std::string&) override
    {
        return backend().make_path(model, layout, precision, "cpu");
    }
};

class DeviceTask : public testing::Test {
protected:
    DeviceTask()
    {
        const ModelSpec model = small_model({"full", "window"});
        std::vector<std::int32_t> tokens;
        SequenceTable table;
        table.sequence_length = 48;
        table.domains = {"one"};
        Rng rng(4);
        for (int r = 0; r < 12; ++r) {
            table.rows.push_back({r, std::int64_t(tokens.size()), 48, 0, Split::Train});
            for (int t = 0; t < 48; ++t) tokens.push_back(std::int32_t(rng.below(std::uint64_t(model.vocabulary))));
        }
        const TensorView view{"tokens", DType::I32, {std::int64_t(tokens.size())}, std::as_bytes(std::span(tokens))};
        spec.set_model_json(to_json(model));
        spec.set_tokens_hash(io.put(write_safetensors({&view, 1})));
        spec.set_sequences_hash(io.put(write_sequences(table)));
        spec.set_subset_hash(io.put(write_subset({0, 1, 2, 3, 4, 5, 6, 7})));
        for (const Column& column : columns_of(model)) {
            v1::ColumnRef* ref = spec.add_columns();
            ref->set_name(column.name);
            for (const int block : column.blocks) ref->add_blocks(block);
            ref->set_module_hash(io.put(init_column(model, column, 1)));
        }
        spec.set_kind(v1::TASK_KIND_TRAIN);
        spec.set_sequence_length(48), spec.set_batch(4), spec.set_prefix(8), spec.set_steps(4), spec.set_data_seed(9);
        spec.set_precision("fp32"), spec.set_threads(1);
        auto& inner = *spec.mutable_inner();
        inner.set_lr(1e-2), inner.set_lr_min_ratio(0.1), inner.set_warmup_steps(3), inner.set_total_steps(60);
        inner.set_beta1(0.9), inner.set_beta2(0.95), inner.set_eps(1e-8), inner.set_weight_decay(0.1), inner.set_clip(1.0);
    }
    v1::TaskResult on_cuda()
    {
        spec.set_device("cuda");
        return run_task(spec, io, {&cuda, "cuda:0"}).value();
    }
    v1::TaskResult on_cpu()
    {
        spec.clear_device();
        return run_task(spec, io).value();
    }
    std::vector<float> floats(const std::string& hash, const std::string& name)
    {
        const auto blob = Safetensors::open(io.path_of(hash)).value();
        const auto values = blob.expect(name, DType::F32).value()->as<float>();
        return {values.begin(), values.end()};
    }

    CpuAsCuda cuda;
    FolderIo io;
    v1::TaskSpec spec;
};

TEST_F(DeviceTask, PseudoGradientsScoresAndFeaturesAreThoseOfTheCpu)
{
    const auto there = on_cuda(), here = on_cpu();
    ASSERT_EQ(there.losses_size(), 4);
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(there.losses(i), here.losses(i), 1e-4);
    EXPECT_LT(
        relative(floats(there.deltas(0).delta_hash(), "embedding"), floats(here.deltas(0).delta_hash(), "embedding")), 1e-2);
    EXPECT_LT(relative(floats(there.inner_state_hash(), "m.embedding"), floats(here.inner_state_hash(), "m.embedding")), 1e-3);
    EXPECT_EQ(on_cuda().inner_state_hash(), there.inner_state_hash()) << "the same task gives the same bytes";

    spec.set_kind(v1::TASK_KIND_SCORE);
    EXPECT_NEAR(on_cuda().scores(0).nll(), on_cpu().scores(0).nll(), 1e-2);
    spec.set_kind(v1::TASK_KIND_ROWS);
    EXPECT_LT(relative(floats(on_cuda().rows_hash(), "nll"), floats(on_cpu().rows_hash(), "nll")), 1e-5);
    spec.set_kind(v1::TASK_KIND_FEATURES);
    EXPECT_LT(relative(floats(on_cuda().features_hash(), "z"), floats(on_cpu().features_hash(), "z")), 1e-5);
}

TEST_F(DeviceTask, WithoutTheDeviceThereIsAClearError)
{
    spec.set_device("cuda");
    const auto refused = run_task(spec, io);
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("this worker has none"));
    const auto missing = load_device_backend("/nonexistent/pathloom-torch.so");
    EXPECT_EQ(missing.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(missing.error().message, testing::HasSubstr("cannot be loaded"));
    EXPECT_THAT(backend().version(), testing::StartsWith("libtorch "));
    if (!backend().cuda_devices().empty()) GTEST_SKIP() << "this machine has a CUDA device";
    const auto model = small_model({"full"});
    const auto nowhere = PathModel::create_on(backend(), "cuda:0", model, columns_of(model), Precision::Fp32);
    EXPECT_EQ(nowhere.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(nowhere.error().message, testing::HasSubstr("cannot compute on cuda:0"));
    EXPECT_EQ(find_devices("cuda").error().code, ErrorCode::Unsupported);
    EXPECT_FALSE(find_devices("auto")->choice.cuda);
}

}  // namespace
}  // namespace pathloom
