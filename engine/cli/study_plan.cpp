// SPDX-License-Identifier: GPL-3.0-or-later
// Studies: reading the file, and the settings of each run.
#include "engine/cli/study_plan.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <set>

namespace pathloom {

namespace {

using Json = nlohmann::json;
constexpr int most_steps = 100'000'000;
constexpr int validations = 15;  ///< about so many a run, whatever its tau

/// Reads the keys of one object; the first thing wrong is kept, and keys nobody asked for are wrong, too.
class Reader {
public:
    Reader(const Json& object, std::string where)
        : m_object(object)
        , m_where(std::move(where))
    {
        if (!object.is_object()) complain("is not an object");
    }
    void text(const char* key, std::string& into)
    {
        if (const Json* value = find(key)) {
            if (value->is_string())
                into = value->get<std::string>();
            else
                complain(fmt::format("'{}' is not a text", key));
        }
    }
    void texts(const char* key, std::vector<std::string>& into)
    {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_array() || !std::ranges::all_of(*value, [](const Json& one) { return one.is_string(); }))
            return complain(fmt::format("'{}' is not a list of texts", key));
        for (const Json& one : *value) into.push_back(one.get<std::string>());
    }
    void integer(const char* key, int& into, int least, int most)
    {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_number_integer() || *value < least || *value > most)
            return complain(fmt::format("'{}' is not a whole number from {} to {}", key, least, most));
        into = value->get<int>();
    }
    void fraction(const char* key, double& into)
    {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_number() || *value < 0.0 || *value >= 1.0)
            return complain(fmt::format("'{}' is not a number from 0 to below 1", key));
        into = value->get<double>();
    }
    void flag(const char* key, bool& into)
    {
        if (const Json* value = find(key)) {
            if (value->is_boolean())
                into = value->get<bool>();
            else
                complain(fmt::format("'{}' is neither true nor false", key));
        }
    }
    const Json* find(const char* key)
    {
        m_known.insert(key);
        if (!m_object.is_object()) return nullptr;
        const auto found = m_object.find(key);
        return found == m_object.end() ? nullptr : &*found;
    }
    void complain(const std::string& what)
    {
        if (m_error.empty()) m_error = fmt::format("{}: {}", m_where, what);
    }
    Result<void> done()
    {
        if (m_error.empty() && m_object.is_object())
            for (const auto& [key, value] : m_object.items())
                if (!m_known.contains(key)) complain(fmt::format("there is no key {}", Json(key).dump()));
        if (!m_error.empty()) return fail(ErrorCode::Usage, "{}", m_error);
        return {};
    }

private:
    const Json& m_object;
    std::string m_where;
    std::string m_error;
    std::set<std::string> m_known;
};

bool is_word(const std::string& name)
{
    return !name.empty() && name.size() <= 60
        && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_'; });
}

Result<StudyRow> parse_row(const Json& json, std::size_t index)
{
    StudyRow row;
    Reader reader(json, fmt::format("the study's row {}", index + 1));
    reader.text("name", row.name);
    reader.text("title", row.title);
    reader.text("expected", row.expected);
    reader.texts("set", row.set);
    reader.integer("tau", row.tau, 1, most_steps);
    reader.integer("compute", row.compute, 1, 4096);
    reader.integer("reshards", row.reshards, 1, 3);
    reader.flag("quick", row.quick);
    reader.text("of", row.of);
    reader.text("route", row.route);
    reader.text("teacher", row.teacher);
    if (!is_word(row.name)) reader.complain("'name' must be a word of letters, digits, '-', '.' and '_'");
    PATHLOOM_CHECK(reader.done());
    if (row.title.empty()) row.title = row.name;
    return row;
}

Result<StudyCheck> parse_check(const Json& json, std::size_t index)
{
    StudyCheck check;
    Reader reader(json, fmt::format("the study's check {}", index + 1));
    reader.text("say", check.say);
    reader.texts("below", check.below);
    reader.texts("near", check.near);
    reader.texts("wire", check.wire);
    if (check.say.empty()) reader.complain("'say' is missing");
    if (check.below.size() < 2 && check.near.size() < 2 && check.wire.size() < 2)
        reader.complain("'below', 'near' or 'wire' must name two rows or more");
    PATHLOOM_CHECK(reader.done());
    return check;
}

Result<void> check_rows(const Study& study)
{
    std::set<std::string> trained;
    std::set<std::string> names;
    for (const StudyRow& row : study.rows) {
        if (!names.insert(row.name).second) return fail(ErrorCode::Usage, "the study has two rows named '{}'", row.name);
        if (!row.teacher.empty() && !trained.contains(row.teacher))
            return fail(ErrorCode::Usage, "the study's row '{}' is taught by '{}', which is no trained row before it", row.name,
                row.teacher);
        if (row.of.empty()) {
            if (row.route != "once")
                return fail(
                    ErrorCode::Usage, "the study's row '{}' has a route but no 'of': name the row it evaluates", row.name);
            trained.insert(row.name);
        } else if (!trained.contains(row.of)) {
            return fail(ErrorCode::Usage, "the study's row '{}' is of '{}', which is no trained row before it", row.name, row.of);
        }
    }
    if (!trained.contains(study.base))
        return fail(ErrorCode::Usage, "the study's base '{}' is none of its trained rows", study.base);
    for (const StudyCheck& check : study.checks)
        for (const auto* list : {&check.below, &check.near, &check.wire})
            for (const std::string& name : *list)
                if (!names.contains(name))
                    return fail(ErrorCode::Usage, "the study's check '{}' names a row '{}', which is not there", check.say, name);
    return {};
}

int all_taus(const Study& study)
{
    int common = study.tau;
    for (const StudyRow& row : study.rows)
        if (row.tau > 0) common = std::lcm(common, row.tau);
    return common;
}

/// Names that differ little are near: the length of the longest common subsequence, taken from both.
std::size_t distance(const std::string& a, const std::string& b)
{
    std::vector<std::size_t> row(b.size() + 1, 0);
    for (const char x : a) {
        std::size_t diagonal = 0;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = x == b[j - 1] ? diagonal + 1 : std::max(row[j], row[j - 1]);
            diagonal = above;
        }
    }
    return a.size() + b.size() - 2 * row.back();
}

}  // namespace

Result<Study> parse_study(const std::string& json)
{
    const auto document = Json::parse(json, nullptr, false);
    if (document.is_discarded()) return fail(ErrorCode::Usage, "the study is not JSON");
    Study study;
    Reader reader(document, "the study");
    reader.text("title", study.title);
    reader.text("preset", study.preset);
    reader.text("base", study.base);
    reader.texts("set", study.set);
    reader.integer("steps", study.steps, 1, most_steps);
    reader.integer("tau", study.tau, 1, most_steps);
    reader.fraction("warm_part", study.warm_part);
    const Json* rows = reader.find("rows");
    const Json* checks = reader.find("checks");
    if (checks != nullptr && !checks->is_array()) reader.complain("'checks' is not a list");
    if (study.preset.empty()) reader.complain("'preset' is missing");
    if (study.steps == 0 || study.tau == 0) reader.complain("'steps' or 'tau' is missing");
    if (rows == nullptr || !rows->is_array() || rows->empty()) reader.complain("'rows' must list at least one row");
    PATHLOOM_CHECK(reader.done());
    for (std::size_t i = 0; i < rows->size(); ++i) {
        PATHLOOM_TRY(auto row, parse_row((*rows)[i], i));
        study.rows.push_back(std::move(row));
    }
    if (checks != nullptr && checks->is_array())
        for (std::size_t i = 0; i < checks->size(); ++i) {
            PATHLOOM_TRY(auto check, parse_check((*checks)[i], i));
            study.checks.push_back(std::move(check));
        }
    PATHLOOM_CHECK(check_rows(study));
    return study;
}

Result<StudyScale> scale_study(const Study& study, int steps)
{
    const double wanted = double(steps) * (1.0 - study.warm_part);
    const int common = all_taus(study);
    const int unit = wanted >= common ? common : study.tau;
    StudyScale scale;
    scale.main = int(std::lround(wanted / unit)) * unit;
    scale.main = std::min(std::max(scale.main, unit), steps / unit * unit);
    scale.warm = steps - scale.main;
    if (scale.main < 1)
        return fail(ErrorCode::Usage, "{} steps do not hold one phase of {}; use --steps {} or more", steps, study.tau,
            int(std::ceil(study.tau / (1.0 - study.warm_part))));
    return scale;
}

Result<std::vector<std::string>> settings_of(const Study& study, const StudyRow& row, const StudyScale& scale, std::uint64_t seed,
    const std::string& corpus, std::int64_t teacher)
{
    if (!row.of.empty()) return fail(ErrorCode::Usage, "row '{}' is an evaluation of '{}', not a run", row.name, row.of);
    const int tau = row.tau > 0 ? row.tau : study.tau;
    const std::int64_t main = std::int64_t(scale.main) * row.compute;
    if (main % tau != 0)
        return fail(ErrorCode::Usage, "row '{}' has phases of {} steps, which do not divide {}; use more --steps", row.name, tau,
            scale.main);
    const std::int64_t phases = main / tau;
    if (row.reshards > 0 && phases < 4)
        return fail(ErrorCode::Usage,
            "row '{}' routes anew at quarters of its phases, but has {} of them; use --steps {} or more", row.name, phases,
            int(std::ceil(4 * tau / (1.0 - study.warm_part))));
    std::vector<std::string> out = study.set;
    out.insert(out.end(), row.set.begin(), row.set.end());
    out.push_back(fmt::format("seed={}", seed));
    out.push_back(fmt::format("data.corpus={}", Json(corpus).dump()));
    out.push_back(fmt::format("training.warm_start_steps={}", scale.warm));
    out.push_back(fmt::format("training.phases={}", phases));
    out.push_back(fmt::format("training.tau={}", tau));
    out.push_back(fmt::format("training.warmup_steps={}", std::clamp((scale.warm + scale.main) / 20, 1, 100)));
    out.push_back(fmt::format("evaluation.every={}", std::max<std::int64_t>(1, phases / validations)));
    if (!row.teacher.empty()) out.push_back(fmt::format("distillation.teacher={}", teacher));
    if (row.reshards > 0) {
        std::string list;
        for (int i = 1; i <= row.reshards; ++i) list += fmt::format("{}{}", i > 1 ? "," : "", phases * i / 4);
        out.push_back(fmt::format("routing.reshard=[{}]", list));
    }
    return out;
}

Result<std::vector<StudyRow>> choose_rows(const Study& study, const std::vector<std::string>& names)
{
    if (names.empty()) return study.rows;
    std::set<std::string> wanted;
    for (const std::string& name : names) {
        const auto found = std::ranges::find(study.rows, name, &StudyRow::name);
        if (found == study.rows.end()) {
            const auto& nearest
                = *std::ranges::min_element(study.rows, {}, [&](const StudyRow& row) { return distance(name, row.name); });
            return fail(ErrorCode::NotFound, "the study has no row '{}'; the nearest is '{}'", name, nearest.name);
        }
        wanted.insert(name);
    }
    // What a row needs stands before it, so one walk from the end finds what the needed ones need.
    for (auto row = study.rows.rbegin(); row != study.rows.rend(); ++row) {
        if (!wanted.contains(row->name)) continue;
        if (!row->of.empty()) wanted.insert(row->of);
        if (!row->teacher.empty()) wanted.insert(row->teacher);
    }
    std::vector<StudyRow> out;
    std::ranges::copy_if(study.rows, std::back_inserter(out), [&](const StudyRow& row) { return wanted.contains(row.name); });
    return out;
}

Result<std::vector<std::uint64_t>> parse_seeds(const std::string& text)
{
    const auto wrong = [&] { return fail(ErrorCode::Usage, "seeds are written like 1-3 or 1,2,7, not '{}'", text); };
    constexpr std::size_t most = 1000;
    std::vector<std::uint64_t> out;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        std::uint64_t first = 0;
        auto read = std::from_chars(at, end, first);
        if (read.ec != std::errc()) return wrong();
        std::uint64_t last = first;
        if (read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, last);
        if (read.ec != std::errc() || last < first || last - first >= most - std::min(most, out.size())) return wrong();
        for (std::uint64_t i = 0; i <= last - first; ++i)
            if (std::ranges::find(out, first + i) == out.end()) out.push_back(first + i);
        if (read.ptr == end) return out;
        if (*read.ptr != ',') return wrong();
        at = read.ptr + 1;
    }
}

}  // namespace pathloom
