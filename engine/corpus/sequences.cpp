// SPDX-License-Identifier: GPL-3.0-or-later
// Documents cut into training sequences, and the safetensors files that hold the rows.
#include "engine/corpus/sequences.h"

#include "engine/store/safetensors.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::int64_t shortest_scored = 8;  // tokens after the prefix that make a sequence worth keeping

template <class T>
TensorView column(const char* name, DType type, const std::vector<T>& values)
{
    return {name, type, {std::int64_t(values.size())}, std::as_bytes(std::span(values))};
}

/// A one-dimensional tensor of `rows` elements, or of any number when rows < 0.
template <class T>
Result<std::span<const T>> values_of(const Safetensors& file, const char* name, DType type, std::int64_t rows = -1)
{
    PATHLOOM_TRY(const TensorView* tensor, file.expect(name, type));
    if (tensor->shape.size() != 1 || (rows >= 0 && tensor->shape[0] != rows))
        return fail(ErrorCode::Corrupt, "tensor '{}' has not one value a sequence; import the corpus again", name);
    return tensor->as<T>();
}

}  // namespace

const char* name_of(Split split)
{
    return split == Split::Train ? "train" : split == Split::Valid ? "valid" : "test";
}

SequenceTable cut_sequences(
    const std::vector<DocumentSpan>& documents, const std::vector<std::string>& domains, int length, int prefix)
{
    SequenceTable table{.sequence_length = length, .domains = domains, .rows = {}};
    if (length <= 0) return table;
    for (const DocumentSpan& document : documents) {
        for (std::int64_t done = 0; done < document.tokens; done += length) {
            const std::int64_t tokens = std::min<std::int64_t>(length, document.tokens - done);
            if (tokens < prefix + shortest_scored) break;
            table.rows.push_back(
                {document.id, document.token_begin + done, std::int32_t(tokens), document.domain, document.split});
        }
    }
    return table;
}

std::vector<std::byte> write_sequences(const SequenceTable& table)
{
    std::vector<std::int32_t> document, length, domain;
    std::vector<std::int64_t> begin;
    std::vector<std::uint8_t> split;
    for (const Sequence& row : table.rows) {
        document.push_back(row.document);
        begin.push_back(row.begin);
        length.push_back(row.length);
        domain.push_back(row.domain);
        split.push_back(std::uint8_t(row.split));
    }
    const TensorView tensors[] = {column("document", DType::I32, document), column("begin", DType::I64, begin),
        column("length", DType::I32, length), column("domain", DType::I32, domain), column("split", DType::U8, split)};
    return write_safetensors(
        tensors, {{"sequence_length", std::to_string(table.sequence_length)}, {"domains", json(table.domains).dump()}});
}

Result<SequenceTable> read_sequences(const std::filesystem::path& file)
{
    PATHLOOM_TRY(const Safetensors tensors, Safetensors::open(file));
    const auto corrupt = [&](const char* what) {
        return fail(ErrorCode::Corrupt, "sequence table {} has {}; start the run again", file.string(), what);
    };
    SequenceTable table;
    const auto& metadata = tensors.metadata();
    const auto length = metadata.find("sequence_length");
    const auto domains = metadata.find("domains");
    if (length == metadata.end() || domains == metadata.end()) return corrupt("no sequence_length or domains");
    const char* end = length->second.data() + length->second.size();
    if (const auto parsed = std::from_chars(length->second.data(), end, table.sequence_length);
        parsed.ec != std::errc() || parsed.ptr != end)
        return corrupt("a sequence_length that is no number");
    const json names = json::parse(domains->second, nullptr, false);
    if (!names.is_array()) return corrupt("domains that are no list");
    for (const json& name : names) {
        if (!name.is_string()) return corrupt("a domain that is no name");
        table.domains.push_back(name.get<std::string>());
    }
    PATHLOOM_TRY(const auto document, values_of<std::int32_t>(tensors, "document", DType::I32));
    const auto rows = std::int64_t(document.size());
    PATHLOOM_TRY(const auto begin, values_of<std::int64_t>(tensors, "begin", DType::I64, rows));
    PATHLOOM_TRY(const auto tokens, values_of<std::int32_t>(tensors, "length", DType::I32, rows));
    PATHLOOM_TRY(const auto domain, values_of<std::int32_t>(tensors, "domain", DType::I32, rows));
    PATHLOOM_TRY(const auto split, values_of<std::uint8_t>(tensors, "split", DType::U8, rows));
    table.rows.reserve(document.size());
    for (std::size_t i = 0; i < document.size(); ++i) {
        const bool valid = document[i] >= 0 && begin[i] >= 0 && tokens[i] > 0 && tokens[i] <= table.sequence_length
            && domain[i] >= 0 && std::size_t(domain[i]) < table.domains.size() && split[i] <= std::uint8_t(Split::Test);
        if (!valid) return corrupt("a row out of range");
        table.rows.push_back({document[i], begin[i], tokens[i], domain[i], Split(split[i])});
    }
    return table;
}

std::vector<std::byte> write_subset(const std::vector<std::int32_t>& rows)
{
    const TensorView tensors[] = {column("index", DType::I32, rows)};
    return write_safetensors(tensors);
}

Result<std::vector<std::int32_t>> read_subset(const std::filesystem::path& file)
{
    PATHLOOM_TRY(const Safetensors tensors, Safetensors::open(file));
    PATHLOOM_TRY(const auto index, values_of<std::int32_t>(tensors, "index", DType::I32));
    return std::vector<std::int32_t>(index.begin(), index.end());
}

}  // namespace pathloom
