// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/needle_beside.h"

#include "engine/probe/mixture.h"
#include "engine/probe/probe_case.h"

namespace pathloom {

NeedleBeside::NeedleBeside(std::string probe, bool no_needle, ReaderIdentity reader, std::string document_hash,
    std::vector<std::unique_ptr<Contestant>> contestants, ResultStore* store)
    : m_probe(std::move(probe))
    , m_document(std::move(document_hash))
    , m_reader(std::move(reader))
    , m_no_needle(no_needle)
    , m_contestants(std::move(contestants))
    , m_store(store)
{
}

CellHooks NeedleBeside::hooks()
{
    return {[this](NeedleCell& cell) { return known(cell); },
        [this](const ProbeContext& context, NeedleCell& cell) { return answered(context, cell); }};
}

nlohmann::json NeedleBeside::recipe(const NeedleCell& cell) const
{
    const std::string right = m_no_needle ? std::string(NoAnswer) : cell.needle.value;
    return case_recipe(m_reader, m_document, cell.document_tokens, cell.insertions,
        {cell.needle.question, cell.needle.answer_prefix, {right}}, MatchRule::All);
}

Result<bool> NeedleBeside::known(NeedleCell& cell)
{
    if (!m_store) return false;
    const nlohmann::json prompt = recipe(cell);
    std::vector<ProbeResult> all;
    for (const auto& one : m_contestants) {
        PATHLOOM_TRY(std::optional<ProbeResult> found, m_store->find(one->name(), prompt));
        if (!found) return false;
        all.push_back(std::move(*found));
    }
    cell.answer = all.front().answer;
    cell.found = all.front().score >= 1.0;
    cell.seconds_answer = all.front().seconds;
    cell.seconds_first = all.front().seconds_first;
    for (std::size_t i = 1; i < all.size(); ++i)
        cell.baselines.push_back({all[i].contestant, all[i].answer, all[i].score >= 1.0, all[i].seconds});
    return true;
}

Result<void> NeedleBeside::keep(const ProbeResult& result)
{
    return m_store ? m_store->keep(result) : Result<void>();
}

Result<void> NeedleBeside::answered(const ProbeContext& context, NeedleCell& cell)
{
    ProbeResult result{0, m_probe, m_no_needle ? "no needle" : "", m_contestants.front()->name(), std::int64_t(cell.length),
        cell.depth, cell.seed, recipe(cell), cell.answer, cell.found ? 1.0 : 0.0, cell.seconds_answer, cell.seconds_first};
    PATHLOOM_CHECK(keep(result));
    for (std::size_t i = 1; i < m_contestants.size(); ++i) {
        PATHLOOM_TRY(
            const std::optional<Answer> said, m_contestants[i]->answer(context, cell.needle.question, cell.needle.answer_prefix));
        if (!said) continue;
        const bool found = needle_found(cell, m_no_needle, said->text);
        cell.baselines.push_back({m_contestants[i]->name(), said->text, found, said->seconds});
        result.contestant = m_contestants[i]->name();
        result.answer = said->text;
        result.score = found ? 1.0 : 0.0;
        result.seconds = said->seconds;
        result.seconds_first = said->seconds_first;
        PATHLOOM_CHECK(keep(result));
    }
    return {};
}

}  // namespace pathloom
