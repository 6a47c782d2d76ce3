// SPDX-License-Identifier: GPL-3.0-or-later
// Reading what a study has kept.
#include "engine/cli/study_kept.h"

#include "engine/cli/run_record_json.h"

namespace pathloom {

Result<KeptStudy> parse_kept(const std::string& json, const std::string& corpus, std::int64_t corpus_tokens)
{
    KeptStudy out;
    const auto document = nlohmann::json::parse(json, nullptr, false);
    try {
        const auto& of = document.at("corpus");
        if (of.at("name") != corpus || of.at("tokens") != corpus_tokens) return out;
        for (const auto& run : document.at("runs")) {
            PATHLOOM_TRY(auto record, parse_record(run));
            record.kept = true;
            out.runs.emplace(record.name, std::move(record));
        }
        for (const auto& row : document.at("rows"))
            for (const auto& cell : row.at("cells")) {
                StudyCell read{cell.at("seed").get<std::uint64_t>(), cell.at("run").get<std::int64_t>(), {}};
                if (cell.contains("lost")) {
                    read.lost = cell.at("lost").get<std::string>();
                } else {
                    PATHLOOM_TRY(read.eval, parse_kept_eval(cell));
                }
                out.cells[{row.at("name").get<std::string>(), read.seed}] = std::move(read);
            }
    } catch (const nlohmann::json::exception& error) {
        return fail(ErrorCode::Corrupt, "it is not what a study has written ({})", error.what());
    }
    return out;
}

std::set<CellKey> cells_to_keep(
    const std::set<CellKey>& kept, const std::vector<StudyRow>& chosen, const std::vector<std::uint64_t>& seeds)
{
    std::set<CellKey> out = kept;
    for (const std::uint64_t seed : seeds) {
        for (const StudyRow& row : chosen) {
            if (kept.contains({row.name, seed})) continue;
            if (!row.of.empty()) out.erase({row.of, seed});
            // A teacher of a teacher would have to be there too.
            for (std::string teacher = row.teacher; !teacher.empty();) {
                out.erase({teacher, seed});
                const auto found = std::ranges::find(chosen, teacher, &StudyRow::name);
                teacher = found == chosen.end() ? std::string() : found->teacher;
            }
        }
        for (const StudyRow& row : chosen)
            if (!row.of.empty() && !out.contains({row.of, seed})) out.erase({row.name, seed});
    }
    return out;
}

}  // namespace pathloom
