// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/case_makers.h"

#include "engine/corpus/text.h"
#include "engine/probe/pick.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

namespace pathloom {

namespace {

constexpr std::array key_adjectives{"abrupt", "amber", "brave", "calm", "crooked", "damp", "eager", "faint", "gentle", "glossy",
    "hollow", "humble", "icy", "jolly", "keen", "loud", "mellow", "narrow", "odd", "pale", "proud", "rapid", "rough", "shy",
    "sour", "stern", "tidy", "vague", "warm", "witty"};
constexpr std::array nouns{"acorn", "anchor", "basket", "beacon", "canyon", "cedar", "comet", "desert", "drum", "ember", "falcon",
    "feather", "garden", "glacier", "harbor", "island", "jacket", "kettle", "ladder", "lantern", "meadow", "mirror", "needle",
    "orchard", "pebble", "quilt", "ribbon", "saddle", "thimble", "walnut"};
constexpr std::array writing_forms{"poem", "letter", "speech", "riddle", "song", "diary entry", "recipe", "joke"};
constexpr std::array topics{"owls", "tundras", "penguins", "chess", "winter", "trains", "honey", "clouds", "shoes", "lighthouses",
    "onions", "mountains", "violins", "rain", "maps", "clocks"};
constexpr std::array ranks{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"};

std::string characters(Rng& rng, std::string_view from, int n)
{
    std::string out;
    for (int i = 0; i < n; ++i) out += from[std::size_t(rng.below(from.size()))];
    return out;
}

std::string random_uuid(Rng& rng)
{
    std::string out;
    for (const int n : {8, 4, 4, 4, 12})
        out += (out.empty() ? std::string() : std::string("-")) + characters(rng, "0123456789abcdef", n);
    return out;
}

std::string number(Rng& rng, int digits)
{
    return characters(rng, "123456789", 1) + characters(rng, "0123456789", digits - 1);
}

struct Drawn {
    std::string key, value;
};

class Maker {
public:
    Maker(std::uint64_t seed, bool uuids)
        : m_rng(seed)
        , m_uuids(uuids)
    {
    }
    Rng& rng() { return m_rng; }
    std::string key()
    {
        for (;;) {
            std::string out = m_uuids ? random_uuid(m_rng) : pick(m_rng, key_adjectives) + "-" + pick(m_rng, nouns);
            if (m_taken.size() >= 800 && !m_uuids) out += "-" + number(m_rng, 3);  // more needles than pairs of words
            if (m_taken.insert(out).second) return out;
        }
    }
    Drawn needle(bool uuid_value) { return {key(), uuid_value ? random_uuid(m_rng) : number(m_rng, 7)}; }
    double depth() { return double(m_rng.below(40)) / 39.0; }  // RULER's 40 places

private:
    Rng m_rng;
    bool m_uuids;
    std::set<std::string> m_taken;
};

std::string statement(const Drawn& needle, bool uuids)
{
    return fmt::format("One of the special magic {} for {} is: {}.", uuids ? "uuids" : "numbers", needle.key, needle.value);
}

CaseQuestion ask(const std::vector<Drawn>& needles, bool uuids, bool several)
{
    std::string keys;
    CaseQuestion out;
    for (const Drawn& needle : needles) {
        if (keys.find(needle.key) == std::string::npos) keys += (keys.empty() ? std::string() : std::string(", ")) + needle.key;
        out.answers.push_back(needle.value);
    }
    const char* what = uuids ? "uuid" : "number";
    if (several) {
        out.question = fmt::format("What are all the special magic {}s for {} mentioned in the provided text?", what, keys);
        out.answer_prefix = fmt::format("The special magic {}s for {} mentioned in the provided text are", what, keys);
    } else {
        out.question = fmt::format("What is the special magic {} for {} mentioned in the provided text?", what, keys);
        out.answer_prefix = fmt::format("The special magic {} for {} mentioned in the provided text is", what, keys);
    }
    return out;
}

/// A text of nothing but needles, the asked one at a random place.
void fill_with_needles(
    ProbeCase& out, Maker& make, const Drawn& wanted, bool uuids, const std::function<std::size_t(const std::string&)>& tokens_of)
{
    std::vector<std::string> lines;
    std::size_t used = tokens_of(" " + statement(wanted, uuids));
    while (used < out.length) {
        lines.push_back(statement(make.needle(uuids), uuids));
        used += tokens_of(" " + lines.back());
    }
    const auto at = std::ptrdiff_t(make.rng().below(lines.size() + 1));
    lines.insert(lines.begin() + at, statement(wanted, uuids));
    for (const std::string& line : lines) {
        if (!out.own_text.empty()) out.own_text += ' ';
        out.own_text += line;
    }
}

void track_variables(ProbeCase& out, Maker& make)
{
    constexpr int variables = 5;
    const std::string value = number(make.rng(), 5);
    std::set<std::string> names;
    std::vector<double> depths;
    while (int(names.size()) < variables) names.insert(characters(make.rng(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 5));
    for (int i = 0; i < variables; ++i) depths.push_back(make.rng().uniform());
    std::ranges::sort(depths);
    CaseQuestion question;
    std::string before;
    for (const std::string& name : names) {
        out.placed.push_back({depths[question.answers.size()],
            before.empty() ? fmt::format("VAR {} = {}.", name, value) : fmt::format("VAR {} = VAR {}.", name, before)});
        before = name;
        question.answers.push_back(name);
    }
    question.question = fmt::format("Find all variables that are assigned the value {} in the text above.", value);
    question.answer_prefix
        = fmt::format("According to the chain of variable assignments in the text above, {} variables are assigned "
                      "the value {}, they are:",
            variables, value);
    out.questions.push_back(std::move(question));
}

}  // namespace

const std::vector<std::string>& ruler_families()
{
    static const std::vector<std::string> all{
        "single", "single_uuid", "multikey", "multikey_all", "multikey_uuid", "multivalue", "multiquery", "vt"};
    return all;
}

Result<ProbeCase> ruler_case(std::string_view family, std::size_t length, std::uint64_t seed,
    const std::function<std::size_t(const std::string&)>& tokens_of)
{
    if (std::ranges::find(ruler_families(), family) == ruler_families().end())
        return fail(ErrorCode::Usage, "no RULER family named '{}'; see probe ruler --help", family);
    ProbeCase out{"ruler", std::string(family), length, seed, MatchRule::All, {}, {}, {}};
    const bool uuid_keys = family == "multikey_uuid", uuids = uuid_keys || family == "single_uuid";
    Maker make(mix(seed, text_key(family), length), uuid_keys);
    if (family == "vt") {
        track_variables(out, make);
        return out;
    }
    const Drawn wanted = make.needle(uuids);
    std::vector<Drawn> asked{wanted};
    if (family == "multikey_all" || uuid_keys) {
        fill_with_needles(out, make, wanted, uuids, tokens_of);
    } else {
        out.placed.push_back({make.depth(), statement(wanted, uuids)});
        for (int i = 0; i < 3 && family.starts_with("multi"); ++i) {
            Drawn more = make.needle(uuids);
            if (family == "multivalue") more.key = wanted.key;
            out.placed.push_back({make.depth(), statement(more, uuids)});
            if (family != "multikey") asked.push_back(more);
        }
    }
    out.questions.push_back(ask(asked, uuids, asked.size() > 1));
    return out;
}

Result<ProbeCase> mrcr_case(std::string_view source, std::size_t length, int needles, std::uint64_t seed,
    const std::function<std::size_t(const std::string&)>& tokens_of)
{
    if (source.size() < 2000)
        return fail(ErrorCode::Usage, "ordinal recall needs a document of at least 2000 bytes to write from");
    if (needles < 2 || needles > int(ranks.size()))
        return fail(ErrorCode::Usage, "ordinal recall takes 2 to {} needles", ranks.size());
    ProbeCase out{"mrcr", fmt::format("{} needles", needles), length, seed, MatchRule::Ratio, {}, {}, {}};
    Rng rng(mix(seed, text_key("mrcr"), length, std::uint64_t(needles)));
    const auto passage = [&] {
        const std::size_t from = code_point_floor(source, std::size_t(rng.below(source.size() - 400)));
        const std::size_t word = std::min(source.find(' ', from), source.size() - 300);
        const std::size_t begin = code_point_floor(source, word),
                          end = code_point_floor(source, begin + 120 + std::size_t(rng.below(80)));
        return whitespace_folded(source.substr(begin, end - begin));
    };
    const std::string form = pick(rng, writing_forms), topic = pick(rng, topics);
    struct Turn {
        std::string request, reply;
    };
    const auto text_of = [](const Turn& turn) { return "User: " + turn.request + "\nAssistant: " + turn.reply + "\n"; };
    std::vector<Turn> others, wanted;
    std::size_t used = 0;
    for (int i = 0; i < needles; ++i) {
        wanted.push_back({fmt::format("Write a {} about {}", form, topic), passage()});
        used += tokens_of(text_of(wanted.back()));
    }
    while (used < length) {
        std::string f = pick(rng, writing_forms), t = pick(rng, topics);
        if (f == form && t == topic) continue;
        others.push_back({fmt::format("Write a {} about {}", f, t), passage()});
        used += tokens_of(text_of(others.back()));
    }
    std::vector<std::size_t> places;
    for (int i = 0; i < needles; ++i) places.push_back(std::size_t(rng.below(others.size() + 1)));
    std::ranges::sort(places);
    std::size_t next = 0;
    for (std::size_t i = 0; i <= others.size(); ++i) {
        for (; next < places.size() && places[next] == i; ++next) out.own_text += text_of(wanted[next]);
        if (i < others.size()) out.own_text += text_of(others[i]);
    }
    const std::size_t chosen = std::size_t(rng.below(std::uint64_t(needles)));
    out.questions.push_back(
        {fmt::format("User: Repeat the {} {} about {}.", ranks[chosen], form, topic), "Assistant:", {wanted[chosen].reply}});
    return out;
}

Result<std::string> own_text_again(std::string_view probe, std::string_view family, std::size_t length, std::uint64_t seed,
    std::string_view source, const std::function<std::size_t(const std::string&)>& tokens_of)
{
    if (probe == "mrcr") {
        PATHLOOM_TRY(const ProbeCase made, mrcr_case(source, length, std::atoi(std::string(family).c_str()), seed, tokens_of));
        return made.own_text;
    }
    if (probe != "ruler") return std::string();
    PATHLOOM_TRY(const ProbeCase made, ruler_case(family, length, seed, tokens_of));
    return made.own_text;
}

Result<ProbeCase> parse_question_file(const std::string& text)
{
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto bad = [](const char* why) { return fail(ErrorCode::Usage, "questions file: {}", why); };
    if (!json.is_array() || json.empty()) return bad("must be a JSON list of {\"question\", \"answers\"}");
    ProbeCase out{"qa", "", 0, 0, MatchRule::Any, {}, {}, {}};
    for (const auto& item : json) {
        const auto text_at = [&](const char* key) {
            return item.is_object() && item.contains(key) && item[key].is_string() ? item[key].get<std::string>() : std::string();
        };
        CaseQuestion question{
            text_at("question"), item.is_object() && item.contains("answer_prefix") ? text_at("answer_prefix") : "Answer:", {}};
        if (question.question.empty()) return bad("each entry needs the text question");
        if (!item.contains("answers") || !item["answers"].is_array() || item["answers"].empty())
            return bad("each entry needs answers, a list of texts of which one must occur");
        for (const auto& answer : item["answers"]) {
            if (!answer.is_string() || answer.get<std::string>().empty()) return bad("answers must be texts");
            question.answers.push_back(answer.get<std::string>());
        }
        out.questions.push_back(std::move(question));
    }
    return out;
}

}  // namespace pathloom
