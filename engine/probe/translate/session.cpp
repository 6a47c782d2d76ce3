// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/session.h"

#include "engine/core/resources.h"
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/pack_maker.h"
#include "engine/probe/translate/translation_scores.h"

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
    const PartOrigin origin = part.origin.kind == PartOrigin::Kind::none ? origin_of(part, material) : part.origin;
    if (origin.kind == PartOrigin::Kind::dictionary) {
        const DictionaryEntry& entry = material.dictionary[origin.index];
        return {{"kind", "dictionary"}, {"index", origin.index}, {"source", entry.text[0]}, {"target", entry.text[1]},
            {"part_of_speech", entry.part_of_speech}};
    }
    if (origin.kind == PartOrigin::Kind::sentence) {
        const auto& pair = material.sentences[origin.index];
        return {{"kind", "sentence"}, {"index", origin.index}, {"source", pair[0]}, {"target", pair[1]}};
    }
    if (origin.kind == PartOrigin::Kind::book) {
        const BookPair& pair = material.book[origin.index];
        return {{"kind", "book"}, {"index", origin.index}, {"source", pair.text[0]}, {"target", pair.text[1]},
            {"line", pair.first_line}};
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
    case TranslationPart::Kind::said:
        return "said";
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
    if (verb == "make-pack") return make_pack(request);
    return fail(ErrorCode::Usage, "'{}' is no request; there are packs, pack, make-pack, translate, evaluate and cancel", verb);
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

Result<void> TranslateSession::make_pack(const json& request)
{
    PackRequest wanted;
    const auto both = [&](const char* key) { return request.value(key, std::array<std::string, 2>{}); };
    wanted.languages = both("languages");
    wanted.sentence_columns = both("columns");
    for (const auto& file : request.at("sentences")) wanted.sentences.emplace_back(file.get<std::string>());
    wanted.dictionary = request.value("dictionary", std::string());
    wanted.grammar = request.value("grammar", std::string());
    wanted.header = request.value("header", true);
    wanted.dev_share = request.value("dev", wanted.dev_share);
    wanted.seed = request.value("seed", wanted.seed);
    wanted.out = request.value("out", std::string());
    PATHLOOM_TRY(const PackPreview made, request.value("preview", false) ? preview_pack(wanted) : pathloom::make_pack(wanted));
    say("done",
        {{"out", wanted.out.string()}, {"train", made.train}, {"dev", made.dev}, {"dictionary", made.dictionary},
            {"grammar_bytes", made.grammar_bytes}, {"skipped", made.skipped}, {"repeated", made.repeated}, {"alike", made.alike},
            {"columns", made.sentence_names}, {"sentences", made.sentences}});
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

TranslateSession::Condition TranslateSession::condition_of(const json& wanted, const json& request) const
{
    Condition condition;
    condition.choice.model = wanted.at("model").get<std::string>();
    condition.choice.endpoint.base_url = request.value("endpoint", std::string());
    condition.choice.endpoint.model = request.value("endpoint_model", std::string());
    condition.choice.endpoint_window = request.value("endpoint_window", condition.choice.endpoint_window);
    condition.context = wanted.at("context").get<std::string>();
    condition.shots = wanted.value("shots", -1);
    condition.seed = wanted.value("seed", request.value("seed", std::uint64_t(1)));
    return condition;
}

Result<const TranslateSession::Trained*> TranslateSession::trained(
    const std::string& folder, int from, const Condition& condition, const std::string& held_out)
{
    const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", folder, from,
        condition.choice.model + "\n" + condition.choice.endpoint.base_url + "\n" + condition.choice.endpoint.model,
        condition.context, condition.shots, condition.seed, held_out);
    auto found = m_trained.find(key);
    if (found == m_trained.end()) {
        PATHLOOM_TRY(const LanguagePack* const known, pack(folder));
        PATHLOOM_TRY(const Context context, context_named(condition.context));
        std::vector<std::array<std::string, 2>> hidden;
        if (const auto split = known->splits.find(held_out); split != known->splits.end())
            for (const auto& pair : split->second)
                hidden.push_back({pair.text[std::size_t(from)], pair.text[std::size_t(1 - from)]});
        Trained made;
        PATHLOOM_TRY(made.material, translation_material(*known, from, context, condition.shots, condition.seed, hidden));
        const auto reading = [&](std::size_t done, std::size_t all) {
            say("reading", {{"done", done}, {"total", all}});
            return !m_io.stopped();
        };
        PATHLOOM_TRY(made.translator, m_translators.make(condition.choice, made.material, reading));
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
    const Condition condition = condition_of(request, request);
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const Trained* const with, trained(folder, from, condition, {}));
    const double seconds_train = seconds_since(start);
    PATHLOOM_TRY(const Translation translation, with->translator->explain(text, [&](const std::string& so_far) {
        say("growing", {{"text", so_far}});
        return !m_io.stopped();
    }));
    json parts = json::array();
    for (const TranslationPart& part : translation.parts)
        parts.push_back({{"kind", name_of(part.kind)}, {"target", part.target}, {"source", part.source},
            {"origin", origin_json(part, with->material)}});
    say("done",
        {{"text", translation.text}, {"parts", parts}, {"examples", with->material.sentences.size()},
            {"dictionary", with->material.dictionary.size()}, {"book_pairs", with->material.book.size()},
            {"seconds_train", seconds_train}, {"seconds", seconds_since(start) - seconds_train}});
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
    for (const json& wanted : conditions) {
        const Condition condition = condition_of(wanted, request);
        PATHLOOM_TRY(const Trained* const with, trained(folder, from, condition, split));
        std::vector<std::u32string> hypotheses;
        std::vector<std::vector<std::u32string>> references(1);
        for (const SentencePair& pair : pairs->second) {
            PATHLOOM_TRY(const std::string said, with->translator->translate(pair.text[std::size_t(from)]));
            PATHLOOM_TRY(hypotheses.emplace_back(), decode_utf8(said));
            PATHLOOM_TRY(references[0].emplace_back(), decode_utf8(pair.text[std::size_t(1 - from)]));
            say("progress", {{"done", ++done}, {"total", all}});
            if (m_io.stopped()) return fail(ErrorCode::Cancelled, "stopped after {} of {} sentences", done, all);
        }
        const TranslationScores scores = translation_scores(hypotheses, references);
        say("score",
            {{"model", condition.choice.model}, {"context", condition.context}, {"shots", condition.shots},
                {"seed", condition.seed}, {"examples", with->material.sentences.size()}, {"sentences", pairs->second.size()},
                {"chrf", scores.chrf}, {"chrfpp", scores.chrfpp}, {"bleu", scores.bleu}, {"signature", scores.chrf_signature}});
    }
    say("done", {{"split", split}, {"seed", request.value("seed", std::uint64_t(1))}});
    return {};
}

}  // namespace pathloom
