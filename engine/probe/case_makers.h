// SPDX-License-Identifier: GPL-3.0-or-later
// Cases drawn from a seed: RULER's retrieval families and variable tracking (Hsieh et al. 2024), MRCR-like ordinal recall (Gemini
// 1.5 report, 12.16.9), and questions from a file. Own implementations after the papers' descriptions.
#pragma once

#include "engine/core/rng.h"
#include "engine/probe/probe_case.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// "single" (one number), "single_uuid", "multikey" (4 keys, one asked for), "multikey_all" (a haystack made of nothing but
/// other needles), "multikey_uuid" (the same with uuids for keys and values), "multivalue" (4 values of one key), "multiquery"
/// (4 keys in one question), "vt" (a chain of 5 variables with one value).
const std::vector<std::string>& ruler_families();

/// One sample; `tokens_of` counts a text's tokens, to fill haystacks of needles to `length`. Usage when the family is unknown.
Result<ProbeCase> ruler_case(std::string_view family, std::size_t length, std::uint64_t seed,
    const std::function<std::size_t(const std::string&)>& tokens_of);

/// A conversation of writing requests about `needles` times the same thing and many other things, each answered with a passage
/// of `source`; the question asks to repeat one of the needles, named by its rank. Usage when `source` is shorter than 2000
/// bytes.
Result<ProbeCase> mrcr_case(std::string_view source, std::size_t length, int needles, std::uint64_t seed,
    const std::function<std::size_t(const std::string&)>& tokens_of);

/// The whole context of a case that brings its own, written again from what a result keeps: a conversation of `source`'s
/// passages, a haystack of needles. Empty for cases that lie in a document. Usage as above.
Result<std::string> own_text_again(std::string_view probe, std::string_view family, std::size_t length, std::uint64_t seed,
    std::string_view source, const std::function<std::size_t(const std::string&)>& tokens_of);

/// [{"question": "...", "answers": ["...", ...], "answer_prefix": "..."}...]; an answer counts when one of `answers` stands in
/// it.
Result<ProbeCase> parse_question_file(const std::string& json);

}  // namespace pathloom
