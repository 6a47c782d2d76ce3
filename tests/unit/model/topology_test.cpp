// SPDX-License-Identifier: GPL-3.0-or-later
// Layouts: properties that hold for every topology, and the paper's numbers.
#include "engine/core/rng.h"
#include "engine/model/init.h"
#include "engine/model/topology.h"
#include "engine/store/safetensors.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace pathloom {
namespace {

using testing::ElementsAre;

ModelSpec small_model(int blocks)
{
    ModelSpec model;
    model.vocabulary = 50;
    model.d_model = 12;
    model.heads = 2;
    model.head_dim = 4;
    model.blocks.assign(std::size_t(blocks), "full");
    return model;
}

/// A random valid topology over `blocks` blocks.
TopologySpec random_topology(Rng& rng, int blocks)
{
    TopologySpec spec;
    int next = 0;
    while (next < blocks) {
        LevelSpec level;
        level.modules = 1 + int(rng.below(4));
        for (int take = 1 + int(rng.below(3)); take > 0 && next < blocks; --take) level.blocks.push_back(next++);
        spec.levels.push_back(level);
    }
    spec.replicas = 1 + int(rng.below(3));
    spec.path_specific_embedding = rng.below(2) == 0;
    spec.path_specific_head = rng.below(2) == 0;
    for (int block = 0; block < blocks; ++block)
        if (rng.below(4) == 0) spec.path_specific_blocks.push_back(block);
    return spec;
}

TEST(Topology, PropertiesOfRandomOnes)
{
    Rng rng(7);
    for (int round = 0; round < 200; ++round) {
        const int blocks = 1 + int(rng.below(7));
        const ModelSpec model = small_model(blocks);
        const TopologySpec spec = random_topology(rng, blocks);
        const Topology topology = build_topology(model, spec);
        const std::size_t columns = topology.columns.size(), paths = std::size_t(topology.paths());
        ASSERT_EQ(topology.cells() * spec.replicas, topology.paths());

        // Columns hold every block once, left to right, between embed and head; their names are unique.
        std::vector<int> held;
        std::set<std::string> names;
        for (const Column& column : topology.columns) {
            held.insert(held.end(), column.blocks.begin(), column.blocks.end());
            names.insert(column.name);
        }
        std::vector<int> all(std::size_t(blocks), 0);
        std::iota(all.begin(), all.end(), 0);
        ASSERT_EQ(held, all);
        ASSERT_EQ(names.size(), columns);
        ASSERT_EQ(topology.columns.front().name, "embed");
        ASSERT_EQ(topology.columns.back().name, "head");

        // Every path takes one module of each column; |paths| over all modules adds up; paths are ascending.
        std::size_t members = 0;
        for (std::size_t id = 0; id < topology.modules.size(); ++id) {
            const Module& module = topology.modules[id];
            members += module.paths.size();
            ASSERT_FALSE(module.paths.empty());
            ASSERT_TRUE(std::is_sorted(module.paths.begin(), module.paths.end()));
            for (const int path : module.paths)
                ASSERT_EQ(topology.path_modules[std::size_t(path)][std::size_t(module.column)], int(id));
            ASSERT_EQ(module.name, topology.columns[std::size_t(module.column)].name + "." + std::to_string(module.index));
        }
        ASSERT_EQ(members, columns * paths);
        std::set<std::vector<int>> choices;
        for (std::size_t path = 0; path < paths; ++path) {
            ASSERT_EQ(topology.path_modules[path].size(), columns);
            for (std::size_t c = 0; c < columns; ++c) {
                const Module& module = topology.modules[std::size_t(topology.path_modules[path][c])];
                const Column& column = topology.columns[c];
                ASSERT_EQ(module.column, int(c));
                if (column.path_specific) {
                    ASSERT_EQ(module.index, int(path));
                } else if (column.level >= 0) {
                    ASSERT_EQ(module.index, topology.path_choice[path][std::size_t(column.level)]);
                }
            }
            choices.insert(topology.path_choice[path]);
            ASSERT_EQ(topology.path_choice[path], topology.path_choice[std::size_t(topology.cell_of(int(path)) * spec.replicas)]);
            // Every path is a whole model.
            Column whole = topology.columns[1];
            whole.blocks = all;
            ASSERT_EQ(topology.path_parameters(int(path)),
                column_parameters(model, topology.columns.front()) + column_parameters(model, whole)
                    + column_parameters(model, topology.columns.back()));
        }
        ASSERT_EQ(int(choices.size()), topology.cells());

        const Topology warm = warm_topology(model);
        ASSERT_EQ(warm.paths(), 1);
        ASSERT_EQ(warm.modules.size(), 3U) << "the same three columns whatever the topology";
        ASSERT_EQ(warm.total_parameters(), topology.path_parameters(0));
        ASSERT_EQ(warm.modules.back().name, "head.0");
    }
}

TEST(Topology, FirstLevelIsMostSignificant)
{
    TopologySpec spec;
    spec.levels = {{2, {0}}, {3, {1}}};
    spec.replicas = 2;
    const Topology topology = build_topology(small_model(2), spec);
    ASSERT_EQ(topology.paths(), 12);
    EXPECT_THAT(topology.path_choice[0], ElementsAre(0, 0));
    EXPECT_THAT(topology.path_choice[1], ElementsAre(0, 0));
    EXPECT_THAT(topology.path_choice[2], ElementsAre(0, 1));
    EXPECT_THAT(topology.path_choice[11], ElementsAre(1, 2));
    EXPECT_EQ(topology.cell_of(5), 2);
    EXPECT_THAT(topology.modules[0].paths, testing::SizeIs(12));  // embed.0
    EXPECT_THAT(topology.modules[1].paths, ElementsAre(0, 1, 2, 3, 4, 5));  // level0.0
    EXPECT_THAT(topology.modules[3].paths, ElementsAre(0, 1, 6, 7));  // level1.0
}

TEST(Topology, PathSpecificBlocksAreCutOutOfTheirLevel)
{
    TopologySpec spec;
    spec.levels = {{2, {0, 1, 2, 3, 4}}, {2, {5}}};
    spec.path_specific_blocks = {1, 3, 5};
    const Topology topology = build_topology(small_model(6), spec);
    std::vector<std::string> shape;
    for (const Column& column : topology.columns)
        shape.push_back(fmt::format("{}:{}:{}x{}", column.name, column.title, fmt::join(column.blocks, ","), column.modules));
    EXPECT_THAT(shape,
        ElementsAre("embed:Embed:x1", "level0:Level 0:0x2", "block1:Block 1:1x4", "level0b:Level 0b:2x2", "block3:Block 3:3x4",
            "level0c:Level 0c:4x2", "block5:Block 5:5x4", "head:Head:x1"));
    EXPECT_TRUE(topology.columns[2].path_specific);
    EXPECT_EQ(topology.columns[6].level, 1);
}

TEST(Tensors, OfABlockAndTheirInitialisers)
{
    ModelSpec model = small_model(2);
    model.blocks = {"full", "window"};
    Column column{"level0", "Level 0", {0, 1}, 1, false, 0};
    std::vector<std::string> seen;
    std::map<std::string, double> deviation;
    for (const TensorSpec& tensor : column_tensors(model, column)) {
        seen.push_back(fmt::format("{} [{}]{}", tensor.name, fmt::join(tensor.shape, ","), tensor.decay ? "" : " no decay"));
        deviation[tensor.name] = tensor.init_std;
    }
    EXPECT_DOUBLE_EQ(deviation["block0.attn.q"], 1 / std::sqrt(12.0));
    EXPECT_DOUBLE_EQ(deviation["block0.ffn.down"], 1 / std::sqrt(32.0) / 2);  // depth: 1 / sqrt(2 x 2)
    EXPECT_DOUBLE_EQ(deviation["block0.attn.o"], 1 / std::sqrt(8.0) / 2);
    EXPECT_THAT(seen,
        ElementsAre("block0.norm1 [12] no decay", "block0.attn.q [8,12]", "block0.attn.k [8,12]", "block0.attn.v [8,12]",
            "block0.attn.o [12,8]", "block0.attn.q_norm [4] no decay", "block0.attn.k_norm [4] no decay",
            "block0.norm2 [12] no decay", "block0.ffn.gate [32,12]", "block0.ffn.up [32,12]", "block0.ffn.down [12,32]",
            "block1.norm1 [12] no decay", "block1.conv [12,4] no decay", "block1.attn.q [8,12]", "block1.attn.k [8,12]",
            "block1.attn.v [8,12]", "block1.attn.o [12,8]", "block1.attn.q_norm [4] no decay", "block1.attn.k_norm [4] no decay",
            "block1.norm2 [12] no decay", "block1.ffn.gate [32,12]", "block1.ffn.up [32,12]", "block1.ffn.down [12,32]"));
    model.ffn = "gelu";
    EXPECT_EQ(column_tensors(model, {"block0", "", {0}, 1, true, 0}).size(), 10u);
    EXPECT_EQ(model.hidden(), 48);
    model.ffn = "swiglu";
    model.d_model = 128;
    EXPECT_EQ(model.hidden(), 352);  // 341.3 to the nearest 32
    model.ffn_hidden = 100;
    EXPECT_EQ(model.hidden(), 100);
}

TEST(Init, ValuesFollowTheTensorNotTheCut)
{
    ModelSpec model = small_model(2);
    model.blocks[1] = "window";
    const Column both{"level0", "", {0, 1}, 1, false, 0}, second{"block1", "", {1}, 4, true, 0};
    const auto whole_bytes = init_column(model, both, 3), part_bytes = init_column(model, second, 3),
               other_bytes = init_column(model, second, 4);
    EXPECT_EQ(whole_bytes, init_column(model, both, 3));
    EXPECT_NE(part_bytes, other_bytes);
    const Safetensors whole = Safetensors::parse(whole_bytes).value(), part = Safetensors::parse(part_bytes).value();
    ASSERT_EQ(part.tensors().size(), 12u);
    for (const TensorView& tensor : part.tensors()) {
        const TensorView* same = whole.expect(tensor.name, DType::F32).value();
        EXPECT_TRUE(std::equal(tensor.data.begin(), tensor.data.end(), same->data.begin(), same->data.end())) << tensor.name;
    }
    std::vector<std::string> order, expected;
    for (const TensorView& tensor : part.tensors()) order.push_back(tensor.name);
    for (const TensorSpec& tensor : column_tensors(model, second)) expected.push_back(tensor.name);
    EXPECT_EQ(order, expected);
    EXPECT_THAT(part.find("block1.conv")->as<float>().first(8), ElementsAre(0, 0, 0, 1, 0, 0, 0, 1));
    EXPECT_THAT(part.find("block1.norm1")->as<float>(), testing::Each(1.0f));
}

TEST(Init, MatricesAreCutAtTwoStandardDeviations)
{
    ModelSpec model = small_model(1);
    model.vocabulary = 5000;
    const auto bytes = init_column(model, {"embed", "", {}, 1, false, -1}, 1);
    const Safetensors read = Safetensors::parse(bytes).value();
    double squares = 0, largest = 0;
    const auto values = read.find("embedding")->as<float>();
    for (const float x : values) {
        squares += double(x) * x;
        largest = std::max(largest, std::abs(double(x)));
    }
    EXPECT_LE(largest, 0.04000001);
    EXPECT_NEAR(std::sqrt(squares / double(values.size())), 0.02 * 0.8796, 2e-4);
}

}  // namespace
}  // namespace pathloom
