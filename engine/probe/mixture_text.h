// SPDX-License-Identifier: GPL-3.0-or-later
// Words, keys, values and wordings of synthetic facts: what a reader is trained on. Nothing here occurs in the probes' own
// templates and keys (probe_templates.h), so every probe is asked in unseen words.
#pragma once

#include "engine/core/rng.h"

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

enum class ValueKind { Digits, Uuid, Word, Name, Phrase, Pair };

/// How one family of facts is worded: "The {J} {K} {N} is {V}." with adjectives J, noun N, key K and value V.
struct FactWording {
    std::string statement;  ///< holds {K} before {V}; {J} and {N} are filled in already
    std::string noun, adjective;
    ValueKind value = ValueKind::Digits;
};

/// One line of a table and how it is asked for.
struct ListWording {
    std::string line;  ///< holds {K} before {V}
    std::string lead;  ///< what stands between the line's beginning and the value's, {K} included
    bool quoted = false;  ///< the value follows a quotation mark
};

class FactWriter {
public:
    /// `words`: lower-case words of the corpus, sorted.
    explicit FactWriter(std::vector<std::string> words);

    FactWording wording(Rng& rng) const;
    ListWording list_wording(Rng& rng) const;
    /// A key not in `taken`; added to it. `like` (may be empty) is a key of the same batch to differ from only a little.
    std::string key(Rng& rng, std::set<std::string>& taken, const std::string& like) const;
    std::string value(Rng& rng, ValueKind kind) const;
    /// A question for the fact, and what its answer begins with ("" possible); neither ends in a blank.
    std::string question(Rng& rng, const FactWording& fact, const std::string& key) const;
    std::string prefix(Rng& rng, const FactWording& fact, const std::string& key) const;
    std::string question(Rng& rng, const ListWording& list, const std::string& key) const;
    std::string prefix(Rng& rng, const ListWording& list, const std::string& key) const;
    const std::string& word(Rng& rng) const;

private:
    std::string name(Rng& rng) const;
    std::vector<std::string> m_words;
};

/// `frame` with the fact's adjective and noun in place of {J} and {N}.
std::string dressed(const std::string& frame, const FactWording& fact);

/// `text` with every `slot` replaced.
std::string filled(std::string text, std::string_view slot, std::string_view with);

/// Lower-case ASCII words of 3 to 10 letters that occur in `texts`, sorted, without repeats.
std::vector<std::string> words_of(std::span<const std::string_view> texts);

}  // namespace pathloom
