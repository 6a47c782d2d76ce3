// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/mixture_text.h"

#include "engine/probe/pick.h"

#include <fmt/format.h>

#include <array>

namespace pathloom {

namespace {

constexpr std::array adjectives{"secret", "hidden", "private", "official", "current", "old", "new", "spare", "former", "personal",
    "internal", "public", "lucky", "true", "main", "famous", "local", "common", "golden", "silent", "daily", "royal", "quiet",
    "bright", "ancient", "favourite", "recorded", "assigned", "unusual", "reserved", "central", "temporary", "permanent",
    "broken", "simple", "curious", "northern", "red", "blue", "green", "sacred", "modern"};
constexpr std::array number_nouns{"code", "number", "PIN", "serial", "index", "score", "id", "room number", "phone number",
    "total", "reading", "count", "reference", "account number", "ticket", "key", "lock combination", "year", "distance", "price",
    "weight", "address", "rank", "identifier", "register"};
constexpr std::array word_nouns{"word", "password", "name", "animal", "colour", "motto", "friend", "item", "city", "answer",
    "fruit", "plant", "tool", "song", "author", "symbol", "keyword", "title", "capital", "element", "token", "message", "place",
    "label", "phrase"};
constexpr std::array syllables{"ba", "ri", "tor", "men", "sal", "ko", "den", "vi", "lu", "mar", "an", "os", "ter", "gal", "pe",
    "quin", "zo", "hel", "fur", "nis", "ta", "bor", "el", "ug", "wy", "dra", "ston", "ham", "ville", "berg", "ka", "mo", "ne",
    "sha", "ri", "yo", "chi", "lan", "dor", "ith", "ur", "pol", "gra", "sk", "vel", "no", "ja", "ce", "ple", "ox", "mir", "aba",
    "ny", "ola"};
// {K} always comes before {V}: a memory key knows only what stands before the value.
constexpr std::array statements{"The {J} {N} for {K} is {V}.", "The {J} {N} of {K} is: {V}.", "The {J} {K} {N} is {V}.",
    "The {J} {K} {N} is: {V}.", "The {K} {N} is {V}.", "{K}'s {J} {N} is {V}.", "Remember that the {J} {N} of {K} is {V}.",
    "For {K}, the {J} {N} is {V}.", "{K}: {J} {N} {V}.", "Note: the {J} {N} linked with {K} was set to {V}.",
    "They told me the {J} {N} of {K}: {V}.", "{K} has the {J} {N} {V}.", "My {J} {N} for {K} equals {V}.",
    "The {J} {N} that belongs to {K} reads {V}.", "One of the {J} {N}s for {K} is: {V}.",
    "It is known that {K} uses the {N} {V}.", "{K} got a {J} {N}, namely {V}.", "In {K} the {J} {N} is {V}.",
    "If anybody asks for the {N} of {K}, say {V}.", "The {N} given to {K} is the following: {V}.", "{J} {N} ({K}) = {V}.",
    "Let {K} be known by its {N} {V}.", "A note about {K}. Its {J} {N} is {V}.", "We keep the {J} {N} of {K} here: {V}.",
    "The one {N} you need for {K} is {V}.", "Whoever visits {K} should know the {J} {N}: {V}.",
    "{K} was registered under {N} {V}.", "People from {K} must show the {N} {V} there.", "The {N} in {K} is opened by {V}.",
    "To enter {K}, use the {N} {V} and wait.", "At {K} someone wrote the {J} {N} {V} on a wall.", "{K}, {J} {N}: {V}.",
    "Once in {K}, call {V} and ask for the {N}.", "The {J} {N} kept at {K} starts {V}."};
constexpr std::array questions{"What is the {J} {N} for {K}?", "What is the {J} {K} {N}?", "What is the {K} {N}?",
    "Tell me the {J} {N} of {K}.", "Which {N} belongs to {K}?", "Give the {N} linked with {K}.", "{K}'s {J} {N}?",
    "Do you remember the {J} {N} of {K}?", "What was the {N} of {K} in the text?", "Find the {J} {N} for {K}.",
    "Please write down the {N} given for {K}.", "Question: what {J} {N} does {K} have?", "I need the {N} of {K}.",
    "According to the document, what is {K}'s {N}?", "Look up {K} and say its {J} {N}.", "How does the {J} {N} of {K} read?",
    "What is the {J} {N} for {K} mentioned in the text?", "Name the {N} that goes with {K}.",
    "Which {N} must people from {K} show?", "What opens the {N} in {K}?", "What {N} is used at {K}?", "{K}?",
    "What is it that belongs to {K}, the {N}?", "Which {J} {N} was kept at {K}?"};
constexpr std::array orders{"Answer briefly.", "Use only the text above.", "Do not guess.", "Do not add anything else.",
    "Give no information outside the document.", "Reply with it only.", "Say none if it is not there.", "Be exact.",
    "Do not explain or repeat yourself.", "Only what the document says counts."};
constexpr std::array plain_prefixes{"Answer:", "Answer:", "Answer:", "The answer is",
    "The answer is:", "Here it is:", "A:", "It is",
    "It is:", "Here is the {N} from the text:", "Here is the {J} {N}:", "The {N} is",
    "The {J} {N} is:", "Response:", "I found it:", "From the document:"};
constexpr std::array full_prefixes{"The {J} {N} for {K} is", "The {J} {K} {N} is",
    "The {J} {K} {N} is:", "The {K} {N} is:", "The {J} {N} of {K} is:", "{K}'s {J} {N} is",
    "{K}:", "The {J} {N} for {K} mentioned in the text is:", "The {N} that belongs to {K} is", "For {K} it is"};

std::string tidy(std::string text)
{
    for (std::size_t at = text.find("  "); at != std::string::npos; at = text.find("  ")) text.erase(at, 1);
    if (!text.empty() && text.front() == ' ') text.erase(0, 1);
    return text;
}

std::string hex(Rng& rng, int digits)
{
    std::string out;
    for (int i = 0; i < digits; ++i) out += "0123456789abcdef"[rng.below(16)];
    return out;
}

std::string uuid(Rng& rng)
{
    return fmt::format("{}-{}-{}-{}-{}", hex(rng, 8), hex(rng, 4), hex(rng, 4), hex(rng, 4), hex(rng, 12));
}

std::string digits(Rng& rng, int n)
{
    std::string out(1, char('1' + rng.below(9)));
    for (int i = 1; i < n; ++i) out += char('0' + rng.below(10));
    return out;
}

}  // namespace

std::string dressed(const std::string& frame, const FactWording& fact)
{
    return tidy(filled(filled(frame, "{J}", fact.adjective), "{N}", fact.noun));
}

std::string filled(std::string text, std::string_view slot, std::string_view with)
{
    for (std::size_t at = text.find(slot); at != std::string::npos; at = text.find(slot, at + with.size()))
        text.replace(at, slot.size(), with);
    return text;
}

std::vector<std::string> words_of(std::span<const std::string_view> texts)
{
    std::set<std::string> found;
    for (const std::string_view text : texts) {
        std::string word;
        bool whole = true;  // only letters since the last blank
        for (const char c : text) {
            if (c >= 'a' && c <= 'z') {
                word += c;
            } else if (c == ' ' || c == '\n' || c == ',' || c == '.') {
                if (whole && word.size() >= 3 && word.size() <= 10) found.insert(word);
                word.clear();
                whole = true;
            } else {
                whole = false;
            }
        }
    }
    return {found.begin(), found.end()};
}

FactWriter::FactWriter(std::vector<std::string> words)
    : m_words(std::move(words))
{
    if (m_words.empty()) m_words = {"stone", "river", "table"};
}

const std::string& FactWriter::word(Rng& rng) const
{
    return m_words[std::size_t(rng.below(m_words.size()))];
}

std::string FactWriter::name(Rng& rng) const
{
    std::string out;
    const auto n = 2 + rng.below(3);
    for (std::uint64_t i = 0; i < n; ++i) out += pick(rng, syllables);
    return capitalised(out);
}

FactWording FactWriter::wording(Rng& rng) const
{
    FactWording fact;
    const double kind = rng.uniform();
    fact.value = kind < 0.52 ? ValueKind::Digits
        : kind < 0.58        ? ValueKind::Uuid
        : kind < 0.73        ? ValueKind::Word
        : kind < 0.83        ? ValueKind::Name
        : kind < 0.94        ? ValueKind::Phrase
                             : ValueKind::Pair;
    const bool number = fact.value == ValueKind::Digits || fact.value == ValueKind::Uuid;
    // Random words in place of listed ones: the wording itself must be read, not known.
    fact.noun = rng.uniform() < 0.45 ? word(rng) : number ? pick(rng, number_nouns) : pick(rng, word_nouns);
    const double style = rng.uniform();
    if (style < 0.55) fact.adjective = pick(rng, adjectives);
    if (style >= 0.55 && style < 0.75) fact.adjective = word(rng);
    if (style < 0.25) fact.adjective += " " + word(rng);
    fact.statement = dressed(pick(rng, statements), fact);
    if (rng.uniform() < 0.15) fact.statement = word(rng) + " " + word(rng) + ": " + fact.statement;
    return fact;
}

ListWording FactWriter::list_wording(Rng& rng) const
{
    static constexpr std::array formats{"{K}: {V}\n", "{K} = {V}\n", "{K} -> {V}\n", "\"{K}\": \"{V}\",\n", "- {K}: {V}\n",
        "VAR {K} = {V};\n", "{K} means {V}\n", "{K} | {V} |\n", "entry {K} holds {V}.\n", "{\"{K}\": \"{V}\"}\n"};
    ListWording list;
    list.line = pick(rng, formats);
    list.lead = list.line.substr(0, list.line.find("{V}"));
    list.quoted = list.lead.back() == '"';
    return list;
}

std::string FactWriter::key(Rng& rng, std::set<std::string>& taken, const std::string& like) const
{
    for (;;) {
        std::string key;
        const std::size_t blank = like.find_first_of(" -");
        if (!like.empty() && blank != std::string::npos) {  // keep one half of a pair
            key = rng.uniform() < 0.5 ? like.substr(0, blank + 1) + word(rng) : word(rng) + like.substr(blank);
        } else if (!like.empty() && like.size() > 4) {  // change the last or the first letters
            key = rng.uniform() < 0.5 ? like.substr(0, like.size() - 2) + pick(rng, syllables)
                                      : capitalised(std::string(pick(rng, syllables)) + like.substr(2));
        } else {
            const double kind = rng.uniform();
            if (kind < 0.2)
                key = word(rng);
            else if (kind < 0.4)
                key = capitalised(word(rng));
            else if (kind < 0.62)
                key = name(rng);
            else if (kind < 0.72)
                key = name(rng) + " " + name(rng);
            else if (kind < 0.86)
                key = word(rng) + (rng.uniform() < 0.5 ? "-" : " ") + word(rng);
            else if (kind < 0.94)
                key = rng.uniform() < 0.5 ? uuid(rng) : hex(rng, 6);
            else
                key = word(rng) + " " + digits(rng, int(2 + rng.below(4)));
        }
        if (taken.insert(key).second) return key;
    }
}

std::string FactWriter::value(Rng& rng, ValueKind kind) const
{
    switch (kind) {
    case ValueKind::Digits:
        return digits(rng, rng.uniform() < 0.6 ? 7 : int(3 + rng.below(9)));
    case ValueKind::Uuid:
        return uuid(rng);
    case ValueKind::Word:
        return word(rng);
    case ValueKind::Name:
        return name(rng);
    case ValueKind::Pair:
        return word(rng) + "-" + word(rng);
    case ValueKind::Phrase:
        break;
    }
    std::string out = word(rng);
    const auto more = 1 + rng.below(5);
    for (std::uint64_t i = 0; i < more; ++i) out += " " + word(rng);
    return out;
}

std::string FactWriter::question(Rng& rng, const FactWording& fact, const std::string& key) const
{
    std::string text = filled(dressed(pick(rng, questions), fact), "{K}", key);
    // Often something stands between the question and the answer, so that the key is far from where it is needed.
    if (rng.uniform() < 0.4) text += " " + pick(rng, orders);
    if (rng.uniform() < 0.15) text += " " + pick(rng, orders);
    return text;
}

std::string FactWriter::prefix(Rng& rng, const FactWording& fact, const std::string& key) const
{
    const double style = rng.uniform();
    if (style < 0.2) return filled(fact.statement.substr(0, fact.statement.find(" {V}")), "{K}", key);
    return filled(dressed(style < 0.4 ? pick(rng, full_prefixes) : pick(rng, plain_prefixes), fact), "{K}", key);
}

std::string FactWriter::question(Rng& rng, const ListWording& list, const std::string& key) const
{
    static constexpr std::array forms{"What does {K} mean?", "Look up {K}.", "What is the value of {K}?", "Find {K} in the list.",
        "What stands beside {K}?", "Which value has {K}?", "Extract the value for {K} from the data."};
    if (rng.uniform() < 0.2) return "";
    (void)list;
    return filled(pick(rng, forms), "{K}", key);
}

std::string FactWriter::prefix(Rng& rng, const ListWording& list, const std::string& key) const
{
    static constexpr std::array forms{"Answer:", "{K}:", "The value of {K} is", "It is:", "The corresponding value is:"};
    std::string text = list.quoted || rng.uniform() < 0.5 ? filled(list.lead, "{K}", key) : filled(pick(rng, forms), "{K}", key);
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

}  // namespace pathloom
