// SPDX-License-Identifier: GPL-3.0-or-later
// The tokenizers of sacrebleu's BLEU and TER. Each returns text whose words are what split_words() finds in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pathloom {

/// 13a: mteval-v13a, WMT's; intl: mteval-v14 by Unicode classes; chr: every character a token; zh: Chinese characters apart, then
/// as 13a.
enum class Tokenizer { none, v13a, intl, chr, zh };

/// "none", "13a", "intl", "char", "zh"; nothing for another name.
std::optional<Tokenizer> tokenizer_named(std::string_view name);
std::string_view name_of(Tokenizer tokenizer);

/// `line` as BLEU counts its words.
std::u32string tokenized(std::u32string_view line, Tokenizer tokenizer);

struct TercomOptions {
    bool normalized = false;  ///< entities, punctuation apart
    bool no_punct = false;  ///< ASCII sentence punctuation removed
    bool asian_support = false;  ///< East Asian characters and punctuation too, where one of the above is on
    bool case_sensitive = false;
};
/// `line` as TER counts its words.
std::u32string tercom_tokenized(std::u32string_view line, const TercomOptions& options);

}  // namespace pathloom
