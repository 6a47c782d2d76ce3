// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/probe_case.h"

#include "engine/core/hash.h"
#include "engine/corpus/text.h"
#include "engine/probe/mixture.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/sequence_ratio.h"
#include "engine/probe/score/unicode.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

using nlohmann::json;

std::vector<std::int32_t> placed_tokens(const Tokenizer& tokenizer, const std::string& text)
{
    return tokenizer.encode_ids(" " + text);
}

/// A case's context as a memory, and where its texts went.
struct Prepared {
    std::vector<Insertion> insertions;  // sorted by place
    std::vector<std::pair<std::size_t, std::string>> places;  // the same, for the recipe
    MemoryView memory;
    std::size_t kept = 0;  // document tokens
    bool repeated = false;
};

Result<Prepared> place(const CaseRun& run, const ProbeCase& probe)
{
    Prepared out;
    const Tokenizer& tokenizer = run.reader->tokenizer;
    std::vector<std::pair<double, Insertion>> wanted;
    std::size_t room = 0;
    for (const PlacedText& text : probe.placed) {
        wanted.push_back({text.depth, {0, placed_tokens(tokenizer, text.text)}});
        room += wanted.back().second.tokens.size();
    }
    const std::size_t length = std::min(probe.length, run.haystack->memory.tokens().size());
    if (room + 16 > length)
        return fail(ErrorCode::Usage, "length {} has no room for the texts to hide ({} tokens)", length, room);
    out.kept = length - room;
    out.repeated = out.kept > run.haystack->document_tokens;
    const auto document = run.haystack->memory.tokens().first(out.kept);
    std::vector<std::size_t> order(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        order[i] = i;
        const double depth = wanted[i].first;
        const auto at = std::size_t(std::llround(double(out.kept) * depth));
        wanted[i].second.at = depth >= 1.0 ? out.kept : sentence_start(tokenizer, document, at);
    }
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return wanted[i].second.at; });
    for (const std::size_t i : order) {
        out.places.emplace_back(wanted[i].second.at, probe.placed[i].text);
        out.insertions.push_back(std::move(wanted[i].second));
    }
    return out;
}

}  // namespace

std::string_view name_of(MatchRule rule)
{
    return rule == MatchRule::All ? "all" : rule == MatchRule::Any ? "any" : "ratio";
}

double score_answer(MatchRule rule, const std::vector<std::string>& answers, std::string_view said)
{
    if (rule == MatchRule::Ratio) {
        std::string_view trimmed = said;
        while (!trimmed.empty() && trimmed.front() == ' ') trimmed.remove_prefix(1);
        while (!trimmed.empty() && trimmed.back() == ' ') trimmed.remove_suffix(1);
        const auto right = decode_utf8(answers.front()), got = decode_utf8(trimmed);
        return right && got ? sequence_ratio(*right, *got) : 0.0;
    }
    const std::string heard = ascii_lowered(said);
    const auto hits = std::ranges::count_if(
        answers, [&](const std::string& answer) { return heard.find(ascii_lowered(answer)) != std::string::npos; });
    if (rule == MatchRule::Any) return hits > 0 ? 1.0 : 0.0;
    return double(hits) / double(answers.size());
}

json case_recipe(const ReaderIdentity& reader, const std::string& document_hash, std::size_t document_tokens,
    const std::vector<std::pair<std::size_t, std::string>>& insertions, const CaseQuestion& question, MatchRule rule)
{
    json places = json::array();
    for (const auto& [at, text] : insertions) places.push_back({{"position", at}, {"text", text}});
    json out{{"model", reader.model}, {"document_sha256", document_hash}, {"document_tokens", document_tokens},
        {"insertions", places}, {"question", question.question}, {"answer_prefix", question.answer_prefix},
        {"answers", question.answers}, {"match", name_of(rule)}};
    if (!reader.gate.empty()) out["gate"] = reader.gate;
    return out;
}

Result<std::string> rebuild_context(const json& recipe, const Tokenizer& tokenizer, std::span<const std::int32_t> document)
{
    const auto bad = [] { return fail(ErrorCode::Usage, "the recipe is damaged; run the probe again"); };
    if (!recipe.is_object() || !recipe.contains("document_tokens") || !recipe.contains("insertions") || document.empty())
        return bad();
    if (!recipe["document_tokens"].is_number_unsigned() || !recipe["insertions"].is_array()) return bad();
    const auto kept = recipe["document_tokens"].get<std::size_t>();
    if (kept > (std::size_t(1) << 32)) return bad();  // more than a memory holds
    std::vector<std::int32_t> tokens;
    std::size_t at = 0;
    const auto copy_to = [&](std::size_t end) {
        for (; at < end; ++at) tokens.push_back(document[at % document.size()]);
    };
    for (const json& place : recipe["insertions"]) {
        if (!place.is_object() || !place.contains("position") || !place["position"].is_number_unsigned()
            || !place.contains("text") || !place["text"].is_string())
            return bad();
        copy_to(std::min(kept, place["position"].get<std::size_t>()));
        const auto more = placed_tokens(tokenizer, place["text"].get<std::string>());
        tokens.insert(tokens.end(), more.begin(), more.end());
    }
    copy_to(kept);
    return tokenizer.decode(tokens);
}

Result<void> run_case(const CaseRun& run, const ProbeCase& probe)
{
    ReaderPackage& reader = *run.reader;
    std::optional<MemoryFile> own;
    Prepared prepared;
    std::string hash = run.document_hash;
    if (!probe.own_text.empty()) {
        PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(reader, probe.own_text));
        PATHLOOM_TRY(own, MemoryFile::obtain(run.memory_folder, identity, key_source(reader, identity.tokens), run.progress));
        prepared.memory.add(*own, 0, own->rows());
        prepared.kept = own->tokens().size();
        hash = sha256_hex(probe.own_text);
    } else {
        PATHLOOM_TRY(prepared, place(run, probe));
    }
    const MemoryFile& base = own ? *own : run.haystack->memory;
    bool spliced = own.has_value();
    for (const CaseQuestion& question : probe.questions) {
        const json recipe = case_recipe(reader.identity(), hash, prepared.kept, prepared.places, question, probe.rule);
        for (const auto& contestant : *run.contestants) {
            if (run.store) {
                PATHLOOM_TRY(const auto known, run.store->find(contestant->name(), recipe));
                if (known) {
                    if (!run.done(*known, prepared.repeated))
                        return fail(ErrorCode::Cancelled, "stopped; what was answered is kept");
                    continue;
                }
            }
            if (!spliced) {  // only now: a case whose answers are all known costs nothing
                PATHLOOM_TRY(prepared.memory,
                    splice(base, prepared.kept, prepared.insertions, std::size_t(reader.model.spec().reach()),
                        [&](std::span<const std::int32_t> tokens) { return key_source(reader, tokens); }));
                spliced = true;
            }
            const ProbeContext context{&base, prepared.kept, prepared.insertions, &prepared.memory};
            PATHLOOM_TRY(
                const std::optional<Answer> said, contestant->answer(context, question.question, question.answer_prefix));
            if (!said) continue;
            ProbeResult result{0, probe.probe, probe.family, contestant->name(), std::int64_t(probe.length),
                probe.placed.size() == 1 ? 100.0 * probe.placed.front().depth : -1.0, probe.seed, recipe, said->text,
                score_answer(probe.rule, question.answers, said->text), said->seconds, said->seconds_first};
            if (run.store) PATHLOOM_CHECK(run.store->keep(result));
            if (!run.done(result, prepared.repeated)) return fail(ErrorCode::Cancelled, "stopped");
        }
    }
    return {};
}

}  // namespace pathloom
