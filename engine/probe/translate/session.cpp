// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/session.h"

#include "engine/core/resources.h"
#include "engine/probe/score/bleu.h"
#include "engine/probe/score/chrf.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/unicode.h"

#include <algorithm>
#include <chrono>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::size_t most_trained = 24;

double seconds_since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

json origin_json(const TranslationPart& part, const TranslationMaterial& material)
{
    const PartOrigin origin = origin_of(part, material);
    if (origin.kind == PartOrigin::Kind::dictionary) {
        const DictionaryEntry& entry = material.dictionary[origin.index];
        return {{"kind", "dictionary"}, {"index", origin.index}, {"source", entry.text[0]}, {"target", entry.text[1]},
            {"part_of_speech", entry.part_of_speech}};
    }
    if (origin.kind == PartOrigin::Kind::sentence) {
        const auto& pair = material.sentences[origin.index];
        return {{"kind", "sentence"}, {"index", origin.index}, {"source", pair[0]}, {"target", pair[1]}};
    }
    return {{"kind", "none"}};
}

const char* name_of(TranslationPart::Kind kind)
{
    switch (kind) {
    case TranslationPart::Kind::relative:
        return "relative";
    case TranslationPart::Kind::copied:
        return "copied";
    case TranslationPart::Kind::example:
        return "example";
    case TranslationPart::Kind::phrase:
        break;
    }
    return "phrase";
}

}  // namespace

void TranslateSession::say(const char* event, json fields)
{
    fields["id"] = m_id;
    fields["event"] = event;
    m_io.say(fields);
}

void TranslateSession::handle(const json& request)
{
    m_id = request.value("id", std::int64_t(0));
    const auto done = [&]() -> Result<void> {
        try {
            return dispatch(request);
        } catch (const json::exception& error) {
            return fail(ErrorCode::Usage, "the request is not what it should be: {}", error.what());
        }
    }();
    if (!done) say("error", {{"message", done.error().message}, {"cancelled", done.error().code == ErrorCode::Cancelled}});
}

Result<void> TranslateSession::dispatch(const json& request)
{
    const auto verb = request.at("do").get<std::string>();
    if (verb == "packs") return packs();
    if (verb == "pack") return show(request);
    if (verb == "translate") return translate(request);
    if (verb == "evaluate") return evaluate(request);
    return fail(ErrorCode::Usage, "'{}' is no request; there are packs, pack, translate, evaluate and cancel", verb);
}

Result<void> TranslateSession::packs()
{
    PATHLOOM_TRY(const auto folder, resource_path("packs"));
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.is_directory()) found.push_back(entry.path().string());
    std::ranges::sort(found);
    say("done", {{"packs", found}});
    return {};
}

Result<const LanguagePack*> TranslateSession::pack(const std::string& folder)
{
    auto found = m_packs.find(folder);
    if (found == m_packs.end()) {
        PATHLOOM_TRY(auto pack, read_pack(folder));
        found = m_packs.emplace(folder, std::move(pack)).first;
    }
    return &found->second;
}

Result<void> TranslateSession::show(const json& request)
{
    const auto folder = request.at("folder").get<std::string>();
    m_packs.erase(folder);  // it may have changed on disk
    std::erase_if(m_trained, [&](const auto& entry) { return entry.first.starts_with(folder + "\n"); });
    PATHLOOM_TRY(const LanguagePack* const known, pack(folder));
    json splits = json::object();
    for (const auto& [name, pairs] : known->splits) splits[name] = pairs.size();
    say("done",
        {{"folder", folder}, {"name", known->name}, {"languages", known->languages}, {"dictionary", known->dictionary.size()},
            {"splits", splits}, {"grammar_bytes", known->grammar.size()}});
    return {};
}

Result<const TranslateSession::Trained*> TranslateSession::trained(
    const std::string& folder, int from, const Condition& condition, const std::string& held_out)
{
    const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", folder, from, condition.model, condition.context,
        condition.shots, condition.seed, held_out);
    auto found = m_trained.find(key);
    if (found == m_trained.end()) {
        PATHLOOM_TRY(const LanguagePack* const known, pack(folder));
        PATHLOOM_TRY(const Context context, context_named(condition.context));
        std::vector<std::array<std::string, 2>> hidden;
        if (const auto split = known->splits.find(held_out); split != known->splits.end())
            for (const auto& pair : split->second)
                hidden.push_back({pair.text[std::size_t(from)], pair.text[std::size_t(1 - from)]});
        Trained made;
        made.material = translation_material(*known, from, context, condition.shots, condition.seed, hidden);
        made.translator
            = condition.model == "nearest" ? make_nearest_translator(made.material) : make_lexical_translator(made.material);
        if (m_trained.size() >= most_trained) m_trained.clear();
        found = m_trained.emplace(key, std::move(made)).first;
    }
    return &found->second;
}

Result<void> TranslateSession::translate(const json& request)
{
    const auto folder = request.at("folder").get<std::string>();
    const auto text = request.at("text").get<std::string>();
    PATHLOOM_TRY(const LanguagePack* const known, pack(folder));
    PATHLOOM_TRY(const int from, language_index(*known, request.at("from").get<std::string>()));
    const Condition condition{request.at("model").get<std::string>(), request.at("context").get<std::string>(),
        request.value("shots", -1), request.value("seed", std::uint64_t(1))};
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const Trained* const with, trained(folder, from, condition, {}));
    const double seconds_train = seconds_since(start);
    const Translation translation = with->translator->explain(text);
    json parts = json::array();
    for (const TranslationPart& part : translation.parts)
        parts.push_back({{"kind", name_of(part.kind)}, {"target", part.target}, {"source", part.source},
            {"origin", origin_json(part, with->material)}});
    say("done",
        {{"text", translation.text}, {"parts", parts}, {"examples", with->material.sentences.size()},
            {"dictionary", with->material.dictionary.size()}, {"seconds_train", seconds_train},
            {"seconds", seconds_since(start) - seconds_train}});
    return {};
}

Result<void> TranslateSession::evaluate(const json& request)
{
    const auto folder = request.at("folder").get<std::string>();
    const auto split = request.value("split", std::string("dev"));
    PATHLOOM_TRY(const LanguagePack* const known, pack(folder));
    PATHLOOM_TRY(const int from, language_index(*known, request.at("from").get<std::string>()));
    const auto pairs = known->splits.find(split);
    if (pairs == known->splits.end() || pairs->second.empty())
        return fail(ErrorCode::Usage, "the pack {} has no sentences.{}.tsv to score on", known->name, split);
    const json& conditions = request.at("conditions");
    const std::size_t all = conditions.size() * pairs->second.size();
    std::size_t done = 0;
    ChrfOptions with_words;
    with_words.word_order = 2;
    const Chrf chrf({}), chrfpp(with_words);
    const Bleu bleu({});
    for (const json& wanted : conditions) {
        const Condition condition{wanted.at("model").get<std::string>(), wanted.at("context").get<std::string>(),
            wanted.value("shots", -1), request.value("seed", std::uint64_t(1))};
        PATHLOOM_TRY(const Trained* const with, trained(folder, from, condition, split));
        ScoredText scored;
        scored.references.emplace_back();
        for (const SentencePair& pair : pairs->second) {
            PATHLOOM_TRY(
                scored.hypotheses.emplace_back(), decode_utf8(with->translator->translate(pair.text[std::size_t(from)])));
            PATHLOOM_TRY(scored.references[0].emplace_back(), decode_utf8(pair.text[std::size_t(1 - from)]));
            say("progress", {{"done", ++done}, {"total", all}});
            if (m_io.stopped()) return fail(ErrorCode::Cancelled, "stopped after {} of {} sentences", done, all);
        }
        const auto score = [&](const Metric& metric) { return metric.score(summed(segment_statistics(metric, scored))); };
        say("score",
            {{"model", condition.model}, {"context", condition.context}, {"shots", condition.shots},
                {"examples", with->material.sentences.size()}, {"sentences", pairs->second.size()}, {"chrf", score(chrf)},
                {"chrfpp", score(chrfpp)}, {"bleu", score(bleu)}, {"signature", signature(chrf, 1)}});
    }
    say("done", {{"split", split}, {"seed", request.value("seed", std::uint64_t(1))}});
    return {};
}

}  // namespace pathloom
