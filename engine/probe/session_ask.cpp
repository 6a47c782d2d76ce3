// SPDX-License-Identifier: GPL-3.0-or-later
// A session's questions: the reader's answer with its places, and the answers of others beside it.
#include "engine/corpus/text.h"
#include "engine/probe/session_document.h"

#include <algorithm>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::int64_t passage_reach = 64;  // tokens that count as one place
constexpr std::size_t most_passages = 8, most_marks = 400, passage_bytes = 120;

double share(double mass, double total)
{
    return total > 0.0 ? mass / total : 0.0;
}

}  // namespace

Result<void> ProbeSession::ask(const json& request)
{
    if (m_documents.empty()) return fail(ErrorCode::Usage, "there is no document to ask; add one first");
    const auto question = request.at("question").get<std::string>();
    const auto prefix = request.value("prefix", std::string("Answer:"));
    PATHLOOM_TRY(ReaderPackage* const package, reader());
    MemoryView view;
    for (const auto& document : m_documents) view.add(*document->memory, 0, document->memory->rows());
    AnswerOptions options = answer_options();
    options.said = [this](const std::string& so_far) {
        say("said", {{"text", so_far}});
        return !m_io.stopped();
    };
    PATHLOOM_TRY(const Answer answer, ask_memory(*package, view, question, prefix, options));

    double total = 0.0;
    for (const EvidenceRow& row : answer.evidence) total += row.mass;
    const auto place = [&](std::int64_t row) {
        std::size_t document = 0;
        auto at = std::size_t(row);
        while (at >= m_documents[document]->memory->rows()) at -= m_documents[document++]->memory->rows();
        return std::pair(document, at + 1);  // a row points at the token after it
    };
    json marks = json::array(), passages_found = json::array();
    for (const EvidenceRow& row : answer.evidence) {
        if (marks.size() == most_marks) break;
        const auto [document, token] = place(row.row);
        const auto bytes = m_documents[document]->memory->bytes();
        const std::size_t end = token + 1 < bytes.size() ? bytes[token + 1] : m_documents[document]->content.text.size();
        marks.push_back(
            {{"document", m_documents[document]->name}, {"byte", bytes[token]}, {"end", end}, {"mass", share(row.mass, total)}});
    }
    for (const EvidenceRow& row : passages(answer.evidence, passage_reach)) {
        if (passages_found.size() == most_passages) break;
        const auto [document, token] = place(row.row);
        const std::string& text = m_documents[document]->content.text;
        const std::size_t byte = m_documents[document]->memory->bytes()[token];
        const std::size_t from = code_point_floor(text, byte - std::min(byte, passage_bytes));
        const std::size_t to = code_point_floor(text, std::min(text.size(), byte + passage_bytes));
        passages_found.push_back({{"document", m_documents[document]->name}, {"byte", byte}, {"mass", share(row.mass, total)},
            {"place", to_text(m_documents[document]->content.at(byte))}, {"text", text.substr(from, to - from)}});
    }
    say("answer",
        {{"text", answer.text}, {"found", answer.found}, {"tokens", answer.tokens}, {"seconds", answer.seconds},
            {"seconds_first", answer.seconds_first}, {"memory_tokens", view.rows()}, {"marks", marks},
            {"passages", passages_found}});
    return {};
}

Result<void> ProbeSession::beside(const json& request)
{
    if (m_documents.empty()) return fail(ErrorCode::Usage, "there is no document to ask; add one first");
    const auto ids = request.at("contestants").get<std::vector<std::string>>();
    for (const std::string& id : ids) {
        const auto done = say_beside(id, request);
        if (done) continue;
        if (done.error().code == ErrorCode::Cancelled) return fail(done.error());
        say("beside", {{"contestant", id}, {"problem", done.error().message}});  // the others go on
    }
    say("done", {});
    return {};
}

Result<void> ProbeSession::say_beside(const std::string& id, const json& request)
{
    const auto question = request.at("question").get<std::string>();
    const auto prefix = request.value("prefix", std::string("Answer:"));
    const std::string by = id.starts_with(other_reader) ? id : std::string(MainReader);
    PATHLOOM_TRY(ReaderPackage* const package, reader_named(by));
    MemoryView view;
    // One context: the first document, with the others put in at its end.
    std::vector<Insertion> rest;
    const MemoryFile* first = nullptr;
    for (const auto& document : m_documents) {
        PATHLOOM_TRY(const MemoryFile* const memory, memory_of(*document, by));
        view.add(*memory, 0, memory->rows());
        if (!first) {
            first = memory;
        } else if (id != by) {
            rest.push_back({first->tokens().size(), {memory->tokens().begin(), memory->tokens().end()}});
        }
    }
    AnswerOptions options = answer_options();
    options.said = [this](const std::string&) { return !m_io.stopped(); };
    std::optional<Answer> said;
    if (id == by) {
        PATHLOOM_TRY(said, ask_memory(*package, view, question, prefix, options));
    } else {
        json wanted = request;
        wanted["contestants"] = {id};
        PATHLOOM_TRY(const auto all, baselines_of(*package, wanted, options));
        PATHLOOM_TRY(said, all.back()->answer({first, first->tokens().size(), rest, &view}, question, prefix));
    }
    if (!said) return fail(ErrorCode::Usage, "the documents are too long for it");
    say("beside", {{"contestant", id}, {"text", said->text}, {"seconds", said->seconds}});
    return {};
}

}  // namespace pathloom
