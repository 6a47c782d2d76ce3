// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/reroute.h"

#include "engine/routing/linear_router.h"

#include <algorithm>

namespace pathloom {
namespace {

int chunks_of(const WindowTable& table, int chunk)
{
    return (table.windows + chunk - 1) / chunk;
}

/// Sum over the windows [begin, end) of a row.
template <class T>
double sum(const std::vector<T>& values, const WindowTable& table, std::size_t row, int begin, int end)
{
    double out = 0;
    for (int w = begin; w < std::min(end, table.windows); ++w)
        out += double(values[row * std::size_t(table.windows) + std::size_t(w)]);
    return out;
}

int least_loss(const WindowTable& table, std::size_t row, int begin, int end)
{
    int best = 0;
    double least = 0;
    for (int cell = 0; cell < table.cells(); ++cell) {
        const double loss = sum(table.nll[std::size_t(cell)], table, row, begin, end);
        if (cell == 0 || loss < least) {
            least = loss;
            best = cell;
        }
    }
    return best;
}

/// Mean feature of the windows [begin, begin + chunk), which are all full.
void chunk_feature(const WindowTable& table, std::size_t row, int begin, int chunk, std::span<float> out)
{
    const auto d = std::size_t(table.columns);
    for (std::size_t j = 0; j < d; ++j) {
        double mean = 0;
        for (int w = begin; w < begin + chunk; ++w)
            mean += double(table.z[(row * std::size_t(table.windows) + std::size_t(w)) * d + j]);
        out[j] = float(mean / chunk);
    }
}

bool has_tokens(const WindowTable& table, std::size_t row, int chunk, int c)
{
    return sum(table.tokens, table, row, c * chunk, (c + 1) * chunk) > 0;
}

Route empty_route(const WindowTable& table, int chunk)
{
    Route out{chunk, chunks_of(table, chunk), {}};
    out.cells.assign(table.rows.size() * std::size_t(out.chunks), -1);
    return out;
}

}  // namespace

Result<void> WindowTable::check() const
{
    const std::size_t n = rows.size() * std::size_t(windows);
    bool whole = windows > 0 && columns > 0 && !nll.empty() && tokens.size() == n && z.size() == n * std::size_t(columns);
    for (const auto& of_cell : nll) whole = whole && of_cell.size() == n;
    if (!whole)
        return fail(ErrorCode::Corrupt, "window scores and features do not fit together; evaluate again after cloning the run");
    return {};
}

Route route_once(const WindowTable& table, std::span<const int> cell_of_row)
{
    Route out = empty_route(table, table.windows);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        if (has_tokens(table, row, out.chunk, 0)) out.cells[row] = cell_of_row[std::size_t(table.rows[row])];
    return out;
}

Route oracle(const WindowTable& table, int chunk)
{
    Route out = empty_route(table, chunk > 0 ? chunk : table.windows);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        for (int c = 0; c < out.chunks; ++c)
            if (has_tokens(table, row, out.chunk, c))
                out.cells[row * std::size_t(out.chunks) + std::size_t(c)]
                    = least_loss(table, row, c * out.chunk, (c + 1) * out.chunk);
    return out;
}

Result<std::unique_ptr<Router>> fit_chunk_router(const WindowTable& table, int chunk, const std::vector<bool>& use)
{
    FeatureMatrix z{{}, 0, table.columns};
    std::vector<int> labels;
    std::vector<float> feature(std::size_t(table.columns), 0.0f);
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        if (!use[row]) continue;
        for (int c = 1; c < chunks_of(table, chunk); ++c) {
            if (!has_tokens(table, row, chunk, c)) break;
            chunk_feature(table, row, (c - 1) * chunk, chunk, feature);
            z.values.insert(z.values.end(), feature.begin(), feature.end());
            ++z.rows;
            labels.push_back(least_loss(table, row, c * chunk, table.windows));
        }
    }
    if (z.rows == 0)
        return fail(ErrorCode::Usage,
            "no sequence has two chunks of {} scored tokens; re-route more often, or train with a longer data.sequence",
            chunk * smallest_window);
    return fit_linear_router(z, labels, table.cells());
}

namespace {
/// Later chunks go where `choose(row, chunk)` says.
template <class Choose>
Route route_chunks(const WindowTable& table, int chunk, std::span<const int> cell_of_row, Choose&& choose)
{
    Route out = empty_route(table, chunk);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        for (int c = 0; c < out.chunks; ++c) {
            if (!has_tokens(table, row, chunk, c)) break;
            out.cells[row * std::size_t(out.chunks) + std::size_t(c)]
                = c == 0 ? cell_of_row[std::size_t(table.rows[row])] : choose(row, c);
        }
    return out;
}
}  // namespace

Route reroute(const WindowTable& table, int chunk, std::span<const int> cell_of_row, const Router& router)
{
    std::vector<float> feature(std::size_t(table.columns), 0.0f), scores(static_cast<std::size_t>(table.cells()), 0.0f);
    return route_chunks(table, chunk, cell_of_row, [&](std::size_t row, int c) {
        chunk_feature(table, row, (c - 1) * chunk, chunk, feature);
        router.score(feature, table.rows[row], scores);
        return int(std::ranges::max_element(scores) - scores.begin());
    });
}

std::vector<std::int32_t> look_ahead(const WindowTable& table)
{
    std::vector<std::int32_t> out(table.rows.size() * std::size_t(table.windows), -1);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        for (int w = 0; w + 1 < table.windows && has_tokens(table, row, 1, w + 1); ++w)
            out[row * std::size_t(table.windows) + std::size_t(w)] = least_loss(table, row, w + 1, table.windows);
    return out;
}

Route reroute(const WindowTable& table, int chunk, std::span<const int> cell_of_row, std::span<const float> scores)
{
    const auto cells = static_cast<std::size_t>(table.cells());
    return route_chunks(table, chunk, cell_of_row, [&](std::size_t row, int c) {
        const auto said = scores.subspan((row * std::size_t(table.windows) + std::size_t(c * chunk - 1)) * cells, cells);
        return int(std::ranges::max_element(said) - said.begin());
    });
}

Result<WindowTable> joined(WindowTable first, const WindowTable& second)
{
    if (first.rows.empty()) return second;
    if (second.rows.empty()) return first;
    if (first.windows != second.windows || first.columns != second.columns || first.cells() != second.cells())
        return fail(ErrorCode::Corrupt, "two parts of the window scores have other shapes; clone the run and evaluate the clone");
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(first.rows, second.rows);
    append(first.tokens, second.tokens);
    append(first.z, second.z);
    for (std::size_t cell = 0; cell < first.nll.size(); ++cell) append(first.nll[cell], second.nll[cell]);
    return first;
}

}  // namespace pathloom
