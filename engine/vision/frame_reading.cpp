// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/frame_reading.h"

#include "engine/vision/ctc.h"
#include "engine/vision/vision_layers.h"

#include <algorithm>

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

std::string spelled_line(const VisionNet& net, std::span<const float> rows)
{
    const auto k = std::size_t(net.spec().key_dim), width = std::size_t(net.spec().row_dim()), tokens = rows.size() / width;
    std::string letters;
    std::vector<std::size_t> columns;  // of each letter
    int before = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
        const std::vector<float> said = net.spell(rows.subspan(t * width + k, k));
        for (std::size_t c = 0; c < std::size_t(SymbolsAToken); ++c) {
            const auto column = std::span(said).subspan(c * std::size_t(FrameSymbols), std::size_t(FrameSymbols));
            const int symbol = int(std::ranges::max_element(column) - column.begin());
            if (symbol != 0 && symbol != before) {
                letters += FrameAlphabet[std::size_t(symbol)];
                columns.push_back(t * std::size_t(SymbolsAToken) + c);
            }
            before = symbol;
        }
    }
    if (letters.size() < 2) return letters;
    std::vector<std::size_t> steps;
    for (std::size_t i = 1; i < columns.size(); ++i) steps.push_back(columns[i] - columns[i - 1]);
    std::vector<std::size_t> sorted = steps;
    std::ranges::nth_element(sorted, sorted.begin() + std::ptrdiff_t(sorted.size() / 2));
    const double usual = double(sorted[sorted.size() / 2]);
    std::string out(1, letters[0]);
    for (std::size_t i = 1; i < letters.size(); ++i) {
        if (double(steps[i - 1]) > word_gap * usual) out += ' ';
        out += letters[i];
    }
    return out;
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

    out.line = spelled_line(net, rows);
    out.shares = asked.words.in(out.line);

    const float least = std::min(0.0f, *std::ranges::max_element(logits) - answer_depth);
    double most = 0.0;
    for (int t = 0; t < int(tokens);) {
        if (logits[std::size_t(t)] <= least) {
            ++t;
            continue;
        }
        const int first = t;
        int last = t;
        double sum = 0.0;
        for (; t < int(tokens) && t - last <= most_gap + 1; ++t) {
            if (logits[std::size_t(t)] <= least) continue;
            last = t;
            sum += double(logits[std::size_t(t)] - least);
        }
        t = last + 1;
        if (sum <= most) continue;  // one sure token elsewhere is no word
        most = sum;
        out.first = first;
        out.last = last;
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
