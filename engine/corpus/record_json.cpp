// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/corpus/record_json.h"

#include "engine/corpus/read_options_json.h"

#include <nlohmann/json.hpp>

namespace pathloom {

std::string to_json(const ImportRequest& request)
{
    return nlohmann::json{{"name", request.name}, {"paths", request.paths}, {"domain", request.domain},
        {"vocabulary", request.vocabulary}, {"tokenizer_model", request.tokenizer_model}, {"seed", request.seed},
        {"reading", to_json(request.reading)}}
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<ImportRequest> parse_import_request(const std::string& json)
{
    const auto document = nlohmann::json::parse(json, nullptr, false);
    if (!document.is_object()) return fail(ErrorCode::Usage, "an import request is a JSON object");
    ImportRequest request;
    try {
        request.name = document.value("name", request.name);
        request.paths = document.value("paths", request.paths);
        request.domain = document.value("domain", request.domain);
        request.vocabulary = document.value("vocabulary", request.vocabulary);
        request.tokenizer_model = document.value("tokenizer_model", request.tokenizer_model);
        request.seed = document.value("seed", request.seed);
        PATHLOOM_TRY(request.reading, parse_read_options(document.value("reading", nlohmann::json())));
    } catch (const nlohmann::json::exception& error) {
        return fail(ErrorCode::Usage, "an import request has a field of the wrong type: {}", error.what());
    }
    return request;
}

std::string to_json(const CorpusRecord& record)
{
    nlohmann::json out{{"name", record.name}, {"documents", record.documents}, {"tokens", record.tokens}, {"bytes", record.bytes},
        {"exact_duplicates", record.exact_duplicates}, {"near_duplicates", record.near_duplicates},
        {"vocabulary", record.vocabulary}, {"train_documents", record.train_documents},
        {"valid_documents", record.valid_documents}, {"test_documents", record.test_documents},
        {"tokens_hash", record.blobs.tokens}, {"bytes_hash", record.blobs.bytes}, {"text_hash", record.blobs.text},
        {"documents_hash", record.blobs.documents}, {"tokenizer_hash", record.blobs.tokenizer},
        {"domains", nlohmann::json::array()}, {"rejected", nlohmann::json::array()}};
    for (const DomainCount& domain : record.domains)
        out["domains"].push_back(
            {{"name", domain.name}, {"documents", domain.documents}, {"tokens", domain.tokens}, {"bytes", domain.bytes}});
    for (const Rejected& rejected : record.rejected)
        out["rejected"].push_back({{"path", rejected.path}, {"reason", rejected.reason}});
    return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace pathloom
