// SPDX-License-Identifier: GPL-3.0-or-later
// Token sequences of the training mixture: a fact with the place of its value, and one question with what its answer is read
// from.
#pragma once

#include "engine/corpus/tokenizer.h"
#include "engine/probe/selection.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

using Tokens = std::vector<std::int32_t>;

inline void append(Tokens& to, std::span<const std::int32_t> more)
{
    to.insert(to.end(), more.begin(), more.end());
}

/// A fact as tokens; its value stands at [value, value + size).
struct FactTokens {
    Tokens tokens;
    std::size_t value = 0, size = 0;
};

/// `text` with `value` in place of "{V}". A blank before the slot belongs to the value's first token.
FactTokens fact_tokens(const Tokenizer& tokenizer, const std::string& text, const std::string& value);

/// One question of a document. Places are of tokens in the document.
struct MixtureQuestion {
    Tokens prompt, answer;
    std::vector<std::int64_t> places;  ///< of each answer token that is copied; the rest is not
    std::vector<std::int64_t> also;  ///< first tokens of other values that would be as right as this one
    std::vector<std::int64_t> excluded;  ///< first tokens of values that were answered already, or are not the one asked for
    Selection selection = Selection::One;
};

/// A document and what is asked about it.
struct MixtureDocument {
    Tokens tokens;
    std::vector<MixtureQuestion> questions;
};

}  // namespace pathloom
