// SPDX-License-Identifier: GPL-3.0-or-later
// The documents of an imported corpus: where each one's tokens and bytes are. Stored as a blob of JSON lines, zstd-packed.
#include "engine/corpus/document_list.h"

#include "engine/core/files.h"
#include "engine/corpus/jsonl.h"
#include "engine/corpus/zstd_bytes.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::uint64_t largest_list = std::uint64_t(4) << 30;  // bytes, unpacked

json to_json(const CorpusDocument& document)
{
    return {{"id", document.id}, {"source", document.source}, {"domain", document.domain}, {"split", split_name(document.split)},
        {"bytes", document.bytes}, {"token_begin", document.token_begin}, {"tokens", document.tokens},
        {"text_offset", document.text_offset}, {"opening", document.opening}};
}

CorpusDocument from_json(const json& row)
{
    CorpusDocument document;
    row.at("id").get_to(document.id);
    row.at("source").get_to(document.source);
    row.at("domain").get_to(document.domain);
    document.split = split_from_name(row.at("split").get<std::string>()).value_or(Split::Train);
    row.at("bytes").get_to(document.bytes);
    row.at("token_begin").get_to(document.token_begin);
    row.at("tokens").get_to(document.tokens);
    row.at("text_offset").get_to(document.text_offset);
    row.at("opening").get_to(document.opening);
    return document;
}

}  // namespace

Result<std::string> write_documents(BlobStore& blobs, const std::vector<CorpusDocument>& documents)
{
    std::string lines;
    for (const CorpusDocument& document : documents) {
        // A source may be a file name, which need not be UTF-8.
        lines += to_json(document).dump(-1, ' ', false, json::error_handler_t::replace);
        lines += '\n';
    }
    const std::string packed = zstd_compress(lines);
    return blobs.put(std::as_bytes(std::span(packed)));
}

Result<std::vector<CorpusDocument>> read_documents(BlobStore& blobs, const std::string& hash)
{
    PATHLOOM_TRY(const auto file, blobs.verified(hash));
    PATHLOOM_TRY(const std::string packed, read_file(file));
    PATHLOOM_TRY(const std::string lines, zstd_decompress(packed, largest_list));
    std::vector<CorpusDocument> documents;
    bool good = true;
    std::int64_t token = 0;
    std::int64_t offset = 0;
    for_each_line(lines, [&](std::int64_t, std::string_view line) {
        if (!good) return;
        const json row = json::parse(line.begin(), line.end(), nullptr, false);
        try {
            documents.push_back(from_json(row));
        } catch (const json::exception&) {
            good = false;
            return;
        }
        const CorpusDocument& last = documents.back();
        good = std::size_t(last.id) + 1 == documents.size() && last.token_begin == token && last.text_offset == offset
            && last.tokens >= 0 && last.bytes >= 0 && !__builtin_add_overflow(token, last.tokens, &token)
            && !__builtin_add_overflow(offset, last.bytes, &offset);
    });
    if (!good) return fail(ErrorCode::Corrupt, "document list {} is damaged; import the corpus again", hash);
    return documents;
}

std::vector<std::string> domain_names(const std::vector<CorpusDocument>& documents)
{
    std::set<std::string> names;
    for (const CorpusDocument& document : documents) names.insert(document.domain);
    return {names.begin(), names.end()};
}

std::vector<DocumentSpan> document_spans(const std::vector<CorpusDocument>& documents, const std::vector<std::string>& domains)
{
    std::vector<DocumentSpan> spans;
    spans.reserve(documents.size());
    for (const CorpusDocument& document : documents) {
        const auto domain = std::lower_bound(domains.begin(), domains.end(), document.domain) - domains.begin();
        spans.push_back({document.id, document.token_begin, document.tokens, std::int32_t(domain), document.split});
    }
    return spans;
}

}  // namespace pathloom
