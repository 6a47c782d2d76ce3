// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/route_text.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/server/helper_process.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace pathloom {

namespace {

/// What a prefix can need at most; the rest of a long text is not even sent.
constexpr std::size_t longest_text = 64 << 10;

struct PrefixState {
    std::vector<float> z;
    int tokens = 0;
    std::string read;
};

Result<PrefixState> encode_prefix(const RunPlan& plan, const RouteTextJob& job, const std::string& text, BlobStore& blobs)
{
    nlohmann::json columns = nlohmann::json::array();
    for (std::size_t i = 0; i < job.warm.size(); ++i) {
        PATHLOOM_TRY(const auto file, blobs.verified(job.warm[i]));
        const Column& column = plan.warm.columns[i];
        columns.push_back({{"name", column.name}, {"blocks", column.blocks}, {"file", file.string()}});
    }
    PATHLOOM_TRY(const auto tokenizer, blobs.verified(job.tokenizer));
    HelperRequest helper{"routing helper", {}, {"prefix-state"}, {}, 0};
    PATHLOOM_TRY(helper.program, sibling_program("pathloom-probe"));
    helper.line = nlohmann::json{{"model", nlohmann::json::parse(to_json(plan.spec.model))},
        {"precision", plan.spec.training.precision}, {"columns", columns}, {"tokenizer", tokenizer.string()},
        {"prefix", plan.spec.routing.prefix}, {"text", text.substr(0, longest_text)}}
                      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    std::optional<nlohmann::json> answer;
    PATHLOOM_TRY(const int status, run_helper(helper, [&](const nlohmann::json& said) {
        answer = said;
        return true;
    }));
    if (!answer) return fail(helper_ended(helper, status, "; see the engine's log"));
    if (answer->contains("error"))
        return fail(Error{ErrorCode((*answer)["code"].get<int>()), (*answer)["error"].get<std::string>()});
    return PrefixState{
        (*answer)["z"].get<std::vector<float>>(), (*answer)["tokens"].get<int>(), (*answer)["read"].get<std::string>()};
}

}  // namespace

Result<v1::RouteTextResponse> route_text(const RunPlan& plan, const RouteTextJob& job, const std::string& text, BlobStore& blobs)
{
    v1::RouteTextResponse out;
    out.set_routing(job.routing);
    out.set_prefix(plan.spec.routing.prefix);
    PATHLOOM_TRY(const auto file, blobs.verified(job.router));
    PATHLOOM_TRY(const std::string bytes, read_file(file));
    PATHLOOM_TRY(const auto router, load_router(std::as_bytes(std::span(bytes))));
    out.set_router(router->kind());
    if (!router_needs_features(router->kind())) return out;
    PATHLOOM_TRY(const PrefixState state, encode_prefix(plan, job, text, blobs));
    if (int(state.z.size()) != router->feature_columns())
        return fail(ErrorCode::Corrupt, "the router reads {} features, the warm-start model gives {}; clone the run",
            router->feature_columns(), state.z.size());
    out.set_tokens(state.tokens);
    out.set_read(state.read);
    std::vector<float> scores(std::size_t(router->cells()), 0.0f);
    router->score(state.z, 0, scores);
    const float best = *std::ranges::max_element(scores);
    double sum = 0.0;
    for (const float score : scores) sum += std::exp(double(score) - double(best));
    std::vector<int> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](int a, int b) { return scores[std::size_t(a)] > scores[std::size_t(b)]; });
    for (const int cell : order) {
        auto* share = out.add_cells();
        share->set_path(scoring_path(plan, cell));
        share->set_score(double(scores[std::size_t(cell)]));
        share->set_probability(std::exp(double(scores[std::size_t(cell)]) - double(best)) / sum);
    }
    return out;
}

}  // namespace pathloom
