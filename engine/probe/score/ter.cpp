// SPDX-License-Identifier: GPL-3.0-or-later
// TER: the metric around the edits.
#include "engine/probe/score/ter.h"

#include "engine/probe/score/ngrams.h"
#include "engine/probe/score/unicode.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace pathloom {

namespace {

std::string_view yes(bool value)
{
    return value ? "yes" : "no";
}

/// Words parted by one blank each.
std::u32string rejoined(std::u32string_view text)
{
    std::u32string joined;
    for (const auto& word : split_words(text)) {
        if (!joined.empty()) joined += U' ';
        joined += word;
    }
    return joined;
}

}  // namespace

std::string Ter::settings() const
{
    return fmt::format("case:{}|tok:tercom|norm:{}|punct:{}|asian:{}|version:{}", m_options.case_sensitive ? "mixed" : "lc",
        yes(m_options.normalized), yes(!m_options.no_punct), yes(m_options.asian_support), sacrebleu_version);
}

std::vector<double> Ter::statistics(std::u32string_view hypothesis, std::span<const std::u32string_view> references) const
{
    std::vector<std::u32string> texts{tercom_tokenized(right_stripped(hypothesis), m_options)};
    // sacrebleu tokenizes references twice, which shows where the first time leaves something for the second: "man's" before a
    // no-break space is cut only once that is a blank.
    for (const auto& reference : references)
        texts.push_back(tercom_tokenized(rejoined(tercom_tokenized(right_stripped(reference), m_options)), m_options));
    std::vector<std::vector<std::u32string_view>> words;
    for (const auto& text : texts) words.push_back(split_words(text));
    const auto numbered = numbered_words(words);
    std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
    std::size_t length = 0;
    for (std::size_t r = 1; r < numbered.size(); ++r) {
        fewest = std::min(fewest, translation_edits(numbered[0], numbered[r]));
        length += numbered[r].size();
    }
    return {double(fewest), double(length) / double(references.size())};
}

double Ter::score(std::span<const double> totals) const
{
    if (totals[1] > 0) return 100 * (totals[0] / totals[1]);
    return totals[0] > 0 ? 100.0 : 0.0;
}

nlohmann::json Ter::details(std::span<const double> totals) const
{
    return {{"num_edits", std::uint64_t(totals[0])}, {"ref_length", totals[1]}};
}

}  // namespace pathloom
