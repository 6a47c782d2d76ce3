// SPDX-License-Identifier: GPL-3.0-or-later
// difflib.SequenceMatcher.ratio().
#include "engine/probe/score/sequence_ratio.h"

#include "engine/probe/score/unicode.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_map>

namespace pathloom {

namespace {

constexpr std::size_t autojunk_from = 200;

class Matcher {
public:
    Matcher(std::u32string_view a, std::u32string_view b)
        : m_a(a)
        , m_b(b)
        , m_before(b.size() + 1)
        , m_now(b.size() + 1)
    {
        for (std::size_t j = 0; j < b.size(); ++j) m_places[b[j]].push_back(j);
        if (b.size() >= autojunk_from)
            std::erase_if(m_places, [&](const auto& entry) { return entry.second.size() > b.size() / 100 + 1; });
    }

    /// Characters in all matching blocks: the longest, then likewise what is left and right of it.
    std::size_t matches()
    {
        std::size_t total = 0;
        std::vector<Window> waiting{{0, m_a.size(), 0, m_b.size()}};
        while (!waiting.empty()) {
            const Window window = waiting.back();
            waiting.pop_back();
            const Block block = longest(window);
            if (block.size == 0) continue;
            total += block.size;
            if (window.a < block.a && window.b < block.b) waiting.push_back({window.a, block.a, window.b, block.b});
            if (block.a + block.size < window.a_end && block.b + block.size < window.b_end)
                waiting.push_back({block.a + block.size, window.a_end, block.b + block.size, window.b_end});
        }
        return total;
    }

private:
    struct Window {
        std::size_t a, a_end, b, b_end;
    };
    struct Block {
        std::size_t a, b, size;
    };

    /// The longest run of equal characters that starts at no junk; of equally long ones the first in a, then in b. It is then
    /// drawn out in both directions over equal characters, junk included.
    Block longest(const Window& window)
    {
        Block best{window.a, window.b, 0};
        // m_before[j + 1]: length of the run that ends at (i - 1, j).
        for (std::size_t i = window.a; i < window.a_end; ++i) {
            if (const auto found = m_places.find(m_a[i]); found != m_places.end()) {
                const auto& places = found->second;
                for (auto j = std::lower_bound(places.begin(), places.end(), window.b); j != places.end() && *j < window.b_end;
                     ++j) {
                    const std::size_t length = m_before[*j] + 1;
                    m_now[*j + 1] = length;
                    m_touched_now.push_back(*j + 1);
                    if (length > best.size) best = {i + 1 - length, *j + 1 - length, length};
                }
            }
            forget_before();
            std::swap(m_before, m_now);
            std::swap(m_touched_before, m_touched_now);
        }
        forget_before();
        while (best.a > window.a && best.b > window.b && m_a[best.a - 1] == m_b[best.b - 1])
            best = {best.a - 1, best.b - 1, best.size + 1};
        while (best.a + best.size < window.a_end && best.b + best.size < window.b_end
            && m_a[best.a + best.size] == m_b[best.b + best.size])
            ++best.size;
        return best;
    }
    void forget_before()
    {
        for (const auto j : m_touched_before) m_before[j] = 0;
        m_touched_before.clear();
    }

    std::u32string_view m_a, m_b;
    std::unordered_map<char32_t, std::vector<std::size_t>> m_places;  // in b, ascending
    std::vector<std::size_t> m_before, m_now, m_touched_before, m_touched_now;
};

}  // namespace

double sequence_ratio(std::u32string_view a, std::u32string_view b)
{
    const std::size_t length = a.size() + b.size();
    return length == 0 ? 1.0 : 2.0 * double(Matcher(a, b).matches()) / double(length);
}

std::string SequenceRatio::settings() const
{
    return fmt::format("case:{}|a:ref|b:hyp|autojunk:yes|like:difflib", m_lowercase ? "lc" : "mixed");
}

std::vector<double> SequenceRatio::statistics(
    std::u32string_view hypothesis, std::span<const std::u32string_view> references) const
{
    double best = 0.0;
    for (const auto& reference : references)
        best = std::max(
            best, m_lowercase ? sequence_ratio(lowered(reference), lowered(hypothesis)) : sequence_ratio(reference, hypothesis));
    return {best, 1.0};
}

double SequenceRatio::score(std::span<const double> totals) const
{
    return totals[0] / totals[1];
}

nlohmann::json SequenceRatio::details(std::span<const double>) const
{
    return nlohmann::json::object();
}

}  // namespace pathloom
