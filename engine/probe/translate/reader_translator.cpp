// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/reader_translator.h"

#include "engine/probe/memory_view.h"
#include "engine/probe/mixture_lexicon.h"
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/beam_search.h"
#include "engine/probe/translate/consensus.h"
#include "engine/probe/translate/phrase_table.h"
#include "engine/probe/translate/similarity.h"
#include "engine/probe/translate/words.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace pathloom {

namespace {

using Tokens = std::vector<std::int32_t>;

constexpr std::size_t longest_span = 3;  // words looked up at once
constexpr std::size_t scanned = 256, read = 16;  // rows ranked and read for a span
constexpr double likeness_weight = 0.5;  // cosine a line gains when it begins exactly as asked
constexpr double form_likeness = 0.6;  // from which on a line stands in for another form of the word
constexpr double word_bonus = 1.75, option_bonus = -0.3, form_score = -1.0, copy_score = -1.0, drop_score = -5.0;
constexpr double mass_weight = 0.1;
constexpr std::size_t lines_a_span = 6;  // of one source phrase, the surest ones
constexpr std::size_t agreeing = 30;  // translations that vote
constexpr std::size_t encoded_at_once = 16384;  // rows

/// A line of the memory that can answer a lookup.
struct Line {
    std::u32string source;
    Words target;
    std::int64_t row = 0;  ///< whose value is the first token of the target
    double score = 0.0;  ///< how sure the context is that the two belong together
    PartOrigin origin;
};

struct Reading {
    const Line* line = nullptr;
    double mass = 0.0;
    double likeness = 0.0;
};

class ReaderTranslator final : public Translator {
public:
    ReaderTranslator(std::shared_ptr<ReaderPackage> reader, TranslationMaterial material)
        : m_reader(std::move(reader))
        , m_material(std::move(material))
    {
    }

    Result<void> read_context(const MemoryProgress& progress)
    {
        Tokens tokens = m_reader->tokenizer.encode_ids("\n");
        add_lines(tokens);
        for (const auto& pair : m_material.sentences) append(tokens, lexicon_line(pair[0], pair[1]));
        if (!m_material.grammar.empty()) append(tokens, m_material.grammar);
        PATHLOOM_CHECK(encode(tokens, progress));
        for (const auto& pair : m_material.sentences)
            if (const auto text = decode_utf8(pair[1])) m_spelling.learn(*text);
        return {};
    }

    [[nodiscard]] Result<Translation> explain(const std::string& sentence, const Said& said) const override
    {
        const auto text = decode_utf8(sentence);
        if (!text || m_lines.empty()) return Translation{sentence, {}};
        const auto words = plain_words(*text, m_material.languages[0]);
        std::vector<std::vector<std::u32string>> drafts(1);
        std::vector<std::vector<TranslationPart>> parts(1);
        std::vector<double> scores(1, 0.0);
        std::string so_far;
        for (std::size_t start = 0; start < words.size(); start += longest_piece) {
            const std::vector<std::u32string> piece(words.begin() + std::ptrdiff_t(start),
                words.begin() + std::ptrdiff_t(std::min(words.size(), start + longest_piece)));
            std::vector<SpanOption> options;
            std::vector<TranslationPart> meanings;
            for (std::size_t at = 0; at < piece.size(); ++at) {
                PATHLOOM_CHECK(look_up(piece, at, options, meanings));
                // What is known so far, word by word: the order comes when all words are read.
                so_far += (so_far.empty() ? "" : " ") + best_word(options, meanings, int(at));
                if (said && !said(so_far)) return fail(ErrorCode::Cancelled, "stopped while the words were looked up");
            }
            const auto found = beam_search(piece.size(), options, m_order, {}, start == 0 ? agreeing : 1);
            std::vector<std::vector<std::u32string>> written;
            std::vector<std::vector<TranslationPart>> told;
            for (const auto& result : found) {
                auto& line = written.emplace_back();
                auto& list = told.emplace_back();
                for (const std::size_t used : result.used) {
                    for (const auto& word : meanings[used].target) line.push_back(*decode_utf8(word));
                    if (!meanings[used].target.empty()) list.push_back(meanings[used]);
                }
            }
            if (start == 0) {
                drafts = std::move(written);
                parts = std::move(told);
                scores.clear();
                for (const auto& result : found) scores.push_back(result.score);
                continue;
            }
            for (std::size_t d = 0; d < drafts.size(); ++d) {
                drafts[d].insert(drafts[d].end(), written[0].begin(), written[0].end());
                parts[d].insert(parts[d].end(), told[0].begin(), told[0].end());
            }
        }
        std::vector<Vote> votes;
        for (std::size_t d = 0; d < drafts.size(); ++d)
            votes.push_back({m_spelling.sentence(drafts[d], *text), std::exp(scores[d] - scores[0])});
        const std::size_t best = consensus_of(votes);
        return Translation{encode_utf8(votes[best].text), std::move(parts[best])};
    }

private:
    void append(Tokens& tokens, std::string_view text) const
    {
        const Tokens more = m_reader->tokenizer.encode_ids(text);
        tokens.insert(tokens.end(), more.begin(), more.end());
    }

    /// The surest lines of each phrase; a dictionary line is one too.
    void add_lines(Tokens& tokens)
    {
        const PhraseTable table = build_phrase_table(m_material, {});
        for (const auto& sentence : table.target_sentences) m_order.learn(sentence);
        for (const auto& gloss : table.target_glosses) m_order.learn(gloss, gloss_trust(table.target_sentences.size()));
        m_target = table.target;
        const Words* before = nullptr;
        std::size_t alike = 0;
        for (const auto& pair : table.pairs) {
            alike = before && *before == pair.source ? alike + 1 : 0;
            before = &pair.source;
            if (pair.source.size() > longest_span || alike >= lines_a_span) continue;
            Line line;
            for (const auto word : pair.source) line.source += (line.source.empty() ? U"" : U" ") + table.source.word(word);
            line.target = pair.target;
            line.score = pair.score;
            line.origin = pair.origin;
            std::u32string target;
            for (const auto word : pair.target) target += (target.empty() ? U"" : U" ") + table.target.word(word);
            append(tokens, lookup_prompt(encode_utf8(line.source)));
            line.row = std::int64_t(tokens.size()) - 1;
            append(tokens, " " + encode_utf8(target));
            append(tokens, "\n");
            m_lines.emplace(line.row, std::move(line));
        }
    }

    Result<void> encode(const Tokens& tokens, const MemoryProgress& progress)
    {
        const std::size_t rows = tokens.size() - 1, width = std::size_t(m_reader->model.spec().key_dim);
        const KeySource source = key_source(*m_reader, tokens);
        for (std::size_t first = 0; first < rows; first += encoded_at_once) {
            const std::size_t count = std::min(encoded_at_once, rows - first);
            if (progress && !progress(first, rows)) return fail(ErrorCode::Cancelled, "stopped after {} of {} rows", first, rows);
            std::vector<float> keys;
            PATHLOOM_CHECK(source(first, count, keys));
            auto patch = std::make_shared<KeyPatch>();
            patch->keys.resize(count * key_stride(width));
            patch->scales.resize(count);
            quantise_keys(keys, width, patch->keys.data(), patch->scales.data());
            for (std::size_t r = 0; r < count; ++r) patch->values.push_back(std::uint16_t(tokens[first + r + 1]));
            m_memory.add(std::move(patch));
        }
        return {};
    }

    /// Lines the reader reads for `asked`, likeliest first.
    [[nodiscard]] std::vector<Reading> readings_of(const std::u32string& asked) const
    {
        const ReaderQuery query = m_reader->model.query(m_reader->tokenizer.encode_ids(lookup_prompt(encode_utf8(asked))));
        ScanOptions scan;
        scan.top = scan.rescored = scanned;
        std::vector<Reading> readings;
        std::vector<MemoryHit> hits;
        for (const ScanHit& hit : scan_keys(m_memory.runs(), query.query, std::size_t(m_reader->model.spec().key_dim), scan)) {
            const auto line = m_lines.find(hit.row);
            if (line == m_lines.end()) continue;
            const double likeness = likeness_of(asked, line->second.source);
            hits.push_back({hit.row, hit.score + float(likeness_weight * likeness), m_memory.value(hit.row)});
            readings.push_back({&line->second, 0.0, likeness});
        }
        std::vector<std::size_t> order(hits.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return hits[a].cosine > hits[b].cosine; });
        order.resize(std::min({order.size(), read, std::size_t(m_reader->model.spec().top_k)}));
        std::vector<MemoryHit> best;
        std::vector<Reading> out;
        for (const std::size_t i : order) {
            best.push_back(hits[i]);
            out.push_back(readings[i]);
        }
        if (best.empty()) return {};
        const ReaderPrediction prediction = m_reader->model.predict(query, best);
        double total = 0.0;
        for (std::size_t i = 0; i < out.size(); ++i) total += out[i].mass = double(prediction.mass[i]);
        for (auto& reading : out) reading.mass /= std::max(total, 1e-30);
        return out;
    }

    Result<void> look_up(const std::vector<std::u32string>& words, std::size_t at, std::vector<SpanOption>& options,
        std::vector<TranslationPart>& meanings) const
    {
        using Kind = TranslationPart::Kind;
        const int begin = int(at);
        const auto add = [&](int end, const Reading& reading, double extra, Kind kind) {
            TranslationPart part{kind, {}, {}, reading.line->origin};
            for (const auto word : reading.line->target) part.target.push_back(encode_utf8(m_target.word(word)));
            if (kind == Kind::relative)
                part.source = {encode_utf8(reading.line->source)};
            else
                for (int i = begin; i < end; ++i) part.source.push_back(encode_utf8(words[std::size_t(i)]));
            options.push_back({begin, end, reading.line->target,
                reading.line->score + mass_weight * std::log(std::max(reading.mass, 1e-4))
                    + word_bonus * double(reading.line->target.size()) + option_bonus + extra});
            meanings.push_back(std::move(part));
        };
        bool known = false;
        std::u32string asked;
        for (std::size_t end = at + 1; end <= std::min(words.size(), at + longest_span); ++end) {
            asked += (asked.empty() ? U"" : U" ") + words[end - 1];
            const auto readings = readings_of(asked);
            for (const auto& reading : readings)
                if (reading.line->source == asked) {
                    add(int(end), reading, 0.0, Kind::phrase);
                    known = known || end == at + 1;
                }
            if (end == at + 1 && !known)
                for (const auto& reading : readings)
                    if (reading.likeness >= form_likeness)
                        add(int(end), reading, form_score * (2.0 - reading.likeness), Kind::relative);
        }
        if (!known) {
            options.push_back({begin, begin + 1, {NgramModel::unknown}, copy_score + word_bonus});
            meanings.push_back({Kind::copied, {encode_utf8(words[at])}, {encode_utf8(words[at])}, {}});
        }
        options.push_back({begin, begin + 1, {}, drop_score});
        meanings.push_back({Kind::phrase, {}, {}, {}});
        return {};
    }

    [[nodiscard]] static std::string best_word(
        const std::vector<SpanOption>& options, const std::vector<TranslationPart>& meanings, int at)
    {
        std::size_t best = options.size();
        for (std::size_t o = 0; o < options.size(); ++o)
            if (options[o].begin == at && options[o].end == at + 1 && !options[o].target.empty()
                && (best == options.size() || options[o].score > options[best].score))
                best = o;
        std::string text;
        if (best < options.size())
            for (const auto& word : meanings[best].target) text += (text.empty() ? "" : " ") + word;
        return text;
    }

    std::shared_ptr<ReaderPackage> m_reader;
    TranslationMaterial m_material;
    std::map<std::int64_t, Line> m_lines;
    MemoryView m_memory;
    Vocabulary m_target;
    NgramModel m_order;
    Spelling m_spelling;
};

}  // namespace

Result<std::unique_ptr<Translator>> make_reader_translator(
    std::shared_ptr<ReaderPackage> reader, TranslationMaterial material, const MemoryProgress& progress)
{
    auto translator = std::make_unique<ReaderTranslator>(std::move(reader), std::move(material));
    PATHLOOM_CHECK(translator->read_context(progress));
    return std::unique_ptr<Translator>(std::move(translator));
}

}  // namespace pathloom
