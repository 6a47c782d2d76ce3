// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/video_grid.h"

#include "engine/core/clock.h"
#include "engine/core/rng.h"
#include "engine/corpus/text.h"
#include "engine/probe/mixture.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace pathloom {

namespace {

/// The tokens of the text that begin before a byte.
std::size_t tokens_before(const MemoryFile& memory, std::size_t byte)
{
    return std::size_t(std::ranges::lower_bound(memory.bytes(), byte) - memory.bytes().begin());
}

}  // namespace

SecretWords secret_of(NeedleKind kind)
{
    // The recogniser writes "key word": its dictionary has no other.
    if (kind == NeedleKind::Spoken) return {"What is the secret key word?", "the secret key word is"};
    return {"What is the secret word?", "The secret word is \""};
}

std::vector<std::string> word_list(std::string_view text)
{
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (end > at) out.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

Result<std::vector<VideoCell>> plan_video_grid(const Timeline& timeline, const VideoGridRequest& request)
{
    if (request.words.empty()) return fail(ErrorCode::Usage, "the list of words is empty; put a word on each line");
    PATHLOOM_TRY(const auto drawn, draw_places(timeline, request.lengths, request.depths, request.seed));
    std::vector<VideoCell> cells;
    for (const auto& [place, state] : drawn) {
        VideoCell cell;
        static_cast<GridPlace&>(cell) = place;
        Rng rng = state;
        cell.word = request.words[std::size_t(rng.below(request.words.size()))];
        if (request.kind == NeedleKind::Drawn)
            cell.drawn = {cell.place.second, rng.uniform(), rng.uniform(), "The secret word is \"" + cell.word + "\""};
        else
            cell.spoken = {cell.place.second, rng.below(2) == 0 ? "rms" : "slt", "the secret keyword is " + cell.word};
        cells.push_back(std::move(cell));
    }
    return cells;
}

Result<void> read_needles(const Timeline& timeline, NeedleKind kind, const ReadLimits& limits, std::vector<VideoCell>& cells)
{
    std::map<std::size_t, std::vector<std::size_t>> by_film;
    for (std::size_t i = 0; i < cells.size(); ++i) by_film[cells[i].place.film].push_back(i);
    for (const auto& [film, indices] : by_film) {
        std::vector<DrawnWords> drawn;
        std::vector<SpokenWords> spoken;
        for (const std::size_t i : indices) {
            drawn.push_back(cells[i].drawn);
            spoken.push_back(cells[i].spoken);
        }
        const std::filesystem::path& file = timeline.films()[film].file;
        PATHLOOM_TRY(auto read,
            kind == NeedleKind::Drawn ? read_drawn_words(file, drawn, limits) : read_spoken_words(file, spoken, limits));
        for (std::size_t k = 0; k < indices.size(); ++k) {
            VideoCell& cell = cells[indices[k]];
            cell.read = std::move(read[k]);
            cell.word_read = std::ranges::any_of(cell.read,
                [&](const std::string& line) { return ascii_lowered(line).find(ascii_lowered(cell.word)) != std::string::npos; });
        }
    }
    return {};
}

Result<VideoHaystack> encode_timeline(ReaderPackage& reader, const Timeline& timeline, int seconds,
    const std::filesystem::path& folder, const MemoryProgress& progress)
{
    Timeline::Text text = timeline.text(seconds);
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(reader, text.text));
    PATHLOOM_TRY(MemoryFile memory, MemoryFile::obtain(folder, identity, key_source(reader, identity.tokens), progress));
    return VideoHaystack{std::move(text), std::move(memory), seconds_since(start)};
}

std::size_t tokens_until(const VideoHaystack& haystack, int second)
{
    return tokens_before(haystack.memory, haystack.text.ends[std::size_t(second)]);
}

Result<MemoryView> text_view(
    ReaderPackage& reader, const VideoHaystack& haystack, int length, std::size_t position, const std::string& lines)
{
    const std::size_t kept = tokens_until(haystack, length - 1);
    std::vector<Insertion> insertions;
    if (!lines.empty()) insertions.push_back({std::min(position, kept), reader.tokenizer.encode_ids(lines)});
    return splice(haystack.memory, kept, insertions, std::size_t(reader.model.spec().reach()),
        [&](std::span<const std::int32_t> tokens) { return key_source(reader, tokens); });
}

Result<void> ask_video_grid(ReaderPackage& reader, const VideoHaystack& haystack, const VideoGridRequest& request,
    std::vector<VideoCell>& cells, const std::function<bool(const VideoCell&)>& done)
{
    const SecretWords secret = secret_of(request.kind);
    for (VideoCell& cell : cells) {
        const auto start = std::chrono::steady_clock::now();
        std::string lines;
        for (const std::string& line : cell.read) lines += line + "\n";
        if (request.no_needle) lines.clear();
        cell.position = tokens_until(haystack, cell.second);
        PATHLOOM_TRY(const MemoryView memory, text_view(reader, haystack, cell.length, cell.position, lines));
        cell.tokens = std::size_t(memory.rows()) + 1;
        cell.seconds_encode = seconds_since(start);
        PATHLOOM_TRY(const Answer answer, ask_memory(reader, memory, secret.question, secret.prefix, request.answer));
        cell.answer = answer.text;
        cell.found = request.no_needle ? answer.text == NoAnswer
                                       : ascii_lowered(answer.text).find(ascii_lowered(cell.word)) != std::string::npos;
        cell.seconds_answer = answer.seconds;
        cell.seconds_first = answer.seconds_first;
        if (!done(cell)) return fail(ErrorCode::Cancelled, "stopped");
    }
    return {};
}

}  // namespace pathloom
