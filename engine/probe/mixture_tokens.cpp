// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/mixture_tokens.h"

namespace pathloom {

FactTokens fact_tokens(const Tokenizer& tokenizer, const std::string& text, const std::string& value)
{
    FactTokens out;
    const std::size_t slot = text.find("{V}");
    std::string before = text.substr(0, slot);
    const bool blank = !before.empty() && before.back() == ' ';  // a blank belongs to the token that follows it
    if (blank) before.pop_back();
    out.tokens = tokenizer.encode_ids(before);
    out.value = out.tokens.size();
    append(out.tokens, tokenizer.encode_ids((blank ? " " : "") + value));
    out.size = out.tokens.size() - out.value;
    append(out.tokens, tokenizer.encode_ids(text.substr(slot + 3)));
    return out;
}

}  // namespace pathloom
