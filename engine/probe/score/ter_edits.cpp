// SPDX-License-Identifier: GPL-3.0-or-later
// Edits of TER: a beam-limited edit distance with its alignment, and the greedy search for shifts.
#include "engine/probe/score/ter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <tuple>

namespace pathloom {

namespace {

using Words = std::vector<std::uint32_t>;
using Cost = std::int32_t;

constexpr Cost unreachable = std::numeric_limits<Cost>::max() / 2;
constexpr std::ptrdiff_t longest_shift = 10;
constexpr std::ptrdiff_t widest_shift = 50;
constexpr int shift_candidates = 1000;
constexpr int beam = 25;

enum class Step : std::uint8_t { none, match, substitute, insert, remove };

/// Which words of each side an alignment calls wrong, and where every reference word sits: [reference], -1 before the first.
struct Alignment {
    std::vector<std::ptrdiff_t> position;
    std::vector<int> wrong_before_reference, wrong_before_hypothesis;  // running counts, one longer than the words
};

/// Edit distance of hypotheses of one length to one reference, computed near the diagonal only. Row i belongs to the first i
/// words.
class BeamDistance {
public:
    BeamDistance(std::size_t hypothesis_length, std::span<const std::uint32_t> reference)
        : m_reference(reference)
        , m_length(std::ptrdiff_t(hypothesis_length))
        , m_columns(std::ptrdiff_t(reference.size()) + 1)
        , m_before(std::size_t(m_columns) + 1)
        , m_row(std::size_t(m_columns) + 1)
    {
        const double ratio = m_length > 0 ? double(reference.size()) / double(m_length) : 1.0;
        // Lengths so different that neighbouring rows would not overlap widen the beam.
        const int width = beam < ratio / 2 ? int(std::ceil(ratio / 2 + beam)) : beam;
        std::size_t cells = 0;
        for (std::ptrdiff_t i = 0; i <= m_length; ++i) {
            const auto diagonal = std::ptrdiff_t(std::floor(double(i) * ratio));
            Band band{std::max<std::ptrdiff_t>(0, diagonal - width), std::min(m_columns, diagonal + width), cells};
            if (i == 0) band.first = 0;
            if (i == 0 || i == m_length) band.end = m_columns;
            cells += std::size_t(band.end - band.first);
            m_bands.push_back(band);
        }
        m_costs.resize(cells);
        m_steps.resize(cells);
    }

    /// The distance of `words`, whose rows stay for distance_like() and alignment().
    Cost distance(const Words& words)
    {
        m_words = words;
        start_row_zero();
        std::copy(m_before.begin(), m_before.begin() + m_columns, m_costs.begin());
        for (std::ptrdiff_t i = 1; i <= m_length; ++i) {
            const Band& band = m_bands[std::size_t(i)];
            fill_row(i, words[std::size_t(i - 1)], m_steps.data() + band.start);
            std::copy(m_row.begin() + band.first, m_row.begin() + band.end, m_costs.begin() + std::ptrdiff_t(band.start));
            std::swap(m_row, m_before);
        }
        return m_distance = m_before[std::size_t(m_columns - 1)];
    }

    /// The distance of `words`, a rearrangement of the words of the last distance(). Rows before the first difference are taken
    /// from there, and so is the rest once a row after the last difference is one of there but for a constant.
    Cost distance_like(const Words& words)
    {
        const auto differs = std::mismatch(words.begin(), words.end(), m_words.begin()).first;
        if (differs == words.end()) return m_distance;
        const std::ptrdiff_t first = differs - words.begin();
        const std::ptrdiff_t after = words.rend() - std::mismatch(words.rbegin(), words.rend(), m_words.rbegin()).first;
        load_row(first);
        for (std::ptrdiff_t i = first + 1; i <= m_length; ++i) {
            fill_row(i, words[std::size_t(i - 1)], nullptr);
            if (i >= after && i < m_length)
                if (const auto by = offset_of_row(i)) return m_distance + *by;
            std::swap(m_row, m_before);
        }
        return m_before[std::size_t(m_columns - 1)];
    }

    /// How the words of the last distance() sit against the reference.
    [[nodiscard]] Alignment alignment() const
    {
        std::vector<Step> steps;
        for (std::ptrdiff_t i = m_length, j = m_columns - 1; i > 0 || j > 0;) {
            const Band& band = m_bands[std::size_t(i)];
            const Step step = i == 0 ? Step::insert : m_steps[band.start + std::size_t(j - band.first)];
            steps.push_back(step);
            if (step != Step::insert) --i;
            if (step != Step::remove) --j;
        }
        Alignment found;
        found.wrong_before_reference.push_back(0);
        found.wrong_before_hypothesis.push_back(0);
        std::ptrdiff_t hypothesis = -1;
        for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
            const int wrong = *step == Step::match ? 0 : 1;
            if (*step != Step::insert) {
                ++hypothesis;
                found.wrong_before_hypothesis.push_back(found.wrong_before_hypothesis.back() + wrong);
            }
            if (*step != Step::remove) {
                found.position.push_back(hypothesis);
                found.wrong_before_reference.push_back(found.wrong_before_reference.back() + wrong);
            }
        }
        return found;
    }

private:
    struct Band {
        std::ptrdiff_t first, end;  // columns
        std::size_t start;  // of its cells
    };

    void start_row_zero()
    {
        for (std::ptrdiff_t j = 0; j < m_columns; ++j) m_before[std::size_t(j)] = Cost(j);
    }

    /// Puts row i of the last distance() into m_before.
    void load_row(std::ptrdiff_t i)
    {
        const Band& band = m_bands[std::size_t(i)];
        std::fill(m_before.begin(), m_before.end(), unreachable);
        std::copy_n(m_costs.begin() + std::ptrdiff_t(band.start), band.end - band.first, m_before.begin() + band.first);
    }

    /// Row i from row i-1 in m_before. Cells that the next row may read but this one has not are made unreachable.
    void fill_row(std::ptrdiff_t i, std::uint32_t word, Step* steps)
    {
        const Band& band = m_bands[std::size_t(i)];
        if (band.first > 0) m_row[std::size_t(band.first - 1)] = unreachable;
        for (std::ptrdiff_t j = band.first; j < band.end; ++j) {
            Cost cost = unreachable;
            Step step = Step::none;
            if (j == 0) {
                cost = m_before[0] + 1;
                step = Step::remove;
            } else {
                // Ties: match or substitution, then removal, then insertion.
                const bool same = word == m_reference[std::size_t(j - 1)];
                const auto offer = [&](Cost other, Step by) {
                    if (other < cost) {
                        cost = other;
                        step = by;
                    }
                };
                offer(m_before[std::size_t(j - 1)] + (same ? 0 : 1), same ? Step::match : Step::substitute);
                offer(m_before[std::size_t(j)] + 1, Step::remove);
                offer(m_row[std::size_t(j - 1)] + 1, Step::insert);
            }
            m_row[std::size_t(j)] = cost;
            if (steps) steps[j - band.first] = step;
        }
        if (i < m_length)
            std::fill(m_row.begin() + band.end, m_row.begin() + std::max(band.end, m_bands[std::size_t(i + 1)].end), unreachable);
    }

    /// The constant by which m_row differs from row i of the last distance(), if it is one.
    [[nodiscard]] std::optional<Cost> offset_of_row(std::ptrdiff_t i) const
    {
        const Band& band = m_bands[std::size_t(i)];
        const Cost by = m_row[std::size_t(band.first)] - m_costs[band.start];
        for (std::ptrdiff_t j = band.first; j < band.end; ++j) {
            const Cost mine = m_row[std::size_t(j)], there = m_costs[band.start + std::size_t(j - band.first)];
            if (mine >= unreachable || there >= unreachable || mine - there != by) return std::nullopt;
        }
        return by;
    }

    std::span<const std::uint32_t> m_reference;
    std::ptrdiff_t m_length, m_columns;
    std::vector<Band> m_bands;
    Words m_words;
    Cost m_distance = 0;
    std::vector<Cost> m_costs;
    std::vector<Step> m_steps;
    std::vector<Cost> m_before, m_row;
};

/// `words` with [start, start + length) taken out and put before place `target` of what was there.
Words shifted(const Words& words, std::ptrdiff_t start, std::ptrdiff_t length, std::ptrdiff_t target)
{
    const auto at = [&](std::ptrdiff_t i) { return words.begin() + std::min(i, std::ptrdiff_t(words.size())); };
    Words out(words);
    if (target < start) {
        std::rotate_copy(at(target), at(start), at(start + length), out.begin() + target);
    } else {
        // A target inside the run counts from its end.
        const std::ptrdiff_t end = target > start + length ? target : length + target;
        std::rotate_copy(at(start), at(start + length), at(end), out.begin() + start);
    }
    return out;
}

struct Shift {
    // What makes one better, in this order.
    Cost saves = 0;
    std::ptrdiff_t length = 0, minus_start = 0, minus_target = 0;
    Words words;
    [[nodiscard]] auto rank() const { return std::tie(saves, length, minus_start, minus_target); }
};

/// The best single shift, if any was possible. `tried` counts candidates over all calls.
std::optional<Shift> best_shift(const Words& words, std::span<const std::uint32_t> reference, BeamDistance& distance, int& tried)
{
    const Cost before = distance.distance(words);
    const Alignment alignment = distance.alignment();
    const auto wrong = [](const std::vector<int>& counts, std::ptrdiff_t start, std::ptrdiff_t length) {
        return counts[std::size_t(start + length)] != counts[std::size_t(start)];
    };
    std::optional<Shift> best;
    const auto try_run = [&](std::ptrdiff_t start, std::ptrdiff_t there, std::ptrdiff_t length) {
        // Only a run that is wrong where it is, to a place that is not right yet, and not into itself.
        if (!wrong(alignment.wrong_before_hypothesis, start, length)) return;
        if (!wrong(alignment.wrong_before_reference, there, length)) return;
        const std::ptrdiff_t aligned = alignment.position[std::size_t(there)];
        if (start <= aligned && aligned < start + length) return;
        std::ptrdiff_t last = -1;
        for (std::ptrdiff_t offset = -1; offset < length; ++offset) {
            const std::ptrdiff_t place = there + offset;
            if (place >= std::ptrdiff_t(alignment.position.size())) break;
            const std::ptrdiff_t target = place == -1 ? 0 : alignment.position[std::size_t(place)] + 1;
            if (target == last) continue;
            last = target;
            Shift shift{0, length, -start, -target, shifted(words, start, length, target)};
            shift.saves = before - distance.distance_like(shift.words);
            ++tried;
            if (!best || best->rank() < shift.rank()) best = std::move(shift);
        }
    };
    const auto hypothesis_length = std::ptrdiff_t(words.size()), reference_length = std::ptrdiff_t(reference.size());
    for (std::ptrdiff_t start = 0; start < hypothesis_length; ++start) {
        const std::ptrdiff_t end = std::min(reference_length, start + widest_shift + 1);
        for (std::ptrdiff_t there = std::max<std::ptrdiff_t>(0, start - widest_shift); there < end; ++there)
            for (std::ptrdiff_t length = 1;
                 length <= longest_shift && start + length <= hypothesis_length && there + length <= reference_length
                 && words[std::size_t(start + length - 1)] == reference[std::size_t(there + length - 1)];
                 ++length) {
                const int so_far = tried;
                try_run(start, there, length);
                // Tested only after a run that was tried, as there.
                if (tried != so_far && tried >= shift_candidates) return best;
            }
    }
    return best;
}

}  // namespace

std::int64_t translation_edits(std::span<const std::uint32_t> hypothesis, std::span<const std::uint32_t> reference)
{
    if (reference.empty()) return std::int64_t(hypothesis.size());
    Words words(hypothesis.begin(), hypothesis.end());
    BeamDistance distance(words.size(), reference);
    std::int64_t shifts = 0;
    for (int tried = 0;;) {
        auto shift = best_shift(words, reference, distance, tried);
        // Out of patience: the shift just found is not taken.
        if (tried >= shift_candidates || !shift || shift->saves <= 0) break;
        ++shifts;
        words = std::move(shift->words);
    }
    return shifts + distance.distance(words);
}

}  // namespace pathloom
