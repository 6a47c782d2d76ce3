// SPDX-License-Identifier: GPL-3.0-or-later
// A trained reader as a folder: model.safetensors, tokenizer.model, recipe.json and, when it was calibrated, gate.json.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/tokenizer.h"
#include "engine/model/memory_model.h"
#include "engine/probe/evidence_gate.h"
#include "engine/probe/memory_file.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

struct RoutedPaths;

/// A folder's files in one object.
/// What an answer depends on beside the text and the question.
struct ReaderIdentity {
    std::string model;  ///< ReaderPackage::hash
    std::string gate;  ///< sha256 of gate.json; empty without one
};

struct ReaderPackage {
    MemoryModel model;
    Tokenizer tokenizer;
    std::string hash;  ///< sha256 of model.safetensors: memories belong to it
    std::filesystem::path folder;
    std::shared_ptr<RoutedPaths> routed = nullptr;  ///< several encoders write the memory (use_paths())
    std::optional<EvidenceGate> gate = {};  ///< gate.json, when the reader has one
    std::string gate_hash = {};  ///< of its bytes
    [[nodiscard]] ReaderIdentity identity() const { return {hash, gate_hash}; }
};

/// NotFound, Corrupt or Usage when a file is missing or the tokenizer does not belong to the weights.
Result<ReaderPackage> load_reader(const std::filesystem::path& folder, Precision precision);
/// "shipped" or a folder.
Result<std::filesystem::path> reader_folder(const std::string& model);

/// The unit query [key_dim] the reader makes of a prompt.
std::vector<float> prompt_query(ReaderPackage& reader, std::string_view prompt);

/// A document's tokens with the byte each begins at. Usage when it is empty or no text.
Result<MemoryIdentity> tokenize_document(const ReaderPackage& reader, std::string_view text);

/// Keys of consecutive rows of `tokens`, computed in pieces whose edges do not show: each brings the reach before it.
/// `tokens` and `reader` must outlive the source.
KeySource key_source(ReaderPackage& reader, std::span<const std::int32_t> tokens);

}  // namespace pathloom
