// SPDX-License-Identifier: GPL-3.0-or-later
// The nearest example as a translator.
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/translator.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace pathloom {

namespace {

constexpr std::size_t longest = 4;

/// Character n-grams of the sentence without its white space, with how often each occurs.
struct Grams {
    std::unordered_map<std::u32string, int> counts;
    int total = 0;
};

Grams grams_of(const std::string& sentence)
{
    Grams grams;
    const auto decoded = decode_utf8(sentence);
    if (!decoded) return grams;
    std::u32string text;
    for (const char32_t c : *decoded)
        if (!is_python_space(c)) text += c;
    for (std::size_t n = 1; n <= longest; ++n)
        for (std::size_t i = 0; i + n <= text.size(); ++i) {
            ++grams.counts[text.substr(i, n)];
            ++grams.total;
        }
    return grams;
}

class Nearest final : public Translator {
public:
    explicit Nearest(const TranslationMaterial& material)
    {
        for (const auto& pair : material.sentences) add(pair[0], pair[1]);
        for (const auto& entry : material.dictionary) add(entry.text[0], entry.text[1]);
    }
    [[nodiscard]] Result<Translation> explain(const std::string& sentence, const Said&) const override
    {
        const Grams wanted = grams_of(sentence);
        std::vector<int> shared(m_examples.size());
        for (const auto& [gram, count] : wanted.counts)
            if (const auto found = m_places.find(gram); found != m_places.end())
                for (const auto& [example, there] : found->second) shared[example] += std::min(count, there);
        const Example* best = nullptr;
        double most = 0.0;
        for (std::size_t i = 0; i < m_examples.size(); ++i)
            if (const double f = 2.0 * shared[i] / double(std::max(1, wanted.total + m_examples[i].total)); f > most) {
                most = f;
                best = &m_examples[i];
            }
        if (!best) return Translation{sentence, {}};
        return Translation{best->translation, {{TranslationPart::Kind::example, {best->translation}, {best->source}}}};
    }

private:
    struct Example {
        int total;
        std::string source, translation;
    };
    void add(const std::string& source, const std::string& target)
    {
        const Grams grams = grams_of(source);
        for (const auto& [gram, count] : grams.counts) m_places[gram].emplace_back(m_examples.size(), count);
        m_examples.push_back({grams.total, source, target});
    }
    std::vector<Example> m_examples;
    std::unordered_map<std::u32string, std::vector<std::pair<std::size_t, int>>>
        m_places;  ///< which examples hold an n-gram, how often
};

}  // namespace

std::unique_ptr<Translator> make_nearest_translator(const TranslationMaterial& material)
{
    return std::make_unique<Nearest>(material);
}

}  // namespace pathloom
