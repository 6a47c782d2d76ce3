// SPDX-License-Identifier: GPL-3.0-or-later
// How well speech is recognised: recordings whose words are known, and the share that was misheard.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/reader_process.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

struct Transcribed {
    std::filesystem::path file;
    std::string words;
};

/// Lines "FILE<tab>WORDS", files from the folder of the list. Usage names the line that is none; at least one.
Result<std::vector<Transcribed>> read_transcribed(const std::filesystem::path& list);

/// Lower case letters and digits of words with one blank between them: "Don't stop, said 2!" is "don't stop said 2".
std::string plain_words(const std::string& text);

struct SpeechErrors {
    double wer = 0.0;  ///< word error rate over all recordings together, jiwer's
    std::size_t words = 0, recordings = 0;
};

/// Each recording heard as the importer hears it.
Result<SpeechErrors> speech_errors(const std::vector<Transcribed>& recordings, const ReadLimits& limits);

}  // namespace pathloom
