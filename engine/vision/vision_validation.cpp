// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/vision_validation.h"

#include "engine/core/rng.h"
#include "engine/corpus/text.h"
#include "engine/vision/frame_reading.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pathloom {

namespace {

constexpr int pictures_at_once = 4;

}  // namespace

Result<std::vector<float>> PromptQueries::of(const VisionBatch& batch)
{
    std::vector<float> out;
    for (const std::string& prompt : batch.prompts) {
        auto known = m_known.find(prompt);
        if (known == m_known.end()) {
            PATHLOOM_TRY(std::vector<float> query, m_request.query(prompt));
            if (query.size() != m_key_dim)
                return fail(ErrorCode::Usage, "the reader's keys have {} numbers and the recipe's model.key_dim is {}",
                    query.size(), m_key_dim);
            known = m_known.emplace(prompt, std::move(query)).first;
        }
        out.insert(out.end(), known->second.begin(), known->second.end());
    }
    return out;
}

Result<VisionReadings> read_usual(
    VisionNet& net, const OverlayMixture& mixture, PromptQueries& asked, int pictures, std::uint64_t first)
{
    VisionReadings out;
    VisionOutputs slopes;
    const auto key_dim = std::size_t(net.spec().key_dim);
    const auto row_floats = std::size_t(net.spec().tokens()) * std::size_t(net.spec().row_dim());
    int batches = 0;
    for (int done = 0; done < pictures; done += pictures_at_once, ++batches) {
        const VisionBatch batch
            = mixture.usual_batch(first + std::uint64_t(batches), std::min(pictures_at_once, pictures - done));
        PATHLOOM_TRY(const std::vector<float> queries, asked.of(batch));
        const VisionOutputs& outputs = net.forward(batch.pictures, batch.batch, batch.height, queries);
        const VisionLoss loss = vision_loss(batch, net.spec(), outputs, 0.0, slopes);
        out.counts.loss.line += loss.line;
        out.counts.loss.wanted += loss.wanted;
        out.counts.loss.crossed += loss.crossed;
        out.counts.loss.letters += loss.letters;
        for (std::size_t b = 0; b < std::size_t(batch.batch); ++b) {
            const auto query = queries.begin() + std::ptrdiff_t(b * key_dim);
            const FrameQuestion question{{query, query + std::ptrdiff_t(key_dim)}, LineWords(batch.prompts[b])};
            const FrameReading reading = read_frame(net, question, std::span(outputs.rows).subspan(b * row_floats, row_floats));
            const bool answered = !batch.answers[b].empty();
            out.measured.push_back({measure_frame(reading), answered});
            (answered ? out.counts.answered : out.counts.others) += 1;
            out.counts.read += answered && reading.word == ascii_lowered(batch.answers[b]) ? 1 : 0;
            out.counts.refused += !answered && reading.evidence < 0.0 ? 1 : 0;
        }
    }
    VisionLoss& mean = out.counts.loss;
    for (double* const value : {&mean.line, &mean.wanted, &mean.crossed, &mean.letters}) *value /= batches;
    return out;
}

nlohmann::json decided(const Logistic& gate, std::span<const GateExample> examples)
{
    int answered = 0, accepted = 0, refused = 0;
    for (const GateExample& example : examples) {
        answered += example.right ? 1 : 0;
        const bool passes = gate.logit(example.measured) > 0.0;
        accepted += example.right && passes ? 1 : 0;
        refused += !example.right && !passes ? 1 : 0;
    }
    return {{"bias", gate.bias}, {"weights", std::vector<double>(gate.weights.begin(), gate.weights.begin() + 3)},
        {"answered", answered}, {"accepted", accepted}, {"others", int(examples.size()) - answered}, {"refused", refused}};
}

void match_copies(VisionNet& net, const ScenePairs& train, std::size_t trained, const ScenePairs& valid, std::size_t kept_back,
    VisionValidation& counts)
{
    const VisionSpec& spec = net.spec();
    const auto looks_of
        = [&](const std::vector<float>& picture) { return unit_looks(spec, net.forward(picture, 1, spec.height).rows); };
    std::vector<std::vector<float>> all;
    for (std::size_t i = 0; i < kept_back; ++i) all.push_back(looks_of(valid.plain(i)));
    for (std::size_t i = 0; i < trained; ++i) all.push_back(looks_of(train.plain(i)));
    for (std::size_t i = 0; i < kept_back; ++i) {
        const std::vector<float> wanted = looks_of(valid.copy(i, mix(1, i)));
        const auto alike = [&](const std::vector<float>& one) { return likeness(one, wanted, spec.tokens()); };
        counts.copies += 1;
        counts.matched += std::ranges::max_element(all, {}, alike) == all.begin() + std::ptrdiff_t(i) ? 1 : 0;
    }
}

}  // namespace pathloom
