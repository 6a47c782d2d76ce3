// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/evidence_gate.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

using nlohmann::json;
constexpr std::size_t wide = std::tuple_size_v<Measurements> + 1;  // the bias comes last
using Row = std::array<double, wide>;

json to_json(const Logistic& one, const auto& names)
{
    json out{{"bias", one.bias}};
    for (std::size_t i = 0; i < names.size(); ++i) out[names[i]] = one.weights[i];
    return out;
}

bool from_json(const json& document, const char* part, const auto& names, Logistic& one)
{
    const auto found = document.find(part);
    if (found == document.end() || !found->is_object()) return false;
    const auto number = [&](const char* name, double& value) {
        const auto at = found->find(name);
        if (at == found->end() || !at->is_number()) return false;
        value = at->template get<double>();
        return std::isfinite(value);
    };
    bool good = number("bias", one.bias);
    for (std::size_t i = 0; i < names.size(); ++i) good = good && number(names[i], one.weights[i]);
    return good;
}

/// Solves a x = b for a positive definite `a`, which is destroyed.
Row solve(std::array<Row, wide>& a, Row b)
{
    for (std::size_t i = 0; i < wide; ++i) {
        for (std::size_t j = i + 1; j < wide; ++j) {
            const double factor = a[j][i] / a[i][i];
            for (std::size_t k = i; k < wide; ++k) a[j][k] -= factor * a[i][k];
            b[j] -= factor * b[i];
        }
    }
    for (std::size_t i = wide; i-- > 0;) {
        for (std::size_t k = i + 1; k < wide; ++k) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    return b;
}

}  // namespace

Measurements measure_present(const RowEvidence& best, std::int64_t rows)
{
    return {best.cosine, best.words, best.whole.sentence, best.whole.rarest, best.whole.names,
        std::log(double(std::max<std::int64_t>(rows, 1))) / 10.0};
}

Measurements measure_again(const RowEvidence& best, const RowEvidence& other, double heaviest_lost)
{
    return {other.cosine, other.words, other.whole.all, heaviest_lost, best.cosine - other.cosine, best.words - other.words,
        best.whole.all - other.whole.all, best.whole.rarest - other.whole.rarest};
}

double Logistic::logit(const Measurements& measured) const
{
    double sum = bias;
    for (std::size_t i = 0; i < measured.size(); ++i) sum += weights[i] * measured[i];
    return sum;
}

Result<Logistic> fit_logistic(std::span<const GateExample> examples, double penalty)
{
    const auto right = double(std::ranges::count(examples, true, &GateExample::right)), all = double(examples.size());
    if (right < 1.0 || right > all - 1.0)
        return fail(ErrorCode::Usage, "a gate needs examples of both kinds, got {} right ones of {}", right, all);
    Row x{};
    for (int round = 0; round < 50; ++round) {
        Row slope{};
        std::array<Row, wide> curve{};
        for (std::size_t i = 0; i + 1 < wide; ++i) {  // the bias is free
            slope[i] = penalty * x[i];
            curve[i][i] = penalty;
        }
        curve[wide - 1][wide - 1] = 1e-9;
        for (const GateExample& example : examples) {
            Row in{};
            std::ranges::copy(example.measured, in.begin());
            in[wide - 1] = 1.0;
            double logit = 0.0;
            for (std::size_t i = 0; i < wide; ++i) logit += x[i] * in[i];
            const double p = 1.0 / (1.0 + std::exp(-logit)), weight = 0.5 / (example.right ? right : all - right);
            for (std::size_t i = 0; i < wide; ++i) {
                slope[i] += weight * (p - (example.right ? 1.0 : 0.0)) * in[i];
                for (std::size_t j = 0; j < wide; ++j) curve[i][j] += weight * (p * (1.0 - p) + 1e-6) * in[i] * in[j];
            }
        }
        const Row step = solve(curve, slope);
        double moved = 0.0;
        for (const double s : step) moved = std::max(moved, std::abs(s));
        const double shorter = moved > 5.0 ? 5.0 / moved : 1.0;  // far from the minimum a full step overshoots
        for (std::size_t i = 0; i < wide; ++i) x[i] -= shorter * step[i];
        if (moved < 1e-9) break;
    }
    Logistic out;
    std::copy_n(x.begin(), out.weights.size(), out.weights.begin());
    out.bias = x[wide - 1];
    return out;
}

Logistic least_errors(Logistic one, std::span<const GateExample> examples)
{
    std::vector<std::pair<double, bool>> sorted;
    for (const GateExample& example : examples) sorted.emplace_back(one.logit(example.measured), example.right);
    std::ranges::sort(sorted);
    auto errors = std::ranges::count(examples, false, &GateExample::right), least = errors;  // all are taken
    double best = sorted.empty() ? 0.0 : sorted.front().first - 1.0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        errors += sorted[i].second ? 1 : -1;  // this one is refused, too
        if (errors >= least) continue;
        least = errors;
        best = i + 1 < sorted.size() ? (sorted[i].first + sorted[i + 1].first) / 2.0 : sorted[i].first + 1.0;
    }
    one.bias -= best;
    return one;
}

Logistic accepting(Logistic one, std::span<const GateExample> examples, double lost)
{
    std::vector<double> right;
    for (const GateExample& example : examples)
        if (example.right) right.push_back(one.logit(example.measured));
    if (right.empty()) return one;
    std::ranges::sort(right);
    const double lowest = right[std::size_t(lost * double(right.size()))];
    if (lowest <= 0.0) one.bias += 1e-3 - lowest;
    return one;
}

std::string write_gate(const EvidenceGate& gate, const std::string& model, const std::string& recipe)
{
    const json out{{"kind", "evidence gate"}, {"model_sha256", model}, {"present", to_json(gate.present, present_names)},
        {"present_several", to_json(gate.present_several, present_names)}, {"again", to_json(gate.again, again_names)},
        {"same", to_json(gate.same, again_names)}, {"fitted", json::parse(recipe)}};
    return out.dump(2) + "\n";
}

Result<EvidenceGate> parse_gate(const std::string& text, const std::string& model)
{
    const json document = json::parse(text, nullptr, false);
    EvidenceGate out;
    if (!document.is_object() || !from_json(document, "present", present_names, out.present)
        || !from_json(document, "present_several", present_names, out.present_several)
        || !from_json(document, "again", again_names, out.again) || !from_json(document, "same", again_names, out.same))
        return fail(ErrorCode::Corrupt, "it is no evidence gate; delete it or run reader gate");
    const auto owner = document.find("model_sha256");
    if (owner == document.end() || *owner != model)
        return fail(ErrorCode::Corrupt, "it was fitted for other weights; run reader gate again");
    return out;
}

}  // namespace pathloom
