// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/answer.h"

#include "engine/core/clock.h"
#include "engine/probe/mixture.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>

namespace pathloom {

namespace {

std::string text_of(const ReaderPackage& reader, std::span<const std::int32_t> tokens)
{
    std::string text = reader.tokenizer.decode(tokens);
    text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
    return text;
}

/// One question being answered.
class Asking {
public:
    Asking(ReaderPackage& reader, const MemoryView& memory, std::string_view question, std::string_view answer_prefix,
        const AnswerOptions& options)
        : m_reader(reader)
        , m_memory(memory)
        , m_options(options)
        , m_asked(reader_prompt(question, answer_prefix))
        , m_prompt(reader.tokenizer.encode_ids(m_asked))
        , m_none(reader.tokenizer.encode_ids(" " + std::string(NoAnswer)))
        , m_top(std::size_t(reader.model.spec().top_k))
        , m_width(std::size_t(reader.model.spec().key_dim))
        , m_start(std::chrono::steady_clock::now())
    {
        const std::vector<std::int32_t> end = reader.tokenizer.encode_ids("\n");
        if (!end.empty()) m_end = end.back();
        m_gate = options.gate && options.rank.words > 0.0 && reader.gate ? &*reader.gate : nullptr;
    }

    Result<Answer> run()
    {
        const ReaderQuery query = m_reader.model.query(m_prompt);
        m_answer.selection = m_gate ? told_selection(query.selection) : Selection::One;
        if (m_options.rank.words > 0.0)
            m_words.emplace(WordMatch(m_memory, m_prompt), WholeWords(m_memory, m_reader.tokenizer, m_asked, m_answer.selection));
        ScanOptions scan = m_options.scan;
        if (m_words) scan.rescored = std::max(scan.rescored, CandidateRows);
        scan.top = m_words ? std::max(m_top, scan.rescored) : m_top;
        const std::vector<RowEvidence> ranked
            = rank_rows(m_memory, query, m_width, m_words ? &*m_words : nullptr, m_options.rank, scan);
        const std::vector<MemoryHit> hits = hits_of(ranked, m_top);
        ReaderPrediction said = m_reader.model.predict(query, hits);
        if (m_end >= 0) said.probability[std::size_t(m_end)] = 0.0f;  // silence is no answer: it says "none"
        m_answer.found = 1.0 - double(said.nothing);
        if (m_gate && ranked.empty()) return nothing();
        if (m_gate) {
            const Logistic& present = m_answer.selection == Selection::One ? m_gate->present : m_gate->present_several;
            const double odds = present.logit(measure_present(ranked[0], m_memory.rows()));
            m_answer.found = 1.0 / (1.0 + std::exp(-odds));
            if (odds <= 0.0) return nothing();
            if (m_answer.selection != Selection::One) return several(ranked);
            if (std::ranges::find(hits, m_none.front(), &MemoryHit::token) == hits.end())
                said.probability[std::size_t(m_none.front())] = 0.0f;
        }
        PATHLOOM_CHECK(read_freely(std::move(said), hits));
        return finished();
    }

private:
    /// All that match, in the order of the document, or the one of them that is asked for.
    Result<Answer> several(const std::vector<RowEvidence>& ranked)
    {
        const bool all = m_answer.selection == Selection::All;
        std::vector<RowEvidence> rows
            = matching_rows(m_memory, *m_words, ranked, all ? m_gate->again : m_gate->same, m_options.most_items);
        if (!all) {
            const auto wanted = std::size_t(ordinal_of(m_answer.selection));
            // Fewer than the question counts: the best of all rather than a denial.
            const RowEvidence one = m_answer.selection == Selection::Last ? rows.back()
                : wanted <= rows.size()                                   ? rows[wanted - 1]
                                                                          : ranked[0];
            rows = {one};
        }
        std::int64_t read_to = -1;
        for (const RowEvidence& row : rows) {
            if (row.row <= read_to) continue;  // inhibition of return
            PATHLOOM_TRY(read_to, read_from(row.row));
            ++m_answer.items;
        }
        return finished();
    }

    /// The value that begins at `row`, read on row by row until the gate would end it or its line does: it was chosen among many
    /// alike, and what looks like it must not draw the copy away. The last row read.
    Result<std::int64_t> read_from(std::int64_t row)
    {
        std::vector<std::int32_t> tokens = m_prompt;
        for (;;) {
            const std::int32_t token = m_memory.value(row);
            m_mass[row] += 1.0;
            PATHLOOM_CHECK(say(tokens, token));
            if (int(tokens.size() - m_prompt.size()) >= m_options.max_tokens || row + 1 >= m_memory.rows()) break;
            const ReaderPrediction said = going_on(m_reader.model, m_memory, tokens, row + 1, m_options.rank, m_options.scan);
            if (m_memory.value(row + 1) == m_end || m_gate->ends.logit({end_odds(said, m_end)}) > 0.0) break;
            ++row;
        }
        if (!m_said.empty()) m_said += ", ";
        m_said += text_of(m_reader, std::span(tokens).subspan(m_prompt.size()));
        return row;
    }

    /// What follows the prompt, where `said` is the first token's distribution after reading `hits`.
    Result<void> read_freely(ReaderPrediction said, std::vector<MemoryHit> hits)
    {
        std::vector<std::int32_t> tokens = m_prompt;
        std::int64_t expected = -1;  // the row after the one read last
        for (;;) {
            PATHLOOM_TRY(const bool go_on, take(tokens, said, hits, expected));
            if (!go_on || int(tokens.size() - m_prompt.size()) >= m_options.max_tokens) break;
            const ReaderQuery query = m_reader.model.query(tokens);
            hits = nearest(query, expected);
            said = m_reader.model.predict(query, hits);
        }
        m_said = text_of(m_reader, std::span(tokens).subspan(m_prompt.size()));
        return {};
    }

    /// The rows nearest to a query; the one after the row read last gains.
    std::vector<MemoryHit> nearest(const ReaderQuery& query, std::int64_t expected) const
    {
        ScanOptions scan = m_options.scan;
        scan.top = m_top;
        std::vector<MemoryHit> out;
        for (const ScanHit& hit : scan_keys(m_memory.runs(), query.query, m_width, scan)) {
            const double gain = hit.row == expected ? m_options.rank.going_on : 0.0;
            out.push_back({hit.row, hit.score + float(gain), m_memory.value(hit.row)});
        }
        std::ranges::stable_sort(out, [](const MemoryHit& a, const MemoryHit& b) { return a.cosine > b.cosine; });
        return out;
    }

    static std::int32_t likeliest(const ReaderPrediction& said)
    {
        return std::int32_t(std::ranges::max_element(said.probability) - said.probability.begin());
    }

    /// The most likely token; false when it ends the answer.
    Result<bool> take(std::vector<std::int32_t>& tokens, const ReaderPrediction& said, const std::vector<MemoryHit>& hits,
        std::int64_t& expected)
    {
        const std::int32_t token = likeliest(said);
        if (token == m_end) return false;
        expected = -1;
        float strongest = 0.0f;
        for (std::size_t j = 0; j < hits.size(); ++j) {
            if (hits[j].token != token) continue;
            const float share = said.gate * said.mass[j];
            if (share > strongest) {
                strongest = share;
                expected = hits[j].row + 1;
            }
            m_mass[hits[j].row] += double(share);
        }
        PATHLOOM_CHECK(say(tokens, token));
        return true;
    }

    Result<void> say(std::vector<std::int32_t>& tokens, std::int32_t token)
    {
        if (m_answer.tokens == 0) m_answer.seconds_first = seconds_since(m_start);
        tokens.push_back(token);
        ++m_answer.tokens;
        if (!m_options.said) return {};
        const std::string now = text_of(m_reader, std::span(tokens).subspan(m_prompt.size()));
        if (m_options.said(m_said.empty() ? now : m_said + ", " + now)) return {};
        return fail(ErrorCode::Cancelled, "stopped after {} tokens", m_answer.tokens);
    }

    Result<Answer> nothing()
    {
        std::vector<std::int32_t> tokens = m_prompt;
        for (const std::int32_t token : m_none) PATHLOOM_CHECK(say(tokens, token));
        m_said = NoAnswer;
        return finished();
    }

    Answer finished()
    {
        m_answer.text = std::move(m_said);
        for (const auto& [row, mass] : m_mass) m_answer.evidence.push_back({row, mass});
        std::ranges::stable_sort(m_answer.evidence, [](const EvidenceRow& a, const EvidenceRow& b) { return a.mass > b.mass; });
        m_answer.seconds = seconds_since(m_start);
        return std::move(m_answer);
    }

    ReaderPackage& m_reader;
    const MemoryView& m_memory;
    const AnswerOptions& m_options;
    std::string m_asked;
    std::vector<std::int32_t> m_prompt, m_none;
    std::size_t m_top, m_width;
    std::chrono::steady_clock::time_point m_start;
    std::int32_t m_end = -1;
    std::optional<Wording> m_words;
    const EvidenceGate* m_gate = nullptr;
    Answer m_answer;
    std::string m_said;  // items that are complete
    std::map<std::int64_t, double> m_mass;
};

}  // namespace

Result<void> check_question(const ReaderPackage& reader, std::string_view question, std::string_view answer_prefix)
{
    const std::size_t tokens = reader.tokenizer.encode_ids(reader_prompt(question, answer_prefix)).size();
    if (tokens == 0) return fail(ErrorCode::Usage, "the question is empty; ask something");
    if (tokens > LongestQuestion)
        return fail(
            ErrorCode::Usage, "the question has {} tokens and the reader takes {}; ask it shorter", tokens, LongestQuestion);
    return {};
}

Result<Answer> ask_memory(ReaderPackage& reader, const MemoryView& memory, std::string_view question,
    std::string_view answer_prefix, const AnswerOptions& options)
{
    PATHLOOM_CHECK(check_question(reader, question, answer_prefix));
    return Asking(reader, memory, question, answer_prefix, options).run();
}

std::vector<EvidenceRow> passages(std::vector<EvidenceRow> rows, std::int64_t near)
{
    std::vector<EvidenceRow> out;
    for (const EvidenceRow& row : rows) {
        const auto home = std::ranges::find_if(out, [&](const EvidenceRow& p) { return std::abs(p.row - row.row) <= near; });
        if (home == out.end())
            out.push_back(row);
        else
            home->mass += row.mass;
    }
    std::ranges::stable_sort(out, [](const EvidenceRow& a, const EvidenceRow& b) { return a.mass > b.mass; });
    return out;
}

}  // namespace pathloom
