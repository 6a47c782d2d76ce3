// SPDX-License-Identifier: GPL-3.0-or-later
// A model behind an OpenAI-compatible server as a translator, with the whole context in its prompt (Tanzer et al. 2024, MTOB).
#pragma once

#include "engine/probe/endpoint.h"
#include "engine/probe/translate/translator.h"

namespace pathloom {

/// Everything that is sent for one sentence: the book's text, the word list and the sentences, as far as the material has them,
/// whole; then the sentence.
std::string translation_prompt(const TranslationMaterial& material, const std::string& sentence);

/// Tokens of the parts of a prompt, estimated as bytes / 3: text of a language no tokenizer knows takes more than the usual 4.
struct PromptSize {
    std::int64_t book = 0, words = 0, sentences = 0;
    [[nodiscard]] std::int64_t all() const { return book + words + sentences; }
};
PromptSize prompt_size(const TranslationMaterial& material);

/// `window`: tokens the model takes, answer included. Usage, with the size of each part, when the context does not fit: nothing
/// is ever cut.
Result<void> check_window(const TranslationMaterial& material, std::int64_t window);
/// Asks `endpoint`, whose budget is shared by all that ask it; Failed once it is used up.
std::unique_ptr<Translator> make_endpoint_translator(std::shared_ptr<Endpoint> endpoint, TranslationMaterial material);

}  // namespace pathloom
