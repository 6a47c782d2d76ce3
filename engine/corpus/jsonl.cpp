// SPDX-License-Identifier: GPL-3.0-or-later
// One line of a .jsonl file as a document. Survives any bytes.
#include "engine/corpus/jsonl.h"

#include "engine/core/one_line.h"
#include "engine/corpus/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pathloom {

namespace {

using nlohmann::json;

/// A string field that may be absent; an error when it is there and is no string, or not text.
Result<std::string> text_field(const json& record, const char* key)
{
    const auto found = record.find(key);
    if (found == record.end() || found->is_null()) return std::string();
    if (!found->is_string()) return fail(ErrorCode::Corrupt, "\"{}\" is not a string", key);
    auto value = found->get<std::string>();
    if (const auto reason = why_not_text(value)) return fail(ErrorCode::Corrupt, "\"{}\" is {}", key, *reason);
    return value;
}

}  // namespace

std::optional<Split> split_from_name(std::string_view name)
{
    if (name == "train") return Split::Train;
    if (name == "valid") return Split::Valid;
    if (name == "test") return Split::Test;
    return std::nullopt;
}

std::string split_name(Split split)
{
    switch (split) {
    case Split::Train:
        return "train";
    case Split::Valid:
        return "valid";
    case Split::Test:
        return "test";
    }
    return "train";
}

Result<SourceDocument> parse_record(std::string_view line)
{
    if (const auto reason = why_not_text(line)) return fail(ErrorCode::Corrupt, "{}", *reason);
    const json record = json::parse(line.begin(), line.end(), nullptr, false);
    if (record.is_discarded()) return fail(ErrorCode::Corrupt, "not JSON");
    if (!record.is_object()) return fail(ErrorCode::Corrupt, "not a JSON object");
    if (!record.contains("text")) return fail(ErrorCode::Corrupt, "no \"text\"");
    SourceDocument document;
    PATHLOOM_TRY(document.text, text_field(record, "text"));
    PATHLOOM_TRY(document.domain, text_field(record, "domain"));
    PATHLOOM_TRY(document.source, text_field(record, "source"));
    PATHLOOM_TRY(const std::string split, text_field(record, "split"));
    if (!split.empty()) {
        document.split = split_from_name(split);
        if (!document.split)
            return fail(ErrorCode::Corrupt, "\"split\" is \"{}\"; use train, valid or test",
                one_line(std::string(opening_of(split, 40))));
    }
    document.text = normalised(std::move(document.text));
    if (std::all_of(document.text.begin(), document.text.end(), is_blank)) return fail(ErrorCode::Corrupt, "\"text\" is empty");
    return document;
}

void for_each_line(std::string_view bytes, const std::function<void(std::int64_t, std::string_view)>& line)
{
    std::int64_t number = 0;
    while (!bytes.empty()) {
        ++number;
        const std::size_t end = bytes.find('\n');
        std::string_view one = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (one.ends_with('\r')) one.remove_suffix(1);
        if (!std::all_of(one.begin(), one.end(), is_blank)) line(number, one);
    }
}

}  // namespace pathloom
