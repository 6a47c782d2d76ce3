// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/needle_grid.h"

#include "engine/core/clock.h"
#include "engine/probe/mixture.h"
#include "engine/probe/routed_reader.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

namespace pathloom {

namespace {

std::vector<std::int32_t> needle_tokens(const ReaderPackage& reader, const Needle& needle)
{
    return reader.tokenizer.encode_ids(" " + needle.text);
}

Result<MemoryView> with_needles(
    ReaderPackage& reader, const Haystack& haystack, std::size_t length, std::vector<Insertion>& insertions)
{
    std::ranges::stable_sort(insertions, {}, &Insertion::at);
    return splice(haystack.memory, length, insertions, std::size_t(reader.model.spec().reach()),
        [&](std::span<const std::int32_t> tokens) { return key_source(reader, tokens); });
}

/// The whole context as a memory of its own; `file` holds its rows.
Result<MemoryView> encoded_cold(
    ReaderPackage& reader, const ProbeContext& context, const NeedleGridRequest& request, std::optional<MemoryFile>& file)
{
    MemoryIdentity identity{reader.hash, context.tokens(), {}, std::uint32_t(reader.model.spec().key_dim)};
    identity.bytes.resize(identity.tokens.size());
    const std::filesystem::path folder = request.cold / "cold";
    std::error_code error;
    std::filesystem::remove_all(folder, error);  // of one that was interrupted
    file.reset();
    auto made = MemoryFile::obtain(folder, identity, key_source(reader, identity.tokens), request.cold_progress);
    std::filesystem::remove_all(folder, error);  // the mapping stays
    if (!made) return fail(made.error());
    file = std::move(*made);
    MemoryView view;
    view.add(*file, 0, file->rows());
    return view;
}

Result<void> ask_cell(
    ReaderPackage& reader, const MemoryView& memory, const AnswerOptions& options, bool no_needle, NeedleCell& cell)
{
    PATHLOOM_TRY(const Answer answer, ask_memory(reader, memory, cell.needle.question, cell.needle.answer_prefix, options));
    cell.answer = answer.text;
    cell.found = needle_found(cell, no_needle, answer.text);
    cell.seconds_answer = answer.seconds;
    cell.seconds_first = answer.seconds_first;
    return {};
}

}  // namespace

bool needle_found(const NeedleCell& cell, bool no_needle, std::string_view answer)
{
    return no_needle ? answer == NoAnswer : answer.find(cell.needle.value) != std::string_view::npos;
}

Result<Haystack> prepare_haystack(ReaderPackage& reader, std::string_view text, std::size_t length,
    const std::filesystem::path& folder, const MemoryProgress& progress)
{
    if (length < 16) return fail(ErrorCode::Usage, "a haystack of {} tokens is too short; ask for at least 16", length);
    PATHLOOM_TRY(MemoryIdentity identity, tokenize_document(reader, text));
    const std::size_t own = identity.tokens.size();
    identity.tokens.reserve(length);
    for (std::size_t i = own; i < length; ++i) identity.tokens.push_back(identity.tokens[i - own]);
    identity.tokens.resize(length);
    identity.bytes.resize(std::min(own, length));
    for (std::size_t i = identity.bytes.size(); i < length; ++i) identity.bytes.push_back(identity.bytes[i - own]);
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(MemoryFile memory, MemoryFile::obtain(folder, identity, key_source(reader, identity.tokens), progress));
    if (reader.routed)
        PATHLOOM_CHECK(
            record_paths(folder, identity.name(), reader.routed->paths_of(std::span(identity.tokens).first(memory.rows()))));
    return Haystack{std::move(memory), own, seconds_since(start)};
}

Result<std::vector<NeedleCell>> needle_grid(ReaderPackage& reader, const Haystack& haystack, const NeedleGridRequest& request,
    const std::function<bool(const NeedleCell&)>& done)
{
    std::vector<NeedleCell> cells;
    for (const std::size_t length : request.lengths) {
        for (int d = 0; d < request.depths; ++d) {
            if (request.only_depth >= 0 && request.only_depth != d) continue;
            NeedleCell cell;
            cell.length = length;
            cell.depth = request.depths > 1 ? 100.0 * d / (request.depths - 1) : 50.0;
            cell.seed = mix(request.seed, length, std::uint64_t(d));
            Rng rng(cell.seed);
            std::set<std::string> taken;
            PATHLOOM_TRY(cell.needle, draw_needle(request.templates, -1, taken, rng));
            std::vector<Insertion> insertions;
            std::size_t room = 0;
            for (int i = 0; i < request.distractors; ++i) {
                PATHLOOM_TRY(const Needle other, draw_needle(request.templates, cell.needle.template_index, taken, rng));
                insertions.push_back({0, needle_tokens(reader, other)});
                room += insertions.back().tokens.size();
                cell.distractors.emplace_back(0, other.text);
            }
            const std::vector<std::int32_t> own = needle_tokens(reader, cell.needle);
            if (!request.no_needle) room += own.size();
            if (room + 16 > length)
                return fail(ErrorCode::Usage, "length {} has no room for the needles ({} tokens)", length, room);
            const std::size_t kept = length - room;  // of the document
            const auto document = haystack.memory.tokens().first(kept);
            for (std::size_t i = 0; i < insertions.size(); ++i) {
                insertions[i].at = sentence_start(reader.tokenizer, document, std::size_t(rng.below(kept + 1)));
                cell.distractors[i].first = insertions[i].at;
            }
            const auto wanted = std::size_t(std::llround(double(kept) * cell.depth / 100.0));
            cell.actual_position = d == request.depths - 1 ? kept : sentence_start(reader.tokenizer, document, wanted);
            if (!request.no_needle) insertions.push_back({cell.actual_position, own});
            cell.repeated = kept > haystack.document_tokens;
            cell.document_tokens = kept;
            cell.insertions = cell.distractors;
            const std::size_t place = cell.actual_position;
            if (!request.no_needle) cell.insertions.emplace_back(place, cell.needle.text);
            std::ranges::stable_sort(cell.insertions, {}, &std::pair<std::size_t, std::string>::first);
            for (const Insertion& other : insertions) {  // what stands before it moves it; at its own place it is the last
                if (other.at <= place && other.tokens != own) cell.actual_position += other.tokens.size();
            }
            bool known = false;
            if (request.hooks.known && request.cold.empty()) {
                PATHLOOM_TRY(known, request.hooks.known(cell));
            }
            if (!known) {
                const auto start = std::chrono::steady_clock::now();
                std::optional<MemoryFile> whole;
                std::ranges::stable_sort(insertions, {}, &Insertion::at);
                PATHLOOM_TRY(const MemoryView memory,
                    request.cold.empty() ? with_needles(reader, haystack, kept, insertions)
                                         : encoded_cold(reader, {&haystack.memory, kept, insertions, nullptr}, request, whole));
                cell.seconds_encode = seconds_since(start);
                PATHLOOM_CHECK(ask_cell(reader, memory, request.answer, request.no_needle, cell));
                if (request.hooks.answered)
                    PATHLOOM_CHECK(request.hooks.answered({&haystack.memory, kept, insertions, &memory}, cell));
            }
            cells.push_back(cell);
            if (!done(cell)) return fail(ErrorCode::Cancelled, "stopped after {} cells", cells.size());
        }
    }
    return cells;
}

Result<std::vector<NeedleCell>> multi_needle(ReaderPackage& reader, const Haystack& haystack, const MultiNeedleRequest& request,
    const std::function<bool(const NeedleCell&)>& done)
{
    int only = -1;  // template
    if (request.one_turn) {
        const auto found
            = std::ranges::find_if(request.templates.templates, [](const NeedleTemplate& t) { return !t.all_question.empty(); });
        if (found == request.templates.templates.end())
            return fail(
                ErrorCode::Usage, "no template of the file has an all_question; add one to ask for all needles in one turn");
        only = int(found - request.templates.templates.begin());
    }
    Rng rng(mix(request.seed, text_key("multineedle"), request.length));
    std::set<std::string> taken;
    std::vector<NeedleCell> cells;
    std::vector<Insertion> insertions;
    std::size_t room = 0;
    for (int i = 0; i < request.needles; ++i) {
        NeedleCell cell;
        cell.length = request.length;
        cell.seed = request.seed;
        PATHLOOM_TRY(cell.needle, draw_needle(request.templates, only, taken, rng));
        if (only >= 0) {
            cell.needle.question = request.templates.templates[std::size_t(only)].all_question;
            cell.needle.answer_prefix = request.templates.templates[std::size_t(only)].all_prefix;
        }
        insertions.push_back({0, needle_tokens(reader, cell.needle)});
        room += insertions.back().tokens.size();
        cells.push_back(std::move(cell));
    }
    if (room + 16 > request.length)
        return fail(ErrorCode::Usage, "length {} has no room for {} needles ({} tokens)", request.length, request.needles, room);
    const std::size_t kept = request.length - room;
    const auto document = haystack.memory.tokens().first(kept);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        insertions[i].at = sentence_start(reader.tokenizer, document, std::size_t(rng.below(kept + 1)));
        cells[i].actual_position = insertions[i].at;
        cells[i].depth = 100.0 * double(insertions[i].at) / double(kept);
        cells[i].repeated = kept > haystack.document_tokens;
    }
    std::vector<std::pair<std::size_t, std::string>> places;
    for (std::size_t i = 0; i < cells.size(); ++i) places.emplace_back(insertions[i].at, cells[i].needle.text);
    std::ranges::stable_sort(places, {}, &std::pair<std::size_t, std::string>::first);
    std::optional<MemoryView> memory;  // made when the first cell needs it
    double encoded = 0.0;
    const NeedleCell* asked = nullptr;  // the cell that was asked for all of them
    for (NeedleCell& cell : cells) {
        cell.document_tokens = kept;
        cell.insertions = places;
        bool known = false;
        if (request.hooks.known) {
            PATHLOOM_TRY(known, request.hooks.known(cell));
        }
        if (!known) {
            if (!memory) {
                const auto start = std::chrono::steady_clock::now();
                PATHLOOM_TRY(memory, with_needles(reader, haystack, kept, insertions));
                encoded = seconds_since(start) / double(cells.size());
            }
            cell.seconds_encode = encoded;
            if (asked) {
                cell.answer = asked->answer;
                cell.found = needle_found(cell, false, cell.answer);
                cell.seconds_answer = asked->seconds_answer;
                cell.seconds_first = asked->seconds_first;
            } else {
                PATHLOOM_CHECK(ask_cell(reader, *memory, request.answer, false, cell));
                if (request.one_turn) asked = &cell;
            }
            if (request.hooks.answered)
                PATHLOOM_CHECK(request.hooks.answered({&haystack.memory, kept, insertions, &*memory}, cell));
        }
        if (!done(cell)) return fail(ErrorCode::Cancelled, "stopped before all needles were asked for");
    }
    return cells;
}

}  // namespace pathloom
