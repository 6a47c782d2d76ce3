// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/endpoint_translator.h"

#include "engine/core/one_line.h"
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pathloom {

namespace {

constexpr int longest_answer = 256;  // tokens
constexpr std::int64_t bytes_a_token = 3;
constexpr std::int64_t around = 400;  // tokens of the instructions and the sentence

std::string word_list(const TranslationMaterial& material)
{
    std::string text;
    for (const auto& entry : material.dictionary) {
        text += entry.text[0] + " = " + entry.text[1];
        if (!entry.part_of_speech.empty()) text += " (" + entry.part_of_speech + ")";
        text += "\n";
    }
    return text;
}

std::string sentence_list(const TranslationMaterial& material)
{
    std::string text;
    for (const auto& pair : material.sentences)
        text += fmt::format("{}: {}\n{}: {}\n\n", material.languages[0], pair[0], material.languages[1], pair[1]);
    return text;
}

/// The line a model means: chat models like to add quotation marks or a label.
std::string cleaned(const std::string& answer, const std::string& language)
{
    std::string line;
    for (std::size_t at = 0; at < answer.size() && line.empty();) {
        const std::size_t end = std::min(answer.find('\n', at), answer.size());
        line = answer.substr(at, end - at);
        const std::size_t first = line.find_first_not_of(" \t\r");
        line = first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
        at = end + 1;
    }
    if (line.starts_with(language + ":")) line.erase(0, std::min(line.size(), line.find_first_not_of(' ', language.size() + 1)));
    if (line.size() > 1 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    return line;
}

using WordList = std::vector<std::string>;

WordList words_of(const std::string& text, const std::string& language)
{
    WordList words;
    if (const auto decoded = decode_utf8(text))
        for (const auto& word : plain_words(*decoded, language)) words.push_back(encode_utf8(word));
    return words;
}

/// Where the context has a word of the answer together with one of the sentence.
std::vector<TranslationPart> parts_of(const std::string& sentence, const std::string& answer, const TranslationMaterial& material)
{
    const WordList asked = words_of(sentence, material.languages[0]);
    std::vector<TranslationPart> parts;
    for (const auto& word : words_of(answer, material.languages[1])) {
        TranslationPart part{TranslationPart::Kind::said, {word}, {}, {}};
        for (const auto& from : asked) {
            part.source = {from};
            part.origin = origin_of(part, material);
            if (part.origin.kind == PartOrigin::Kind::dictionary) break;
        }
        if (part.origin.kind == PartOrigin::Kind::none) part.source.clear();
        parts.push_back(std::move(part));
    }
    return parts;
}

class EndpointTranslator final : public Translator {
public:
    EndpointTranslator(std::shared_ptr<Endpoint> endpoint, TranslationMaterial material)
        : m_endpoint(std::move(endpoint))
        , m_material(std::move(material))
    {
    }
    [[nodiscard]] Result<Translation> explain(const std::string& sentence, const Said& said) const override
    {
        PATHLOOM_TRY(const auto answer, m_endpoint->chat(translation_prompt(m_material, sentence), longest_answer));
        if (!answer)
            return fail(ErrorCode::Failed,
                "the endpoint's token budget is used up after {} tokens; raise it (--endpoint-budget) or take a smaller context "
                "(--context, --shots)",
                m_endpoint->tokens_used());
        Translation translation{cleaned(answer->text, m_material.languages[1]), {}};
        if (said && !said(translation.text)) return fail(ErrorCode::Cancelled, "stopped");
        translation.parts = parts_of(sentence, translation.text, m_material);
        return translation;
    }

private:
    std::shared_ptr<Endpoint> m_endpoint;
    TranslationMaterial m_material;
};

}  // namespace

std::string translation_prompt(const TranslationMaterial& material, const std::string& sentence)
{
    const auto& [from, to] = material.languages;
    std::string prompt
        = fmt::format("You are an expert translator. You are going to translate a sentence from {} to {}.\n", from, to);
    if (!material.grammar.empty())
        prompt += "\nThis is a grammar book of the language:\n<book>\n" + material.grammar + "\n</book>\n";
    if (!material.dictionary.empty())
        prompt += fmt::format("\nThis is a word list, {} = {}:\n<words>\n{}</words>\n", from, to, word_list(material));
    if (!material.sentences.empty())
        prompt += "\nThese are sentences with their translations:\n<sentences>\n" + sentence_list(material) + "</sentences>\n";
    return prompt
        + fmt::format(
            "\nNow translate the following sentence from {} to {}. Write the translation only, on one line. If you are not "
            "sure, give your best guess.\n{}: {}\n{}:",
            from, to, from, sentence, to);
}

PromptSize prompt_size(const TranslationMaterial& material)
{
    const auto tokens = [](std::size_t bytes) { return std::int64_t(bytes + bytes_a_token - 1) / bytes_a_token; };
    return {tokens(material.grammar.size()), tokens(word_list(material).size()), tokens(sentence_list(material).size())};
}

Result<void> check_window(const TranslationMaterial& material, std::int64_t window)
{
    const PromptSize size = prompt_size(material);
    if (const std::int64_t needed = size.all() + around + longest_answer; needed > window)
        return fail(ErrorCode::Usage,
            "the context needs about {} tokens (book {}, word list {}, sentences {}) and the endpoint's window has {}; nothing "
            "is cut: take a smaller context or fewer shots (--context, --shots), or raise the window (--endpoint-window) if the "
            "model takes more",
            needed, size.book, size.words, size.sentences, window);
    return {};
}

std::unique_ptr<Translator> make_endpoint_translator(std::shared_ptr<Endpoint> endpoint, TranslationMaterial material)
{
    return std::make_unique<EndpointTranslator>(std::move(endpoint), std::move(material));
}

}  // namespace pathloom
