// SPDX-License-Identifier: GPL-3.0-or-later
// Needle in a haystack (Gemini 1.5 report 5.2.1.2 and 5.2.1.5; Kamradt, Arize): recall over length and depth, with distractors,
// without any needle, and with many needles in one memory.
#pragma once

#include "engine/probe/contestant.h"
#include "engine/probe/haystack.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

struct NeedleCell;

/// What goes on beside the reader's own answers.
struct CellHooks {
    /// Fills in an answer that is known already; then the cell costs nothing.
    std::function<Result<bool>(NeedleCell&)> known;
    /// Called with each cell that was answered now.
    std::function<Result<void>(const ProbeContext&, NeedleCell&)> answered;
};

struct BaselineAnswer {
    std::string contestant, answer;
    bool found = false;
    double seconds = 0.0;
};

struct NeedleGridRequest {
    std::vector<std::size_t> lengths;  ///< tokens of document and needles together
    int depths = 11;  ///< evenly from 0% to 100%
    int distractors = 0;  ///< needles of the same template with other keys, at random places
    int only_depth = -1;  ///< just this one of the depths, counted from 0: to run a cell again
    bool no_needle = false;  ///< the asked needle stays out: right is "none"
    std::uint64_t seed = 1;
    NeedleTemplates templates;
    AnswerOptions answer;
    CellHooks hooks;
    /// Not empty: nothing is spliced, each cell's whole context is encoded from nothing, in a file of this folder that is removed
    /// afterwards. What a spliced cell must agree with.
    std::filesystem::path cold;
    MemoryProgress cold_progress = [](std::size_t, std::size_t) { return true; };
};

struct NeedleCell {
    std::size_t length = 0;
    double depth = 0.0;  ///< percent asked for
    std::size_t actual_position = 0;  ///< token the needle begins at
    Needle needle;
    std::string answer;
    bool found = false;  ///< the value stands in the answer; without a needle: the answer is "none"
    bool repeated = false;  ///< the document is shorter than the length and was repeated
    double seconds_encode = 0.0;  ///< for the rows the needles change
    double seconds_answer = 0.0, seconds_first = 0.0;
    std::uint64_t seed = 0;  ///< of this cell: with the request it rebuilds the prompt
    std::vector<std::pair<std::size_t, std::string>> distractors;  ///< token and text
    std::size_t document_tokens = 0;  ///< of the context
    std::vector<std::pair<std::size_t, std::string>> insertions;  ///< document token it stands before, and text; in order
    std::vector<BaselineAnswer> baselines;
};

/// A document encoded once at the largest length; every cell is this memory with a few hundred rows replaced.
struct Haystack {
    MemoryFile memory;
    std::size_t document_tokens = 0;  ///< before repetition
    double seconds_encode = 0.0;
};

/// `length` tokens of `text`, repeated when it is shorter, encoded or reused from `folder`.
Result<Haystack> prepare_haystack(ReaderPackage& reader, std::string_view text, std::size_t length,
    const std::filesystem::path& folder, const MemoryProgress& progress);

/// Cells by length, then depth. `done` sees each; false stops with Cancelled.
Result<std::vector<NeedleCell>> needle_grid(ReaderPackage& reader, const Haystack& haystack, const NeedleGridRequest& request,
    const std::function<bool(const NeedleCell&)>& done);

struct MultiNeedleRequest {
    std::size_t length = 131072;
    int needles = 100;
    std::uint64_t seed = 1;
    NeedleTemplates templates;
    AnswerOptions answer;
    CellHooks hooks;
    bool one_turn = false;  ///< all are of one template and asked for by one question
};
/// Whether an answer is right: the value stands in it; without a needle, it is "none".
bool needle_found(const NeedleCell& cell, bool no_needle, std::string_view answer);
/// All needles in one memory, each at its own random place and asked for by its own question, or all by one: then every cell
/// holds the one answer.
Result<std::vector<NeedleCell>> multi_needle(ReaderPackage& reader, const Haystack& haystack, const MultiNeedleRequest& request,
    const std::function<bool(const NeedleCell&)>& done);

}  // namespace pathloom
