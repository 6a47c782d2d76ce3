// SPDX-License-Identifier: GPL-3.0-or-later
// One line of a .jsonl file as a document. Survives any bytes.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/sequences.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pathloom {

/// A document as it was found in a file, before duplicates are dropped.
struct SourceDocument {
    std::string text;  ///< valid UTF-8 without NUL, not blank, normalised
    std::string domain;
    std::string source;  ///< where it came from: the record's own field, else path or path:line
    std::optional<Split> split;
};

std::optional<Split> split_from_name(std::string_view name);  ///< "train", "valid", "test"
std::string split_name(Split split);

/// {"text", optional "domain", "source", "split"}; other keys are ignored. The error's message is the reason only.
Result<SourceDocument> parse_record(std::string_view line);

/// Calls `line(number, bytes)` for each line that is not blank, counted from 1; a trailing carriage return is cut off.
void for_each_line(std::string_view bytes, const std::function<void(std::int64_t, std::string_view)>& line);

}  // namespace pathloom
