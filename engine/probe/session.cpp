// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/session.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/resources.h"
#include "engine/corpus/document_reader.h"
#include "engine/corpus/text.h"
#include "engine/model/kernels/products.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::int64_t passage_reach = 64;  // tokens that count as one place
constexpr std::size_t most_passages = 8, most_marks = 400, passage_bytes = 120;
constexpr std::size_t longest_document = std::size_t(4000) << 20;
constexpr std::chrono::milliseconds progress_interval(100);

double share(double mass, double total)
{
    return total > 0.0 ? mass / total : 0.0;
}

}  // namespace

struct ProbeSession::Document {
    std::string name;  ///< as it was given
    DocumentText content;
    std::optional<MemoryFile> memory;
};

ProbeSession::ProbeSession(SessionOptions options, SessionIo io)
    : m_options(std::move(options))
    , m_io(std::move(io))
{
}

ProbeSession::~ProbeSession() = default;

void ProbeSession::say(const char* event, json fields)
{
    fields["id"] = m_id;
    fields["event"] = event;
    m_io.say(fields);
}

MemoryProgress ProbeSession::progress(const std::string& what)
{
    return [this, what, last = std::chrono::steady_clock::time_point()](std::size_t done, std::size_t all) mutable {
        const auto now = std::chrono::steady_clock::now();
        if (done == all || now - last >= progress_interval) {
            last = now;
            say("progress", {{"what", what}, {"done", done}, {"total", all}});
        }
        return !m_io.stopped();
    };
}

Result<ReaderPackage*> ProbeSession::reader()
{
    if (!m_reader) {
        PATHLOOM_TRY(const std::filesystem::path folder, reader_folder(m_options.model));
        PATHLOOM_TRY(m_reader, load_reader(folder, Precision::Bf16));
    }
    return &*m_reader;
}

void ProbeSession::handle(const json& request)
{
    m_id = request.value("id", std::int64_t(0));
    const ComputeThreads compute(m_options.threads);
    const auto done = [&]() -> Result<void> {
        try {
            return dispatch(request);
        } catch (const json::exception& error) {
            return fail(ErrorCode::Usage, "the request is not what it should be: {}", error.what());
        }
    }();
    if (!done) say("error", {{"message", done.error().message}, {"cancelled", done.error().code == ErrorCode::Cancelled}});
}

Result<void> ProbeSession::dispatch(const json& request)
{
    const auto verb = request.at("do").get<std::string>();
    if (verb == "add") return add(request);
    if (verb == "remove") return remove(request);
    if (verb == "ask") return ask(request);
    if (verb == "needle") return needle(request);
    return fail(ErrorCode::Usage, "'{}' is no request; there are add, remove, ask, needle and cancel", verb);
}

Result<void> ProbeSession::add(const json& request)
{
    PATHLOOM_TRY(ReaderPackage* const package, reader());
    std::size_t added = 0;
    ReadLimits limits;
    limits.stopped = m_io.stopped;
    for (const auto& path : request.at("paths")) {
        const auto name = path.get<std::string>();
        const auto files = document_files({name});
        if (!files) say("rejected", {{"document", name}, {"message", files.error().message}});
        for (const auto& file : files.value_or(std::vector<std::filesystem::path>())) {
            PATHLOOM_TRY(const bool is_new, open(*package, file, limits));
            if (is_new) ++added;
        }
    }
    say("added", {{"documents", added}});
    return {};
}

Result<bool> ProbeSession::open(ReaderPackage& package, const std::filesystem::path& file, const ReadLimits& limits)
{
    if (std::ranges::any_of(m_documents, [&](const auto& document) { return document->name == file.string(); })) return false;
    auto content = read_document(file, limits);
    if (!content && content.error().code == ErrorCode::Cancelled) return fail(content.error());
    if (content && content->text.size() > longest_document)
        content = fail(ErrorCode::Usage, "{} has more than 4000 MB of text; cut it in parts", file.string());
    if (!content) {
        say("rejected", {{"document", file.string()}, {"message", content.error().message}});
        return false;
    }
    auto document = std::make_unique<Document>();
    document->name = file.string();
    document->content = std::move(*content);
    const std::string& text = document->content.text;
    // Places count bytes of the text as it was read: a viewer needs exactly that.
    std::filesystem::path shown = file;
    if (read_file(file).value_or("") != text) {
        shown = m_options.memory / "texts" / (sha256_hex(text) + ".txt");
        if (!std::filesystem::exists(shown)) {
            std::error_code error;
            std::filesystem::create_directories(shown.parent_path(), error);
            PATHLOOM_CHECK(write_file_atomic(shown, text));
        }
    }
    say("text", {{"document", document->name}, {"file", shown.string()}, {"bytes", text.size()}});
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(package, text));
    PATHLOOM_TRY(document->memory,
        MemoryFile::obtain(m_options.memory, identity, key_source(package, identity.tokens), progress(document->name)));
    say("document",
        {{"document", document->name}, {"tokens", document->memory->rows() + 1},
            {"encoded_tokens", document->memory->encoded_now()},
            {"seconds", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()}});
    m_documents.push_back(std::move(document));
    return true;
}

Result<void> ProbeSession::remove(const json& request)
{
    const auto name = request.at("document").get<std::string>();
    std::erase_if(m_documents, [&](const auto& document) { return document->name == name; });
    say("removed", {{"document", name}});
    return {};
}

Result<void> ProbeSession::ask(const json& request)
{
    if (m_documents.empty()) return fail(ErrorCode::Usage, "there is no document to ask; add one first");
    const auto question = request.at("question").get<std::string>();
    const auto prefix = request.value("prefix", std::string("Answer:"));
    PATHLOOM_TRY(ReaderPackage* const package, reader());
    MemoryView view;
    for (const auto& document : m_documents) view.add(*document->memory, 0, document->memory->rows());
    AnswerOptions options;
    options.rank = UsualRank;
    options.max_tokens = m_options.max_tokens;
    options.scan.threads = m_options.threads;
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

Result<void> ProbeSession::needle(const json& request)
{
    const auto name = request.at("document").get<std::string>();
    const auto found = std::ranges::find(m_documents, name, [](const auto& document) { return document->name; });
    if (found == m_documents.end()) return fail(ErrorCode::Usage, "the document {} is not open; add it first", name);
    NeedleGridRequest grid;
    PATHLOOM_TRY(const std::filesystem::path file, resource_path("probes/needles.json"));
    PATHLOOM_TRY(const std::string templates, read_file(file));
    PATHLOOM_TRY(grid.templates, parse_needle_templates(templates));
    grid.lengths = request.at("lengths").get<std::vector<std::size_t>>();
    if (grid.lengths.empty()) return fail(ErrorCode::Usage, "give at least one length in tokens");
    grid.depths = std::clamp(request.value("depths", 11), 1, 1000);
    grid.distractors = std::clamp(request.value("distractors", 0), 0, 100'000);
    grid.no_needle = request.value("no_needle", false);
    grid.seed = request.value("seed", std::uint64_t(1));
    grid.only_depth = request.value("only_depth", -1);
    grid.answer.max_tokens = m_options.max_tokens;
    grid.answer.scan.threads = m_options.threads;
    grid.answer.rank = UsualRank;
    PATHLOOM_TRY(ReaderPackage* const package, reader());
    const std::size_t longest = *std::ranges::max_element(grid.lengths);
    PATHLOOM_TRY(
        const Haystack haystack, prepare_haystack(*package, (*found)->content.text, longest, m_options.memory, progress(name)));
    const auto done = [&](const NeedleCell& cell) {
        const double step = grid.depths > 1 ? 100.0 / (grid.depths - 1) : 1.0;
        say("cell",
            {{"length", cell.length}, {"depth", cell.depth},
                {"depth_index", grid.depths > 1 ? int(std::lround(cell.depth / step)) : 0}, {"position", cell.actual_position},
                {"needle", cell.needle.text}, {"value", cell.needle.value}, {"question", cell.needle.question},
                {"answer_prefix", cell.needle.answer_prefix}, {"answer", cell.answer}, {"found", cell.found},
                {"repeated", cell.repeated}, {"seed", std::to_string(cell.seed)}, {"distractors", cell.distractors.size()},
                {"seconds_encode", cell.seconds_encode}, {"seconds_answer", cell.seconds_answer},
                {"seconds_first", cell.seconds_first}, {"model", package->hash}, {"no_needle", grid.no_needle}});
        return !m_io.stopped();
    };
    PATHLOOM_TRY(const std::vector<NeedleCell> cells, needle_grid(*package, haystack, grid, done));
    say("grid", {{"cells", cells.size()}, {"document_tokens", haystack.document_tokens}});
    return {};
}

}  // namespace pathloom
