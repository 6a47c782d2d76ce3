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
constexpr std::size_t previewed = 8;  // rows of a table

/// Names, sizes and times of what is in a folder.
std::string stamp_of(const std::string& folder)
{
    std::vector<std::string> files;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        std::error_code ignored;
        files.push_back(fmt::format("{} {} {}", at->path().filename().string(), at->file_size(ignored),
            at->last_write_time(ignored).time_since_epoch().count()));
    }
    std::ranges::sort(files);
    return fmt::format("{}", fmt::join(files, "\n"));
}

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
    if (verb == "translators") return translators();
    if (verb == "table") return table(request);
    if (verb == "make-pack") return make_pack(request);
    return fail(ErrorCode::Usage,
        "'{}' is no request; there are packs, pack, translators, table, make-pack, translate, evaluate and cancel", verb);
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

Result<void> TranslateSession::translators()
{
    json known = json::array();
    for (const KnownTranslator& translator : known_translators())
        known.push_back({{"id", translator.id}, {"reader", translator.reader}, {"problem", translator.problem}});
    say("done", {{"translators", known}});
    return {};
}

Result<void> TranslateSession::table(const json& request)
{
    PATHLOOM_TRY(const UserTable read, read_user_table(request.at("file").get<std::string>(), request.value("header", true)));
    json rows = json::array();
    for (std::size_t i = 0; i < std::min(read.rows.size(), previewed); ++i) rows.push_back(read.rows[i].cells);
    say("done", {{"columns", read.columns}, {"rows", rows}, {"count", read.rows.size()}});
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
    wanted.dictionary_columns = both("dictionary_columns");
    wanted.part_of_speech = request.value("pos_column", std::string());
    wanted.header = request.value("header", true);
    wanted.dictionary_header = request.value("dictionary_header", true);
    wanted.dev_share = request.value("dev", wanted.dev_share);
    wanted.seed = request.value("seed", wanted.seed);
    wanted.out = request.value("out", std::string());
    const bool preview = request.value("preview", false);
    if (!preview && wanted.out.empty()) return fail(ErrorCode::Usage, "say in which folder the pack shall be");
    PATHLOOM_TRY(wanted.grammar, m_books.read(request.value("grammar", std::string()), m_io.stopped));
    PATHLOOM_TRY(const PackPreview made, preview ? preview_pack(wanted) : pathloom::make_pack(wanted));
    say("done",
        {{"out", wanted.out.string()}, {"train", made.train}, {"dev", made.dev}, {"dictionary", made.dictionary},
            {"grammar_bytes", made.grammar_bytes}, {"skipped", made.skipped}, {"repeated", made.repeated}, {"alike", made.alike},
            {"columns", made.sentence_names}, {"sentences", made.sentences}, {"words", made.words}});
    return {};
}

Result<const LanguagePack*> TranslateSession::pack(const std::string& folder)
{
    std::string stamp = stamp_of(folder);
    auto found = m_packs.find(folder);
    if (found == m_packs.end() || found->second.stamp != stamp) {
        m_packs.erase(folder);
        std::erase_if(m_trained, [&](const auto& entry) { return entry.first.starts_with(folder + "\n"); });
        PATHLOOM_TRY(auto read, read_pack(folder));
        found = m_packs.emplace(folder, KnownPack{std::move(stamp), std::move(read)}).first;
    }
    return &found->second.pack;
}

Result<void> TranslateSession::show(const json& request)
{
    const auto folder = request.at("folder").get<std::string>();
    PATHLOOM_TRY(const LanguagePack* const known, pack(folder));
    json splits = json::object();
    for (const auto& [name, pairs] : known->splits) splits[name] = pairs.size();
    say("done",
        {{"folder", folder}, {"name", known->name}, {"languages", known->languages}, {"dictionary", known->dictionary.size()},
            {"splits", splits}, {"grammar_bytes", known->grammar.size()}});
    return {};
}

json TranslateSession::fields_of(const Condition& condition)
{
    return {{"model", condition.choice.model}, {"context", condition.context}, {"shots", condition.shots},
        {"seed", condition.seed}, {"from", condition.from}};
}

TranslateSession::Condition TranslateSession::condition_of(const json& wanted, const json& request) const
{
    Condition condition;
    condition.choice.model = wanted.at("model").get<std::string>();
    const json endpoint = request.value("endpoint", json::object());
    condition.choice.endpoint.base_url = endpoint.value("url", std::string());
    condition.choice.endpoint.model = endpoint.value("model", std::string());
    condition.choice.endpoint.token_budget = endpoint.value("budget", condition.choice.endpoint.token_budget);
    condition.choice.endpoint_window = endpoint.value("window", condition.choice.endpoint_window);
    condition.from = wanted.contains("from") ? wanted["from"].get<std::string>() : request.at("from").get<std::string>();
    condition.context = wanted.at("context").get<std::string>();
    condition.shots = wanted.value("shots", -1);
    condition.seed = wanted.value("seed", request.value("seed", std::uint64_t(1)));
    return condition;
}

Result<TranslateSession::Trained> TranslateSession::train(
    const std::string& folder, const Condition& condition, const std::string& held_out)
{
    PATHLOOM_TRY(const LanguagePack* const known, pack(folder));
    PATHLOOM_TRY(const int from, language_index(*known, condition.from));
    PATHLOOM_TRY(const Context context, context_named(condition.context));
    std::vector<std::array<std::string, 2>> hidden;
    if (const auto split = known->splits.find(held_out); split != known->splits.end())
        for (const auto& pair : split->second) hidden.push_back({pair.text[std::size_t(from)], pair.text[std::size_t(1 - from)]});
    Trained made;
    PATHLOOM_TRY(made.material, translation_material(*known, from, context, condition.shots, condition.seed, hidden));
    const auto reading = [&](std::size_t done, std::size_t all) {
        say("reading", {{"done", done}, {"total", all}});
        return !m_io.stopped();
    };
    PATHLOOM_TRY(made.translator, m_translators.make(condition.choice, made.material, reading));
    return made;
}

Result<const TranslateSession::Trained*> TranslateSession::trained(
    const std::string& folder, const Condition& condition, const std::string& held_out)
{
    if (condition.choice.model == "endpoint") {
        PATHLOOM_TRY(m_elsewhere, train(folder, condition, held_out));
        return &m_elsewhere;
    }
    const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", folder, condition.from, condition.choice.model,
        condition.context, condition.shots, condition.seed, held_out);
    auto found = m_trained.find(key);
    if (found == m_trained.end()) {
        PATHLOOM_TRY(Trained made, train(folder, condition, held_out));
        if (m_trained.size() >= most_trained) m_trained.clear();
        found = m_trained.emplace(key, std::move(made)).first;
    }
    return &found->second;
}

Result<void> TranslateSession::translate(const json& request)
{
    const auto folder = request.at("folder").get<std::string>();
    const auto text = request.at("text").get<std::string>();
    const Condition condition = condition_of(request, request);
    m_translators.renew_budget();
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const Trained* const with, trained(folder, condition, {}));
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
    const auto pairs = known->splits.find(split);
    if (pairs == known->splits.end() || pairs->second.empty())
        return fail(ErrorCode::Usage, "the pack {} has no sentences.{}.tsv to score on", known->name, split);
    m_translators.renew_budget();
    const std::size_t each = pairs->second.size();
    Progress progress{0, request.at("conditions").size() * each};
    std::size_t begun = 0;
    for (const json& wanted : request["conditions"]) {
        const Condition condition = condition_of(wanted, request);
        const auto scored = evaluate_condition(folder, split, condition, progress);
        begun += each;
        if (scored) continue;
        if (scored.error().code == ErrorCode::Cancelled) return fail(scored.error());
        json fields = fields_of(condition);  // the others go on
        fields["message"] = scored.error().message;
        say("failed", std::move(fields));
        progress.done = begun;
        say("progress", {{"done", progress.done}, {"total", progress.all}});
    }
    say("done", {{"split", split}, {"seed", request.value("seed", std::uint64_t(1))}});
    return {};
}

Result<void> TranslateSession::evaluate_condition(
    const std::string& folder, const std::string& split, const Condition& condition, Progress& progress)
{
    PATHLOOM_TRY(const LanguagePack* const known, pack(folder));
    PATHLOOM_TRY(const int from, language_index(*known, condition.from));
    const auto found = known->splits.find(split);
    if (found == known->splits.end()) return fail(ErrorCode::NotFound, "the pack {} has lost its {} set", known->name, split);
    const std::vector<SentencePair> pairs = found->second;  // the pack may be read anew below
    PATHLOOM_TRY(const Trained* const with, trained(folder, condition, split));
    std::vector<std::u32string> hypotheses;
    std::vector<std::vector<std::u32string>> references(1);
    for (const SentencePair& pair : pairs) {
        if (m_io.stopped()) return fail(ErrorCode::Cancelled, "stopped after {} of {} sentences", progress.done, progress.all);
        PATHLOOM_TRY(const std::string said, with->translator->translate(pair.text[std::size_t(from)]));
        PATHLOOM_TRY(hypotheses.emplace_back(), decode_utf8(said));
        PATHLOOM_TRY(references[0].emplace_back(), decode_utf8(pair.text[std::size_t(1 - from)]));
        say("progress", {{"done", ++progress.done}, {"total", progress.all}});
    }
    const TranslationScores scores = translation_scores(hypotheses, references);
    json fields = fields_of(condition);
    fields.update({{"examples", with->material.sentences.size()}, {"sentences", pairs.size()}, {"chrf", scores.chrf},
        {"chrfpp", scores.chrfpp}, {"bleu", scores.bleu}, {"signature", scores.chrf_signature}});
    say("score", std::move(fields));
    return {};
}

}  // namespace pathloom
