// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/answer.h"

#include "engine/probe/mixture.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

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
    ScanOptions scan = options.scan;
    scan.top = std::size_t(reader.model.spec().top_k);
    Answer answer;
    std::map<std::int64_t, double> mass;
    std::vector<MemoryHit> hits;
    while (int(tokens.size() - prompt) < options.max_tokens) {
        const ReaderQuery query = reader.model.query(tokens);
        hits.clear();
        for (const ScanHit& hit : scan_keys(memory.runs(), query.query, width, scan))
            hits.push_back({hit.row, hit.score, memory.value(hit.row)});
        const ReaderPrediction said = reader.model.predict(query, hits);
        const auto token = std::int32_t(std::ranges::max_element(said.probability) - said.probability.begin());
        if (tokens.size() == prompt) {
            answer.seconds_first = since(start);
            answer.found = 1.0 - double(said.nothing);
        }
        if (!end.empty() && token == end.back()) break;
        for (std::size_t j = 0; j < hits.size(); ++j) {
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
