// SPDX-License-Identifier: GPL-3.0-or-later
// A corpus's texts as trainings of the workbench take them.
#pragma once

#include "engine/core/result.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

struct CorpusTexts {
    std::vector<std::string> train, valid;
    std::string hash;  ///< sha256 of the file
};

/// Of a .jsonl or .jsonl.zst; `domains` empty: all. Corrupt naming the line, Usage when there is no training or validation text.
Result<CorpusTexts> read_corpus_texts(const std::filesystem::path& file, const std::vector<std::string>& domains);

/// None of them copied.
std::vector<std::string_view> views(const std::vector<std::string>& texts);

}  // namespace pathloom
