// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/frame_reading.h"

#include "engine/vision/ctc.h"
#include "engine/vision/vision_layers.h"

#include <algorithm>

namespace pathloom {

namespace {

constexpr std::size_t evidence_tokens = 4;  // the shortest words are as wide
constexpr int most_gap = 1;  // a token that does not fit between ones that do

/// The longest piece between quotation marks: tokens at the word's edges see those, too.
std::string between_marks(const std::string& text)
{
    std::string best;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('"', at), text.size());
        if (end - at > best.size()) best = text.substr(at, end - at);
        at = end + 1;
    }
    return best;
}

}  // namespace

FrameReading read_frame(const VisionNet& net, std::span<const float> rows)
{
    const auto k = std::size_t(net.spec().key_dim), width = std::size_t(net.spec().row_dim()), tokens = rows.size() / width;
    const std::vector<float> query = net.query();
    std::vector<float> logits(tokens);
    for (std::size_t t = 0; t < tokens; ++t) logits[t] = net.logit(dot(&rows[t * width], query.data(), k));
    std::vector<float> sorted = logits;
    std::ranges::sort(sorted, std::greater());
    FrameReading out;
    for (std::size_t i = 0; i < std::min(evidence_tokens, tokens); ++i) out.evidence += double(sorted[i]) / evidence_tokens;

    const int best = int(std::ranges::max_element(logits) - logits.begin());
    const auto fits = [&](int t) { return t >= 0 && t < int(tokens) && logits[std::size_t(t)] > 0.0f; };
    if (!fits(best)) return out;
    out.first = out.last = best;
    for (int t = best, gap = 0; gap <= most_gap; --t) {
        gap = fits(t) ? 0 : gap + 1;
        if (gap == 0) out.first = t;
    }
    for (int t = best, gap = 0; gap <= most_gap; ++t) {
        gap = fits(t) ? 0 : gap + 1;
        if (gap == 0) out.last = t;
    }
    std::vector<float> said;
    for (int t = out.first; t <= out.last; ++t) {
        const std::vector<float> part = net.spell(rows.subspan(std::size_t(t) * width + k, k));
        said.insert(said.end(), part.begin(), part.end());
    }
    std::string text;
    for (const int symbol : ctc_best(said, FrameSymbols)) text += FrameAlphabet[std::size_t(symbol)];
    out.word = between_marks(text);
    return out;
}

}  // namespace pathloom
