// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/mixture_series.h"

#include "engine/probe/mixture.h"
#include "engine/probe/pick.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pathloom {

namespace {

// {K} is one key or several, {O} an ordinal.
constexpr std::array all_questions{"What are all the {J} {N}s for {K}?", "What are the {J} {N}s of {K}?",
    "List every {N} of {K}.", "Which {N}s belong to {K}?", "Give all {N}s of {K} found in the text.",
    "Name each {J} {N} that stands for {K}.", "Find all the {J} {N}s for {K}.",
    "What are all the {J} {N}s for {K} mentioned in the text?", "Write down the {N}s of {K}.",
    "Tell me all {J} {N}s given for {K}.", "Collect the {N}s for {K}.", "Every {N} for {K}, please."};
constexpr std::array all_prefixes{"The {J} {N}s for {K} are",
    "The {N}s of {K} are:", "All {N}s of {K}:", "They are:", "Answer:", "Answer:", "The {N}s are",
    "The {J} {N}s are:", "The {J} {N}s for {K} mentioned in the text are", "Here they are:", "{N}s:"};
constexpr std::array every_questions{"What are all the {J} {N}s?", "What are all the {J} {N}s in the text?",
    "List every {J} {N}.", "Which {J} {N}s are mentioned?", "Give all {J} {N}s found above.",
    "Find each {J} {N} of the document.", "Collect all {J} {N}s.", "Name every {J} {N} there is."};
constexpr std::array every_prefixes{
    "The {J} {N}s are", "All {J} {N}s:", "They are:", "Answer:", "The {J} {N}s in the text are:", "The {N}s are"};
constexpr std::array nth_questions{"What is the {O} {J} {N} for {K}?", "Give the {O} {N} of {K}.", "What is the {O} {K} {N}?",
    "Tell me the {O} {N} that belongs to {K}.", "Repeat the {O} {J} {N} of {K}.", "Which {J} {N} of {K} comes {O}?",
    "Of the {N}s for {K}, say the {O}.", "Find the {O} {J} {N} given for {K}.", "Write the {O} {N} for {K} again."};
constexpr std::array nth_prefixes{"The {O} {J} {N} for {K} is", "The {O} {N} is", "Answer:", "Answer:", "It is",
    "The {O} is:", "The {J} {N} for {K} is", "Here it is:"};

constexpr std::array askers{"Ann", "Client", "Human", "Q", "Editor", "Guest", "Person", "Teacher", "A"};
constexpr std::array repliers{"Ben", "Writer", "Machine", "R", "Author", "Host", "Model", "Pupil", "B"};
constexpr std::array requests{"Write a {F} about {T}", "Compose a {F} on {T}.", "I want a {F} about {T}",
    "Give me one {F} about {T}.", "Make up a {F} for {T}", "Please write a {F} about {T}."};
constexpr std::array repeats{"Repeat the {O} {F} about {T}.", "Say the {O} {F} on {T} again.", "What was the {O} {F} about {T}?",
    "Give me the {O} {F} about {T} once more.", "Show the {O} {F} for {T}.", "Copy the {O} {F} about {T}"};
constexpr std::array forms{"tale", "note", "report", "sketch", "hymn", "essay", "verse", "list", "review", "prayer", "story",
    "lecture", "fable", "sermon", "notice", "dialogue"};

std::string ordinal_word(Rng& rng, Selection selection)
{
    if (selection == Selection::Last) return std::string(LastWords[std::size_t(rng.below(LastWords.size()))]);
    const auto at = std::size_t(ordinal_of(selection) - 1);
    return std::string(rng.uniform() < 0.75 ? Ordinals[at] : ShortOrdinals[at]);
}

/// One of `count` matching places, and how a question names it.
std::pair<std::size_t, Selection> nth(Rng& rng, std::size_t count)
{
    const std::size_t at = std::size_t(rng.below(count));
    const bool last = at + 1 == count && rng.uniform() < 0.3;
    return {at, last ? Selection::Last : Selection(int(Selection::First) + int(at))};
}

struct Match {
    std::string key;
    FactTokens fact;
    bool repeated = false;  ///< of the key that has several values
    std::int64_t at = 0;  ///< of the value
};

Tokens prompt_of(const Tokenizer& tokenizer, const Asked& asked)
{
    return tokenizer.encode_ids(reader_prompt(asked.question, asked.prefix));
}

std::string worded(const std::string& frame, const FactWording& wording, const std::string& key, const std::string& ordinal)
{
    return filled(filled(dressed(frame, wording), "{O}", ordinal), "{K}", key);
}

void answer_none(MixtureQuestion& question, const Tokenizer& tokenizer)
{
    question.answer = tokenizer.encode_ids(" " + std::string(NoAnswer));
    question.also.clear();
    question.excluded.clear();
}

void answer_match(MixtureQuestion& question, const Match& match)
{
    const auto value = std::span(match.fact.tokens).subspan(match.fact.value, match.fact.size);
    question.answer.assign(value.begin(), value.end());
    for (std::size_t i = 0; i < value.size(); ++i) question.places.push_back(match.at + std::int64_t(i));
}

/// All of `matches` are wanted: some were said already, one of the rest is next.
void answer_all(MixtureQuestion& question, std::vector<const Match*> matches, Rng& rng)
{
    for (std::size_t i = matches.size(); i > 1; --i) std::swap(matches[i - 1], matches[std::size_t(rng.below(i))]);
    const std::size_t said = std::size_t(rng.below(matches.size()));
    for (std::size_t i = 0; i < said; ++i) question.excluded.push_back(matches[i]->at);
    answer_match(question, *matches[said]);
    for (std::size_t i = said + 1; i < matches.size(); ++i) question.also.push_back(matches[i]->at);
}

}  // namespace

Asked ask_for_all(Rng& rng, const FactWording& wording, const std::string& keys)
{
    std::string question = worded(pick(rng, all_questions), wording, keys, "");
    return {std::move(question), worded(pick(rng, all_prefixes), wording, keys, "")};
}

Asked ask_for_every(Rng& rng, const FactWording& wording)
{
    std::string question = worded(pick(rng, every_questions), wording, "", "");
    return {std::move(question), worded(pick(rng, every_prefixes), wording, "", "")};
}

Asked ask_for_nth(Rng& rng, const FactWording& wording, const std::string& key, Selection selection)
{
    const std::string ordinal = ordinal_word(rng, selection);
    std::string question = worded(pick(rng, nth_questions), wording, key, ordinal);
    return {std::move(question), worded(pick(rng, nth_prefixes), wording, key, ordinal)};
}

MixtureDocument series_document(const Tokenizer& tokenizer, const FactWriter& writer, const SeriesRequest& request, Rng& rng)
{
    const FactWording wording = writer.wording(rng);  // of this document alone: "all of them" is all of its facts
    const bool many = rng.uniform() < 0.25;
    const std::size_t wanted = many ? 4 + std::size_t(rng.below(5)) : 2 + std::size_t(rng.below(3));
    const std::size_t others = std::size_t(rng.below(4));
    const bool one_key = rng.uniform() < 0.6, near = rng.uniform() < 0.4;
    const std::string key = writer.key(rng, *request.taken, "");
    std::vector<Match> matches;
    std::size_t used = 0;
    for (std::size_t i = 0; i < wanted + others; ++i) {
        const bool same = one_key && i < wanted;
        Match match{same ? key : writer.key(rng, *request.taken, near ? key : ""), {}, same, 0};
        const std::string value = writer.value(rng, wording.value);
        match.fact = fact_tokens(tokenizer, " " + filled(wording.statement, "{K}", match.key), value);
        if (used + match.fact.tokens.size() + 16 > request.room) break;
        used += match.fact.tokens.size();
        matches.push_back(std::move(match));
    }
    for (std::size_t i = matches.size(); i > 1; --i) std::swap(matches[i - 1], matches[std::size_t(rng.below(i))]);
    MixtureDocument out;
    const auto filler = request.passage(rng, request.room - used);
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i < matches.size(); ++i) cuts.push_back(std::size_t(rng.below(filler.size() + 1)));
    std::ranges::sort(cuts);
    std::size_t from = 0;
    for (std::size_t i = 0; i < matches.size(); ++i) {
        append(out.tokens, filler.subspan(from, cuts[i] - from));
        from = cuts[i];
        matches[i].at = std::int64_t(out.tokens.size() + matches[i].fact.value);
        append(out.tokens, matches[i].fact.tokens);
    }
    append(out.tokens, filler.subspan(from));

    std::vector<const Match*> repeated, every;
    for (const Match& match : matches) {
        every.push_back(&match);
        if (match.repeated) repeated.push_back(&match);
    }
    for (int q = 0; q < request.asked; ++q) {
        MixtureQuestion question;
        const bool absent = matches.empty() || rng.uniform() < request.absent;
        const double style = rng.uniform();
        std::string asked_key = absent ? writer.key(rng, *request.taken, near ? key : "") : key;
        question.selection = Selection::All;
        if (!absent && style < 0.2) {
            question.prompt = prompt_of(tokenizer, ask_for_every(rng, wording));
            answer_all(question, every, rng);
        } else if (style < 0.6 && (absent || one_key) && !repeated.empty()) {
            std::size_t at = 0;
            std::tie(at, question.selection) = nth(rng, repeated.size());
            question.prompt = prompt_of(tokenizer, ask_for_nth(rng, wording, asked_key, question.selection));
            if (!absent) {
                answer_match(question, *repeated[at]);
                for (std::size_t i = 0; i < repeated.size(); ++i)
                    if (i != at) question.excluded.push_back(repeated[i]->at);
            }
        } else {
            std::vector<const Match*> all = repeated;
            if (!absent && !one_key) {  // several keys at once
                all = every;
                for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[std::size_t(rng.below(i))]);
                all.resize(std::min<std::size_t>(all.size(), 2 + std::size_t(rng.below(3))));
                asked_key.clear();
                const bool with_and = rng.uniform() < 0.4;
                for (std::size_t i = 0; i < all.size(); ++i)
                    asked_key += (i == 0 ? "" : with_and && i + 1 == all.size() ? " and " : ", ") + all[i]->key;
            }
            question.prompt = prompt_of(tokenizer, ask_for_all(rng, wording, asked_key));
            if (!absent && !all.empty()) answer_all(question, all, rng);
        }
        if (question.answer.empty()) answer_none(question, tokenizer);
        append(question.answer, tokenizer.encode_ids("\n"));
        out.questions.push_back(std::move(question));
    }
    return out;
}

MixtureDocument turns_document(const Tokenizer& tokenizer, const FactWriter& writer, const SeriesRequest& request, Rng& rng)
{
    const std::string asker = pick(rng, askers), replier = pick(rng, repliers), form = pick(rng, requests);
    struct Turn {
        std::string what, topic;
        std::int64_t at = 0;  ///< of the reply
        Tokens reply;
    };
    const auto a_form = [&] { return rng.uniform() < 0.6 ? pick(rng, forms) : writer.word(rng); };
    const std::string what = a_form(), topic = writer.word(rng);
    std::vector<std::string> topics;
    for (std::size_t i = 0; i < request.topics; ++i) topics.push_back(writer.word(rng));
    const auto a_topic = [&] { return topics.empty() ? writer.word(rng) : topics[std::size_t(rng.below(topics.size()))]; };
    const Tokens line = tokenizer.encode_ids("\n");
    MixtureDocument out;
    std::vector<Turn> same, others;
    for (;;) {
        Turn turn{what, topic, 0, {}};
        const double style = rng.uniform();
        const bool enough = request.most_same > 0 && same.size() >= request.most_same;
        const bool other = enough || (style < 0.55 && !(others.empty() && same.empty() && style < 0.2));
        if (other && style < 0.25)
            turn.topic = a_topic();
        else if (other && style < 0.4)
            turn.what = a_form();
        else if (other)
            turn = {a_form(), a_topic(), 0, {}};
        if (other && turn.what == what && turn.topic == topic) continue;
        Tokens tokens = tokenizer.encode_ids(
            fmt::format("{}: {}\n{}:", asker, filled(filled(form, "{F}", turn.what), "{T}", turn.topic), replier));
        // The reply begins with a blank, as every word of a text does.
        const auto text = tokenizer.decode(request.passage(rng, 12 + std::size_t(rng.below(20))));
        std::string reply;
        for (const char c : text) reply += c == '\n' ? ' ' : c;
        const std::size_t begin = reply.find_first_not_of(' ');
        if (begin == std::string::npos) continue;
        turn.reply = tokenizer.encode_ids(" " + reply.substr(begin));
        if (out.tokens.size() + tokens.size() + turn.reply.size() + line.size() > request.room) break;
        append(out.tokens, tokens);
        turn.at = std::int64_t(out.tokens.size());
        append(out.tokens, turn.reply);
        append(out.tokens, line);
        (other ? others : same).push_back(std::move(turn));
    }
    for (int q = 0; q < request.asked; ++q) {
        MixtureQuestion question;
        const bool absent = (same.empty() && others.empty()) || rng.uniform() < request.absent;
        const bool repeated = !same.empty() && (others.empty() || rng.uniform() < 0.75);
        const Turn* turn = nullptr;
        if (!absent) {
            std::size_t at = 0;
            const std::vector<Turn>& from = repeated ? same : others;
            if (repeated) {
                std::tie(at, question.selection) = nth(rng, std::min<std::size_t>(from.size(), 8));
                for (std::size_t i = 0; i < from.size(); ++i)
                    if (i != at) question.excluded.push_back(from[i].at);
            } else {
                at = std::size_t(rng.below(from.size()));
                // Two others may be alike; then either is right.
                for (const Turn& other : others)
                    if (&other != &from[at] && other.what == from[at].what && other.topic == from[at].topic)
                        question.also.push_back(other.at);
            }
            turn = &from[at];
        }
        const std::string ordinal = turn && !repeated ? "" : ordinal_word(rng, turn ? question.selection : Selection::First);
        if (!turn) question.selection = Selection::First;
        std::string ask = filled(filled(filled(pick(rng, repeats), "{O}", ordinal), "{F}", turn ? turn->what : a_form()), "{T}",
            turn ? turn->topic : writer.word(rng));
        if (const std::size_t gap = ask.find("  "); gap != std::string::npos) ask.erase(gap, 1);
        question.prompt = prompt_of(tokenizer, {fmt::format("{}: {}", asker, ask), replier + ":"});
        if (turn) {
            question.answer = turn->reply;
            for (std::size_t i = 0; i < turn->reply.size() + 1; ++i) question.places.push_back(turn->at + std::int64_t(i));
        } else {
            answer_none(question, tokenizer);
        }
        append(question.answer, line);
        out.questions.push_back(std::move(question));
    }
    return out;
}

}  // namespace pathloom
