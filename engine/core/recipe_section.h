// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes as JSON. Unknown keys are refused: a misspelt setting must not pass silently.
#pragma once

#include "engine/core/one_line.h"
#include "engine/core/result.h"

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace pathloom {

/// Reads members of one object and remembers which were asked for. `kind` names the document in errors ("reader recipe"), `name`
/// the object ("training.").
class RecipeSection {
public:
    RecipeSection(std::string kind, const nlohmann::json& object, std::string name)
        : m_object(object)
        , m_kind(std::move(kind))
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
            for (const nlohmann::json& item : *found)
                fits = fits && (item.is_string() == std::is_same_v<T, std::vector<std::string>>);
            if constexpr (!std::is_same_v<T, std::vector<std::string>>) fits = fits && found->size() == value.size();
            for (const nlohmann::json& item : *found) fits = fits && (item.is_string() || item.is_number());
        }
        if (!fits) {
            m_problem = fmt::format("{}{} has the wrong type", m_name, key);
            return;
        }
        value = found->template get<T>();
    }
    const nlohmann::json& object(const char* key)
    {
        static const nlohmann::json empty = nlohmann::json::object();
        m_known.insert(key);
        const auto found = m_object.find(key);
        if (found == m_object.end()) return empty;
        if (!found->is_object() && m_problem.empty()) m_problem = fmt::format("{}{} must be an object", m_name, key);
        return found->is_object() ? *found : empty;
    }
    Result<void> done() const
    {
        if (!m_problem.empty()) return fail(ErrorCode::Usage, "{}: {}", m_kind, m_problem);
        for (const auto& [key, value] : m_object.items()) {
            if (!m_known.contains(key)) return fail(ErrorCode::Usage, "{}: unknown setting {}{}", m_kind, m_name, one_line(key));
        }
        return {};
    }

private:
    const nlohmann::json& m_object;
    std::string m_kind, m_name, m_problem;
    std::set<std::string> m_known;
};

/// How long a training is and how AdamW steps: what every recipe calls by the same names.
template <class Optimizer>
void read_steps_and_adamw(RecipeSection& section, Optimizer& optimizer)
{
    section.read("steps", optimizer.steps);
    section.read("warmup", optimizer.warmup);
    section.read("lr", optimizer.lr);
    section.read("lr_min_ratio", optimizer.lr_min_ratio);
    section.read("weight_decay", optimizer.weight_decay);
    section.read("clip", optimizer.clip);
    section.read("beta1", optimizer.beta1);
    section.read("beta2", optimizer.beta2);
    section.read("eps", optimizer.eps);
}

}  // namespace pathloom
