// SPDX-License-Identifier: GPL-3.0-or-later
// The presets parse, mean what they say, and reproduce the paper's parameter counts; estimates against hand arithmetic.
#include "engine/model/estimate.h"
#include "engine/model/presets.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

RunSpec preset(const std::string& name, const std::vector<std::string>& overrides = {})
{
    const auto file = load_preset(name);
    if (!file) throw std::runtime_error(file.error().message);
    const auto spec = parse_run_spec(file->spec_json, overrides);
    if (!spec) throw std::runtime_error(name + ": " + spec.error().message);
    return *spec;
}

TEST(Presets, AllAreThereInOrderAndParse)
{
    std::vector<std::string> names;
    const auto presets = load_presets();
    ASSERT_TRUE(presets) << presets.error().message;
    for (const PresetFile& file : *presets) {
        names.push_back(file.name);
        EXPECT_FALSE(file.title.empty());
        EXPECT_FALSE(file.description.empty());
        const RunSpec spec = preset(file.name);
        EXPECT_EQ(spec.name, file.name);
        EXPECT_TRUE(estimate_run(spec).warnings.empty()) << file.name;
    }
    EXPECT_THAT(names,
        testing::ElementsAre("sample-2x2", "sample-2x2x2", "sample-2x4", "sample-4x4", "sample-8x8", "dense", "dense-outer",
            "diloco-4", "flat-4", "mixture-8", "paper-150m", "paper-1b", "paper-16x16", "paper-8x8"));
    EXPECT_EQ(load_preset("sample-2x3").error(),
        (Error{ErrorCode::NotFound, "no preset named 'sample-2x3'; did you mean 'sample-2x2'?"}));
}

TEST(Presets, SampleRunsAreEqualInStepsAndPathSize)
{
    const RunEstimate reference = estimate_run(preset("sample-2x2"));
    for (const std::string name :
        {"sample-2x2x2", "sample-2x4", "sample-4x4", "sample-8x8", "dense", "dense-outer", "diloco-4", "flat-4"}) {
        const RunEstimate estimate = estimate_run(preset(name));
        EXPECT_EQ(estimate.total_steps_per_path, reference.total_steps_per_path) << name;
        EXPECT_EQ(estimate.path_parameters, reference.path_parameters) << name;
        EXPECT_EQ(preset(name).training, preset("sample-2x2").training) << name;
    }
}

TEST(Presets, TheSquareRootOfThePathsIsDiPaCosAndNotDiLoCos)
{
    EXPECT_TRUE(preset("sample-2x2").outer.sqrt_paths);  // DiPaCo 2.7
    EXPECT_TRUE(preset("paper-16x16").outer.sqrt_paths);
    EXPECT_FALSE(preset("diloco-4").outer.sqrt_paths);  // DiLoCo averages
}

TEST(Presets, TheMixtureUsesWhatTheDensePathDoes)
{
    const RunEstimate dense = estimate_run(preset("dense")), mixed = estimate_run(preset("mixture-8"));
    const std::int64_t routers = 4 * 8 * 128;
    EXPECT_EQ(mixed.active_parameters, dense.path_parameters + routers);
    EXPECT_EQ(mixed.path_parameters, mixed.active_parameters + 4 * 6 * 3 * 176 * 128);
    EXPECT_EQ(dense.active_parameters, dense.path_parameters);
    EXPECT_NEAR(mixed.flops_per_path / dense.flops_per_path, 1.0, 0.01);
    EXPECT_EQ(preset("mixture-8").training, preset("dense").training);
}

TEST(Presets, Shapes)
{
    const auto shape = [](const std::string& name) {
        const RunSpec spec = preset(name);
        const Topology topology = build_topology(spec.model, spec.topology);
        return std::vector<int>{topology.paths(), topology.cells(), int(topology.modules.size())};
    };
    EXPECT_THAT(shape("sample-2x2"), testing::ElementsAre(4, 4, 6));
    EXPECT_THAT(shape("sample-4x4"), testing::ElementsAre(16, 16, 10));
    EXPECT_THAT(shape("sample-2x4"), testing::ElementsAre(8, 8, 8));
    EXPECT_THAT(shape("sample-8x8"), testing::ElementsAre(64, 64, 18));
    EXPECT_THAT(shape("sample-2x2x2"), testing::ElementsAre(8, 8, 8));
    // Blocks 0, 5, 6, 11 and the embedding of the paper's path-specific run: 5.3 B parameters in all (Table 1).
    EXPECT_EQ(preset("paper-8x8").topology.path_specific_blocks, (std::vector<int>{0, 5, 6, 11}));
    EXPECT_THAT(shape("paper-8x8"), testing::ElementsAre(64, 64, 5 * 64 + 2 * 8 + 1));
    EXPECT_NEAR(double(estimate_run(preset("paper-8x8")).total_parameters), 5.3e9, 0.4e9);
    EXPECT_THAT(shape("dense"), testing::ElementsAre(1, 1, 3));
    EXPECT_THAT(shape("diloco-4"), testing::ElementsAre(4, 1, 3));
    EXPECT_THAT(shape("flat-4"), testing::ElementsAre(4, 4, 12));
    EXPECT_THAT(shape("paper-16x16"), testing::ElementsAre(256, 256, 34));
}

TEST(Presets, PaperParameterCounts)
{
    // DiPaCo section 4: 150M paths of 12 blocks, d 896, 16 heads of 64; 1.3B dense of 24 blocks, d 2048.
    const std::int64_t block = 4 * 896 * 1024 + 2 * 896 * 3584 + 2 * 896 + 2 * 64;
    const std::int64_t path = 32000 * 896 + 12 * block + 896;
    const RunEstimate small = estimate_run(preset("paper-150m"));
    EXPECT_EQ(small.path_parameters, path);
    EXPECT_NEAR(double(small.path_parameters), 149.8e6, 0.1e6);
    EXPECT_EQ(small.embedding_parameters, 28'672'000);
    EXPECT_NEAR(double(estimate_run(preset("paper-1b")).path_parameters), 1.27e9, 0.005e9);

    const RunEstimate big = estimate_run(preset("paper-16x16"));
    EXPECT_EQ(big.paths, 256);
    EXPECT_EQ(big.path_parameters, path);
    EXPECT_EQ(big.total_parameters, 32000 * 896 + 2 * 16 * 6 * block + 896);  // 1.97 B in 32 modules of six blocks
    EXPECT_EQ(big.explanation,
        "Embed: 1 module x 28,672,000 = 28,672,000, 256 paths through each\n"
        "Level 0 (blocks 0-5): 16 modules x 60,566,784 = 969,068,544, 16 paths through each\n"
        "Level 1 (blocks 6-11): 16 modules x 60,566,784 = 969,068,544, 16 paths through each\n"
        "Head: 1 module x 896 = 896, 256 paths through each\n"
        "A path: 149,806,464; all modules: 1,966,809,984");
}

TEST(Estimate, AgreesWithHandArithmetic)
{
    const RunSpec spec = preset("sample-2x2", {"training.tau=25", "training.phases=8", "training.warm_start_steps=120"});
    const RunEstimate estimate = estimate_run(spec);
    const std::int64_t n = 8192 * 128 + 4 * (4 * 128 * 128 + 3 * 128 * 352 + 2 * 128 + 2 * 32) + 128;
    EXPECT_EQ(estimate.path_parameters, n);
    EXPECT_EQ(estimate.weight_bytes, 4 * n);
    EXPECT_EQ(estimate.optimizer_bytes, 8 * n);
    EXPECT_EQ(estimate.gradient_bytes, 4 * n);
    EXPECT_EQ(estimate.sync_bytes_per_phase, 4 * n * 4 * 2);
    EXPECT_EQ(estimate.data_parallel_bytes_per_phase, 25 * estimate.sync_bytes_per_phase);
    EXPECT_EQ(estimate.total_steps_per_path, 320);
    const std::int64_t tokens = 8 * 256;
    const std::int64_t block = 4 * (2 * 128 + 7 * 128 + 2 * 352) + 4 * (2 * 128 + 2 + 3 * 4);
    const std::int64_t rest = tokens * (4 * (4 * 128 + 352 + 8 * 128) + 16 * 128) + 4 * 512 * 8192;
    EXPECT_EQ(estimate.activation_bytes, tokens * 4 * block + rest);
    EXPECT_EQ(estimate.activation_bytes_recomputed, tokens * (4 * 4 * 128 + block) + rest);
    EXPECT_EQ(estimate.worker_bytes, (4 + 4 + 4 + 8 + 20) * n + estimate.activation_bytes + worker_program_bytes);
    EXPECT_EQ(estimate.sum_bytes, 12 * estimate.total_parameters);
    EXPECT_DOUBLE_EQ(estimate.flops_per_path, 320.0 * tokens * (6.0 * double(n) + 4 * 12.0 * 128 * 128.5));
}

TEST(Estimate, WindowsComputeLessAndBf16NeedsACopy)
{
    const RunEstimate full = estimate_run(preset("sample-2x2"));
    const RunEstimate window
        = estimate_run(preset("sample-2x2", {R"(model.blocks=["window","window","window","window"])", "model.window=64"}));
    EXPECT_LT(window.flops_per_path, full.flops_per_path);
    // Attention never keeps its matrix, so a window saves no memory; its convolution's result is one more row of d a token.
    EXPECT_EQ(window.activation_bytes, full.activation_bytes + 8 * 256 * 4 * 128 * 4);
    EXPECT_EQ(window.path_parameters, full.path_parameters + 4 * 128 * 4);
    EXPECT_EQ(estimate_run(preset("sample-2x2", {"training.precision=bf16"})).weight_bytes, full.weight_bytes * 3 / 2);
}

TEST(Estimate, ARunThatDoesNotFitIsRefusedWithItsNumbers)
{
    const RunEstimate estimate = estimate_run(preset("paper-150m"));
    const std::int64_t needed = machine_bytes(estimate, 2, 64'000'000'000);
    EXPECT_TRUE(check_memory(estimate, 2, std::max<std::int64_t>(needed, 64'000'000'000)));
    const auto refused = check_memory(estimate, 2, 8'000'000'000);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Usage);
    EXPECT_THAT(refused.error().message,
        testing::AllOf(testing::HasSubstr("8000 MB"), testing::HasSubstr("2 local workers"),
            testing::HasSubstr("fewer local workers"), testing::HasSubstr("data.batch"), testing::HasSubstr("training.recompute"),
            testing::Not(testing::HasSubstr("\n"))));
    EXPECT_THAT(check_memory(estimate, 1, 1'000'000'000).error().message, testing::Not(testing::HasSubstr("fewer")));
    EXPECT_THAT(memory_plan(estimate, 2, 64'000'000'000),
        testing::AllOf(
            testing::HasSubstr("weights 599 MB"), testing::HasSubstr("AdamW 1198 MB"), testing::HasSubstr("engine: ")));
}

TEST(Estimate, WarnsOfWhatMakesLittleSense)
{
    const auto warnings
        = [](const std::vector<std::string>& overrides) { return estimate_run(preset("sample-2x2", overrides)).warnings; };
    EXPECT_THAT(warnings({"training.warmup_steps=5000"}), testing::ElementsAre(testing::HasSubstr("training.warmup_steps")));
    EXPECT_THAT(warnings({"training.warm_start_steps=0"}), testing::ElementsAre(testing::HasSubstr("untrained")));
    EXPECT_THAT(warnings({"routing.prefix=200"}), testing::ElementsAre(testing::HasSubstr("routing.prefix")));
    EXPECT_THAT(warnings({R"(model.blocks=["full","full","full","window"])", "model.window=256"}),
        testing::ElementsAre(testing::HasSubstr("window")));
}

}  // namespace
}  // namespace pathloom
