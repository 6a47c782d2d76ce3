// SPDX-License-Identifier: GPL-3.0-or-later
// Small models, random batches and a folder of blobs for the tests of the model and of tasks.
#pragma once

#include "engine/core/hash.h"
#include "engine/core/rng.h"
#include "engine/model/kernels/targets.h"
#include "engine/model/path_model.h"
#include "engine/training/task_runner.h"
#include "tests/unit/temporary_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace pathloom::test {

/// Odd sizes on purpose: nothing divides a vector width or a tile.
inline ModelSpec small_model(std::vector<std::string> blocks, const std::string& ffn = "swiglu")
{
    ModelSpec model;
    model.vocabulary = 53;
    model.d_model = 20;
    model.heads = 3;
    model.head_dim = 6;
    model.ffn = ffn;
    model.ffn_hidden = 27;
    model.blocks = std::move(blocks);
    model.window = 7;
    model.conv = 4;
    return model;
}

/// embed, one column a block, head.
inline std::vector<Column> columns_of(const ModelSpec& model)
{
    std::vector<Column> columns{make_column("embed", {})};
    for (int b = 0; b < int(model.blocks.size()); ++b) columns.push_back(make_column("level" + std::to_string(b), {b}));
    columns.push_back(make_column("head", {}));
    return columns;
}

/// Every parameter away from zero and one, so that no gradient vanishes by symmetry.
inline void fill_parameters(PathModel& model, std::uint64_t seed)
{
    Rng rng(seed);
    for (const ParameterView& view : model.layout().tensors()) {
        const bool gain = view.shape.size() == 1;
        for (float& x : model.parameters().subspan(view.offset, view.size))
            x = float(gain ? rng.uniform(0.5, 1.5) : 0.4 * rng.normal());
    }
}

/// Rows of different lengths; what lies behind a row's end is padding without a target.
inline TokenBatch random_batch(const ModelSpec& model, int rows, int sequence, std::uint64_t seed)
{
    Rng rng(seed);
    TokenBatch batch{rows, sequence, {}, {}};
    for (int r = 0; r < rows; ++r) {
        const int length = r == 0 ? sequence : sequence / 2 + int(rng.below(std::uint64_t(sequence / 2)));
        for (int t = 0; t < sequence; ++t) {
            batch.inputs.push_back(t < length ? std::int32_t(rng.below(std::uint64_t(model.vocabulary))) : 0);
            batch.targets.push_back(t < length ? std::int32_t(rng.below(std::uint64_t(model.vocabulary))) : -1);
        }
    }
    return batch;
}

/// A TaskIo over a folder; counts what is fetched and can stop after some steps.
class FolderIo final : public TaskIo {
public:
    Result<std::filesystem::path> fetch(const std::string& hash, BlobClass kind) override
    {
        ++fetched[kind];
        const auto file = m_folder.path() / hash;
        if (!std::filesystem::exists(file)) return fail(ErrorCode::NotFound, "no blob {}", hash);
        return file;
    }
    Result<std::string> store(std::span<const std::byte> bytes, BlobClass kind) override
    {
        ++stored[kind];
        return put(bytes);
    }
    bool progress(std::int64_t step, float loss) override
    {
        steps.push_back(step);
        losses.push_back(loss);
        return int(steps.size()) < stop_after;
    }
    std::string put(std::span<const std::byte> bytes)
    {
        const std::string hash = sha256_hex(bytes);
        std::ofstream(m_folder.path() / hash, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
        return hash;
    }
    [[nodiscard]] std::filesystem::path path_of(const std::string& hash) const { return m_folder.path() / hash; }

    std::map<BlobClass, int> fetched, stored;
    std::vector<std::int64_t> steps;
    std::vector<float> losses;
    int stop_after = 1 << 30;

private:
    TemporaryFolder m_folder;
};

/// Every instruction set of this CPU in turn; the best one again at the end.
class EachTarget : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override { ASSERT_TRUE(use_simd_target(GetParam())); }
    void TearDown() override { use_simd_target(simd_targets().front()); }
};
inline std::string target_name(const testing::TestParamInfo<std::string>& info)
{
    std::string name = info.param;
    std::erase(name, '-');
    return name;
}

}  // namespace pathloom::test
