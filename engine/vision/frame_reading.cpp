// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/frame_reading.h"

#include "engine/vision/ctc.h"
#include "engine/vision/vision_layers.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace pathloom {

namespace {

constexpr std::size_t evidence_tokens = 4;  // the shortest words are as wide
constexpr float answer_depth = 3.0f;  // logits: tokens of one answer are as sure or as unsure together, and the rest is far below
constexpr int most_gap = 1;  // a token that does not fit between ones that do
constexpr double word_gap = 1.3;  // of the usual step from letter to letter

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

/// What tokens [first, last] of a picture spell, each symbol with its column.
std::vector<CtcSymbol> spelled(const VisionNet& net, std::span<const float> rows, int first, int last)
{
    const auto k = std::size_t(net.spec().key_dim), width = std::size_t(net.spec().row_dim());
    std::vector<float> said;
    for (int t = first; t <= last; ++t) {
        const std::vector<float> part = net.spell(rows.subspan(std::size_t(t) * width + k, k));
        said.insert(said.end(), part.begin(), part.end());
    }
    return ctc_best(said, FrameSymbols);
}

char letter_of(const CtcSymbol& symbol)
{
    return FrameAlphabet[std::size_t(symbol.symbol)];
}

/// With blanks where letters stand further apart than they usually do here.
std::string with_blanks(const std::vector<CtcSymbol>& symbols)
{
    std::vector<std::size_t> steps;
    for (std::size_t i = 1; i < symbols.size(); ++i) steps.push_back(symbols[i].step - symbols[i - 1].step);
    std::vector<std::size_t> sorted = steps;
    std::ranges::sort(sorted);
    std::string out;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
        if (i > 0 && double(steps[i - 1]) > word_gap * double(sorted[sorted.size() / 2])) out += ' ';
        out += letter_of(symbols[i]);
    }
    return out;
}

/// The run of tokens above `least` with the most evidence: one sure token elsewhere is no word. A token may be missing within it.
std::pair<int, int> best_run(std::span<const float> logits, float least)
{
    std::pair<int, int> best, run{0, -most_gap - 2};
    double most = 0.0, sum = 0.0;
    for (int t = 0; t < int(logits.size()); ++t) {
        if (logits[std::size_t(t)] <= least) continue;
        if (t - run.second > most_gap + 1) {
            run.first = t;
            sum = 0.0;
        }
        run.second = t;
        sum += double(logits[std::size_t(t)] - least);
        if (sum <= most) continue;
        most = sum;
        best = run;
    }
    return best;
}

}  // namespace

Measurements measure_frame(const FrameReading& reading)
{
    return {reading.evidence, reading.shares.sentence, reading.shares.names};
}

FrameReading read_frame(const VisionNet& net, const FrameQuestion& asked, std::span<const float> rows)
{
    const auto k = std::size_t(net.spec().key_dim), width = std::size_t(net.spec().row_dim()), tokens = rows.size() / width;
    std::vector<float> logits(tokens);
    for (std::size_t t = 0; t < tokens; ++t) logits[t] = net.logit(dot(&rows[t * width], asked.query.data(), k));
    std::vector<float> sorted = logits;
    std::ranges::sort(sorted, std::greater());
    FrameReading out;
    for (std::size_t i = 0; i < std::min(evidence_tokens, tokens); ++i) out.evidence += double(sorted[i]) / evidence_tokens;

    out.line = with_blanks(spelled(net, rows, 0, int(tokens) - 1));
    out.shares = asked.words.in(out.line);
    std::tie(out.first, out.last) = best_run(logits, std::min(0.0f, sorted.front() - answer_depth));
    std::string text;
    for (const CtcSymbol& symbol : spelled(net, rows, out.first, out.last)) text += letter_of(symbol);
    out.word = between_marks(text);
    return out;
}

}  // namespace pathloom
