// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/answer_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

namespace pathloom {

namespace {

constexpr std::int64_t near = 24;  // rows: a value and the words around it
constexpr std::int64_t own = 3;  // rows that belong to one place whatever stands before them
constexpr int misses = 64;  // rows in a row that are not as good: the rest is worse

}  // namespace

std::vector<RowEvidence> rank_rows(const MemoryView& memory, const ReaderQuery& query, std::size_t key_dim,
    const WordMatch* words, const RankOptions& rank, const ScanOptions& scan)
{
    std::vector<RowEvidence> out;
    for (const ScanHit& hit : scan_keys(memory.runs(), query.query, key_dim, scan)) {
        RowEvidence row{hit.row, memory.value(hit.row), double(hit.score), 0.0, 0.0, double(hit.score)};
        if (words) {
            row.words = words->at(memory, hit.row);
            row.rare = words->rare(memory, hit.row);
            row.score += rank.words * (row.words - rank.words_floor);
        }
        out.push_back(row);
    }
    std::ranges::stable_sort(out, std::greater<>{}, &RowEvidence::score);
    return out;
}

bool same_place(const MemoryView& memory, std::int64_t a, std::int64_t b)
{
    const std::int64_t apart = std::abs(a - b);
    if (apart > near) return false;
    if (apart <= own || a < 2 || b < 2) return true;
    return memory.value(a - 1) != memory.value(b - 1) || memory.value(a - 2) != memory.value(b - 2);
}

double next_score(const MemoryView& memory, const std::vector<RowEvidence>& ranked)
{
    for (std::size_t i = 1; i < ranked.size(); ++i) {
        if (!same_place(memory, ranked[0].row, ranked[i].row)) return ranked[i].score;
    }
    return 0.0;
}

std::vector<MemoryHit> hits_of(const std::vector<RowEvidence>& ranked, std::size_t most)
{
    std::vector<MemoryHit> out;
    for (const RowEvidence& row : std::span(ranked).first(std::min(most, ranked.size())))
        out.push_back({row.row, float(row.score), row.token});
    return out;
}

double none_odds(const ReaderPrediction& said, const std::vector<MemoryHit>& hits, std::int32_t none)
{
    float copied = 1e-9f;
    for (const MemoryHit& hit : hits) copied = std::max(copied, said.probability[std::size_t(hit.token)]);
    return std::log(double(std::max(said.probability[std::size_t(none)], 1e-9f)) / double(copied));
}

std::vector<RowEvidence> matching_rows(
    const MemoryView& memory, const std::vector<RowEvidence>& ranked, const Logistic& again, std::size_t most)
{
    std::vector<RowEvidence> out;
    int missed = 0;
    for (const RowEvidence& row : ranked) {
        if (out.size() >= most || missed >= misses) break;
        if (std::ranges::any_of(out, [&](const RowEvidence& known) { return same_place(memory, known.row, row.row); })) continue;
        if (out.empty() || again.logit(measure_again(ranked[0], row)) > 0.0) {
            out.push_back(row);
            missed = 0;
        } else {
            ++missed;
        }
    }
    std::ranges::sort(out, {}, &RowEvidence::row);
    return out;
}

}  // namespace pathloom
