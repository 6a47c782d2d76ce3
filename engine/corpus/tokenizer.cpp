// SPDX-License-Identifier: GPL-3.0-or-later
// Text to token ids and back, every token with the bytes it stands for. SentencePiece behind a pimpl.
#include "engine/corpus/tokenizer.h"

#include "engine/core/rng.h"
#include "engine/corpus/text.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <numeric>
#include <regex>
#include <unordered_map>

namespace pathloom {

namespace {

constexpr std::size_t longest_sentence = 4096;  // bytes of one training sentence
constexpr std::size_t longest_chunk = 1 << 16;  // bytes encoded at once: BPE keeps ~100 bytes of state a character

/// Documents in a seeded order until `limit` bytes are reached; at least one.
std::vector<std::string_view> drawn(std::span<const std::string_view> texts, std::uint64_t seed, std::size_t limit)
{
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    order.reserve(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) order.emplace_back(mix(seed, text_key(texts[i])), i);
    std::sort(order.begin(), order.end());
    std::vector<std::string_view> sample;
    std::size_t total = 0;
    for (const auto& [key, i] : order) {
        if (total >= limit) break;
        sample.push_back(texts[i].substr(0, code_point_floor(texts[i], limit)));
        total += sample.back().size();
    }
    return sample;
}

/// Lines as training sentences. SentencePiece skips a sentence that holds a tab, so tabs end one too; newline and tab are bytes
/// then.
class Lines : public sentencepiece::SentenceIterator {
public:
    explicit Lines(std::vector<std::string_view> texts)
        : m_texts(std::move(texts))
    {
        Lines::Next();
    }
    [[nodiscard]] bool done() const override { return m_done; }
    [[nodiscard]] const std::string& value() const override { return m_line; }
    [[nodiscard]] sentencepiece::util::Status status() const override { return {}; }
    void Next() override
    {
        while (m_text < m_texts.size()) {
            std::string_view& rest = m_texts[m_text];
            if (rest.empty()) {
                ++m_text;
                continue;
            }
            const std::size_t end = std::min(rest.find_first_of("\n\t"), code_point_floor(rest, longest_sentence));
            m_line.assign(rest.substr(0, end));
            rest.remove_prefix(end < rest.size() && (rest[end] == '\n' || rest[end] == '\t') ? end + 1 : end);
            if (!m_line.empty()) return;
        }
        m_done = true;
    }

private:
    std::vector<std::string_view> m_texts;
    std::size_t m_text = 0;
    std::string m_line;
    bool m_done = false;
};

/// SentencePiece's complaint as one of ours, with the number that works taken out of its message.
tl::unexpected<Error> training_error(int vocabulary, const std::string& message)
{
    std::smatch found;
    if (std::regex_search(message, found, std::regex("set it to a value <= ([0-9]+)")))
        return fail(
            ErrorCode::Usage, "vocabulary {} is larger than this corpus allows; use {} or less", vocabulary, found[1].str());
    if (std::regex_search(message, found, std::regex("smaller than required_chars\\. [0-9]+ vs ([0-9]+)")))
        return fail(ErrorCode::Usage, "vocabulary {} is smaller than the corpus's characters and the 256 bytes; use more than {}",
            vocabulary, found[1].str());
    std::string line = message;
    std::replace(line.begin(), line.end(), '\n', ' ');
    return fail(ErrorCode::Failed, "the tokenizer could not be trained with vocabulary {}: {}", vocabulary, line);
}

/// End of the next piece of text that is encoded at once: after a newline where there is one.
std::size_t chunk_end(std::string_view text)
{
    if (text.size() <= longest_chunk) return text.size();
    const std::size_t newline = text.rfind('\n', longest_chunk - 1);
    return newline != std::string_view::npos ? newline + 1 : code_point_floor(text, longest_chunk);
}

}  // namespace

struct Tokenizer::Impl {
    sentencepiece::SentencePieceProcessor processor;
    std::string model;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::train(std::span<const std::string_view> texts, const TokenizerTraining& training)
{
    if (training.vocabulary < 260)
        return fail(ErrorCode::Usage, "vocabulary {} has no room for the 256 bytes and the special tokens; use more than 260",
            training.vocabulary);
    if (texts.empty()) return fail(ErrorCode::Usage, "no text to train a tokenizer on; import at least one document");
    Lines lines(drawn(texts, training.seed, training.sample_bytes));
    if (lines.done()) return fail(ErrorCode::Usage, "no text to train a tokenizer on; every document is blank");
    const std::unordered_map<std::string, std::string> settings{{"model_type", "bpe"},
        {"vocab_size", std::to_string(training.vocabulary)}, {"byte_fallback", "true"}, {"split_digits", "true"},
        {"normalization_rule_name", "identity"}, {"add_dummy_prefix", "false"}, {"remove_extra_whitespaces", "false"},
        {"allow_whitespace_only_pieces", "true"}, {"character_coverage", fmt::format("{}", training.character_coverage)},
        {"max_sentence_length", std::to_string(longest_sentence + 8)}, {"num_threads", "1"}, {"minloglevel", "3"}};
    std::string model;
    const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &lines, &model);
    if (!status.ok()) return training_error(training.vocabulary, status.ToString());
    return from_model(model);
}

Result<Tokenizer> Tokenizer::from_model(std::string_view bytes)
{
    auto impl = std::make_unique<Impl>();
    impl->model.assign(bytes);
    // An empty message parses as protobuf; only a model with pieces is one.
    if (bytes.empty() || !impl->processor.LoadFromSerializedProto(impl->model).ok() || impl->processor.GetPieceSize() == 0)
        return fail(ErrorCode::Usage, "not a SentencePiece model; give the .model file that spm_train wrote");
    return Tokenizer(std::move(impl));
}

std::vector<Token> Tokenizer::encode(std::string_view text) const
{
    std::vector<Token> tokens;
    tokens.reserve(text.size() / 3 + 8);
    for (std::size_t base = 0; base < text.size();) {
        const std::string_view chunk = text.substr(base, chunk_end(text.substr(base)));
        const auto encoded = m_impl->processor.EncodeAsImmutableProto({chunk.data(), chunk.size()});
        std::uint32_t byte_of_character = 0;  // SentencePiece places all byte pieces of a character at its first byte
        const std::size_t pieces = encoded.pieces_size();
        for (std::size_t i = 0; i < pieces; ++i) {
            const auto piece = encoded.pieces(int(i));
            const auto id = std::int32_t(piece.id());
            std::uint32_t begin = piece.begin();
            if (m_impl->processor.IsByte(id)) {
                begin += byte_of_character;
                byte_of_character = piece.end() > piece.begin() ? 0 : byte_of_character + 1;
            }
            tokens.push_back({id, std::int32_t(base + begin)});
        }
        base += chunk.size();
    }
    return tokens;
}

std::vector<std::int32_t> Tokenizer::encode_ids(std::string_view text) const
{
    std::vector<std::int32_t> ids;
    for (const Token& token : encode(text)) ids.push_back(token.id);
    return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const
{
    std::vector<int> valid;
    std::copy_if(
        ids.begin(), ids.end(), std::back_inserter(valid), [&](std::int32_t id) { return id >= 0 && id < vocabulary(); });
    return m_impl->processor.DecodeIds(valid);
}

std::string Tokenizer::piece(std::int32_t id) const
{
    return id >= 0 && id < vocabulary() ? m_impl->processor.IdToPiece(id) : std::string();
}

int Tokenizer::vocabulary() const
{
    return m_impl->processor.GetPieceSize();
}

const std::string& Tokenizer::model() const
{
    return m_impl->model;
}

}  // namespace pathloom
