// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/session_document.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/resources.h"
#include "engine/corpus/document_reader.h"
#include "engine/corpus/read_options_json.h"
#include "engine/model/kernels/products.h"
#include "engine/probe/documents.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::size_t longest_document = std::size_t(4000) << 20;
constexpr std::chrono::milliseconds progress_interval(100);
constexpr std::size_t places_a_line = 1000;  // the app parses a line in a few milliseconds

}  // namespace

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

Result<ReaderPackage*> ProbeSession::reader_named(const std::string& id)
{
    const auto known = m_readers.find(id);
    if (known != m_readers.end()) return &known->second;
    std::filesystem::path folder;
    if (id == MainReader) {
        PATHLOOM_TRY(folder, reader_folder(m_options.model));
    } else {
        if (!id.starts_with(other_reader)) return fail(ErrorCode::Usage, "'{}' is no reader", id);
        const std::string name = id.substr(other_reader.size());
        folder = name;
        if (!folder.is_absolute()) {
            PATHLOOM_TRY(folder, resource_path("models/" + name));
        }
    }
    PATHLOOM_TRY(ReaderPackage package, load_reader(folder, Precision::Bf16));
    return &m_readers.emplace(id, std::move(package)).first->second;
}

Result<VisionModel*> ProbeSession::frames()
{
    if (!m_frames) {
        PATHLOOM_TRY(const std::filesystem::path folder, vision_folder("shipped"));
        PATHLOOM_TRY(VisionModel model, load_vision(folder));
        PATHLOOM_TRY(const ReaderPackage* const package, reader());
        PATHLOOM_CHECK(check_reader(*package, model));
        m_frames = std::move(model);
    }
    return &*m_frames;
}

Result<MemoryFile*> ProbeSession::memory_of(Document& document, const std::string& reader)
{
    if (reader == MainReader) return &*document.memory;
    const auto known = document.others.find(reader);
    if (known != document.others.end()) return &known->second;
    PATHLOOM_TRY(ReaderPackage* const package, reader_named(reader));
    PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(*package, document.content.text));
    PATHLOOM_TRY(MemoryFile memory,
        MemoryFile::obtain(m_options.memory, identity, key_source(*package, identity.tokens), progress(document.name)));
    return &document.others.emplace(reader, std::move(memory)).first->second;
}

Result<ProbeSession::Document*> ProbeSession::document_named(const json& request)
{
    const auto name = request.at("document").get<std::string>();
    const auto found = std::ranges::find(m_documents, name, [](const auto& document) { return document->name; });
    if (found == m_documents.end()) return fail(ErrorCode::Usage, "the document {} is not open; add it first", name);
    return found->get();
}

Result<std::optional<ResultStore>> ProbeSession::store_of(const json& request)
{
    const auto project = request.value("project", std::string());
    if (project.empty()) return std::nullopt;
    PATHLOOM_TRY(const std::filesystem::path file, project_results(project));
    PATHLOOM_TRY(ResultStore store, ResultStore::open(file));
    return store;
}

AnswerOptions ProbeSession::answer_options() const
{
    AnswerOptions options;
    options.rank = UsualRank;
    options.max_tokens = m_options.max_tokens;
    options.scan.threads = m_options.threads;
    return options;
}

Result<std::vector<std::unique_ptr<Contestant>>> ProbeSession::baselines_of(
    ReaderPackage& package, const json& request, const AnswerOptions& options)
{
    std::vector<std::string> names{std::string(MainReader)};
    for (const auto& id : request.value("contestants", json::array())) {
        const auto name = id.get<std::string>();
        if (!name.starts_with(other_reader)) names.push_back(name);
    }
    EndpointOptions endpoint;
    const json wanted = request.value("endpoint", json::object());
    endpoint.base_url = wanted.value("url", std::string());
    endpoint.model = wanted.value("model", std::string());
    endpoint.token_budget = wanted.value("budget", endpoint.token_budget);
    return make_contestants(package, names, options, endpoint);
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
    if (verb == "contestants") return contestants();
    if (verb == "ask") return ask(request);
    if (verb == "beside") return beside(request);
    if (verb == "needle") return needle(request);
    if (verb == "nll") return nll(request);
    if (verb == "results") return results(request);
    return fail(ErrorCode::Usage,
        "'{}' is no request; there are add, remove, contestants, ask, beside, needle, nll, results and cancel", verb);
}

Result<void> ProbeSession::add(const json& request)
{
    PATHLOOM_TRY(ReaderPackage* const package, reader());
    std::size_t added = 0;
    ReadLimits limits;
    limits.stopped = m_io.stopped;
    const json reading = request.value("reading", json());
    PATHLOOM_TRY(limits.options, parse_read_options(reading));
    const bool pictures = reading.is_object() && reading.value("pictures", false);
    for (const auto& path : request.at("paths")) {
        const auto name = path.get<std::string>();
        const auto files = document_files({name});
        if (!files) say("rejected", {{"document", name}, {"message", files.error().message}});
        for (const auto& file : files.value_or(std::vector<std::filesystem::path>())) {
            PATHLOOM_TRY(const bool is_new, open(*package, file, limits, pictures));
            if (is_new) ++added;
        }
    }
    say("added", {{"documents", added}});
    return {};
}

Result<bool> ProbeSession::open(
    ReaderPackage& package, const std::filesystem::path& file, const ReadLimits& limits, bool pictures)
{
    if (std::ranges::any_of(m_documents, [&](const auto& document) { return document->name == file.string(); })) return false;
    ReadLimits watched = limits;
    watched.progress = [this, &file](double done, double total) {
        say("reading", {{"document", file.string()}, {"done", done}, {"total", total}});
    };
    auto read = read_probe_document(file, watched, pictures);
    if (!read && read.error().code == ErrorCode::Cancelled) return fail(read.error());
    if (read && read->content.text.size() > longest_document)
        read = fail(ErrorCode::Usage, "{} has more than 4000 MB of text; cut it in parts", file.string());
    if (!read) {
        say("rejected", {{"document", file.string()}, {"message", read.error().message}});
        return false;
    }
    auto document = std::make_unique<Document>();
    document->name = file.string();
    document->content = std::move(read->content);
    const std::string& text = document->content.text;
    document->hash = sha256_hex(text);
    // Places count bytes of the text as it was read: a viewer needs exactly that.
    std::filesystem::path shown = file;
    std::error_code unknown;
    if (std::filesystem::file_size(file, unknown) != text.size() || read_file(file).value_or("") != text) {
        shown = m_options.memory / "texts" / (document->hash + ".txt");
        if (!std::filesystem::exists(shown)) {
            std::error_code error;
            std::filesystem::create_directories(shown.parent_path(), error);
            PATHLOOM_CHECK(write_file_atomic(shown, text));
        }
    }
    say("text", {{"document", document->name}, {"file", shown.string()}, {"bytes", text.size()}});
    say_places(*document);
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(package, text));
    PATHLOOM_TRY(document->memory,
        MemoryFile::obtain(m_options.memory, identity, key_source(package, identity.tokens), progress(document->name)));
    if (read->pictures > 0) {
        PATHLOOM_TRY(VisionModel* const model, frames());
        PATHLOOM_TRY(document->pictures,
            obtain_visual_memory(*model, file, read->pictures, m_options.memory, limits, progress(document->name)));
    }
    say("document",
        {{"document", document->name}, {"tokens", document->memory->rows() + 1}, {"pictures", read->pictures},
            {"encoded_tokens", document->memory->encoded_now()},
            {"seconds", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()}});
    m_documents.push_back(std::move(document));
    return true;
}

void ProbeSession::say_places(const Document& document)
{
    const DocumentText& content = document.content;
    json rows = json::array();
    const auto flush = [&] {
        if (!rows.empty()) say("places", {{"document", document.name}, {"rows", std::exchange(rows, json::array())}});
    };
    for (std::size_t i = 0; i < content.marks.size(); ++i) {
        const auto& [begin, where] = content.marks[i];
        if (where.seconds < 0.0) continue;
        json row{{"byte", begin}, {"end", content.end_of(i)}, {"seconds", where.seconds}};
        if (where.until >= where.seconds) row["until"] = where.until;
        if (!where.track.empty()) row["track"] = where.track;
        rows.push_back(std::move(row));
        if (rows.size() == places_a_line) flush();
    }
    flush();
}

Result<void> ProbeSession::remove(const json& request)
{
    const auto name = request.at("document").get<std::string>();
    std::erase_if(m_documents, [&](const auto& document) { return document->name == name; });
    say("removed", {{"document", name}});
    return {};
}

}  // namespace pathloom
