// SPDX-License-Identifier: GPL-3.0-or-later
// Documents cut into training sequences. A sequence never crosses a document; its first 32 tokens are its routing prefix.
#pragma once

#include "engine/core/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

enum class Split : std::uint8_t { Train = 0, Valid = 1, Test = 2 };
/// "train", "valid", "test".
const char* name_of(Split split);

/// One row of the sequence table.
struct Sequence {
    std::int32_t document = 0;  ///< id in the document table
    std::int64_t begin = 0;  ///< first token in the token file
    std::int32_t length = 0;  ///< tokens, at most the sequence length; shorter rows are padded and masked
    std::int32_t domain = 0;
    Split split = Split::Train;
    bool operator==(const Sequence&) const = default;
};

struct SequenceTable {
    int sequence_length = 0;
    std::vector<std::string> domains;
    std::vector<Sequence> rows;
};

/// What the cutter needs of a document.
struct DocumentSpan {
    std::int32_t id = 0;
    std::int64_t token_begin = 0;
    std::int64_t tokens = 0;
    std::int32_t domain = 0;
    Split split = Split::Train;
};

/// Cut documents into consecutive sequences of `length` tokens; a tail shorter than prefix + 8 tokens is dropped.
SequenceTable cut_sequences(
    const std::vector<DocumentSpan>& documents, const std::vector<std::string>& domains, int length, int prefix);

/// Safetensors: "document" I32, "begin" I64, "length" I32, "domain" I32, "split" U8, all [n]; metadata "sequence_length",
/// "domains" (JSON array).
std::vector<std::byte> write_sequences(const SequenceTable& table);
Result<SequenceTable> read_sequences(const std::filesystem::path& file);

/// A subset: rows of the sequence table. Safetensors tensor "index" I32 [m].
std::vector<std::byte> write_subset(const std::vector<std::int32_t>& rows);
Result<std::vector<std::int32_t>> read_subset(const std::filesystem::path& file);

}  // namespace pathloom
