// SPDX-License-Identifier: GPL-3.0-or-later
// Deterministic cursors over a shard, and padding.
#include "engine/training/data_order.h"

#include "engine/core/rng.h"

#include <algorithm>
#include <memory>

namespace pathloom {

DataOrder::DataOrder(std::vector<std::int32_t> rows, std::uint64_t seed)
    : m_rows(std::move(rows))
    , m_seed(seed)
{
}

void DataOrder::enter_epoch(std::int64_t epoch)
{
    if (epoch == m_epoch) return;
    m_epoch = epoch;
    m_order = m_rows;
    Rng(mix(m_seed, std::uint64_t(epoch))).shuffle(std::span(m_order));
}

std::vector<std::int32_t> DataOrder::rows_of(std::int64_t step, int batch)
{
    const auto n = std::int64_t(m_rows.size());
    std::vector<std::int32_t> out;
    out.reserve(std::size_t(batch));
    for (std::int64_t p = step * batch; p < (step + 1) * batch; ++p) {
        enter_epoch(p / n);
        out.push_back(m_order[std::size_t(p % n)]);
    }
    return out;
}

Result<TaskData> TaskData::open(
    const std::filesystem::path& tokens, const std::filesystem::path& sequences, const std::filesystem::path& subset)
{
    TaskData data;
    PATHLOOM_TRY(Safetensors file, Safetensors::open(tokens));
    data.m_file = std::make_shared<const Safetensors>(std::move(file));
    PATHLOOM_TRY(const TensorView* view, data.m_file->expect("tokens", DType::I32));
    data.m_tokens = view->as<std::int32_t>();
    PATHLOOM_TRY(data.m_table, read_sequences(sequences));
    PATHLOOM_TRY(data.m_subset, read_subset(subset));
    if (data.m_subset.empty()) return fail(ErrorCode::Usage, "the subset holds no sequence; give this path a non-empty shard");
    for (const std::int32_t index : data.m_subset) {
        if (index < 0 || std::size_t(index) >= data.m_table.rows.size()) {
            return fail(
                ErrorCode::Corrupt, "subset row {} is outside the sequence table ({} rows)", index, data.m_table.rows.size());
        }
        const Sequence& row = data.row(index);
        if (row.begin < 0 || row.length < 0 || row.begin > std::int64_t(data.m_tokens.size()) - row.length) {
            return fail(ErrorCode::Corrupt, "sequence {} ([{}, +{})) is outside the token file ({} tokens)", index, row.begin,
                row.length, data.m_tokens.size());
        }
    }
    return data;
}

std::span<const std::int32_t> TaskData::tokens_of(std::int32_t index) const
{
    return m_tokens.subspan(std::size_t(row(index).begin), std::size_t(row(index).length));
}

Result<void> TaskData::check_vocabulary(int vocabulary) const
{
    for (const std::int32_t index : m_subset) {
        for (const std::int32_t token : tokens_of(index)) {
            if (token < 0 || token >= vocabulary) {
                return fail(ErrorCode::Corrupt,
                    "sequence {} holds token {}, the model's vocabulary is {}; set model.vocabulary to the corpus'", index, token,
                    vocabulary);
            }
        }
    }
    return {};
}

TokenBatch make_batch(const TaskData& data, std::span<const std::int32_t> rows, int sequence, int first_target)
{
    const auto cut = [&](std::int32_t row) {
        const auto tokens = data.tokens_of(row);
        return tokens.first(std::min(tokens.size(), std::size_t(std::max(sequence, 0))));
    };
    std::size_t longest = 2;
    for (const std::int32_t row : rows) longest = std::max(longest, cut(row).size());
    TokenBatch batch;
    batch.rows = int(rows.size());
    batch.sequence = std::max(1, std::min((int(longest) - 1 + 31) / 32 * 32, sequence - 1));
    const auto width = std::size_t(batch.sequence);
    batch.inputs.assign(rows.size() * width, 0);
    batch.targets.assign(rows.size() * width, -1);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto tokens = cut(rows[r]);
        for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
            batch.inputs[r * width + t] = tokens[t];
            if (int(t) + 1 >= first_target) batch.targets[r * width + t] = tokens[t + 1];
        }
    }
    return batch;
}

}  // namespace pathloom
