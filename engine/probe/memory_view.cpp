// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/memory_view.h"

#include <algorithm>

namespace pathloom {

void MemoryView::add(const MemoryFile& file, std::size_t first, std::size_t count)
{
    if (count == 0) return;
    m_begins.push_back(m_rows);
    m_runs.push_back(file.run(first, count));
    m_values.push_back(file.tokens().data() + first + 1);
    m_rows += std::int64_t(count);
}

void MemoryView::add(std::shared_ptr<const KeyPatch> patch)
{
    if (patch->scales.empty()) return;
    m_begins.push_back(m_rows);
    m_runs.push_back({patch->keys.data(), patch->scales.data(), patch->scales.size()});
    m_values.push_back(patch->values.data());
    m_rows += std::int64_t(patch->scales.size());
    m_patches.push_back(std::move(patch));
}

std::int32_t MemoryView::value(std::int64_t row) const
{
    const auto run = std::size_t(std::ranges::upper_bound(m_begins, row) - m_begins.begin());
    return run == 0 || row >= m_rows ? 0 : m_values[run - 1][row - m_begins[run - 1]];
}

KeyRun MemoryView::row(std::int64_t row, std::size_t key_dim) const
{
    const auto run = std::size_t(std::ranges::upper_bound(m_begins, row) - m_begins.begin());
    if (run == 0 || row >= m_rows) return {};
    const auto at = std::size_t(row - m_begins[run - 1]);
    return {m_runs[run - 1].keys + at * key_stride(key_dim), m_runs[run - 1].scales + at, 1};
}

std::vector<std::int64_t> MemoryView::token_counts() const
{
    std::vector<std::int64_t> counts(65536, 0);
    for_each_value([&](std::uint16_t token) { ++counts[token]; });
    while (!counts.empty() && counts.back() == 0) counts.pop_back();
    return counts;
}

Result<MemoryView> splice(const MemoryFile& base, std::size_t length, std::span<const Insertion> insertions, std::size_t reach,
    const std::function<KeySource(std::span<const std::int32_t>)>& source_of)
{
    const std::size_t width = base.key_dim();
    MemoryView view;
    std::size_t next = 0;  // first base token whose row is not in the view yet
    for (std::size_t i = 0; i < insertions.size();) {
        // Base rows [begin, end) are replaced; insertions closer than the reach share one stretch.
        const std::size_t begin = std::max(next, insertions[i].at - std::min<std::size_t>(insertions[i].at, 1));
        std::size_t last = i, end = insertions[i].at + reach;
        while (last + 1 < insertions.size() && insertions[last + 1].at < end + 1) end = insertions[++last].at + reach;
        end = std::min(end, length);
        const std::size_t from = begin - std::min(begin, reach);  // context that keys of the stretch see
        std::vector<std::int32_t> tokens;
        std::size_t at = from;
        for (std::size_t k = i; k <= last; ++k) {
            for (; at < insertions[k].at; ++at) tokens.push_back(base.tokens()[at]);
            tokens.insert(tokens.end(), insertions[k].tokens.begin(), insertions[k].tokens.end());
        }
        for (; at < std::min(end + 1, length); ++at) tokens.push_back(base.tokens()[at]);  // one more: the last row's value
        const std::size_t skipped = begin - from;
        const std::size_t count = tokens.size() - skipped - 1;
        std::vector<float> keys;
        PATHLOOM_CHECK(source_of(tokens)(skipped, count, keys));
        auto patch = std::make_shared<KeyPatch>();
        patch->keys.resize(count * key_stride(width));
        patch->scales.resize(count);
        quantise_keys(keys, width, patch->keys.data(), patch->scales.data());
        for (std::size_t r = 0; r < count; ++r) patch->values.push_back(std::uint16_t(tokens[skipped + r + 1]));
        view.add(base, next, begin - next);
        view.add(std::move(patch));
        next = std::min(end, length - 1);
        i = last + 1;
    }
    if (next + 1 < length) view.add(base, next, length - 1 - next);
    return view;
}

}  // namespace pathloom
