// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/haystack.h"

#include "engine/probe/mixture_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pathloom {

namespace {

std::string random_value(const NeedleTemplates& from, Rng& rng)
{
    std::string out;
    if (from.value_kind == "uuid") {
        static constexpr int groups[] = {8, 4, 4, 4, 12};
        for (const int group : groups) {
            if (!out.empty()) out += '-';
            for (int i = 0; i < group; ++i) out += "0123456789abcdef"[rng.below(16)];
        }
    } else if (from.value_kind == "word") {
        while (int(out.size()) < from.value_length) {  // speakable: consonant, vowel
            out += "bcdfghjklmnprstvwz"[rng.below(18)];
            if (int(out.size()) < from.value_length) out += "aeiou"[rng.below(5)];
        }
    } else {
        out += char('1' + rng.below(9));
        while (int(out.size()) < from.value_length) out += char('0' + rng.below(10));
    }
    return out;
}

}  // namespace

Result<NeedleTemplates> parse_needle_templates(const std::string& text)
{
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto bad = [](const char* why) { return fail(ErrorCode::Usage, "templates file: {}", why); };
    if (!json.is_object()) return bad("must be a JSON object with templates, keys and value");
    NeedleTemplates out;
    const auto templates = json.find("templates");
    if (templates == json.end() || !templates->is_array() || templates->empty())
        return bad("templates must be a list with entries");
    for (const auto& item : *templates) {
        NeedleTemplate one;
        const auto read = [&](const char* name, std::string& value, bool needed) {
            const auto found = item.is_object() ? item.find(name) : item.end();
            if (found == item.end()) return !needed;
            if (!found->is_string()) return false;
            value = found->get<std::string>();
            return true;
        };
        if (!item.is_object() || !read("needle", one.needle, true) || !read("question", one.question, true)
            || !read("answer_prefix", one.answer_prefix, false) || !read("all_question", one.all_question, false)
            || !read("all_prefix", one.all_prefix, false))
            return bad(
                "each template needs the texts needle and question (and may have answer_prefix, all_question and all_prefix)");
        if (one.needle.find("{key}") == std::string::npos || one.needle.find("{value}") == std::string::npos)
            return bad("each needle must hold {key} and {value}");
        if (one.question.find("{key}") == std::string::npos && one.answer_prefix.find("{key}") == std::string::npos)
            return bad("each question or answer_prefix must hold {key}");
        out.templates.push_back(std::move(one));
    }
    const auto keys = json.find("keys");
    if (keys == json.end() || !keys->is_array() || keys->empty()) return bad("keys must be a list with entries");
    for (const auto& key : *keys) {
        if (!key.is_string() || key.get<std::string>().empty()) return bad("keys must be texts");
        if (std::ranges::find(out.keys, key.get<std::string>()) == out.keys.end()) out.keys.push_back(key.get<std::string>());
    }
    if (const auto value = json.find("value"); value != json.end()) {
        if (!value->is_object()) return bad("value must be an object with kind and length");
        const auto kind = value->find("kind"), length = value->find("length");
        if (kind != value->end()) {
            if (*kind != "digits" && *kind != "uuid" && *kind != "word") return bad("value.kind must be digits, uuid or word");
            out.value_kind = kind->get<std::string>();
        }
        if (length != value->end()) {
            if (!length->is_number_integer() || *length < 1 || *length > 36) return bad("value.length must be from 1 to 36");
            out.value_length = length->get<int>();
        }
    }
    return out;
}

Result<Needle> draw_needle(const NeedleTemplates& from, int template_index, std::set<std::string>& taken, Rng& rng)
{
    if (taken.size() >= from.keys.size())
        return fail(ErrorCode::Usage, "the templates file has {} keys and more are needed; add keys or hide fewer needles",
            from.keys.size());
    Needle out;
    out.template_index = template_index >= 0 ? template_index : int(rng.below(from.templates.size()));
    do {
        out.key = from.keys[std::size_t(rng.below(from.keys.size()))];
    } while (!taken.insert(out.key).second);
    out.value = random_value(from, rng);
    const NeedleTemplate& words = from.templates[std::size_t(out.template_index)];
    out.text = filled(filled(words.needle, "{key}", out.key), "{value}", out.value);
    out.question = filled(words.question, "{key}", out.key);
    out.answer_prefix = filled(words.answer_prefix, "{key}", out.key);
    return out;
}

std::size_t sentence_start(const Tokenizer& tokenizer, std::span<const std::uint16_t> tokens, std::size_t wanted)
{
    const std::size_t lowest = wanted - std::min<std::size_t>(wanted, 200);
    for (std::size_t at = std::min(wanted, tokens.size()); at > lowest; --at) {
        const std::string piece = tokenizer.piece(tokens[at - 1]);
        if (!piece.empty() && (piece.back() == '.' || piece.back() == '!' || piece.back() == '?')) return at;
    }
    return wanted <= 200 ? 0 : wanted;
}

}  // namespace pathloom
