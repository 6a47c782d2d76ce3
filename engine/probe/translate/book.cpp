// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/book.h"

#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/words.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

namespace pathloom {

namespace {

using Text = std::u32string;
using Vocabulary = std::unordered_set<Text>;

constexpr std::size_t longest_example = 60;  // words
constexpr std::size_t longest_quote = 60;  // characters of a quoted meaning
constexpr std::size_t telling_vocabulary = 500;  // words from which on an unknown language can be told
constexpr double known_share = 0.5;  // of a translation's words

bool is_break(char32_t c)
{
    return c == U'-' || c == U'=' || c == U'~' || c == U'\u223c';
}
/// What closes a quotation that `open` begins; 0 when it begins none. Grammars typed in LaTeX quote `like this'.
char32_t closing(char32_t open)
{
    switch (open) {
    case U'`':
        return U'\'';
    case U'\u2018':
        return U'\u2019';
    case U'\u201c':
        return U'\u201d';
    case U'\'':
    case U'"':
        return open;
    default:
        return 0;
    }
}

std::vector<Text> words_of(std::u32string_view line)
{
    std::vector<Text> words;
    for (const auto word : split_words(line)) words.emplace_back(word);
    return words;
}

/// A token of the morpheme line as it is written in a sentence; empty for zero morphemes, omissions and speakers' names.
Text joined(const Text& token)
{
    if (token.find_first_of(U"()[]{}<>:*|&$\\/") != Text::npos) return {};
    Text word;
    for (const char32_t c : token)
        if (!is_break(c) && c != U'\u2205' && c != U'\u02d0') word += c;
    return word;
}

std::vector<Text> morphemes(const Text& token)
{
    std::vector<Text> parts(1);
    for (const char32_t c : token) {
        if (is_break(c))
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

/// "three.thing" and "fish_with_line" as words.
Text plain_gloss(Text gloss)
{
    for (char32_t& c : gloss)
        if (c == U'.' || c == U'_') c = U' ';
    return Text(stripped(gloss));
}

/// The quotation a translation line consists of ("= `He runs.' [source]"), if it is one.
std::optional<Text> quoted_line(std::u32string_view line)
{
    std::size_t at = 0;
    while (at < line.size() && (is_python_space(line[at]) || line[at] == U'=')) ++at;
    if (at >= line.size()) return std::nullopt;
    const char32_t end = closing(line[at]);
    if (end == 0) return std::nullopt;
    // Behind it only a source may stand; a mark inside a word is an apostrophe.
    std::size_t last = line.size();
    for (std::size_t i = line.size(); i > at + 1; --i) {
        const bool inside = i < line.size() && is_letter(line[i]);
        if (line[i - 1] == end && !inside) {
            last = i - 1;
            break;
        }
    }
    if (last == line.size() || last <= at + 1) return std::nullopt;
    const auto behind = line.find(U'*', at);
    if (behind != std::u32string_view::npos && behind < last) {  // quotation marks in the source's name
        const auto earlier = line.substr(0, behind).rfind(end);
        if (earlier != std::u32string_view::npos && earlier > at) last = earlier;
    }
    return Text(stripped(line.substr(at + 1, last - at - 1)));
}

struct Mined {
    BookPair::Kind kind;
    Text object, meaning;
    int first, last;
};

bool ends_sentence(const Text& line)
{
    return !line.empty() && Text(U".?!:;").find(line.back()) != Text::npos;
}

enum class Tiers { none, loose, exact };
/// Whether `glosses` can be the second tier of `tokens`: as many words, and where morphemes are parted, mostly as many of them.
/// Loose when a third of the words is missing or too many: formatted glosses get lost where a book is turned into text.
Tiers tiers_of(const std::vector<Text>& tokens, const std::vector<Text>& glosses)
{
    if (tokens.empty() || glosses.empty() || tokens.size() > longest_example || closing(tokens[0][0]) != 0) return Tiers::none;
    if (tokens.size() != glosses.size()) {
        const std::size_t apart = std::max(tokens.size(), glosses.size()) - std::min(tokens.size(), glosses.size());
        const bool prose = ends_sentence(tokens.back()) || ends_sentence(glosses.back());
        return !prose && apart <= std::max<std::size_t>(1, tokens.size() / 3) ? Tiers::loose : Tiers::none;
    }
    std::size_t alike = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) alike += morphemes(tokens[i]).size() == morphemes(glosses[i]).size();
    return alike * 3 >= tokens.size() * 2 ? Tiers::exact : Tiers::none;
}

struct Lines {
    std::vector<Text> text;
    std::vector<std::size_t> filled;  // numbers of the lines that are not blank
};

Lines lines_of(std::string_view text)
{
    Lines lines;
    const auto decoded = decode_utf8(text);
    if (!decoded) return lines;
    std::size_t from = 0;
    for (std::size_t i = 0; i <= decoded->size(); ++i) {
        if (i < decoded->size() && (*decoded)[i] != U'\n') continue;
        lines.text.emplace_back(stripped(std::u32string_view(*decoded).substr(from, i - from)));
        from = i + 1;
    }
    for (std::size_t i = 0; i < lines.text.size(); ++i)
        if (!lines.text[i].empty()) lines.filled.push_back(i);
    return lines;
}

void mine_examples(const Lines& lines, std::vector<Mined>& found)
{
    for (std::size_t k = 2; k < lines.filled.size(); ++k) {
        const auto translation = quoted_line(lines.text[lines.filled[k]]);
        if (!translation) continue;
        const auto tokens = words_of(lines.text[lines.filled[k - 2]]), glosses = words_of(lines.text[lines.filled[k - 1]]);
        const Tiers tiers = tiers_of(tokens, glosses);
        if (tiers == Tiers::none) continue;
        const int first = int(lines.filled[k - 2]) + 1, last = int(lines.filled[k]) + 1;
        Text sentence;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const Text word = joined(tokens[i]);
            if (word.empty()) continue;
            sentence += (sentence.empty() ? U"" : U" ") + word;
            if (tiers == Tiers::loose) continue;
            const auto parts = morphemes(tokens[i]), names = morphemes(glosses[i]);
            if (parts.size() != names.size()) continue;
            for (std::size_t m = 0; m < parts.size(); ++m)
                found.push_back({BookPair::Kind::word, parts[m], plain_gloss(names[m]), first, last});
        }
        if (!sentence.empty()) found.push_back({BookPair::Kind::example, sentence, *translation, first, last});
    }
}

/// word `meaning' and *phrase* "meaning" inside a paragraph.
void mine_quotes(const Lines& lines, std::vector<Mined>& found)
{
    for (const std::size_t number : lines.filled) {
        const Text& line = lines.text[number];
        for (std::size_t at = 2; at < line.size(); ++at) {
            const char32_t end = closing(line[at]);
            if (end == 0 || !is_python_space(line[at - 1])) continue;
            std::size_t close = at + 1;
            while (close < line.size() && close - at <= longest_quote
                && !(line[close] == end && (close + 1 == line.size() || !is_letter(line[close + 1]))))
                ++close;
            if (close >= line.size() || line[close] != end || close == at + 1) continue;
            const Text meaning(stripped(std::u32string_view(line).substr(at + 1, close - at - 1)));
            std::size_t stop = at - 1;
            Text object;
            if (line[stop - 1] == U'*' && stop >= 3) {
                const auto start = line.rfind(U'*', stop - 2);
                if (start != Text::npos) object = line.substr(start + 1, stop - start - 2);
            } else {
                std::size_t start = stop;
                while (start > 0 && !is_python_space(line[start - 1])) --start;
                object = joined(line.substr(start, stop - start));
            }
            while (!object.empty() && is_break(object.front())) object.erase(0, 1);
            if (!object.empty() && is_letter(object.front()) && is_letter(object.back() == U'.' ? object.front() : object.back()))
                found.push_back({BookPair::Kind::word, object, meaning, int(number) + 1, int(number) + 1});
            at = close;
        }
    }
}

Vocabulary vocabulary_of(const LanguagePack& pack, std::size_t language)
{
    Vocabulary known;
    const auto add = [&](const std::string& text) {
        if (const auto decoded = decode_utf8(text))
            for (auto& word : plain_words(*decoded, pack.languages[language]))
                if (is_letter(word[0])) known.insert(std::move(word));
    };
    if (const auto train = pack.splits.find("train"); train != pack.splits.end())
        for (const auto& pair : train->second) add(pair.text[language]);
    for (const auto& entry : pack.dictionary) add(entry.text[language]);
    return known;
}

double share_known(const Text& text, const std::string& language, const Vocabulary& known)
{
    std::size_t words = 0, there = 0;
    for (const auto& word : plain_words(text, language)) {
        if (!is_letter(word[0])) continue;
        ++words;
        there += known.contains(word);
    }
    return words == 0 ? 0.0 : double(there) / double(words);
}

}  // namespace

std::u32string letters_of(const std::string& text)
{
    std::u32string letters;
    if (const auto decoded = decode_utf8(text))
        for (const char32_t c : lowered(*decoded))
            if (is_letter(c) || is_number(c)) letters += c;
    return letters;
}

std::string half_of(const std::string& text)
{
    const std::size_t end = text.find("\n\n", text.size() / 2);
    return end == std::string::npos ? text.substr(0, text.rfind('\n', text.size() / 2) + 1) : text.substr(0, end + 1);
}

std::vector<BookPair> mined_pairs(const LanguagePack& pack, std::string_view text)
{
    const Lines lines = lines_of(text);
    std::vector<Mined> found;
    mine_examples(lines, found);
    mine_quotes(lines, found);
    const std::array<Vocabulary, 2> known{vocabulary_of(pack, 0), vocabulary_of(pack, 1)};
    std::array<double, 2> shared{};
    for (const auto& pair : found) {
        for (const std::size_t language : {std::size_t(0), std::size_t(1)})
            shared[language] += share_known(pair.object, pack.languages[language], known[language])
                - share_known(pair.meaning, pack.languages[language], known[language]);
    }
    const std::size_t object = shared[0] >= shared[1] ? 0 : 1, meaning = 1 - object;
    std::vector<BookPair> pairs;
    std::set<std::array<Text, 2>> taken;
    for (const auto& pair : found) {
        const double understood = share_known(pair.meaning, pack.languages[meaning], known[meaning]);
        // Grammatical glosses ("3sg", "obj") are no words of the other language; nor are translations into a third one.
        if (pair.kind == BookPair::Kind::word ? understood < 1.0
                                              : known[meaning].size() > telling_vocabulary && understood < known_share)
            continue;
        // In running text "the word 'x'" quotes the meaning's own language.
        if (pair.kind == BookPair::Kind::word && known[meaning].contains(lowered(pair.object))
            && !known[object].contains(lowered(pair.object)))
            continue;
        if (pair.object == pair.meaning || !taken.insert({lowered(pair.object), lowered(pair.meaning)}).second) continue;
        BookPair out{pair.kind, {}, pair.first, pair.last};
        out.text[object] = encode_utf8(pair.object);
        out.text[meaning] = encode_utf8(pair.meaning);
        pairs.push_back(std::move(out));
    }
    return pairs;
}

CleanBook book_without(const LanguagePack& pack, const std::string& text, const std::set<std::u32string>& hidden_letters)
{
    CleanBook book;
    std::set<int> gone;
    for (auto& pair : mined_pairs(pack, text)) {
        const bool hidden
            = hidden_letters.contains(letters_of(pair.text[0])) || hidden_letters.contains(letters_of(pair.text[1]));
        if (hidden) {
            ++book.removed;
            for (int line = pair.first_line; line <= pair.last_line; ++line) gone.insert(line);
        } else {
            book.pairs.push_back(std::move(pair));
        }
    }
    std::erase_if(book.pairs, [&](const BookPair& pair) { return gone.contains(pair.first_line); });
    int number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        if (!gone.contains(++number)) book.text.append(text, at, end - at);
        at = end;
    }
    return book;
}

}  // namespace pathloom
