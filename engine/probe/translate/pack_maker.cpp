// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/pack_maker.h"

#include "engine/core/files.h"
#include "engine/core/one_line.h"
#include "engine/core/rng.h"
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/book.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <unordered_map>

namespace pathloom {

namespace {

using Pair = std::array<std::string, 2>;

constexpr std::size_t shown = 8;
constexpr double near_share = 0.5;  // of shared character trigrams (Jaccard), from which on two sentences are alike

struct Draft {
    std::vector<Pair> train, dev;
    std::vector<std::array<std::string, 3>> dictionary;  // both sides, part of speech
    PackPreview preview;
};

/// One line and one cell: what parts columns and rows inside a cell becomes a blank.
std::string cell_of(std::string text)
{
    for (char& c : text)
        if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? std::string() : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

Result<std::array<std::size_t, 2>> columns_of(
    const UserTable& table, const std::array<std::string, 2>& wanted, const std::array<std::string, 2>& languages, bool headword)
{
    std::array<std::size_t, 2> places{};
    for (const std::size_t side : {std::size_t(0), std::size_t(1)}) {
        std::string name = wanted[side];
        const auto has
            = [&](const std::string& column) { return std::ranges::find(table.columns, column) != table.columns.end(); };
        if (name.empty() && has(languages[side])) name = languages[side];
        if (name.empty() && side == 0 && headword && has("headword")) name = "headword";
        if (name.empty()) name = std::to_string(side + 1);
        PATHLOOM_TRY(places[side], column_index(table, name));
    }
    if (places[0] == places[1])
        return fail(ErrorCode::Usage, "{}: both languages would be read from column '{}'; name two columns", table.name,
            one_line(table.columns[places[0]]));
    return places;
}

Result<std::vector<Pair>> sentences_of(const PackRequest& request, PackPreview& preview)
{
    std::vector<Pair> pairs;
    if (request.sentences.size() == 2) {
        preview.sentence_names = {request.languages[0], request.languages[1]};
        PATHLOOM_TRY(std::vector<std::string> one, read_plain_lines(request.sentences[0]));
        PATHLOOM_TRY(std::vector<std::string> other, read_plain_lines(request.sentences[1]));
        if (one.size() != other.size()) {
            const bool more = one.size() > other.size();
            const auto &longer = request.sentences[more ? 0 : 1], &shorter = request.sentences[more ? 1 : 0];
            return fail(ErrorCode::Usage,
                "{} has {} lines and {} has {}; the two go line by line, and line {} of {} has no counterpart: find where they "
                "part "
                "and add the missing line",
                one_line(longer.string()), std::max(one.size(), other.size()), one_line(shorter.string()),
                std::min(one.size(), other.size()), std::min(one.size(), other.size()) + 1, one_line(longer.filename().string()));
        }
        for (std::size_t i = 0; i < one.size(); ++i) pairs.push_back({std::move(one[i]), std::move(other[i])});
        return pairs;
    }
    PATHLOOM_TRY(const UserTable table, read_user_table(request.sentences[0], request.header));
    preview.sentence_names = table.columns;
    if (table.columns.size() < 2)
        return fail(ErrorCode::Usage, "{} has one column; give a table with both languages, or two files", table.name);
    PATHLOOM_TRY(const auto places, columns_of(table, request.sentence_columns, request.languages, false));
    for (const auto& row : table.rows) pairs.push_back({row.cells[places[0]], row.cells[places[1]]});
    return pairs;
}

std::set<std::u32string> trigrams_of(const std::string& text)
{
    const std::u32string letters = letters_of(text);
    std::set<std::u32string> grams;
    for (std::size_t i = 0; i + 3 <= letters.size(); ++i) grams.insert(letters.substr(i, 3));
    if (letters.size() < 3) grams.insert(letters);
    return grams;
}

/// Which pairs have another one that is nearly the same on one side.
std::vector<bool> alike(const std::vector<Pair>& pairs)
{
    std::vector<bool> marked(pairs.size());
    for (const std::size_t side : {std::size_t(0), std::size_t(1)}) {
        std::vector<std::size_t> sizes;
        std::unordered_map<std::u32string, std::vector<std::size_t>> places;
        std::vector<std::size_t> shared(pairs.size());
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            const auto grams = trigrams_of(pairs[i][side]);
            std::vector<std::size_t> touched;
            for (const auto& gram : grams) {
                auto& there = places[gram];
                for (const std::size_t j : there)
                    if (shared[j]++ == 0) touched.push_back(j);
                there.push_back(i);
            }
            for (const std::size_t j : touched) {
                if (double(shared[j]) >= near_share * double(grams.size() + sizes[j] - shared[j])) marked[i] = marked[j] = true;
                shared[j] = 0;
            }
            sizes.push_back(grams.size());
        }
    }
    return marked;
}

Result<void> add_sentences(const PackRequest& request, Draft& draft)
{
    PATHLOOM_TRY(const std::vector<Pair> read, sentences_of(request, draft.preview));
    std::vector<Pair> pairs;
    std::set<Pair> taken;
    for (const auto& raw : read) {
        Pair pair{cell_of(raw[0]), cell_of(raw[1])};
        if (pair[0].empty() || pair[1].empty())
            ++draft.preview.skipped;
        else if (!taken.insert(pair).second)
            ++draft.preview.repeated;
        else
            pairs.push_back(std::move(pair));
    }
    const std::vector<bool> near = alike(pairs);
    std::vector<std::size_t> alone;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (near[i])
            ++draft.preview.alike;
        else
            alone.push_back(i);
    }
    Rng rng(mix(request.seed, text_key("pack")));
    rng.shuffle(std::span(alone));
    alone.resize(std::min(alone.size(), std::size_t(std::lround(request.dev_share * double(pairs.size())))));
    const std::set<std::size_t> dev(alone.begin(), alone.end());
    for (std::size_t i = 0; i < pairs.size(); ++i) (dev.contains(i) ? draft.dev : draft.train).push_back(std::move(pairs[i]));
    if (draft.train.empty())
        return fail(ErrorCode::Usage, "no sentence pair is left to train on; check the columns, and keep fewer for scoring");
    return {};
}

Result<void> add_dictionary(const PackRequest& request, Draft& draft)
{
    if (request.dictionary.empty()) return {};
    PATHLOOM_TRY(const UserTable table, read_user_table(request.dictionary, request.dictionary_header));
    draft.preview.dictionary_names = table.columns;
    PATHLOOM_TRY(const auto places, columns_of(table, request.dictionary_columns, request.languages, true));
    std::size_t pos = table.columns.size();
    if (!request.part_of_speech.empty()) {
        PATHLOOM_TRY(pos, column_index(table, request.part_of_speech));
    } else {
        pos = std::size_t(std::ranges::find(table.columns, "pos") - table.columns.begin());
    }
    for (const auto& row : table.rows) {
        std::array<std::string, 3> entry{cell_of(row.cells[places[0]]), cell_of(row.cells[places[1]]),
            pos < row.cells.size() ? cell_of(row.cells[pos]) : std::string()};
        if (entry[0].empty() || entry[1].empty())
            ++draft.preview.skipped;
        else
            draft.dictionary.push_back(std::move(entry));
    }
    return {};
}

Result<Draft> drafted(const PackRequest& request)
{
    if (request.languages[0].empty() || request.languages[1].empty() || request.languages[0] == request.languages[1])
        return fail(ErrorCode::Usage, "a pack needs two different language codes, got '{}' and '{}'",
            one_line(request.languages[0]), one_line(request.languages[1]));
    for (const auto& code : request.languages)
        if (code.find_first_of("\t\r\n /") != std::string::npos || code == "id" || code == "headword" || code == "pos")
            return fail(ErrorCode::Usage, "'{}' cannot be a language code; take one like kgv or eng", one_line(code));
    if (request.sentences.empty() || request.sentences.size() > 2)
        return fail(ErrorCode::Usage, "give one table of sentences, or two files that go line by line");
    if (!(request.dev_share >= 0.0 && request.dev_share < 1.0))
        return fail(ErrorCode::Usage, "the share kept for scoring must be from 0 to below 1, got {}", request.dev_share);
    Draft draft;
    PATHLOOM_CHECK(add_sentences(request, draft));
    PATHLOOM_CHECK(add_dictionary(request, draft));
    PackPreview& preview = draft.preview;
    preview.train = draft.train.size();
    preview.dev = draft.dev.size();
    preview.dictionary = draft.dictionary.size();
    preview.grammar_bytes = request.grammar.text.size();
    for (const auto& pair : draft.train)
        if (preview.sentences.size() < shown) preview.sentences.push_back(pair);
    for (const auto& entry : draft.dictionary)
        if (preview.words.size() < shown) preview.words.push_back({entry[0], entry[1]});
    return draft;
}

std::string table_of(const PackRequest& request, const std::vector<Pair>& pairs, std::string_view split)
{
    std::string text = "id\t" + request.languages[0] + "\t" + request.languages[1] + "\n";
    for (std::size_t i = 0; i < pairs.size(); ++i) text += fmt::format("{}{}\t{}\t{}\n", split, i + 1, pairs[i][0], pairs[i][1]);
    return text;
}

}  // namespace

Result<PackPreview> preview_pack(const PackRequest& request)
{
    PATHLOOM_TRY(Draft draft, drafted(request));
    return std::move(draft.preview);
}

Result<PackPreview> make_pack(const PackRequest& request)
{
    PATHLOOM_TRY(Draft draft, drafted(request));
    std::error_code error;
    if (std::filesystem::exists(request.out, error) && !std::filesystem::is_empty(request.out, error))
        return fail(ErrorCode::Exists, "{} is not empty; name a new folder for the pack", one_line(request.out.string()));
    PATHLOOM_CHECK(make_folders(request.out));
    PATHLOOM_CHECK(write_file_atomic(request.out / "sentences.train.tsv", table_of(request, draft.train, "t")));
    if (!draft.dev.empty())
        PATHLOOM_CHECK(write_file_atomic(request.out / "sentences.dev.tsv", table_of(request, draft.dev, "d")));
    if (!draft.dictionary.empty()) {
        std::string text = "headword\tpos\t" + request.languages[1] + "\n";
        for (const auto& entry : draft.dictionary) text += entry[0] + "\t" + entry[2] + "\t" + entry[1] + "\n";
        PATHLOOM_CHECK(write_file_atomic(request.out / "dictionary.tsv", text));
    }
    if (const GrammarText& book = request.grammar; !book.text.empty())
        PATHLOOM_CHECK(write_file_atomic(request.out / (book.markdown ? "grammar.md" : "grammar.txt"), book.text));
    return std::move(draft.preview);
}

}  // namespace pathloom
