// SPDX-License-Identifier: GPL-3.0-or-later
// Evaluations that route more often than once a sequence, and the oracle's bound: scores of every path in small windows.
#include "engine/core/rng.h"
#include "engine/routing/reroute.h"
#include "engine/server/eval_document.h"
#include "engine/server/run_controller.h"
#include "engine/store/safetensors.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace pathloom {

namespace {

/// Adds one chunk of rows, scored by every path, to a table.
Result<WindowTable> read_chunk(const RunPlan& plan, const WindowPart& part, BlobStore& blobs)
{
    WindowTable table;
    table.rows = part.rows;
    PATHLOOM_TRY(const auto feature_path, blobs.verified(part.features));
    PATHLOOM_TRY(const auto feature_file, Safetensors::open(feature_path));
    PATHLOOM_TRY(const TensorView* z, feature_file.expect("z", DType::F32));
    if (z->shape.size() != 3) return fail(ErrorCode::Corrupt, "window features in blob {} have no windows", part.features);
    table.windows = int(z->shape[1]);
    table.columns = int(z->shape[2]);
    table.z.assign(z->as<float>().begin(), z->as<float>().end());
    for (int cell = 0; cell < plan.topology.cells(); ++cell) {
        PATHLOOM_TRY(const auto path, blobs.verified(part.scores[std::size_t(cell)]));
        PATHLOOM_TRY(const auto file, Safetensors::open(path));
        PATHLOOM_TRY(const TensorView* nll, file.expect("nll", DType::F32));
        PATHLOOM_TRY(const TensorView* tokens, file.expect("tokens", DType::I32));
        table.nll.emplace_back(nll->as<float>().begin(), nll->as<float>().end());
        if (cell == 0) table.tokens.assign(tokens->as<std::int32_t>().begin(), tokens->as<std::int32_t>().end());
    }
    PATHLOOM_CHECK(table.check());
    return table;
}

Result<WindowTable> read_table(const RunPlan& plan, const std::vector<WindowPart>& parts, BlobStore& blobs)
{
    WindowTable all;
    for (const WindowPart& part : parts) {
        PATHLOOM_TRY(const WindowTable one, read_chunk(plan, part, blobs));
        PATHLOOM_TRY(all, joined(std::move(all), one));
    }
    return all;
}

/// A document lies in one fold as a whole.
bool in_fold(const RunPlan& plan, std::int32_t row, int parity)
{
    return int(mix(0x666f6c64U, std::uint64_t(plan.table.rows[std::size_t(row)].document)) % 2) == parity;
}

std::vector<bool> fold(const RunPlan& plan, const WindowTable& table, int parity)
{
    std::vector<bool> out;
    for (const std::int32_t row : table.rows) out.push_back(in_fold(plan, row, parity));
    return out;
}

/// Without data of its own, a router for the validation split is fitted to one half of its documents and routes the other, both
/// ways round: no text is routed by a router that has seen its scores.
Result<Route> cross_fitted(const RunPlan& plan, const WindowTable& table, int chunk, const std::vector<int>& cell_of_row)
{
    Route out;
    for (const int parity : {0, 1}) {
        const std::vector<bool> mine = fold(plan, table, parity);
        PATHLOOM_TRY(const auto router, fit_chunk_router(table, chunk, fold(plan, table, 1 - parity)));
        const Route route = reroute(table, chunk, cell_of_row, *router);
        if (out.cells.empty()) out = route;
        for (std::size_t row = 0; row < mine.size(); ++row)
            if (mine[row])
                std::copy_n(route.cells.begin() + std::ptrdiff_t(row) * route.chunks, route.chunks,
                    out.cells.begin() + std::ptrdiff_t(row) * out.chunks);
    }
    return out;
}

/// Loss of each routed chunk, summed by path and domain; "sequences" of a score are chunks here.
std::vector<ScoredTask> scores_of(const RunPlan& plan, const WindowTable& table, const Route& route, RouteSummary& summary)
{
    std::map<std::pair<int, int>, v1::DomainScore> sums;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        const int domain = plan.table.rows[std::size_t(table.rows[row])].domain;
        int before = -1;
        for (int c = 0; c < route.chunks; ++c) {
            const int cell = route.cells[row * std::size_t(route.chunks) + std::size_t(c)];
            if (cell < 0) break;
            v1::DomainScore& sum = sums[{cell, domain}];
            sum.set_domain(domain);
            sum.set_sequences(sum.sequences() + 1);
            for (int w = c * route.chunk; w < std::min((c + 1) * route.chunk, table.windows); ++w) {
                const std::size_t i = row * std::size_t(table.windows) + std::size_t(w);
                sum.set_nll(sum.nll() + double(table.nll[std::size_t(cell)][i]));
                sum.set_tokens(sum.tokens() + table.tokens[i]);
            }
            if (before >= 0 && before != cell) ++summary.switches;
            before = cell;
        }
        ++summary.sequences;
    }
    std::vector<ScoredTask> out;
    for (auto& [key, score] : sums) out.push_back({scoring_path(plan, key.first), {score}});
    return out;
}

/// What the token routers say, [rows of the table, windows, cells].
Result<std::vector<float>> read_router_scores(const WindowTable& table, const std::vector<TokenPart>& parts, BlobStore& blobs)
{
    const std::size_t one = std::size_t(table.windows) * static_cast<std::size_t>(table.cells());
    std::map<std::int32_t, std::size_t> index;
    for (std::size_t i = 0; i < table.rows.size(); ++i) index[table.rows[i]] = i;
    std::vector<float> out(table.rows.size() * one, 0.0f);
    for (const TokenPart& part : parts) {
        PATHLOOM_TRY(const auto path, blobs.verified(part.scores));
        PATHLOOM_TRY(const auto file, Safetensors::open(path));
        PATHLOOM_TRY(const TensorView* score, file.expect("score", DType::F32));
        if (score->shape != std::vector<std::int64_t>{std::int64_t(part.apply.size()), table.windows, table.cells()})
            return fail(
                ErrorCode::Corrupt, "the token router's scores in blob {} have another shape; clone the run", part.scores);
        for (std::size_t i = 0; i < part.apply.size(); ++i)
            std::ranges::copy(
                score->as<float>().subspan(i * one, one), out.begin() + std::ptrdiff_t(index.at(part.apply[i]) * one));
    }
    return out;
}

}  // namespace

std::vector<TokenPart> token_parts(const RunPlan& plan, const std::string& split)
{
    const auto& rows = split == "test" ? plan.test_rows : plan.valid_rows;
    const std::string fitting = fitting_part(plan, split);
    if (!fitting.empty()) {
        const auto& fit = fitting == "router" ? plan.router_rows : plan.valid_rows;
        return {{split == "test" ? 3 : 2, fit, rows, {}}};
    }
    std::vector<TokenPart> parts{{0, {}, {}, {}}, {1, {}, {}, {}}};
    for (const int parity : {0, 1})
        for (const std::int32_t row : rows)
            (in_fold(plan, row, parity) ? parts[std::size_t(parity)].apply : parts[std::size_t(parity)].fit).push_back(row);
    return parts;
}

std::string token_asset(int chunk, const std::string& what)
{
    return fmt::format("token-router.{}.{}", chunk, what);
}

Result<std::map<std::string, std::string>> prepare_token_routers(const RunPlan& plan, const WindowJob& job, BlobStore& blobs)
{
    if (plan.topology.cells() < 2)
        return fail(ErrorCode::Usage, "a token router chooses between paths, and run {} has one cell", job.run);
    PATHLOOM_TRY(const WindowTable table, read_table(plan, job.fitting.empty() ? job.scored : job.fitting, blobs));
    const std::vector<std::int32_t> labels = look_ahead(table);
    std::map<std::int32_t, std::size_t> index;
    for (std::size_t i = 0; i < table.rows.size(); ++i) index[table.rows[i]] = i;
    std::map<std::string, std::string> assets;
    for (const TokenPart& part : job.token) {
        std::vector<std::int32_t> own;
        for (const std::int32_t row : part.fit) {
            const auto from = labels.begin() + std::ptrdiff_t(index.at(row)) * table.windows;
            own.insert(own.end(), from, from + table.windows);
        }
        if (part.apply.empty() || std::ranges::none_of(own, [](std::int32_t label) { return label >= 0; }))
            return fail(ErrorCode::Usage,
                "a token router needs sequences with two windows of {} scored tokens, and the split has too few; train with a "
                "longer data.sequence or on more documents",
                smallest_window);
        const TensorView view{"cell", DType::I32, {std::int64_t(part.fit.size()), table.windows}, std::as_bytes(std::span(own))};
        PATHLOOM_TRY(assets[token_asset(part.chunk, "fit")], blobs.put(write_subset(part.fit)));
        PATHLOOM_TRY(assets[token_asset(part.chunk, "apply")], blobs.put(write_subset(part.apply)));
        PATHLOOM_TRY(assets[token_asset(part.chunk, "labels")], blobs.put(write_safetensors({&view, 1})));
    }
    return assets;
}

Result<void> RunController::request_token_routers(Project& project, const std::map<std::string, std::string>& assets)
{
    for (const auto& [key, value] : assets) {
        m_assets[key] = value;
        PATHLOOM_CHECK(project.set_asset(m_row.id, key, value));
    }
    want_windows();
    refresh();
    return {};
}

Result<EvalRoute> parse_route(const std::string& text)
{
    EvalRoute route{text.empty() ? "once" : text, 0, false};
    if (route.name == "once") return route;
    std::string number = route.name;
    if (number.rfind("oracle", 0) == 0) {
        route.oracle = true;
        if (number == "oracle") number = "oracle-16";
        number = number.rfind("oracle-", 0) == 0 ? number.substr(7) : "";
    } else if (const auto dash = number.find('-'); dash != std::string::npos) {
        const std::string router = number.substr(dash + 1);
        route.token = router == "token";
        number = route.token || router == "linear" ? number.substr(0, dash) : "";
        if (router == "linear") route.name = number;
    }
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), route.window);
    const bool whole = error == std::errc() && end == number.data() + number.size();
    if (!whole || route.window % smallest_window != 0 || route.window < (route.oracle ? 0 : smallest_window)
        || route.window > 1 << 20)
        return fail(ErrorCode::Usage,
            "route must be once, a number of tokens that is a multiple of {} (128, 64, 32, 16) with or without -token, oracle or "
            "oracle-W; got '{}'",
            smallest_window, text);
    return route;
}

std::vector<WindowRows> window_rows(const RunPlan& plan)
{
    std::vector<WindowRows> out;
    const auto add = [&](const std::string& part, const std::vector<std::int32_t>& rows) {
        for (std::size_t begin = 0; begin < rows.size(); begin += score_rows_per_task)
            out.push_back({part,
                {rows.begin() + std::ptrdiff_t(begin),
                    rows.begin() + std::ptrdiff_t(std::min(rows.size(), begin + score_rows_per_task))}});
    };
    add("valid", plan.valid_rows);
    add("test", plan.test_rows);
    add("router", plan.router_rows);
    return out;
}

std::string fitting_part(const RunPlan& plan, const std::string& split)
{
    if (!plan.router_rows.empty()) return "router";
    return split == "test" ? "valid" : "";
}

void RunController::want_windows()
{
    m_shape.window_tasks.clear();
    const auto parts = window_rows(m_plan);
    for (std::size_t chunk = 0; chunk < parts.size(); ++chunk) {
        if (!m_assets.contains("windows." + parts[chunk].part)) continue;
        m_shape.window_tasks.push_back({m_shape.phases, Stage::WindowFeatures, 0, int(chunk)});
        for (int path : m_shape.router_paths) m_shape.window_tasks.push_back({m_shape.phases, Stage::Windows, path, int(chunk)});
    }
    for (int chunk = 0; chunk < 4; ++chunk)  // see token_parts()
        if (m_assets.contains(token_asset(chunk, "labels")))
            m_shape.window_tasks.push_back({m_shape.phases, Stage::TokenRouter, 0, chunk});
}

Result<void> RunController::request_windows(Project& project, const std::string& split, bool oracle)
{
    if (int(m_assignments.size()) < m_shape.routings())
        return fail(ErrorCode::Usage, "run {} is not routed yet; wait until it has finished", m_row.id);
    const std::set<std::string> wanted_parts{split, oracle ? split : fitting_part(m_plan, split)};
    const auto parts = window_rows(m_plan);
    for (std::size_t chunk = 0; chunk < parts.size(); ++chunk) {
        const std::string key = "windows." + parts[chunk].part, subset = fmt::format("subset.windows.{}", chunk);
        if (!wanted_parts.contains(parts[chunk].part)) continue;
        if (!m_assets.contains(subset)) {
            PATHLOOM_TRY(m_assets[subset], project.blobs().put(write_subset(parts[chunk].rows)));
            PATHLOOM_CHECK(project.set_asset(m_row.id, subset, m_assets[subset]));
        }
        m_assets[key] = "1";
        PATHLOOM_CHECK(project.set_asset(m_row.id, key, "1"));
    }
    want_windows();
    refresh();
    return {};
}

std::optional<WindowJob> RunController::window_job(const std::string& split, const EvalRoute& route) const
{
    WindowJob job;
    job.run = m_row.id;
    job.name = m_row.name;
    job.split = split;
    job.route = route;
    job.cell_of_row = m_assignments.back().cell_of_row;
    const std::string fitting = route.oracle ? "" : fitting_part(m_plan, split);
    const auto parts = window_rows(m_plan);
    for (std::size_t chunk = 0; chunk < parts.size(); ++chunk) {
        const bool scored = parts[chunk].part == split;
        if (!scored && parts[chunk].part != fitting) continue;
        WindowPart part{parts[chunk].rows, {}, {}};
        const auto hash = [&](Stage stage, int path) {
            const auto found = m_assets.find(scores_asset({m_shape.phases, stage, path, int(chunk)}));
            return found == m_assets.end() ? std::string() : found->second;
        };
        part.features = hash(Stage::WindowFeatures, 0);
        bool whole = !part.features.empty();
        for (int path : m_shape.router_paths) {
            part.scores.push_back(hash(Stage::Windows, path));
            whole = whole && !part.scores.back().empty();
        }
        if (!whole) return std::nullopt;
        (scored ? job.scored : job.fitting).push_back(std::move(part));
    }
    if (!route.token) return job;
    job.token = token_parts(m_plan, split);
    for (TokenPart& part : job.token)
        if (const auto found = m_assets.find(scores_asset({m_shape.phases, Stage::TokenRouter, 0, part.chunk}));
            found != m_assets.end())
            part.scores = found->second;
    return job;
}

Result<std::string> do_window_eval(const RunPlan& plan, const WindowJob& job, BlobStore& blobs)
{
    PATHLOOM_TRY(const WindowTable table, read_table(plan, job.scored, blobs));
    const int chunk = job.route.window / smallest_window;
    Route route;
    if (job.route.oracle) {
        route = oracle(table, chunk);
    } else if (job.route.token) {
        PATHLOOM_TRY(const auto scores, read_router_scores(table, job.token, blobs));
        route = reroute(table, chunk, job.cell_of_row, scores);
    } else if (job.fitting.empty()) {
        PATHLOOM_TRY(route, cross_fitted(plan, table, chunk, job.cell_of_row));
    } else {
        PATHLOOM_TRY(const WindowTable fitting, read_table(plan, job.fitting, blobs));
        PATHLOOM_TRY(const auto router, fit_chunk_router(fitting, chunk, std::vector<bool>(fitting.rows.size(), true)));
        route = reroute(table, chunk, job.cell_of_row, *router);
    }
    RouteSummary summary;
    summary.window = job.route.window;
    const auto tasks = scores_of(plan, table, route, summary);
    return eval_document(job.run, job.name, plan, job.split, job.route.name, tasks, &summary);
}

}  // namespace pathloom
