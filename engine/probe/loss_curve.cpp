// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/loss_curve.h"

#include <algorithm>
#include <chrono>

namespace pathloom {

namespace {

using nlohmann::json;

PowerLaw law_of(const std::vector<LossPoint>& points)
{
    std::vector<double> x, y;
    for (const LossPoint& point : points) {
        x.push_back(double(point.position));
        y.push_back(point.cumulative);
    }
    return fit_power_law(x, y);
}

json curve_recipe(const ReaderPackage& reader, const std::string& document_hash, const PositionLossRequest& request)
{
    json out{{"model", reader.hash}, {"document_sha256", document_hash}, {"document_tokens", request.length},
        {"insertions", json::array()}, {"windows", request.windows}, {"window", request.window}, {"targets", "last quarter"}};
    if (!reader.gate_hash.empty()) out["gate"] = reader.gate_hash;
    return out;
}

/// What keep() wrote; nothing when it cannot be read, so it is measured again.
std::vector<LossPoint> read_points(const std::string& text)
{
    std::vector<LossPoint> out;
    const json list = json::parse(text, nullptr, false);
    if (!list.is_array()) return out;
    for (const json& one : list) {
        if (!one.is_array() || one.size() != 5 || !std::ranges::all_of(one, [](const json& n) { return n.is_number(); }))
            return {};
        out.push_back(
            {one[0].get<std::size_t>(), one[1].get<int>(), one[2].get<double>(), one[3].get<double>(), one[4].get<double>()});
    }
    return out;
}

}  // namespace

json points_json(const std::vector<LossPoint>& points, std::size_t document_tokens)
{
    json out = json::array();
    for (const LossPoint& point : points)
        out.push_back({{"position", point.position}, {"tokens", point.tokens}, {"nll", point.nll},
            {"nll_window", point.nll_window}, {"cumulative", point.cumulative}, {"repeated", point.position > document_tokens}});
    return out;
}

json law_json(const PowerLaw& law)
{
    return {{"alpha", law.alpha}, {"beta", law.beta}, {"gamma", law.gamma}, {"r2", law.r2}};
}

Result<LossCurve> loss_curve(ReaderPackage& reader, const Haystack& haystack, const PositionLossRequest& request,
    const std::string& document_hash, ResultStore* store, const LossProgress& progress)
{
    LossCurve curve;
    curve.document_tokens = haystack.document_tokens;
    const json recipe = curve_recipe(reader, document_hash, request);
    if (store) {
        PATHLOOM_TRY(const auto known, store->find("reader", recipe));
        if (known) curve.points = read_points(known->answer);
    }
    curve.kept = !curve.points.empty();
    if (!curve.kept) {
        const auto start = std::chrono::steady_clock::now();
        PATHLOOM_TRY(curve.points, position_loss(reader, haystack, request, progress));
        if (store) {
            json list = json::array();
            for (const LossPoint& p : curve.points) list.push_back({p.position, p.tokens, p.nll, p.nll_window, p.cumulative});
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            PATHLOOM_CHECK(store->keep({0, "nll", "", "reader", std::int64_t(request.length), -1.0, 0, recipe, list.dump(),
                curve.points.back().cumulative, seconds, 0.0}));
        }
    }
    curve.law = law_of(curve.points);
    return curve;
}

}  // namespace pathloom
