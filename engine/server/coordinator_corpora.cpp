// SPDX-License-Identifier: GPL-3.0-or-later
// Corpora: import without the lock, then one row.
#include "engine/core/resources.h"
#include "engine/corpus/document_list.h"
#include "engine/corpus/read_options_json.h"
#include "engine/server/coordinator.h"
#include "engine/server/import_process.h"

#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace pathloom {

namespace {

constexpr int documents_page_limit = 1000;
/// Address space of the import helper. Training a tokenizer and hashing shingles of a few hundred megabytes of text stays far
/// below.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t import_memory_limit = 0;  // the sanitizer's shadow alone is larger than any limit
#else
constexpr std::uint64_t import_memory_limit = std::uint64_t(16) << 30;
#endif

/// The helper's record (engine/corpus/record_json.h) as a row's corpus.
v1::Corpus to_proto(const nlohmann::json& record, std::int64_t created_ms)
{
    v1::Corpus out;
    out.set_name(record.at("name"));
    out.set_documents(record.at("documents"));
    out.set_tokens(record.at("tokens"));
    out.set_bytes(record.at("bytes"));
    out.set_exact_duplicates(record.at("exact_duplicates"));
    out.set_near_duplicates(record.at("near_duplicates"));
    out.set_vocabulary(record.at("vocabulary"));
    out.set_tokens_hash(record.at("tokens_hash"));
    out.set_tokenizer_hash(record.at("tokenizer_hash"));
    out.set_train_documents(record.at("train_documents"));
    out.set_valid_documents(record.at("valid_documents"));
    out.set_test_documents(record.at("test_documents"));
    out.set_created_ms(created_ms);
    for (const auto& domain : record.at("domains")) {
        auto* info = out.add_domains();
        info->set_name(domain.at("name"));
        info->set_documents(domain.at("documents"));
        info->set_tokens(domain.at("tokens"));
        info->set_bytes(domain.at("bytes"));
    }
    for (const auto& rejected : record.at("rejected")) {
        auto* file = out.add_rejected();
        file->set_path(rejected.at("path"));
        file->set_reason(rejected.at("reason"));
    }
    return out;
}

/// The row's JSON is the proto's own mapping, with the two fields that planning reads as plain numbers.
std::string record_json(const v1::Corpus& corpus)
{
    std::string text;
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.always_print_primitive_fields = true;
    (void)google::protobuf::util::MessageToJsonString(corpus, &text, options);
    return text;
}

Result<ReadOptions> reading_of(const v1::FilmReading& films)
{
    ReadOptions options;
    if (films.frames_per_second() != 0.0) options.frames_per_second = films.frames_per_second();
    options.picture_text = !films.leave_picture_text();
    if (!films.text_language().empty()) options.language = films.text_language();
    options.speech = films.speech();
    return parse_read_options(to_json(options));  // whether that is possible
}

Result<v1::Corpus> from_row(const CorpusRow& row)
{
    v1::Corpus corpus;
    if (!google::protobuf::util::JsonStringToMessage(row.record_json, &corpus).ok())
        return fail(ErrorCode::Corrupt, "the record of corpus '{}' cannot be read; import it again", row.name);
    corpus.set_text_hash(row.text_hash);  // records of older projects lack it
    return corpus;
}

}  // namespace

Result<v1::Corpus> Coordinator::import_corpus(const v1::ImportCorpusRequest& request, const ImportReport& report)
{
    if (request.name().empty()) return fail(ErrorCode::Usage, "give the corpus a name");
    {
        const std::lock_guard lock(m_mutex);
        PATHLOOM_TRY(const auto existing, m_project->find_corpus(request.name()));
        if (existing) return fail(ErrorCode::Exists, "a corpus named '{}' exists already; choose another name", request.name());
    }
    PATHLOOM_TRY(const ReadOptions reading, reading_of(request.films()));
    PATHLOOM_TRY(const auto program, sibling_program("pathloom-import"));
    ImportProcessRequest helper;
    helper.program = program;
    helper.blobs = m_options.project / "blobs";
    helper.memory_limit = import_memory_limit;
    helper.request_json = nlohmann::json{{"name", request.name()},
        {"paths", std::vector<std::string>(request.paths().begin(), request.paths().end())}, {"domain", request.domain()},
        {"vocabulary", request.vocabulary()}, {"tokenizer_model", request.tokenizer_model()}, {"seed", request.seed()},
        {"reading",
            to_json(reading)}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    PATHLOOM_TRY(const auto answer, run_import(helper, [&](const std::string& stage, std::int64_t done, std::int64_t total) {
        v1::ImportProgress progress;
        progress.set_stage(stage);
        progress.set_done(done);
        progress.set_total(total);
        return report(progress) && !stopping();
    }));
    const auto record = nlohmann::json::parse(answer);

    const Change changing(*this);
    const std::int64_t now = m_clock.now_ms();
    const v1::Corpus corpus = to_proto(record, now);
    CorpusRow row;
    row.name = corpus.name();
    row.record_json = record_json(corpus);
    row.tokens_hash = record.at("tokens_hash");
    row.bytes_hash = record.at("bytes_hash");
    row.text_hash = record.at("text_hash");
    row.documents_hash = record.at("documents_hash");
    row.tokenizer_hash = record.at("tokenizer_hash");
    row.created_ms = now;
    PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) {
        v1::Event event = make_event(0, now);
        event.mutable_corpus_imported()->set_name(row.name);
        event.mutable_corpus_imported()->set_documents(corpus.documents());
        event.mutable_corpus_imported()->set_tokens(corpus.tokens());
        events.push_back(std::move(event));
        for (const auto& file : corpus.rejected())
            events.push_back(
                log_event(0, now, v1::LogLine::WARNING, fmt::format("corpus {}: {}: {}", row.name, file.path(), file.reason())));
        return m_project->insert_corpus(row);
    }));
    spdlog::info("corpus '{}': {} documents, {} tokens, {} files rejected", row.name, corpus.documents(), corpus.tokens(),
        corpus.rejected_size());
    return corpus;
}

v1::ListCorporaResponse Coordinator::list_corpora()
{
    const std::lock_guard lock(m_mutex);
    v1::ListCorporaResponse out;
    const auto rows = m_project->corpora();
    if (!rows) return out;
    for (const CorpusRow& row : *rows)
        if (auto corpus = from_row(row)) *out.add_corpora() = std::move(*corpus);
    return out;
}

Result<v1::Corpus> Coordinator::get_corpus(const std::string& name)
{
    const std::lock_guard lock(m_mutex);
    PATHLOOM_TRY(const auto row, m_project->find_corpus(name));
    if (!row) return fail(ErrorCode::NotFound, "there is no corpus named '{}'; see corpus list", name);
    return from_row(*row);
}

Result<v1::ListDocumentsResponse> Coordinator::list_documents(const v1::ListDocumentsRequest& request)
{
    std::string documents_hash;
    {
        const std::lock_guard lock(m_mutex);
        PATHLOOM_TRY(const auto row, m_project->find_corpus(request.corpus()));
        if (!row) return fail(ErrorCode::NotFound, "there is no corpus named '{}'; see corpus list", request.corpus());
        documents_hash = row->documents_hash;
    }
    PATHLOOM_TRY(const auto documents, read_documents(blobs(), documents_hash));
    const int limit = request.limit() <= 0 ? 100 : std::min<int>(request.limit(), documents_page_limit);
    v1::ListDocumentsResponse out;
    std::int64_t index = 0;
    for (const auto& document : documents) {
        if (!request.domain().empty() && document.domain != request.domain()) continue;
        if (index >= request.offset() && out.documents_size() < limit) {
            auto* row = out.add_documents();
            row->set_id(document.id);
            row->set_source(document.source);
            row->set_domain(document.domain);
            row->set_split(name_of(document.split));
            row->set_bytes(document.bytes);
            row->set_tokens(document.tokens);
            row->set_opening(document.opening);
        }
        ++index;
    }
    out.set_total(index);
    return out;
}

}  // namespace pathloom
