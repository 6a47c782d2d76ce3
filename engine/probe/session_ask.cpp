// SPDX-License-Identifier: GPL-3.0-or-later
// A session's questions: the reader's answer with its places, and the answers of others beside it.
#include "engine/corpus/text.h"
#include "engine/probe/joint_answer.h"
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
    MemoryView pictures;
    for (const auto& document : m_documents)
        if (document->pictures) pictures.add(*document->pictures, 0, document->pictures->rows());
    JointAnswer said;
    if (pictures.rows() > 0) {
        PATHLOOM_TRY(VisionModel* const model, frames());
        PATHLOOM_TRY(said, ask_text_and_pictures(*package, view, *model, pictures, question, prefix, options));
    } else {
        PATHLOOM_TRY(said.text, ask_memory(*package, view, question, prefix, options));
    }
    json marks = json::array(), passages_found = json::array();
    if (said.by_picture)
        add_picture_place(said.picture, marks, passages_found);
    else
        add_text_places(said.text, marks, passages_found);
    const double looked = said.picture.seconds;
    json answer{{"text", said.said()}, {"found", said.by_picture ? said.picture_found : said.text.found},
        {"tokens", said.text.tokens}, {"seconds", said.text.seconds + looked},
        {"seconds_first", said.text.seconds_first + looked}, {"memory_tokens", view.rows() + pictures.rows()}, {"marks", marks},
        {"passages", passages_found}};
    if (pictures.rows() > 0) answer["answered_by"] = said.by_picture ? "picture" : "text";
    say("answer", std::move(answer));
    return {};
}

void ProbeSession::add_picture_place(const VisualAnswer& answer, json& marks, json& passages_found) const
{
    std::vector<std::size_t> rows;
    for (const auto& document : m_documents) rows.push_back(document->pictures ? document->pictures->rows() : 0);
    const PicturePlace place = picture_place(rows, answer.picture, m_frames->net.spec().tokens());
    Locator where;
    where.seconds = double(place.second);
    where.track = "picture";
    const json mark{{"document", m_documents[place.film]->name}, {"seconds", place.second}, {"mass", 1.0}};
    marks.push_back(mark);
    passages_found.push_back(mark);
    passages_found.back().update({{"place", to_text(where)}, {"text", answer.line}});
}

void ProbeSession::add_text_places(const Answer& answer, json& marks, json& passages_found) const
{
    double total = 0.0;
    for (const EvidenceRow& row : answer.evidence) total += row.mass;
    const auto place = [&](std::int64_t row) {
        std::size_t document = 0;
        auto at = std::size_t(row);
        while (at >= m_documents[document]->memory->rows()) at -= m_documents[document++]->memory->rows();
        return std::pair(document, at + 1);  // a row points at the token after it
    };
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
