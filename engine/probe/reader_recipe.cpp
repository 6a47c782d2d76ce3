// SPDX-License-Identifier: GPL-3.0-or-later
// A reader's recipe as JSON. Unknown keys are refused: a misspelt setting must not pass silently.
#include "engine/probe/reader_training.h"
#include "engine/probe/selection.h"

#include "engine/core/one_line.h"

#include <nlohmann/json.hpp>

#include <set>

namespace pathloom {

namespace {

using nlohmann::json;

/// Reads members of one object and remembers which were asked for.
class Section {
public:
    Section(const json& object, std::string name)
        : m_object(object)
        , m_name(std::move(name))
    {
    }
    template <class T>
    void read(const char* key, T& value)
    {
        m_known.insert(key);
        const auto found = m_object.find(key);
        if (found == m_object.end() || !m_problem.empty()) return;
        bool fits = false;
        if constexpr (std::is_same_v<T, std::string>) {
            fits = found->is_string();
        } else if constexpr (std::is_floating_point_v<T>) {
            fits = found->is_number();
        } else if constexpr (std::is_integral_v<T>) {
            fits = found->is_number_integer() && found->template get<double>() >= 0.0 && found->template get<double>() < 2e9;
        } else {
            fits = found->is_array();
            for (const json& item : *found) fits = fits && (item.is_string() == std::is_same_v<T, std::vector<std::string>>);
            if constexpr (!std::is_same_v<T, std::vector<std::string>>) fits = fits && found->size() == value.size();
            for (const json& item : *found) fits = fits && (item.is_string() || item.is_number());
        }
        if (!fits) {
            m_problem = fmt::format("{}{} has the wrong type", m_name, key);
            return;
        }
        value = found->template get<T>();
    }
    const json& object(const char* key)
    {
        static const json empty = json::object();
        m_known.insert(key);
        const auto found = m_object.find(key);
        if (found == m_object.end()) return empty;
        if (!found->is_object() && m_problem.empty()) m_problem = fmt::format("{}{} must be an object", m_name, key);
        return found->is_object() ? *found : empty;
    }
    Result<void> done() const
    {
        if (!m_problem.empty()) return fail(ErrorCode::Usage, "reader recipe: {}", m_problem);
        for (const auto& [key, value] : m_object.items()) {
            if (!m_known.contains(key))
                return fail(ErrorCode::Usage, "reader recipe: unknown setting {}{}", m_name, one_line(key));
        }
        return {};
    }

private:
    const json& m_object;
    std::string m_name, m_problem;
    std::set<std::string> m_known;
};

}  // namespace

Result<ReaderRecipe> parse_reader_recipe(const std::string& text)
{
    const json document = json::parse(text, nullptr, false);
    if (!document.is_object()) return fail(ErrorCode::Usage, "a reader recipe must be a JSON object");
    ReaderRecipe recipe;
    std::string title, description;
    Section top(document, "");
    top.read("name", recipe.name);
    top.read("title", title);
    top.read("description", description);
    top.read("seed", recipe.seed);
    top.read("corpus", recipe.corpus);
    top.read("domains", recipe.domains);
    top.read("start", recipe.start);

    Section model(top.object("model"), "model.");
    model.read("vocabulary", recipe.model.vocabulary);
    model.read("d_model", recipe.model.d_model);
    model.read("heads", recipe.model.heads);
    model.read("head_dim", recipe.model.head_dim);
    model.read("hidden", recipe.model.hidden);
    model.read("window_blocks", recipe.model.window_blocks);
    model.read("window", recipe.model.window);
    model.read("conv", recipe.model.conv);
    model.read("key_dim", recipe.model.key_dim);
    model.read("top_k", recipe.model.top_k);
    model.read("selections", recipe.model.selections);
    model.read("rope_base", recipe.model.rope_base);
    model.read("key_decay", recipe.model.key_decay);
    model.read("query_decay", recipe.model.query_decay);

    Section mixture(top.object("mixture"), "mixture.");
    mixture.read("contexts", recipe.mixture.contexts);
    mixture.read("context_length", recipe.mixture.context_length);
    mixture.read("asked", recipe.mixture.asked);
    mixture.read("question_length", recipe.mixture.question_length);
    mixture.read("absent", recipe.mixture.absent);
    mixture.read("most_facts", recipe.mixture.most_facts);
    mixture.read("shared", recipe.mixture.shared);
    mixture.read("near", recipe.mixture.near);
    Section shares(mixture.object("shares"), "mixture.shares.");
    for (std::size_t i = 0; i < mixture_names.size(); ++i) shares.read(mixture_names[i], recipe.mixture.shares[i]);

    ReaderOptimizer& t = recipe.training;
    Section training(top.object("training"), "training.");
    training.read("steps", t.steps);
    training.read("warmup", t.warmup);
    training.read("lr", t.lr);
    training.read("lr_min_ratio", t.lr_min_ratio);
    training.read("weight_decay", t.weight_decay);
    training.read("clip", t.clip);
    training.read("beta1", t.beta1);
    training.read("beta2", t.beta2);
    training.read("eps", t.eps);
    training.read("retrieval_weight", t.retrieval_weight);
    training.read("lead_weight", t.lead_weight);
    training.read("bank", t.bank);
    training.read("only", t.only);
    training.read("precision", t.precision);
    training.read("checkpoint_every", t.checkpoint_every);
    training.read("report_every", t.report_every);
    Section gate(top.object("gate"), "gate.");
    gate.read("cases", recipe.gate.cases);
    gate.read("longest", recipe.gate.longest);
    gate.read("penalty", recipe.gate.penalty);
    gate.read("lost", recipe.gate.lost);
    for (const Section* section : {&top, &model, &mixture, &shares, &training, &gate}) PATHLOOM_CHECK(section->done());

    PATHLOOM_CHECK(validate(recipe.model));
    PATHLOOM_CHECK(validate(recipe.mixture));
    if (recipe.model.selections != 0 && recipe.model.selections != SelectionCount)
        return fail(
            ErrorCode::Usage, "reader recipe: model.selections must be 0 or {}, got {}", SelectionCount, recipe.model.selections);
    if (!(recipe.gate.lost >= 0.0 && recipe.gate.lost < 1.0) || !(recipe.gate.penalty > 0.0))
        return fail(ErrorCode::Usage, "reader recipe: gate.lost must be from 0 to below 1 and gate.penalty above 0");
    if (recipe.name.empty() || recipe.corpus.empty())
        return fail(ErrorCode::Usage, "reader recipe: name and corpus must be given");
    if (t.steps < 1 || t.checkpoint_every < 1 || t.report_every < 1 || !(t.lr > 0.0) || !(t.clip > 0.0))
        return fail(
            ErrorCode::Usage, "reader recipe: training.steps, lr, clip, checkpoint_every and report_every must be above 0");
    if (!t.only.empty() && t.only != "encoder")
        return fail(ErrorCode::Usage, "reader recipe: training.only must be encoder or absent, got '{}'", one_line(t.only));
    if (t.precision != "fp32" && t.precision != "bf16")
        return fail(ErrorCode::Usage, "reader recipe: training.precision must be fp32 or bf16, got '{}'", one_line(t.precision));
    return recipe;
}

}  // namespace pathloom
