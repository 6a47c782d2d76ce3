// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/answer_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <span>

namespace pathloom {

namespace {

constexpr std::int64_t near = 24;  // rows: a value and the words around it
constexpr std::int64_t own = 3;  // rows that belong to one place whatever stands before them
constexpr int misses = 64;  // rows in a row that are not as good: the rest is worse

}  // namespace

std::vector<RowEvidence> rank_rows(const MemoryView& memory, const ReaderQuery& query, std::size_t key_dim,
    const Wording* wording, const RankOptions& rank, const ScanOptions& scan)
{
    std::vector<RowEvidence> out;
    for (const ScanHit& hit : scan_keys(memory.runs(), query.query, key_dim, scan)) {
        RowEvidence row{hit.row, memory.value(hit.row), double(hit.score), 0.0, {}, double(hit.score)};
        if (wording) {
            row.words = wording->tokens.before(memory, hit.row);
            row.score += rank.words * (row.words - rank.words_floor);
        }
        out.push_back(row);
    }
    std::ranges::stable_sort(out, std::greater<>{}, &RowEvidence::score);
    if (!wording) return out;
    const auto close = std::span(out).first(std::min(CloseRows, out.size()));
    for (RowEvidence& row : close) {
        row.whole = wording->words.before(memory, row.row);
        row.score -= rank.whole * (1.0 - row.whole.all);
    }
    std::ranges::stable_sort(close, std::greater<>{}, &RowEvidence::score);
    return out;
}

bool same_place(const MemoryView& memory, std::int64_t a, std::int64_t b)
{
    const std::int64_t apart = std::abs(a - b);
    if (apart > near) return false;
    if (apart <= own || a < 2 || b < 2) return true;
    return memory.value(a - 1) != memory.value(b - 1) || memory.value(a - 2) != memory.value(b - 2);
}

std::vector<MemoryHit> hits_of(const std::vector<RowEvidence>& ranked, std::size_t most)
{
    std::vector<MemoryHit> out;
    for (const RowEvidence& row : std::span(ranked).first(std::min(most, ranked.size())))
        out.push_back({row.row, float(row.score), row.token});
    return out;
}

std::vector<RowEvidence> matching_rows(const MemoryView& memory, const Wording& wording, const std::vector<RowEvidence>& ranked,
    const Logistic& again, std::size_t most)
{
    std::vector<RowEvidence> out;
    int missed = 0;
    for (const RowEvidence& row : ranked) {
        if (out.size() >= most || missed >= misses) break;
        if (std::ranges::any_of(out, [&](const RowEvidence& known) { return same_place(memory, known.row, row.row); })) continue;
        const double lost = wording.words.heaviest_lost(ranked[0].whole, row.whole);
        if (out.empty() || again.logit(measure_again(ranked[0], row, lost)) > 0.0) {
            out.push_back(row);
            missed = 0;
        } else {
            ++missed;
        }
    }
    std::ranges::sort(out, {}, &RowEvidence::row);
    return out;
}

ReaderPrediction going_on(MemoryModel& model, const MemoryView& memory, std::span<const std::int32_t> tokens, std::int64_t row,
    const RankOptions& rank, const ScanOptions& scan)
{
    const auto width = std::size_t(model.spec().key_dim);
    const KeyRun key = memory.row(row, width);
    const ReaderQuery query = model.query(tokens);
    const ScanHit hit = scan_keys(std::span(&key, 1), query.query, width, scan).front();
    const MemoryHit read{row, hit.score + float(rank.going_on), memory.value(row)};
    return model.predict(query, std::span(&read, 1));
}

double end_odds(const ReaderPrediction& said, std::int32_t end)
{
    const double p = end < 0 ? 0.0 : std::clamp(double(said.probability[std::size_t(end)]), 1e-6, 1.0 - 1e-6);
    return p > 0.0 ? std::log(p / (1.0 - p)) : -20.0;
}

}  // namespace pathloom
