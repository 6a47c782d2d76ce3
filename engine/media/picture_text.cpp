// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/picture_text.h"

#include "engine/corpus/text.h"
#include "engine/media/text_lines.h"

#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

#include <unicode/uchar.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace pathloom {

namespace {

constexpr float least_confidence = 60.0F;  // of a word, of 100
constexpr float least_symbol = 90.0F;  // of a symbol in a word that is not sure as a whole
constexpr float sure_word = 80.0F;  // of one word of three letters at least: noise has none
constexpr int least_stretch = 4;  // symbols
constexpr std::size_t enough_letters = 4;  // of a line; shorter ones are mostly noise unless they are certain
constexpr double certain = 0.9;
constexpr double least_wide = 0.8;  // of a line with what stands beside it

/// Tesseract's names in a language: letters, digits and "_" only, since they become file names.
std::vector<std::string> names_in(const std::string& language)
{
    std::vector<std::string> out(1);
    for (const char c : language) {
        if (c == '+')
            out.emplace_back();
        else
            out.back() += c;
    }
    const bool good = std::ranges::all_of(out, [](const std::string& name) {
        return !name.empty() && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    });
    return good ? out : std::vector<std::string>();
}

std::string package_of(std::string name)
{
    std::ranges::replace(name, '_', '-');
    return "tesseract-ocr-" + name;
}

/// With straight quotes: which ones stood there a picture does not tell.
std::string straight(std::string_view word)
{
    std::string out;
    for (std::size_t at = 0; at < word.size();) {
        const std::size_t begin = at;
        const std::uint32_t c = next_code_point(word, at);
        if (c == 0x201C || c == 0x201D || c == 0x201E)
            out += '"';
        else if (c == 0x2018 || c == 0x2019)
            out += '\'';
        else
            out += word.substr(begin, at - begin);
    }
    return out;
}

/// Letters and digits of any script.
std::size_t letters_in(std::string_view word)
{
    std::size_t out = 0;
    for (std::size_t at = 0; at < word.size();) out += u_isalnum(UChar32(next_code_point(word, at))) ? 1 : 0;
    return out;
}

}  // namespace

struct PictureText::Engine {
    tesseract::TessBaseAPI api;
};

PictureText::PictureText(std::unique_ptr<Engine> engine)
    : m_engine(std::move(engine))
{
}
PictureText::PictureText(PictureText&&) noexcept = default;
PictureText& PictureText::operator=(PictureText&&) noexcept = default;
PictureText::~PictureText() = default;

std::vector<std::string> PictureText::languages()
{
    tesseract::TessBaseAPI api;
    std::vector<std::string> out;
    (void)api.Init(nullptr, "eng", tesseract::OEM_LSTM_ONLY);  // it knows its folder then, whether there is English or not
    api.GetAvailableLanguagesAsVector(&out);
    std::erase_if(out, [](const std::string& name) { return name == "osd" || name == "equ" || names_in(name).size() != 1; });
    std::ranges::sort(out);
    return out;
}

Result<PictureText> PictureText::open(const std::string& language)
{
    const std::vector<std::string> names = names_in(language);
    if (names.empty())
        return fail(
            ErrorCode::Usage, "is to be read in '{}', which is no language; give Tesseract's names, as eng or deu+eng", language);
    auto engine = std::make_unique<Engine>();
    for (const std::string& name : names) {  // one by one: together it passes silently over what is missing
        tesseract::TessBaseAPI probe;
        if (probe.Init(nullptr, name.c_str(), tesseract::OEM_LSTM_ONLY) == 0) continue;
        return fail(ErrorCode::Usage,
            "has pictures whose text is to be read in '{}', and Tesseract's model for it is not installed; install {}, choose "
            "another language, or leave the text in pictures out",
            name, package_of(name));
    }
    if (engine->api.Init(nullptr, language.c_str(), tesseract::OEM_LSTM_ONLY) != 0)
        return fail(ErrorCode::Failed, "cannot be read: Tesseract does not start with '{}'; reinstall tesseract-ocr", language);
    engine->api.SetPageSegMode(tesseract::PSM_SINGLE_LINE);
    return PictureText(std::move(engine));
}

namespace {

struct Word {
    std::string text;
    float confidence = 0.0F;  ///< of 100
};

/// The word the iterator is at; of one with a doubtful symbol (something beside the word that ran into it) the longest stretch
/// without.
Word word_at(const tesseract::ResultIterator& at)
{
    const auto text_of = [](const tesseract::ResultIterator& place, tesseract::PageIteratorLevel level) {
        const std::unique_ptr<const char[]> text(place.GetUTF8Text(level));
        return text && !first_invalid_utf8(text.get()) ? std::string(text.get()) : std::string();
    };
    Word whole{text_of(at, tesseract::RIL_WORD), at.Confidence(tesseract::RIL_WORD)};
    if (whole.confidence >= least_confidence) return whole;
    Word best, run;
    int symbols = 0;
    tesseract::ResultIterator symbol(at);
    do {
        const float confidence = symbol.Confidence(tesseract::RIL_SYMBOL);
        if (confidence < least_symbol) {
            run = {};
            symbols = 0;
            continue;
        }
        run.text += text_of(symbol, tesseract::RIL_SYMBOL);
        run.confidence = symbols == 0 ? confidence : std::min(run.confidence, confidence);
        if (++symbols >= least_stretch && run.text.size() > best.text.size()) best = run;
    } while (symbol.Next(tesseract::RIL_SYMBOL) && !symbol.IsAtBeginningOf(tesseract::RIL_WORD));
    return best;
}

/// One line's words that it is sure of.
PictureLine words_of(tesseract::TessBaseAPI& api, const Picture& line)
{
    PictureLine out;
    if (line.bytes.empty()) return out;
    api.SetImage(line.bytes.data(), line.width, line.height, 1, int(line.row_bytes()));
    api.SetSourceResolution(150);
    if (api.Recognize(nullptr) != 0) return out;
    const std::unique_ptr<tesseract::ResultIterator> at(api.GetIterator());
    if (!at || at->Empty(tesseract::RIL_WORD)) return out;
    int words = 0;
    bool sure = false;  // of a word of the line: stretches of doubtful ones are kept beside it only
    do {
        const Word word = word_at(*at);
        if (letters_in(word.text) == 0) continue;
        sure = sure || (letters_in(word.text) >= 3 && at->Confidence(tesseract::RIL_WORD) >= sure_word);
        if (!out.text.empty()) out.text += ' ';
        out.text += straight(word.text);
        out.confidence += double(word.confidence) / 100.0;
        ++words;
    } while (at->Next(tesseract::RIL_WORD));
    if (!sure) return {};
    out.confidence /= words;
    return out;
}

/// What a reading is worth: letters it is sure of.
double worth(const PictureLine& line)
{
    return double(letters_in(line.text)) * line.confidence * line.confidence;
}

/// Of the strokes alone, and when that is not certain of what is as light as the letters.
PictureLine best_reading(tesseract::TessBaseAPI& api, const TextLine& line)
{
    PictureLine out = words_of(api, line.ink);
    if (out.confidence > 0.0 && out.confidence < certain) {
        PictureLine again = words_of(api, line.level);
        if (worth(again) > worth(out)) out = std::move(again);
    }
    return out;
}

bool overlap(const Box& a, const Box& b)
{
    const int wide = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const int high = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    return wide > 0 && high > 0 && wide * high * 2 > std::min(a.width * a.height, b.width * b.height);
}

}  // namespace

std::vector<PictureLine> PictureText::read(const Picture& grey)
{
    std::vector<PictureLine> out;
    for (const TextLine& candidate : find_text_lines(grey)) {
        PictureLine line = best_reading(m_engine->api, candidate);
        const std::size_t letters = letters_in(line.text);
        if (letters < 2 || (letters < enough_letters && line.confidence < certain)) continue;
        line.box = candidate.box;
        const TextLine wide = widened(grey, candidate);
        if (PictureLine more = best_reading(m_engine->api, wide); worth(more) > worth(line) && more.confidence > least_wide) {
            line = std::move(more);
            line.box = wide.box;
        }
        const auto same = std::ranges::find_if(out, [&](const PictureLine& other) { return overlap(other.box, line.box); });
        if (same == out.end())
            out.push_back(std::move(line));  // an outline is found as light and as dark: the better reading stays
        else if (worth(line) > worth(*same))
            *same = std::move(line);
    }
    m_engine->api.Clear();
    return out;
}

}  // namespace pathloom
