// SPDX-License-Identifier: GPL-3.0-or-later
// chrF and chrF++.
#include "engine/probe/score/chrf.h"

#include "engine/probe/score/ngrams.h"
#include "engine/probe/score/unicode.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace pathloom {

namespace {

constexpr double epsilon = 1e-16;
constexpr int per_order = 3;  // hypothesis, reference, matches

bool is_ascii_punctuation(char32_t c)
{
    return (c >= U'!' && c <= U'/') || (c >= U':' && c <= U'@') || (c >= U'[' && c <= U'`') || (c >= U'{' && c <= U'~');
}

/// Words with punctuation split off one end, never both: "(hi)" gives "(hi" and ")" (sacrebleu issue 124).
std::vector<std::u32string_view> words_of(std::u32string_view text)
{
    std::vector<std::u32string_view> words;
    for (const auto& word : split_words(text)) {
        if (word.size() > 1 && is_ascii_punctuation(word.back())) {
            words.push_back(word.substr(0, word.size() - 1));
            words.push_back(word.substr(word.size() - 1));
        } else if (word.size() > 1 && is_ascii_punctuation(word.front())) {
            words.push_back(word.substr(0, 1));
            words.push_back(word.substr(1));
        } else {
            words.push_back(word);
        }
    }
    return words;
}

std::vector<std::uint32_t> characters_of(std::u32string_view text, bool with_whitespace)
{
    std::vector<std::uint32_t> characters;
    characters.reserve(text.size());
    for (const char32_t c : text)
        if (with_whitespace || !is_python_space(c)) characters.push_back(c);
    return characters;
}

/// Appends the three numbers of orders 1 to `orders` to the statistics of every reference (sequence r + 1; 0 is the hypothesis).
void append_orders(NgramLadder ladder, int orders, std::vector<std::vector<double>>& statistics)
{
    for (int n = 1; n <= orders; ++n) {
        if (n > 1) ladder.climb();
        const auto hypothesis = ladder.counts(0);
        for (std::size_t r = 0; r < statistics.size(); ++r) {
            const auto reference = ladder.counts(r + 1);
            std::uint64_t matches = 0;
            for (std::size_t i = 0; i < reference.size(); ++i) matches += std::min(hypothesis[i], reference[i]);
            const double there = double(ladder.ngrams(r + 1).size());
            // A hypothesis cannot be wrong at an order the reference does not have.
            statistics[r].push_back(there > 0 ? double(ladder.ngrams(0).size()) : 0.0);
            statistics[r].push_back(there);
            statistics[r].push_back(double(matches));
        }
    }
}

}  // namespace

std::string Chrf::name() const
{
    return fmt::format("chrF{:g}{}", m_options.beta, std::string(std::size_t(m_options.word_order), '+'));
}

std::string Chrf::settings() const
{
    return fmt::format("case:{}|eff:{}|nc:{}|nw:{}|space:{}|version:{}", m_options.lowercase ? "lc" : "mixed",
        m_options.eps_smoothing ? "no" : "yes", m_options.char_order, m_options.word_order, m_options.whitespace ? "yes" : "no",
        sacrebleu_version);
}

std::vector<double> Chrf::statistics(std::u32string_view hypothesis, std::span<const std::u32string_view> references) const
{
    std::vector<std::u32string> lower;
    std::vector<std::u32string_view> texts{hypothesis};
    texts.insert(texts.end(), references.begin(), references.end());
    if (m_options.lowercase) {
        for (const auto& text : texts) lower.push_back(lowered(text));
        std::copy(lower.begin(), lower.end(), texts.begin());
    }

    std::vector<std::vector<double>> statistics(references.size());
    std::vector<std::vector<std::uint32_t>> characters;
    for (const auto& text : texts) characters.push_back(characters_of(text, m_options.whitespace));
    append_orders(NgramLadder(std::move(characters)), m_options.char_order, statistics);
    if (m_options.word_order > 0) {
        std::vector<std::vector<std::u32string_view>> words;
        for (const auto& text : texts) words.push_back(words_of(text));
        append_orders(NgramLadder(numbered_words(words)), m_options.word_order, statistics);
    }

    std::size_t best = 0;
    double best_score = -1.0;
    for (std::size_t r = 0; r < statistics.size(); ++r)
        if (const double f = score(statistics[r]); f > best_score) {
            best = r;
            best_score = f;
        }
    return statistics[best];
}

double Chrf::score(std::span<const double> totals) const
{
    const int orders = m_options.char_order + m_options.word_order;
    const double factor = m_options.beta * m_options.beta;
    double sum_of_f = 0.0, precision = 0.0, recall = 0.0;
    int effective = 0;
    for (int i = 0; i < orders; ++i) {
        const double in_hypothesis = totals[std::size_t(per_order * i)];
        const double in_reference = totals[std::size_t(per_order * i + 1)];
        const double matches = totals[std::size_t(per_order * i + 2)];
        const double p = in_hypothesis > 0 ? matches / in_hypothesis : epsilon;
        const double r = in_reference > 0 ? matches / in_reference : epsilon;
        const double denominator = factor * p + r;
        sum_of_f += denominator > 0 ? (1 + factor) * p * r / denominator : epsilon;
        if (in_hypothesis > 0 && in_reference > 0) {
            precision += p;
            recall += r;
            ++effective;
        }
    }
    if (m_options.eps_smoothing) return 100 * sum_of_f / orders;
    if (effective == 0) return 0.0;
    precision /= effective;
    recall /= effective;
    if (precision + recall == 0) return 0.0;
    return 100 * ((1 + factor) * precision * recall / (factor * precision + recall));
}

nlohmann::json Chrf::details(std::span<const double> totals) const
{
    nlohmann::json orders = nlohmann::json::array();
    for (std::size_t i = 0; i + 2 < totals.size(); i += per_order)
        orders.push_back({{"hypothesis", std::uint64_t(totals[i])}, {"reference", std::uint64_t(totals[i + 1])},
            {"matches", std::uint64_t(totals[i + 2])}});
    return {{"orders", orders}};
}

}  // namespace pathloom
