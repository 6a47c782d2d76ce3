// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/text_steps.h"

#include "engine/probe/memory_view.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace pathloom {

namespace {

/// By what the kept hits are chosen, before a mixture weighs them: a long match beats a near key.
double promise(const CopyHit& hit)
{
    return hit.cosine + 0.03 * double(std::min(hit.matched, 16));
}

int matched_before(std::span<const std::uint16_t> tokens, std::size_t row, std::size_t last)
{
    int out = 0;
    while (out < LongestMatch && row >= std::size_t(out) && tokens[row - std::size_t(out)] == tokens[last - std::size_t(out)])
        ++out;
    return out;
}

}  // namespace

std::vector<std::size_t> context_lengths(std::size_t longest)
{
    std::vector<std::size_t> out;
    for (double length = 128.0; std::size_t(std::lround(length)) < longest; length *= std::sqrt(2.0))
        out.push_back(std::size_t(std::lround(length)));
    // A last step that is no step would count one stretch twice.
    if (!out.empty() && double(longest) < 1.1 * double(out.back())) out.pop_back();
    out.push_back(longest);
    return out;
}

std::vector<TextStep> text_steps(ReaderPackage& reader, const MemoryFile& memory, std::size_t place,
    std::span<const std::size_t> contexts, bool own, const ScanOptions& scan)
{
    const auto reach = std::size_t(reader.model.spec().reach()), key_dim = std::size_t(reader.model.spec().key_dim);
    const auto tokens = memory.tokens();
    const auto nearest = tokens.subspan(place - std::min(place, reach), std::min(place, reach));
    const ReaderQuery query = reader.model.query(std::vector<std::int32_t>(nearest.begin(), nearest.end()));
    const ReaderPrediction alone = reader.model.predict(query, {});
    TextStep step;
    step.token = tokens[place];
    step.spoken = double(alone.probability[std::size_t(step.token)]);
    for (const float p : alone.probability) {
        step.surest = std::max(step.surest, double(p));
        if (p > 0.0f) step.entropy -= double(p) * std::log(double(p));
    }
    ScanOptions each = scan;
    each.top = CopiesKept / 2;
    each.rescored = std::max(each.rescored, std::size_t(256));
    std::vector<TextStep> out;
    std::vector<MemoryHit> nearest_keys;
    std::size_t nearer = place - 1;  // rows from here on were looked at: row r is known once token r + 1 is
    for (const std::size_t context : contexts) {
        const std::size_t from = place - 1 - std::min(context, place - 1);
        MemoryView view;
        view.add(memory, from, nearer - from);
        for (const ScanHit& hit : scan_keys(view.runs(), query.query, key_dim, each)) {
            const std::size_t row = from + std::size_t(hit.row);
            step.hits.push_back({double(hit.score), matched_before(tokens, row, place - 1), tokens[row + 1]});
            nearest_keys.push_back({std::int64_t(row), hit.score, tokens[row + 1]});
        }
        if (own) {
            std::ranges::stable_sort(nearest_keys, std::greater<>{}, &MemoryHit::cosine);
            nearest_keys.resize(std::min(nearest_keys.size(), std::size_t(reader.model.spec().top_k)));
            step.own = double(reader.model.predict(query, nearest_keys).probability[std::size_t(step.token)]);
        }
        std::ranges::stable_sort(step.hits, [](const CopyHit& a, const CopyHit& b) { return promise(a) > promise(b); });
        step.hits.resize(std::min(step.hits.size(), CopiesKept));
        step.rows = std::int64_t(place - 1 - from);
        nearer = from;
        out.push_back(step);
    }
    return out;
}

}  // namespace pathloom
