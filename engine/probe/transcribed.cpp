// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/transcribed.h"

#include "engine/core/files.h"
#include "engine/corpus/document_reader.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/error_rate.h"

#include <algorithm>
#include <cctype>

namespace pathloom {

Result<std::vector<Transcribed>> read_transcribed(const std::filesystem::path& list)
{
    PATHLOOM_TRY(const std::string text, read_file(list));
    std::vector<Transcribed> out;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        ++number;
        if (plain_words(line).empty()) continue;
        const std::size_t tab = line.find('\t');
        if (tab == 0 || tab == std::string::npos || plain_words(line.substr(tab + 1)).empty())
            return fail(ErrorCode::Usage, "{}:{} is not FILE<tab>WORDS", list.string(), number);
        out.push_back({list.parent_path() / line.substr(0, tab), line.substr(tab + 1)});
    }
    if (out.empty()) return fail(ErrorCode::Usage, "{} names no recording; write FILE<tab>WORDS on each line", list.string());
    return out;
}

std::string plain_words(const std::string& text)
{
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || byte >= 0x80 || c == '\'')
            out += char(std::tolower(byte));
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

Result<SpeechErrors> speech_errors(const std::vector<Transcribed>& recordings, const ReadLimits& limits)
{
    SpeechErrors out;
    std::vector<std::string> heard, known;
    ReadLimits own = limits;
    own.options.speech = true;
    own.options.picture_text = false;
    own.options.may_be_empty = true;
    for (const Transcribed& one : recordings) {
        PATHLOOM_TRY(const DocumentText text, read_document(one.file, own));
        heard.push_back(plain_words(text.text));
        known.push_back(plain_words(one.words));
        out.words += std::size_t(std::ranges::count(known.back(), ' ')) + 1;
    }
    out.recordings = recordings.size();
    PATHLOOM_TRY(out.wer, corpus_score(ErrorRate(ErrorUnit::word, false), heard, known));
    return out;
}

}  // namespace pathloom
