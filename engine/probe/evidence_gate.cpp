// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/evidence_gate.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

using nlohmann::json;
constexpr double light = 4.0, heavy = 6.0;  // nats: a word in 55 tokens, a word in 400
json to_json(const Logistic& one, const auto& names)
{
    json out{{"bias", one.bias}};
    for (std::size_t i = 0; i < names.size(); ++i) out[names[i]] = one.weights[i];
    return out;
}

json to_json(const CopyMixture& mixture)
{
    json out = to_json(mixture.copying, copying_names);
    out["cosine_scale"] = mixture.cosine_scale;
    out["match_scale"] = mixture.match_scale;
    return out;
}

bool number_at(const json& object, const char* name, double& value)
{
    const auto at = object.find(name);
    if (at == object.end() || !at->is_number()) return false;
    value = at->get<double>();
    return std::isfinite(value);
}

bool from_json(const json& document, const char* part, const auto& names, Logistic& one)
{
    const auto found = document.find(part);
    if (found == document.end() || !found->is_object()) return false;
    bool good = number_at(*found, "bias", one.bias);
    for (std::size_t i = 0; i < names.size(); ++i) good = good && number_at(*found, names[i], one.weights[i]);
    return good;
}

}  // namespace

Measurements measure_present(const RowEvidence& best, std::int64_t rows)
{
    return {best.cosine, best.words, best.whole.sentence, best.whole.rarest, best.whole.names,
        std::log(double(std::max<std::int64_t>(rows, 1))) / 10.0};
}

Measurements measure_again(const RowEvidence& best, const RowEvidence& other, double heaviest_lost)
{
    return {other.cosine, other.words, other.whole.all, heaviest_lost / 10.0, best.cosine - other.cosine,
        best.words - other.words, best.whole.all - other.whole.all,
        std::clamp((heaviest_lost - light) / (heavy - light), 0.0, 1.0)};
}

std::string write_gate(const EvidenceGate& gate, const std::string& model, const std::string& recipe)
{
    json out{{"kind", "evidence gate"}, {"model_sha256", model}, {"present", to_json(gate.present, present_names)},
        {"present_several", to_json(gate.present_several, present_names)}, {"again", to_json(gate.again, again_names)},
        {"same", to_json(gate.same, again_names)}, {"ends", to_json(gate.ends, ends_names)}, {"fitted", json::parse(recipe)}};
    if (gate.text) out["text"] = to_json(*gate.text);
    return out.dump(2) + "\n";
}

Result<EvidenceGate> parse_gate(const std::string& text, const std::string& model)
{
    const json document = json::parse(text, nullptr, false);
    EvidenceGate out;
    if (!document.is_object() || !from_json(document, "present", present_names, out.present)
        || !from_json(document, "present_several", present_names, out.present_several)
        || !from_json(document, "again", again_names, out.again) || !from_json(document, "same", again_names, out.same)
        || !from_json(document, "ends", ends_names, out.ends))
        return fail(ErrorCode::Corrupt, "it is no evidence gate; delete it or run reader gate");
    if (document.contains("text")) {
        CopyMixture& mixture = out.text.emplace();
        const json& part = document["text"];
        if (!from_json(document, "text", copying_names, mixture.copying) || !number_at(part, "cosine_scale", mixture.cosine_scale)
            || !number_at(part, "match_scale", mixture.match_scale))
            return fail(ErrorCode::Corrupt, "its part on running text is damaged; delete it or run reader gate");
    }
    const auto owner = document.find("model_sha256");
    if (owner == document.end() || *owner != model)
        return fail(ErrorCode::Corrupt, "it was fitted for other weights; run reader gate again");
    return out;
}

}  // namespace pathloom
