// SPDX-License-Identifier: GPL-3.0-or-later
// Needle in a film or a recording (Gemini 1.5 report 5.2.1.3 and 5.2.1.4), by the text track: a word drawn over one picture, or
// spoken into the sound, is read from there, stands in the film's text, and a reader is asked for it. The word is drawn from a
// list, so no prior knows it.
#pragma once

#include "engine/probe/answer.h"
#include "engine/probe/film.h"
#include "engine/probe/memory_file.h"
#include "engine/probe/memory_view.h"
#include "engine/probe/reader_package.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pathloom {

enum class NeedleKind { Drawn, Spoken };

struct VideoGridRequest {
    std::vector<int> lengths;  ///< seconds of film
    int depths = 10;
    bool no_needle = false;  ///< nothing is drawn: right is "none"
    std::uint64_t seed = 1;
    std::vector<std::string> words;
    AnswerOptions answer;
    NeedleKind kind = NeedleKind::Drawn;
};

struct VideoCell : GridPlace {
    DrawnWords drawn;  ///< one of both, as the request says
    SpokenWords spoken;
    std::string word;
    std::vector<std::string> read;  ///< from the picture or the sound there, what stood in it before included
    bool word_read = false;
    std::string answer;
    bool found = false;
    std::size_t position = 0, tokens = 0;  ///< of the needle, and of the film's text with it
    double evidence = 0.0;  ///< visual routes: the gate's logit of the picture that was read
    int evidence_second = -1;  ///< visual routes: that picture
    bool by_picture = true;  ///< joint route: it answered, not the text
    double seconds_encode = 0.0, seconds_answer = 0.0, seconds_first = 0.0;
};

struct SecretWords {
    const char* question;
    const char* prefix;  ///< of the answer
};
SecretWords secret_of(NeedleKind kind);

/// Cells by length, then depth, as the seed draws them. Usage when there are no words or a length is too short for the depths.
Result<std::vector<VideoCell>> plan_video_grid(const Timeline& timeline, const VideoGridRequest& request);

/// Draws or speaks every needle, film by film, and reads what is there then.
Result<void> read_needles(const Timeline& timeline, NeedleKind kind, const ReadLimits& limits, std::vector<VideoCell>& cells);

struct VideoHaystack {
    Timeline::Text text;  ///< of the longest length
    MemoryFile memory;
    double seconds_encode = 0.0;
};
Result<VideoHaystack> encode_timeline(ReaderPackage& reader, const Timeline& timeline, int seconds,
    const std::filesystem::path& folder, const MemoryProgress& progress);

/// The tokens of the text up to the end of a second.
std::size_t tokens_until(const VideoHaystack& haystack, int second);
/// The text of the first `length` seconds, with `lines` before token `position` unless they are empty.
Result<MemoryView> text_view(
    ReaderPackage& reader, const VideoHaystack& haystack, int length, std::size_t position = 0, const std::string& lines = {});

/// Puts what was read into the film's text at its second, and asks. `done` false stops (Cancelled).
Result<void> ask_video_grid(ReaderPackage& reader, const VideoHaystack& haystack, const VideoGridRequest& request,
    std::vector<VideoCell>& cells, const std::function<bool(const VideoCell&)>& done);

/// The lines of a text, each a word.
std::vector<std::string> word_list(std::string_view text);

}  // namespace pathloom
