// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/gate_fitting.h"

#include "engine/probe/answer.h"
#include "engine/probe/mixture_series.h"
#include "engine/probe/text_steps.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr std::size_t most_places = 40;
constexpr std::int64_t longest_read = 64;
constexpr std::size_t text_window = 32;
constexpr int text_rounds = 150;

/// A question with the texts that hold (or do not hold) its answers.
struct GateCase {
    std::vector<Tokens> hidden;
    struct Place {
        std::size_t text = 0, token = 0;  // hidden text, and the token in it an answer begins with
        std::size_t size = 0;  // of the answer; 0: to the end of its line
    };
    std::vector<Place> right;
    std::string question, prefix;
    bool several = false;  // all that match are wanted, or one of them by its number
    bool one_key = false;  // and all of them are of one key
};

void hide(GateCase& out, const Tokenizer& tokenizer, const FactWording& wording, const std::string& key, const std::string& value,
    bool right)
{
    FactTokens fact = fact_tokens(tokenizer, " " + filled(wording.statement, "{K}", key), value);
    if (right) out.right.push_back({out.hidden.size(), fact.value, fact.size});
    out.hidden.push_back(std::move(fact.tokens));
}

GateCase fact_case(const Tokenizer& tokenizer, const FactWriter& writer, Rng& rng)
{
    GateCase out;
    std::set<std::string> taken;
    const FactWording wording = writer.wording(rng);
    const std::string key = writer.key(rng, taken, "");
    const bool near = rng.uniform() < 0.4, absent = rng.uniform() < 0.45;
    const std::size_t others = rng.uniform() < 0.5 ? 0 : 1 + std::size_t(rng.below(10));
    const double kind = rng.uniform();
    out.several = kind >= 0.55;
    out.one_key = kind >= 0.7;
    Asked asked;
    if (kind < 0.55 || kind >= 0.7) {  // one value, or several of one key
        const std::size_t values = absent ? 0 : kind < 0.55 ? 1 : 2 + std::size_t(rng.below(4));
        for (std::size_t i = 0; i < values; ++i) hide(out, tokenizer, wording, key, writer.value(rng, wording.value), true);
        if (kind < 0.55) {
            asked.question = writer.question(rng, wording, key);
            asked.prefix = writer.prefix(rng, wording, key);
        } else if (kind < 0.85) {
            asked = ask_for_all(rng, wording, key);
        } else {
            asked = ask_for_nth(rng, wording, key, Selection(int(Selection::First) + int(rng.below(4))));
        }
    } else if (kind < 0.62) {  // several keys
        std::string keys;
        const std::size_t count = 2 + std::size_t(rng.below(3));
        for (std::size_t i = 0; i < count; ++i) {
            const std::string one = i == 0 ? key : writer.key(rng, taken, near ? key : "");
            keys += (keys.empty() ? "" : ", ") + one;
            if (!absent) hide(out, tokenizer, wording, one, writer.value(rng, wording.value), true);
        }
        asked = ask_for_all(rng, wording, keys);
    } else {  // all there are
        const std::size_t count = absent ? 0 : 2 + std::size_t(rng.below(20));
        for (std::size_t i = 0; i < count; ++i)
            hide(out, tokenizer, wording, writer.key(rng, taken, near ? key : ""), writer.value(rng, wording.value), true);
        asked = ask_for_every(rng, wording);
    }
    if (kind < 0.62 || kind >= 0.7) {
        for (std::size_t i = 0; i < others; ++i)
            hide(out, tokenizer, wording, writer.key(rng, taken, near ? key : ""), writer.value(rng, wording.value), false);
    }
    out.question = asked.question;
    out.prefix = asked.prefix;
    return out;
}

/// A conversation as one text; its first question about what was asked for more than once.
GateCase turns_case(const Tokenizer& tokenizer, const Mixture& mixture, std::size_t longest, Rng& rng)
{
    std::set<std::string> taken;
    const double times = std::clamp(double(longest) / 400.0, 1.0, 60.0);
    const auto room = std::size_t(400.0 * std::pow(times, rng.uniform()));  // to hundreds of turns: most of them are wrong
    const std::size_t same = 2 + std::size_t(rng.below(7)), topics = 4 + std::size_t(rng.below(20));
    const SeriesRequest request{
        room, 3, 0.15, [&](Rng& r, std::size_t length) { return mixture.passage(r, length); }, &taken, same, topics};
    MixtureDocument made = turns_document(tokenizer, mixture.writer(), request, rng);
    GateCase out;
    out.several = out.one_key = true;
    const MixtureQuestion& question = made.questions.front();
    out.question = tokenizer.decode(question.prompt);
    for (const auto* places : {&question.also, &question.excluded})
        for (const std::int64_t place : *places) out.right.push_back({0, std::size_t(place), 0});
    if (!question.places.empty()) out.right.push_back({0, std::size_t(question.places.front()), 0});
    out.hidden.push_back(std::move(made.tokens));
    return out;
}

struct Examples {
    std::vector<GateExample> present, several, again, same;
    std::vector<std::vector<GateExample>> series;  // `same`, a question each
    std::vector<std::vector<GateExample>> values;  // that are read on: after each token, whether it was the last
    int lost = 0;  // the answer is there and another row came first
};

/// The value at `row`, token by token as it is read on (answer.cpp); `size` 0: to the end of its line, where no gate is asked.
std::vector<GateExample> read_on(
    ReaderPackage& reader, const MemoryView& memory, const Tokens& prompt, std::int64_t row, std::int64_t size)
{
    const std::int32_t line = reader.tokenizer.encode_ids("\n").back();
    ScanOptions scan;
    scan.threads = 1;
    Tokens said = prompt;
    std::vector<GateExample> out;
    for (std::int64_t i = 1; i < longest_read && row + i < memory.rows(); ++i) {
        said.push_back(memory.value(row + i - 1));
        if (memory.value(row + i) == line) break;
        const ReaderPrediction next = going_on(reader.model, memory, said, row + i, UsualRank, scan);
        out.push_back({{end_odds(next, line)}, i == size});
        if (i == size) break;
    }
    return out;
}

Result<void> look(ReaderPackage& reader, const MemoryFile& base, const GateCase& one, std::size_t length, Rng& rng, Examples& out)
{
    std::vector<std::size_t> order(one.hidden.size());
    std::vector<Insertion> insertions(one.hidden.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    for (std::size_t i = 0; i < order.size(); ++i) insertions[i].at = std::size_t(rng.below(length + 1));
    std::ranges::sort(insertions, {}, &Insertion::at);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[std::size_t(rng.below(i))]);
    std::vector<std::int64_t> right, sizes;
    std::size_t before = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (const GateCase::Place& place : one.right) {
            if (place.text != order[i]) continue;
            right.push_back(std::int64_t(insertions[i].at + before + place.token) - 1);
            sizes.push_back(std::int64_t(place.size));
        }
        insertions[i].tokens = one.hidden[order[i]];
        before += insertions[i].tokens.size();
    }
    PATHLOOM_TRY(const MemoryView memory,
        splice(base, length, insertions, std::size_t(reader.model.spec().reach()),
            [&](std::span<const std::int32_t> tokens) { return key_source(reader, tokens); }));
    const std::string asked = reader_prompt(one.question, one.prefix);
    const Tokens prompt = reader.tokenizer.encode_ids(asked);
    if (prompt.empty() || prompt.size() > LongestQuestion) return {};
    const ReaderQuery query = reader.model.query(prompt);
    const Wording words{WordMatch(memory, prompt), WholeWords(memory, reader.tokenizer, asked, told_selection(query.selection))};
    ScanOptions scan;
    scan.threads = 1;
    scan.rescored = scan.top = CandidateRows;
    const std::vector<RowEvidence> ranked
        = rank_rows(memory, query, std::size_t(reader.model.spec().key_dim), &words, UsualRank, scan);
    if (ranked.empty()) return {};
    const auto is_right = [&](const RowEvidence& row) {
        return std::ranges::any_of(right, [&](std::int64_t r) { return same_place(memory, r, row.row); });
    };
    if (!right.empty() && !is_right(ranked[0])) {
        ++out.lost;
        return {};
    }
    (one.several ? out.several : out.present).push_back({measure_present(ranked[0], memory.rows()), !right.empty()});
    if (right.empty()) return {};
    const auto exact = std::ranges::find(right, ranked[0].row);
    if (one.several && exact != right.end())
        out.values.push_back(read_on(reader, memory, prompt, *exact, sizes[std::size_t(exact - right.begin())]));
    if (one.one_key) out.series.emplace_back();
    std::vector<std::int64_t> seen{ranked[0].row};
    for (const RowEvidence& row : ranked) {
        if (seen.size() > most_places) break;
        if (std::ranges::any_of(seen, [&](std::int64_t s) { return same_place(memory, s, row.row); })) continue;
        seen.push_back(row.row);
        const double lost = words.words.heaviest_lost(ranked[0].whole, row.whole);
        out.again.push_back({measure_again(ranked[0], row, lost), is_right(row)});
        if (!one.one_key) continue;
        out.same.push_back(out.again.back());
        out.series.back().push_back(out.again.back());
    }
    return {};
}

/// Places all over the memory's text, each with as much before it as some curve of loss against position would give it.
Result<nlohmann::json> fit_text(ReaderPackage& reader, const MemoryFile& memory, std::size_t windows,
    const std::function<bool(int)>& progress, EvidenceGate& gate)
{
    std::vector<TextStep> seen, held_out;
    const std::size_t length = memory.tokens().size();
    ScanOptions scan;
    scan.threads = 1;
    for (std::size_t w = 0; w < windows; ++w) {
        const std::size_t begin = length / windows * w + length / windows / 2;
        std::vector<std::size_t> contexts;
        for (std::size_t context = 128; context < begin - 1; context *= 4) contexts.push_back(context);
        contexts.push_back(begin - 2);
        for (std::size_t place = begin; place < std::min(begin + text_window, length); ++place)
            for (TextStep& step : text_steps(reader, memory, place, contexts, false, scan))
                (w % 4 == 3 ? held_out : seen).push_back(std::move(step));
        if (!progress(int(w + 1))) return fail(ErrorCode::Cancelled, "stopped after {} stretches of running text", w + 1);
    }
    gate.text = fit_copying(seen, text_rounds);
    double alone = 0.0;
    for (const TextStep& step : held_out) alone += loss_of(step.spoken) / double(held_out.size());
    return nlohmann::json{{"held_out", held_out.size()}, {"nll", mean_loss(*gate.text, held_out)}, {"nll_window", alone}};
}

nlohmann::json shares(const Logistic& one, std::span<const GateExample> held_out)
{
    double right[2]{}, all[2]{};
    for (const GateExample& example : held_out) {
        all[example.right] += 1.0;
        right[example.right] += (one.logit(example.measured) > 0.0) == example.right ? 1.0 : 0.0;
    }
    return {{"held_out", held_out.size()}, {"accepted_of_right", all[1] > 0 ? right[1] / all[1] : 0.0},
        {"refused_of_wrong", all[0] > 0 ? right[0] / all[0] : 0.0}};
}

double questions_right(const Logistic& one, std::span<const std::vector<GateExample>> questions)
{
    const auto right = std::ranges::count_if(questions, [&](const auto& question) {
        return std::ranges::all_of(
            question, [&](const GateExample& example) { return (one.logit(example.measured) > 0.0) == example.right; });
    });
    return questions.empty() ? 0.0 : double(right) / double(questions.size());
}

}  // namespace

Result<FittedGate> fit_gate(ReaderPackage& reader, const Mixture& mixture, std::string_view text, const GateFitting& fitting,
    std::uint64_t seed, const std::filesystem::path& folder, const std::function<bool(int done, int all)>& progress)
{
    PATHLOOM_TRY(MemoryIdentity identity, tokenize_document(reader, text));
    identity.tokens.resize(std::min(identity.tokens.size(), std::size_t(fitting.longest)));
    identity.bytes.resize(identity.tokens.size());
    const std::size_t longest = identity.tokens.size();
    if (longest < 1000) return fail(ErrorCode::Usage, "a gate is fitted on at least 1000 tokens of text, got {}", longest);
    const int windows = std::clamp(fitting.cases / 16, 4, 64), all = fitting.cases + windows;  // stretches of running text
    PATHLOOM_TRY(const MemoryFile memory,
        MemoryFile::obtain(
            folder, identity, key_source(reader, identity.tokens), [&](std::size_t, std::size_t) { return progress(0, all); }));
    Examples seen, held_out;
    for (int i = 0; i < fitting.cases; ++i) {
        Rng rng(mix(seed, text_key("gate"), std::uint64_t(i)));
        const auto length = std::size_t(1000.0 * std::pow(double(longest) / 1000.0, rng.uniform()));
        const GateCase one = rng.uniform() < 0.25 ? turns_case(reader.tokenizer, mixture, longest, rng)
                                                  : fact_case(reader.tokenizer, mixture.writer(), rng);
        PATHLOOM_CHECK(look(reader, memory, one, std::min(length, longest), rng, i % 4 == 3 ? held_out : seen));
        if (!progress(i + 1, all)) return fail(ErrorCode::Cancelled, "stopped after {} cases of the gate", i + 1);
    }
    FittedGate out;
    PATHLOOM_TRY(out.gate.present, fit_logistic(seen.present, fitting.penalty));
    out.gate.present = accepting(out.gate.present, seen.present, fitting.lost);
    PATHLOOM_TRY(out.gate.present_several, fit_logistic(seen.several, fitting.penalty));
    out.gate.present_several = accepting(out.gate.present_several, seen.several, fitting.lost);
    PATHLOOM_TRY(out.gate.again, fit_logistic(seen.again, fitting.penalty));
    PATHLOOM_TRY(out.gate.same, fit_logistic(seen.same, fitting.penalty));
    out.gate.same = most_questions(out.gate.same, seen.series);
    out.gate.ends = most_questions(out.gate.ends, seen.values);
    PATHLOOM_TRY(const nlohmann::json text_fit,
        fit_text(
            reader, memory, std::size_t(windows), [&](int done) { return progress(fitting.cases + done, all); }, out.gate));
    out.recipe = nlohmann::json{{"cases", fitting.cases}, {"longest", longest}, {"penalty", fitting.penalty}, {"seed", seed},
        {"another_row_first", seen.lost + held_out.lost}, {"present", shares(out.gate.present, held_out.present)},
        {"present_several", shares(out.gate.present_several, held_out.several)},
        {"again", shares(out.gate.again, held_out.again)}, {"same", shares(out.gate.same, held_out.same)},
        {"series_right", questions_right(out.gate.same, held_out.series)},
        {"values_right", questions_right(out.gate.ends, held_out.values)}, {"may_lose", fitting.lost}, {"text", text_fit}}
                     .dump();
    return out;
}

}  // namespace pathloom
