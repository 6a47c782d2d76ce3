// SPDX-License-Identifier: GPL-3.0-or-later
// Needles and where they go: templates with drawn keys and values, places by length and depth.
#pragma once

#include "engine/core/result.h"
#include "engine/core/rng.h"
#include "engine/corpus/tokenizer.h"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct NeedleTemplate {
    std::string needle, question, answer_prefix;  ///< with {key} and, in the needle, {value}
    std::string all_question = {}, all_prefix = {};  ///< asks for every needle of the template; may be empty
};

struct NeedleTemplates {
    std::vector<NeedleTemplate> templates;
    std::vector<std::string> keys;
    std::string value_kind = "digits";  ///< "digits", "uuid" or "word"
    int value_length = 7;
};
/// {"templates":[{"needle","question","answer_prefix","all_question","all_prefix"}...],"keys":[...],"value":{"kind","length"}};
/// Usage with the reason.
Result<NeedleTemplates> parse_needle_templates(const std::string& json);

struct Needle {
    int template_index = 0;
    std::string key, value, text, question, answer_prefix;
};
/// A key not in `taken` (added to it), a template (template_index >= 0: that one) and a value drawn from `rng`. Usage when the
/// keys are used up.
Result<Needle> draw_needle(const NeedleTemplates& from, int template_index, std::set<std::string>& taken, Rng& rng);

/// The last place at or before `wanted` that follows a sentence's end, within 200 tokens; else `wanted`. Places count tokens.
std::size_t sentence_start(const Tokenizer& tokenizer, std::span<const std::uint16_t> tokens, std::size_t wanted);

}  // namespace pathloom
