// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/answer.h"

#include "engine/probe/mixture.h"
#include "engine/probe/word_match.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>

namespace pathloom {

namespace {

double since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string text_of(const ReaderPackage& reader, std::span<const std::int32_t> tokens)
{
    std::string text = reader.tokenizer.decode(tokens);
    text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
    return text;
}

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
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::int32_t> tokens = reader.tokenizer.encode_ids(reader_prompt(question, answer_prefix));
    const std::size_t prompt = tokens.size(), width = std::size_t(reader.model.spec().key_dim);
    const std::vector<std::int32_t> end = reader.tokenizer.encode_ids("\n");
    const auto top = std::size_t(reader.model.spec().top_k);
    std::optional<WordMatch> words;
    if (options.rank.words > 0.0) words.emplace(memory, tokens);
    std::int64_t expected = -1;  // the row after the one read last
    Answer answer;
    std::map<std::int64_t, double> mass;
    std::vector<MemoryHit> hits;
    while (int(tokens.size() - prompt) < options.max_tokens) {
        const ReaderQuery query = reader.model.query(tokens);
        hits.clear();
        const bool first = tokens.size() == prompt;
        ScanOptions scan = options.scan;
        scan.top = first && words ? std::max(top, scan.rescored) : top;
        for (const ScanHit& hit : scan_keys(memory.runs(), query.query, width, scan)) {
            double score = hit.score;
            if (first && words) score += options.rank.words * (words->at(memory, hit.row) - options.rank.words_floor);
            if (hit.row == expected) score += options.rank.going_on;
            hits.push_back({hit.row, float(score), memory.value(hit.row)});
        }
        std::ranges::stable_sort(hits, [](const MemoryHit& a, const MemoryHit& b) { return a.cosine > b.cosine; });
        hits.resize(std::min(hits.size(), top));
        ReaderPrediction said = reader.model.predict(query, hits);
        if (first && !end.empty()) said.probability[std::size_t(end.back())] = 0.0f;  // silence is no answer: it says "none"
        const auto token = std::int32_t(std::ranges::max_element(said.probability) - said.probability.begin());
        if (tokens.size() == prompt) {
            answer.seconds_first = since(start);
            answer.found = 1.0 - double(said.nothing);
        }
        if (!end.empty() && token == end.back()) break;
        expected = -1;
        float strongest = 0.0f;
        for (std::size_t j = 0; j < hits.size(); ++j) {
            if (hits[j].token == token && said.gate * said.mass[j] > strongest) {
                strongest = said.gate * said.mass[j];
                expected = hits[j].row + 1;
            }
            if (hits[j].token == token) mass[hits[j].row] += double(said.gate * said.mass[j]);
        }
        tokens.push_back(token);
        if (options.said && !options.said(text_of(reader, std::span(tokens).subspan(prompt))))
            return fail(ErrorCode::Cancelled, "stopped after {} tokens", tokens.size() - prompt);
    }
    answer.tokens = int(tokens.size() - prompt);
    answer.text = text_of(reader, std::span(tokens).subspan(prompt));
    for (const auto& [row, m] : mass) answer.evidence.push_back({row, m});
    std::ranges::stable_sort(answer.evidence, [](const EvidenceRow& a, const EvidenceRow& b) { return a.mass > b.mass; });
    answer.seconds = since(start);
    return answer;
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
