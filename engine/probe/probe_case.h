// SPDX-License-Identifier: GPL-3.0-or-later
// A case of a probe: texts put into a document (or a document of its own), questions, and how answers are scored. What RULER,
// MRCR, question files and needles have in common.
#pragma once

#include "engine/probe/contestant.h"
#include "engine/probe/needle_grid.h"
#include "engine/probe/result_store.h"

#include <functional>
#include <string>
#include <vector>

namespace pathloom {

enum class MatchRule {
    All,  ///< RULER's string_match_all: the share of the right answers that stand in what was said, case ignored
    Any,  ///< string_match_part: 1 when one of them does
    Ratio,  ///< MRCR: difflib's ratio (with autojunk) to the right answer
};
std::string_view name_of(MatchRule rule);
/// 0 to 1. `answers` is not empty.
double score_answer(MatchRule rule, const std::vector<std::string>& answers, std::string_view said);

struct CaseQuestion {
    std::string question, answer_prefix;
    std::vector<std::string> answers;
};

struct PlacedText {
    double depth = 0.0;  ///< 0 to 1 of the document
    std::string text;
};

struct ProbeCase {
    std::string probe, family;
    std::size_t length = 0;  ///< tokens of document and texts together
    std::uint64_t seed = 0;
    MatchRule rule = MatchRule::All;
    std::vector<PlacedText> placed;
    std::string own_text;  ///< when not empty: the whole context, instead of the document
    std::vector<CaseQuestion> questions;
};

struct CaseRun {
    ReaderPackage* reader = nullptr;
    const Haystack* haystack = nullptr;  ///< may be null when every case has its own text
    std::string document_hash;
    std::filesystem::path memory_folder;  ///< for cases with their own text
    std::vector<std::unique_ptr<Contestant>>* contestants = nullptr;
    ResultStore* store = nullptr;  ///< may be null
    MemoryProgress progress;
    std::function<bool(const ProbeResult&, bool repeated)> done;  ///< false stops with Cancelled
};

/// Every question of a case to every contestant; answers that are kept already are not asked for again.
Result<void> run_case(const CaseRun& run, const ProbeCase& probe);

/// What rebuilds a prompt: model, document, insertions by token, question.
nlohmann::json case_recipe(const ReaderIdentity& reader, const std::string& document_hash, std::size_t document_tokens,
    const std::vector<std::pair<std::size_t, std::string>>& insertions, const CaseQuestion& question, MatchRule rule);

/// The context a recipe stands for, over the tokens of its document (repeated when it is shorter). Usage when `recipe` is none.
Result<std::string> rebuild_context(
    const nlohmann::json& recipe, const Tokenizer& tokenizer, std::span<const std::int32_t> document);

}  // namespace pathloom
