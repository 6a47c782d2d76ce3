// SPDX-License-Identifier: GPL-3.0-or-later
// Documents in which several places match one question: several values of a key, several keys asked for at once, all facts of one
// wording, and conversations in which the same was asked for twice. The question says which of them it wants (selection.h).
#pragma once

#include "engine/probe/mixture_text.h"
#include "engine/probe/mixture_tokens.h"

#include <functional>

namespace pathloom {

struct SeriesRequest {
    std::size_t room = 192;  ///< tokens of the document
    int asked = 3;
    double absent = 0.1;  ///< share of questions about a key that is not there: "none"
    std::function<std::span<const std::int32_t>(Rng&, std::size_t)> passage;  ///< text of so many tokens
    std::set<std::string>* taken = nullptr;  ///< keys of the batch
    std::size_t most_same = 0;  ///< turns that ask for what another asked for; 0: any number
    std::size_t topics = 0;  ///< what the other turns are about is one of so many; 0: any word
};

/// Facts between text.
MixtureDocument series_document(const Tokenizer& tokenizer, const FactWriter& writer, const SeriesRequest& request, Rng& rng);
/// A conversation of writing requests whose replies are passages.
MixtureDocument turns_document(const Tokenizer& tokenizer, const FactWriter& writer, const SeriesRequest& request, Rng& rng);

/// A question and what its answer begins with.
struct Asked {
    std::string question, prefix;
};
/// For all values of `keys` (one key or a list of them); for all facts of the wording; for one of several values of a key.
Asked ask_for_all(Rng& rng, const FactWording& wording, const std::string& keys);
Asked ask_for_every(Rng& rng, const FactWording& wording);
Asked ask_for_nth(Rng& rng, const FactWording& wording, const std::string& key, Selection selection);

}  // namespace pathloom
