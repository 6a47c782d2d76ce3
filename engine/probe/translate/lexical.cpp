// SPDX-License-Identifier: GPL-3.0-or-later
// The lexical baseline: phrase systems that see words differently, and what they agree on.
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/consensus.h"
#include "engine/probe/translate/phrase_system.h"

#include <array>
#include <cmath>

namespace pathloom {

namespace {

constexpr std::size_t voting = 30;  // translations of each system

class Lexical final : public Translator {
public:
    explicit Lexical(const TranslationMaterial& material)
    {
        // Words whole, or as stems and endings, of either language: each helps with other sentences.
        for (const bool source : {false, true})
            for (const bool target : {false, true}) m_systems.push_back(make_phrase_system(material, {{source, target}}));
    }
    [[nodiscard]] Result<Translation> explain(const std::string& sentence, const Said&) const override
    {
        std::vector<Translation> all;
        std::vector<Vote> votes;
        for (const auto& system : m_systems) {
            auto candidates = system->candidates(sentence, voting);
            double total = 0.0;
            for (const auto& one : candidates) total += std::exp(one.score - candidates[0].score);
            for (auto& one : candidates) {
                const auto text = decode_utf8(one.translation.text);
                votes.push_back({text ? *text : std::u32string(), std::exp(one.score - candidates[0].score) / total});
                all.push_back(std::move(one.translation));
            }
        }
        return std::move(all[consensus_of(votes)]);
    }

private:
    std::vector<std::unique_ptr<PhraseSystem>> m_systems;
};

}  // namespace

std::unique_ptr<Translator> make_lexical_translator(const TranslationMaterial& material)
{
    return std::make_unique<Lexical>(material);
}

}  // namespace pathloom
