// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/whole_words.h"

#include "engine/corpus/text.h"
#include "engine/probe/pick.h"
#include "engine/probe/word_match.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace pathloom {

namespace {

bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// Letters and digits of ASCII and all that is beyond it.
bool in_word(char c)
{
    return is_upper(c) || is_digit(c) || (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// Calls `each(word, begins a sentence)`, in order.
template <typename Each>
void for_each_word(std::string_view text, const Each& each)
{
    bool begins = true;
    for (std::size_t i = 0; i < text.size();) {
        if (!in_word(text[i])) {
            begins = begins || text[i] == '.' || text[i] == '?' || text[i] == '!' || text[i] == '\n' || text[i] == ':';
            ++i;
            continue;
        }
        std::size_t end = i;
        while (end < text.size() && in_word(text[end])) ++end;
        each(text.substr(i, end - i), begins);
        begins = false;
        i = end;
    }
}

/// How often each of some token sequences stands in a memory, one pass for all.
class SequenceCounts {
public:
    void add(std::size_t word, std::vector<std::int32_t> tokens)
    {
        if (tokens.empty() || tokens.size() > longest) return;
        auto& here = m_by_last[std::size_t(tokens.back())];
        if (std::ranges::none_of(here, [&](const Sequence& known) { return known.tokens == tokens && known.word == word; }))
            here.push_back({word, std::move(tokens)});
    }
    [[nodiscard]] std::vector<std::int64_t> in(const MemoryView& memory, std::size_t words) const
    {
        std::vector<std::int64_t> out(words, 0);
        std::array<std::int32_t, longest> last{};  // the newest comes first
        memory.for_each_value([&](std::uint16_t token) {
            std::ranges::copy_backward(std::span(last).first(longest - 1), last.end());
            last[0] = token;
            for (const Sequence& one : m_by_last[token])
                out[one.word] += std::equal(one.tokens.rbegin(), one.tokens.rend(), last.begin()) ? 1 : 0;
        });
        return out;
    }

private:
    static constexpr std::size_t longest = 12;
    struct Sequence {
        std::size_t word = 0;
        std::vector<std::int32_t> tokens;
    };
    std::vector<std::vector<Sequence>> m_by_last = std::vector<std::vector<Sequence>>(65536);
};

}  // namespace

WholeWords::WholeWords(const MemoryView& memory, const Tokenizer& tokenizer, std::string_view prompt, Selection asked)
    : m_tokenizer(&tokenizer)
{
    SequenceCounts sequences;
    for_each_word(prompt, [&](std::string_view word, bool begins) {
        if (begins || m_sentences == 0) ++m_sentences;
        const std::string text = ascii_lowered(word);
        if (asked >= Selection::First && says_which(text)) return;
        const bool name = (is_upper(word[0]) && !begins) || std::ranges::any_of(word, is_digit);
        const auto known = std::ranges::find(m_words, text, &Word::text);
        if (known != m_words.end()) {
            known->name = known->name || name;
            if (known->sentences.back() + 1 != m_sentences) known->sentences.push_back(m_sentences - 1);
            return;
        }
        for (const std::string& form : {std::string(word), text, capitalised(text)})
            sequences.add(m_words.size(), tokenizer.encode_ids(" " + form));
        m_words.push_back({text, 0.0, name, {m_sentences - 1}});
    });
    const std::vector<std::int64_t> counts = sequences.in(memory, m_words.size());
    for (std::size_t i = 0; i < m_words.size(); ++i)
        m_words[i].weight = std::log((double(memory.rows()) + 2.0) / (double(counts[i]) + 1.0));
}

WordingShares WholeWords::before(const MemoryView& memory, std::int64_t row) const
{
    std::vector<std::int32_t> tokens;
    for (std::int64_t i = row - std::min(WordingReach, row); i < row; ++i) tokens.push_back(memory.value(i));
    std::set<std::string, std::less<>> here;
    for_each_word(m_tokenizer->decode(tokens), [&](std::string_view word, bool) { here.insert(ascii_lowered(word)); });
    struct Share {
        double found = 0.0, all = 0.0;
        void add(double weight, bool there)
        {
            all += weight;
            found += there ? weight : 0.0;
        }
        [[nodiscard]] double value() const { return all > 0.0 ? found / all : 1.0; }
    };
    std::vector<Share> sentences(std::max<std::size_t>(m_sentences, 1)), rarest(sentences.size());
    Share all, names;
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < m_words.size(); ++i) {
        const Word& word = m_words[i];
        const bool there = here.contains(word.text);
        if (there && i < 64) found |= std::uint64_t(1) << i;
        const double square = word.weight * word.weight;
        all.add(square, there);
        for (const std::size_t s : word.sentences) {
            sentences[s].add(square, there);
            rarest[s].add(square * square * square * square, there);
        }
        if (word.name) names.add(square, there);
    }
    const auto best = std::size_t(std::ranges::max_element(sentences, {}, &Share::found) - sentences.begin());
    return {all.value(), sentences[best].value(), rarest[best].value(), names.value(), found};
}

double WholeWords::heaviest_lost(const WordingShares& best, const WordingShares& other) const
{
    double heaviest = 0.0;
    for (std::size_t i = 0; i < std::min<std::size_t>(m_words.size(), 64); ++i) {
        if (((best.found & ~other.found) >> i & 1U) != 0) heaviest = std::max(heaviest, m_words[i].weight);
    }
    return heaviest;
}

}  // namespace pathloom
