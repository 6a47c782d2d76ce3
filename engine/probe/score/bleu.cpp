// SPDX-License-Identifier: GPL-3.0-or-later
// BLEU.
#include "engine/probe/score/bleu.h"

#include "engine/probe/score/ngrams.h"
#include "engine/probe/score/unicode.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace pathloom {

namespace {

struct SmoothingName {
    BleuSmoothing smoothing;
    std::string_view name;
    std::optional<double> value;  // the default where one is used
};
constexpr std::array<SmoothingName, 4> smoothings{{{BleuSmoothing::none, "none", std::nullopt},
    {BleuSmoothing::floor, "floor", 0.1}, {BleuSmoothing::add_k, "add-k", 1.0}, {BleuSmoothing::exp, "exp", std::nullopt}}};

const SmoothingName& entry(BleuSmoothing smoothing)
{
    return *std::find_if(smoothings.begin(), smoothings.end(), [&](const auto& known) { return known.smoothing == smoothing; });
}

/// log(0) is a very low number, so that a missing precision makes the score 0 without an exception.
double floored_log(double value)
{
    return value == 0.0 ? -9999999999.0 : std::log(value);
}

}  // namespace

struct Bleu::Parts {
    double score = 0.0, brevity_penalty = 1.0;
    std::vector<double> matches, totals, precisions;
};

std::optional<BleuSmoothing> smoothing_named(std::string_view name)
{
    for (const auto& known : smoothings)
        if (known.name == name) return known.smoothing;
    return std::nullopt;
}

std::string Bleu::settings() const
{
    const auto& smoothing = entry(m_options.smoothing);
    std::string smooth(smoothing.name);
    if (smoothing.value) smooth += fmt::format("[{:.2f}]", m_options.smooth_value.value_or(*smoothing.value));
    return fmt::format("case:{}|eff:{}|tok:{}|smooth:{}|version:{}", m_options.lowercase ? "lc" : "mixed",
        m_options.effective_order ? "yes" : "no", name_of(m_options.tokenizer), smooth, sacrebleu_version);
}

std::vector<double> Bleu::statistics(std::u32string_view hypothesis, std::span<const std::u32string_view> references) const
{
    std::vector<std::u32string> texts;
    const auto add = [&](std::u32string_view text) {
        // Lower-cased before the end is trimmed and tokens are cut, as there.
        texts.push_back(m_options.lowercase ? tokenized(right_stripped(lowered(text)), m_options.tokenizer)
                                            : tokenized(right_stripped(text), m_options.tokenizer));
    };
    add(hypothesis);
    for (const auto& reference : references) add(reference);
    std::vector<std::vector<std::u32string_view>> words;
    for (const auto& text : texts) words.push_back(split_words(text));

    const auto length = std::int64_t(words[0].size());
    std::int64_t closest = std::int64_t(words[1].size());
    for (std::size_t r = 2; r < words.size(); ++r) {
        const auto other = std::int64_t(words[r].size());
        const auto by = std::abs(length - other), so_far = std::abs(length - closest);
        if (by < so_far || (by == so_far && other < closest)) closest = other;
    }

    const auto orders = std::size_t(m_options.max_order);
    std::vector<double> statistics(2 + 2 * orders);
    statistics[0] = double(length);
    statistics[1] = double(closest);
    NgramLadder ladder(numbered_words(words));
    for (std::size_t n = 0; n < orders; ++n) {
        if (n > 0) ladder.climb();
        auto most = ladder.counts(1);  // of any one reference
        for (std::size_t r = 2; r < words.size(); ++r) {
            const auto counts = ladder.counts(r);
            for (std::size_t i = 0; i < most.size(); ++i) most[i] = std::max(most[i], counts[i]);
        }
        const auto mine = ladder.counts(0);
        std::uint64_t matches = 0;
        for (std::size_t i = 0; i < most.size(); ++i) matches += std::min(mine[i], most[i]);
        statistics[2 + n] = double(matches);
        statistics[2 + orders + n] = double(ladder.ngrams(0).size());
    }
    return statistics;
}

Bleu::Parts Bleu::parts(std::span<const double> totals) const
{
    const auto orders = std::size_t(m_options.max_order);
    Parts parts;
    parts.matches.assign(totals.begin() + 2, totals.begin() + 2 + std::ptrdiff_t(orders));
    parts.totals.assign(totals.begin() + 2 + std::ptrdiff_t(orders), totals.end());
    parts.precisions.assign(orders, 0.0);
    const double length = totals[0], reference = totals[1];
    if (length < reference) parts.brevity_penalty = length > 0 ? std::exp(1 - reference / length) : 0.0;
    if (std::all_of(parts.matches.begin(), parts.matches.end(), [](double count) { return count == 0; })) return parts;

    const double value = m_options.smooth_value.value_or(entry(m_options.smoothing).value.value_or(0.0));
    double halving = 1.0;
    std::size_t effective = orders;
    for (std::size_t n = 0; n < orders; ++n) {
        if (m_options.smoothing == BleuSmoothing::add_k && n > 0) {
            parts.matches[n] += value;
            parts.totals[n] += value;
        }
        if (parts.totals[n] == 0) break;
        if (m_options.effective_order) effective = n + 1;
        if (parts.matches[n] != 0) {
            parts.precisions[n] = 100. * parts.matches[n] / parts.totals[n];
        } else if (m_options.smoothing == BleuSmoothing::exp) {
            halving *= 2;
            parts.precisions[n] = 100. / (halving * parts.totals[n]);
        } else if (m_options.smoothing == BleuSmoothing::floor) {
            parts.precisions[n] = 100. * value / parts.totals[n];
        }
    }
    double logs = 0.0;
    for (std::size_t n = 0; n < effective; ++n) logs += floored_log(parts.precisions[n]);
    parts.score = parts.brevity_penalty * std::exp(logs / double(effective));
    return parts;
}

double Bleu::score(std::span<const double> totals) const
{
    return parts(totals).score;
}

nlohmann::json Bleu::details(std::span<const double> totals) const
{
    const auto all = parts(totals);
    return {{"counts", all.matches}, {"totals", all.totals}, {"precisions", all.precisions}, {"bp", all.brevity_penalty},
        {"sys_len", std::uint64_t(totals[0])}, {"ref_len", std::uint64_t(totals[1])}};
}

}  // namespace pathloom
