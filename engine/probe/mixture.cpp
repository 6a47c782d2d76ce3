// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/mixture.h"

#include "engine/probe/mixture_lexicon.h"
#include "engine/probe/mixture_series.h"
#include "engine/probe/mixture_tokens.h"

#include <algorithm>

namespace pathloom {

Result<void> validate(const MixtureSpec& spec)
{
    if (spec.contexts < 1 || spec.asked < 1 || spec.context_length < 64 || spec.question_length < 48)
        return fail(ErrorCode::Usage,
            "mixture needs contexts and asked of at least 1, context_length of at least 64 and question_length of at least 48");
    double sum = 0.0;
    for (const double share : spec.shares) {
        if (!(share >= 0.0)) return fail(ErrorCode::Usage, "mixture shares must not be negative");
        sum += share;
    }
    if (!(sum > 0.0)) return fail(ErrorCode::Usage, "mixture needs a share above 0");
    for (const double share : {spec.absent, spec.shared, spec.near}) {
        if (!(share >= 0.0 && share <= 1.0))
            return fail(ErrorCode::Usage, "mixture.absent, shared and near must be from 0 to 1, got {}", share);
    }
    if (spec.most_facts < 1) return fail(ErrorCode::Usage, "mixture.most_facts must be at least 1");
    return {};
}

std::string reader_prompt(std::string_view question, std::string_view answer_prefix)
{
    std::string out(question);
    if (!out.empty() && !answer_prefix.empty()) out += '\n';
    out += answer_prefix;
    while (!out.empty() && (out.back() == ' ' || out.back() == '\n')) out.pop_back();  // the answer brings its own blank
    return out;
}

/// A batch being written.
struct Mixture::Draft {
    ReaderBatch batch;
    std::set<std::string> taken;  // keys of the batch: each stands for one value only
    std::vector<FactWording> wordings;  // shared by several documents: same words, other keys
    int context = 0;
    int question = 0;
    Tokens document;

    /// One question row: prompt, then targets with an optional position of each in this document (of the target itself).
    void ask(const Tokens& prompt, const Tokens& answer, const std::vector<std::int64_t>& places)
    {
        ask({prompt, answer, places, {}, {}, Selection::One});
    }
    void ask(const MixtureQuestion& asked)
    {
        const auto& [prompt, answer, places, also, excluded, selection] = asked;
        const auto row_before = [&](std::int64_t place) { return std::int32_t(context * batch.context_length + int(place) - 1); };
        const auto length = std::size_t(batch.question_length);
        const std::size_t base = std::size_t(question++) * length;
        const std::size_t kept = std::min(prompt.size(), length / 2 + length / 4);  // a long prompt loses its beginning
        Tokens row(prompt.end() - std::ptrdiff_t(kept), prompt.end());
        for (std::size_t i = 0; i < answer.size() && kept + i <= length; ++i) {
            const std::size_t at = base + kept + i - 1;
            batch.targets[at] = answer[i];
            if (i < places.size() && places[i] > 0) batch.sources.emplace_back(std::int32_t(at), row_before(places[i]));
            if (i == 0) {
                for (const std::int64_t place : also) batch.sources.emplace_back(std::int32_t(at), row_before(place));
                for (const std::int64_t place : excluded) batch.excluded.emplace_back(std::int32_t(at), row_before(place));
                batch.selections[at] = std::int32_t(selection);
            }
            row.push_back(answer[i]);
        }
        row.resize(std::min(row.size(), length));
        std::ranges::copy(row, batch.question.begin() + std::ptrdiff_t(base));
    }
};

Mixture::Mixture(const Tokenizer& tokenizer, const MixtureSpec& spec, std::uint64_t seed, FactWriter writer)
    : m_tokenizer(&tokenizer)
    , m_spec(spec)
    , m_seed(seed)
    , m_writer(std::move(writer))
    , m_end_of_answer(tokenizer.encode_ids("\n"))
{
}

Result<Mixture> Mixture::create(
    const Tokenizer& tokenizer, std::span<const std::string_view> documents, const MixtureSpec& spec, std::uint64_t seed)
{
    PATHLOOM_CHECK(validate(spec));
    Mixture mixture(tokenizer, spec, seed, FactWriter(words_of(documents)));
    for (const std::string_view text : documents) {
        const Tokens tokens = tokenizer.encode_ids(text);
        if (int(tokens.size()) < spec.context_length + spec.question_length + 1) continue;
        mixture.m_begin.push_back(mixture.m_tokens.size());
        append(mixture.m_tokens, tokens);
    }
    if (mixture.m_begin.empty())
        return fail(ErrorCode::Usage, "no document has the {} tokens a training context needs; give longer texts",
            spec.context_length + spec.question_length + 1);
    mixture.m_begin.push_back(mixture.m_tokens.size());
    return mixture;
}

std::span<const std::int32_t> Mixture::passage(Rng& rng, std::size_t length) const
{
    // By token, not by document: long documents are drawn more often.
    const std::size_t at = std::size_t(rng.below(m_tokens.size()));
    const auto next = std::ranges::upper_bound(m_begin, at);
    const std::size_t end = *next, begin = *(next - 1);
    return std::span(m_tokens).subspan(std::max(begin, std::min(at, end - length)), length);
}

std::vector<std::int64_t> Mixture::counts(int vocabulary) const
{
    std::vector<std::int64_t> out(std::size_t(vocabulary), 0);
    for (const std::int32_t token : m_tokens) ++out[std::size_t(token)];
    return out;
}

void Mixture::add_facts(Draft& draft, Rng& rng) const
{
    struct Fact {
        FactWording wording;
        std::string key, value;
        std::int64_t at = 0;
        FactTokens tokens;
    };
    const auto room = std::size_t(m_spec.context_length);
    std::vector<Fact> facts;
    const FactWording shared
        = rng.uniform() < m_spec.shared ? draft.wordings[std::size_t(rng.below(draft.wordings.size()))] : m_writer.wording(rng);
    const std::size_t wanted = 1 + std::size_t(rng.below(std::uint64_t(m_spec.most_facts)));
    const bool near = rng.uniform() < m_spec.near;
    std::size_t used = 0;
    for (std::size_t i = 0; i < wanted; ++i) {
        Fact fact;
        const double style = rng.uniform();
        fact.wording = style < 0.65 || facts.empty() ? shared : m_writer.wording(rng);
        fact.key = !facts.empty() && style > 0.8 ? facts.front().key  // the same key with another attribute
                                                 : m_writer.key(rng, draft.taken, near && i > 0 ? facts.front().key : "");
        fact.value = m_writer.value(rng, fact.wording.value);
        fact.tokens = fact_tokens(*m_tokenizer, " " + filled(fact.wording.statement, "{K}", fact.key), fact.value);
        if (used + fact.tokens.tokens.size() + 24 > room) break;
        used += fact.tokens.tokens.size();
        facts.push_back(std::move(fact));
    }
    const auto filler = passage(rng, room - used);
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i < facts.size(); ++i) cuts.push_back(std::size_t(rng.below(filler.size() + 1)));
    std::ranges::sort(cuts);
    std::size_t from = 0;
    for (std::size_t i = 0; i < facts.size(); ++i) {
        append(draft.document, filler.subspan(from, cuts[i] - from));
        from = cuts[i];
        facts[i].at = std::int64_t(draft.document.size() + facts[i].tokens.value);
        append(draft.document, facts[i].tokens.tokens);
    }
    append(draft.document, filler.subspan(from));

    for (int q = 0; q < m_spec.asked; ++q) {
        const bool absent = facts.empty() || rng.uniform() < m_spec.absent;
        const Fact* fact = absent ? nullptr : &facts[std::size_t(rng.below(facts.size()))];
        const FactWording& wording = fact ? fact->wording : shared;
        const std::string key
            = fact ? fact->key : m_writer.key(rng, draft.taken, near && !facts.empty() ? facts.front().key : "");
        const Tokens prompt
            = m_tokenizer->encode_ids(reader_prompt(m_writer.question(rng, wording, key), m_writer.prefix(rng, wording, key)));
        Tokens answer = m_tokenizer->encode_ids(" " + std::string(NoAnswer));
        std::vector<std::int64_t> places;
        if (fact) {
            const auto value = std::span(fact->tokens.tokens).subspan(fact->tokens.value, fact->tokens.size);
            answer.assign(value.begin(), value.end());
            for (std::size_t i = 0; i < value.size(); ++i) places.push_back(fact->at + std::int64_t(i));
        }
        append(answer, m_end_of_answer);
        draft.ask(prompt, answer, places);
    }
}

void Mixture::add_list(Draft& draft, Rng& rng) const
{
    struct Line {
        std::string key;
        std::int64_t at = 0;
        FactTokens tokens;
    };
    const auto room = std::size_t(m_spec.context_length);
    const ListWording list = m_writer.list_wording(rng);
    static constexpr std::array kinds{ValueKind::Digits, ValueKind::Uuid, ValueKind::Word, ValueKind::Name, ValueKind::Phrase};
    const ValueKind kind = kinds[std::size_t(rng.below(kinds.size()))];
    append(draft.document, passage(rng, 8 + std::size_t(rng.below(room / 3))));
    append(draft.document, m_end_of_answer);
    std::vector<Line> lines;
    std::string like;
    while (lines.size() < 12) {
        Line line;
        line.key = m_writer.key(rng, draft.taken, rng.uniform() < 0.3 ? like : "");
        like = line.key;
        line.tokens = fact_tokens(*m_tokenizer, filled(list.line, "{K}", line.key), m_writer.value(rng, kind));
        if (draft.document.size() + line.tokens.tokens.size() > room) break;
        line.at = std::int64_t(draft.document.size() + line.tokens.value);
        append(draft.document, line.tokens.tokens);
        lines.push_back(std::move(line));
    }
    append(draft.document, passage(rng, std::min<std::size_t>(room - draft.document.size(), 32)));
    for (int q = 0; q < m_spec.asked; ++q) {
        const bool absent = lines.empty() || rng.uniform() < m_spec.absent;
        const Line* line = absent ? nullptr : &lines[std::size_t(rng.below(lines.size()))];
        const std::string key = line ? line->key : m_writer.key(rng, draft.taken, like);
        const Tokens prompt
            = m_tokenizer->encode_ids(reader_prompt(m_writer.question(rng, list, key), m_writer.prefix(rng, list, key)));
        Tokens answer = m_tokenizer->encode_ids((list.quoted ? "" : " ") + std::string(NoAnswer));
        std::vector<std::int64_t> places;
        if (line) {
            const auto value = std::span(line->tokens.tokens).subspan(line->tokens.value, line->tokens.size);
            answer.assign(value.begin(), value.end());
            for (std::size_t i = 0; i < value.size(); ++i) places.push_back(line->at + std::int64_t(i));
        }
        append(answer, m_end_of_answer);
        draft.ask(prompt, answer, places);
    }
}

void Mixture::add_copies(Draft& draft, Rng& rng) const
{
    append(draft.document, passage(rng, std::size_t(m_spec.context_length)));
    for (int q = 0; q < m_spec.asked; ++q) {
        const std::size_t lead = 6 + std::size_t(rng.below(15)), follow = 16;
        const std::size_t begin = std::size_t(rng.below(draft.document.size() - lead - follow));
        const auto at = draft.document.begin() + std::ptrdiff_t(begin);
        const Tokens prompt(at, at + std::ptrdiff_t(lead));
        const Tokens answer(at + std::ptrdiff_t(lead), at + std::ptrdiff_t(lead + follow));
        std::vector<std::int64_t> places;
        for (std::size_t i = 0; i < follow; ++i) places.push_back(std::int64_t(begin + lead + i));
        draft.ask(prompt, answer, places);
    }
}

void Mixture::add_text(Draft& draft, Rng& rng) const
{
    // The document ends where the first question begins: plain language modelling with the document as memory.
    const auto room = std::size_t(m_spec.context_length);
    const std::size_t lead = 24, follow = 16;
    const auto text = passage(rng, room + lead + follow);
    append(draft.document, text.first(room));
    for (int q = 0; q < m_spec.asked; ++q) {
        const auto other = q == 0 ? text.subspan(room) : passage(rng, lead + follow);
        draft.ask(Tokens(other.begin(), other.begin() + std::ptrdiff_t(lead)),
            Tokens(other.begin() + std::ptrdiff_t(lead), other.end()), {});
    }
}

void Mixture::add_made(Draft& draft, MixtureKind kind, Rng& rng) const
{
    const SeriesRequest request{std::size_t(m_spec.context_length), m_spec.asked, m_spec.absent,
        [this](Rng& r, std::size_t length) { return passage(r, length); }, &draft.taken};
    MixtureDocument made = kind == MixtureKind::Series ? series_document(*m_tokenizer, m_writer, request, rng)
                                                       : turns_document(*m_tokenizer, m_writer, request, rng);
    draft.document = std::move(made.tokens);
    for (const MixtureQuestion& question : made.questions) draft.ask(question);
}

void Mixture::add_lexicon(Draft& draft, Rng& rng) const
{
    MixtureDocument made
        = lexicon_document(*m_tokenizer, m_writer, {std::size_t(m_spec.context_length), m_spec.asked, m_spec.absent}, rng);
    draft.document = std::move(made.tokens);
    for (const MixtureQuestion& question : made.questions) draft.ask(question);
}

ReaderBatch Mixture::batch(std::uint64_t number) const
{
    Rng rng(mix(m_seed, text_key("mixture"), number));
    Draft draft;
    ReaderBatch& batch = draft.batch;
    batch.contexts = m_spec.contexts;
    batch.context_length = m_spec.context_length;
    batch.questions = m_spec.contexts * m_spec.asked;
    batch.question_length = m_spec.question_length;
    batch.context.assign(std::size_t(batch.contexts) * std::size_t(batch.context_length), 0);
    batch.question.assign(std::size_t(batch.questions) * std::size_t(batch.question_length), 0);
    batch.targets.assign(batch.question.size(), -1);
    batch.selections.assign(batch.question.size(), -1);
    for (int i = 0; i < 3; ++i) draft.wordings.push_back(m_writer.wording(rng));
    double total = 0.0;
    for (const double share : m_spec.shares) total += share;
    for (draft.context = 0; draft.context < m_spec.contexts; ++draft.context) {
        draft.document.clear();
        double u = rng.uniform() * total;
        std::size_t kind = 0;
        while (kind + 1 < m_spec.shares.size() && u >= m_spec.shares[kind]) u -= m_spec.shares[kind++];
        switch (MixtureKind(kind)) {
        case MixtureKind::Facts:
            add_facts(draft, rng);
            break;
        case MixtureKind::List:
            add_list(draft, rng);
            break;
        case MixtureKind::Copy:
            add_copies(draft, rng);
            break;
        case MixtureKind::Text:
            add_text(draft, rng);
            break;
        case MixtureKind::Series:
        case MixtureKind::Turns:
            add_made(draft, MixtureKind(kind), rng);
            break;
        case MixtureKind::Lexicon:
            add_lexicon(draft, rng);
            break;
        }
        batch.context_sizes.push_back(int(draft.document.size()));
        std::ranges::copy(draft.document, batch.context.begin() + std::ptrdiff_t(draft.context) * batch.context_length);
    }
    return batch;
}

}  // namespace pathloom
