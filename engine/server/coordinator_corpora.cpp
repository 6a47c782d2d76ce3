// SPDX-License-Identifier: GPL-3.0-or-later
// Corpora: import without the lock, then one row.
#include "engine/corpus/pipeline.h"
#include "engine/server/coordinator.h"

#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace pathloom {

namespace {

constexpr int documents_page_limit = 1000;

v1::Corpus to_proto(const CorpusRecord& record, std::int64_t created_ms)
{
    v1::Corpus out;
    out.set_name(record.name);
    out.set_documents(record.documents);
    out.set_tokens(record.tokens);
    out.set_bytes(record.bytes);
    out.set_exact_duplicates(record.exact_duplicates);
    out.set_near_duplicates(record.near_duplicates);
    out.set_vocabulary(record.vocabulary);
    out.set_tokens_hash(record.blobs.tokens);
    out.set_tokenizer_hash(record.blobs.tokenizer);
    out.set_created_ms(created_ms);
    for (const auto& domain : record.domains) {
        auto* info = out.add_domains();
        info->set_name(domain.name);
        info->set_documents(domain.documents);
        info->set_tokens(domain.tokens);
        info->set_bytes(domain.bytes);
    }
    for (const auto& rejected : record.rejected) {
        auto* file = out.add_rejected();
        file->set_path(rejected.path);
        file->set_reason(rejected.reason);
    }
    out.set_train_documents(record.train_documents);
    out.set_valid_documents(record.valid_documents);
    out.set_test_documents(record.test_documents);
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

Result<v1::Corpus> from_row(const CorpusRow& row)
{
    v1::Corpus corpus;
    if (!google::protobuf::util::JsonStringToMessage(row.record_json, &corpus).ok())
        return fail(ErrorCode::Corrupt, "the record of corpus '{}' cannot be read; import it again", row.name);
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
    ImportRequest import;
    import.name = request.name();
    import.paths = {request.paths().begin(), request.paths().end()};
    import.domain = request.domain();
    import.vocabulary = request.vocabulary() > 0 ? request.vocabulary() : default_vocabulary;
    import.tokenizer_model = request.tokenizer_model();
    import.seed = request.seed();
    PATHLOOM_TRY(const auto record, pathloom::import_corpus(import, blobs(), [&](std::string_view stage, std::int64_t done, std::int64_t total) {
        v1::ImportProgress progress;
        progress.set_stage(std::string(stage));
        progress.set_done(done);
        progress.set_total(total);
        return report(progress) && !stopping();
    }));

    const std::lock_guard lock(m_mutex);
    const std::int64_t now = m_clock.now_ms();
    const v1::Corpus corpus = to_proto(record, now);
    CorpusRow row;
    row.name = record.name;
    row.record_json = record_json(corpus);
    row.tokens_hash = record.blobs.tokens;
    row.bytes_hash = record.blobs.bytes;
    row.text_hash = record.blobs.text;
    row.documents_hash = record.blobs.documents;
    row.tokenizer_hash = record.blobs.tokenizer;
    row.created_ms = now;
    PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) {
        v1::Event event = make_event(0, now);
        event.mutable_corpus_imported()->set_name(row.name);
        event.mutable_corpus_imported()->set_documents(corpus.documents());
        event.mutable_corpus_imported()->set_tokens(corpus.tokens());
        events.push_back(std::move(event));
        for (const auto& file : corpus.rejected())
            events.push_back(log_event(0, now, v1::LogLine::WARNING, fmt::format("corpus {}: {}: {}", row.name, file.path(), file.reason())));
        return m_project->insert_corpus(row);
    }));
    spdlog::info("corpus '{}': {} documents, {} tokens, {} files rejected", row.name, corpus.documents(), corpus.tokens(), corpus.rejected_size());
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
            row->set_split(split_name(document.split));
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
