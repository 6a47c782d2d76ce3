// SPDX-License-Identifier: GPL-3.0-or-later
// Training and evaluating a study's rows.
#include "engine/cli/study_driver.h"

#include "engine/cli/run_follow.h"
#include "engine/cli/study_kept.h"
#include "engine/core/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;
namespace fs = std::filesystem;
constexpr std::uint64_t corpus_seed = 0;  ///< of the sample corpus in docs/results.md

/// "training.phases 30 instead of 60": the first setting in which two specs differ.
std::string first_difference(const nlohmann::json& has, const nlohmann::json& wants)
{
    const auto changes = nlohmann::json::diff(has, wants);
    if (changes.empty()) return "nothing";
    auto pointer = changes[0].value("path", "");
    const auto value = [&](const nlohmann::json& spec) {
        const nlohmann::json::json_pointer at(pointer);
        return spec.contains(at) ? spec.at(at).dump() : std::string("nothing");
    };
    const std::string text = fmt::format(" {} instead of {}", value(has), value(wants));
    std::ranges::replace(pointer, '/', '.');
    return pointer.substr(pointer.empty() ? 0 : 1) + text;
}

class Driver {
public:
    Driver(Session& session, const Study& study, const StudyOptions& options)
        : m_session(session)
        , m_options(options)
    {
        m_outcome.results.study = study;
    }

    Result<StudyOutcome> run()
    {
        StudyResults& results = m_outcome.results;
        PATHLOOM_TRY(results.scale, scale_study(results.study, m_options.steps));
        PATHLOOM_CHECK(corpus());
        PATHLOOM_CHECK(plan());
        PATHLOOM_CHECK(take_kept());
        for (const std::uint64_t seed : m_options.seeds) {
            for (auto& row : results.rows)
                if (row.row.of.empty() && to_do(row.row, seed)) PATHLOOM_CHECK(train(row, seed));
            for (auto& row : results.rows)
                if (!row.row.of.empty() && to_do(row.row, seed)) PATHLOOM_CHECK(evaluate(row, seed, m_done[{row.row.of, seed}]));
            PATHLOOM_CHECK(gather());
        }
        return m_outcome;
    }

private:
    Result<void> corpus()
    {
        StudyResults& results = m_outcome.results;
        results.version = m_session.info().version();
        results.isa = m_session.info().isa();
        results.cores = m_session.info().cores();
        fs::path path = m_options.corpus_path;
        results.corpus = "sample";
        if (!path.empty()) {
            std::error_code error;
            path = fs::absolute(path, error).lexically_normal();
            if (!path.has_filename()) path = path.parent_path();  // "folder/"
            results.corpus = path.stem().string();
        }
        PATHLOOM_TRY(const auto all, m_session.call(&Stub::ListCorpora, v1::ListCorporaRequest()));
        for (const auto& corpus : all.corpora())
            if (corpus.name() == results.corpus) return keep(corpus);
        if (path.empty()) {
            PATHLOOM_TRY(path, resource_path("sample"));
            path /= "sample.jsonl.zst";
        }
        v1::ImportCorpusRequest request;
        request.set_name(results.corpus);
        request.set_seed(corpus_seed);
        request.add_paths(path.string());
        std::optional<v1::Corpus> imported;
        std::string stage;
        PATHLOOM_CHECK((m_session.stream<v1::ImportCorpusRequest, v1::ImportProgress>(
            &Stub::ImportCorpus, request, [&](const v1::ImportProgress& progress) -> Result<bool> {
                if (progress.has_corpus()) imported = progress.corpus();
                if (progress.stage() != stage) m_options.say(fmt::format("corpus {}: {}", results.corpus, progress.stage()));
                stage = progress.stage();
                return true;
            })));
        if (!imported)
            return fail(ErrorCode::Failed, "the engine ended the import of {} without a result; see its log", path.string());
        return keep(*imported);
    }

    Result<void> keep(const v1::Corpus& corpus)
    {
        StudyResults& results = m_outcome.results;
        results.corpus_documents = corpus.documents();
        results.corpus_tokens = corpus.tokens();
        results.corpus_domains.clear();
        for (const auto& domain : corpus.domains()) results.corpus_domains.push_back(domain.name());
        return {};
    }

    /// Every run's settings, checked by the engine and against the runs that are there.
    Result<void> plan()
    {
        const StudyResults& results = m_outcome.results;
        PATHLOOM_TRY(const auto presets, m_session.call(&Stub::ListPresets, v1::ListPresetsRequest()));
        for (const auto& preset : presets.presets())
            if (preset.name() == results.study.preset) m_preset = preset.spec_json();
        if (m_preset.empty())
            return fail(ErrorCode::NotFound, "the study starts from a preset '{}'; see preset list", results.study.preset);
        PATHLOOM_TRY(const auto runs, m_session.call(&Stub::ListRuns, v1::ListRunsRequest()));
        for (const auto& run : runs.runs())
            if (v1::Run& known = m_runs[run.name()]; known.state() != v1::RUN_STATE_DONE) known = run;  // a finished one
        for (const auto& row : m_options.rows)
            for (const std::uint64_t seed : m_options.seeds)
                if (row.of.empty()) PATHLOOM_CHECK(plan_run(row, seed));
        return {};
    }

    Result<void> plan_run(const StudyRow& row, std::uint64_t seed)
    {
        // The teacher may have to be trained first; any number will do until then.
        const auto known = m_runs.find(fmt::format("{}/{}", row.teacher, seed));
        const std::int64_t teacher = known == m_runs.end() ? 1 : known->second.id();
        PATHLOOM_TRY(const auto wants, wanted_spec(row, seed, teacher));
        const std::string name = fmt::format("{}/{}", row.name, seed);
        const auto there = m_runs.find(name);
        if (there == m_runs.end()) return {};
        PATHLOOM_TRY(auto has, whole_spec(there->second.spec_json(), {}));
        forget_device(has, wants);
        if (has == wants) return {};
        return fail(ErrorCode::Usage, "run {} is called '{}' but has {}; use the options it was made with, or another --project",
            there->second.id(), name, first_difference(has, wants));
    }

    Result<nlohmann::json> wanted_spec(const StudyRow& row, std::uint64_t seed, std::int64_t teacher)
    {
        const StudyResults& results = m_outcome.results;
        PATHLOOM_TRY(const auto set, settings_of(results.study, row, results.scale, seed, results.corpus, teacher));
        auto wants = whole_spec(m_preset, set);
        if (!wants) return fail(wants.error().code, "row '{}': {}", row.name, wants.error().message);
        return wants;
    }

    /// What "auto" found when the run was started is no setting of the study.
    static void forget_device(nlohmann::json& has, const nlohmann::json& wants)
    {
        if (!wants.at("training").contains("device")) has["training"].erase("device");
    }

    /// Fills the rows with what earlier calls kept and this one neither has nor must make.
    Result<void> take_kept()
    {
        StudyResults& results = m_outcome.results;
        KeptStudy kept;
        if (!m_options.kept.empty()) {
            auto parsed = parse_kept(m_options.kept, results.corpus, results.corpus_tokens);
            if (!parsed)
                return fail(parsed.error().code, "ladder.json of an earlier call: {}; move it away, or use another --out",
                    parsed.error().message);
            kept = std::move(*parsed);
        }
        std::set<CellKey> usable;
        for (const auto& [key, cell] : kept.cells)
            if (const auto row = std::ranges::find(results.study.rows, key.first, &StudyRow::name);
                row != results.study.rows.end()) {
                if (!cell.lost.empty() && m_options.train && chosen(*row)) continue;  // another try
                PATHLOOM_TRY(const bool same, still_the_same(kept, *row, key.second));
                if (same) usable.insert(key);
            }
        m_kept = cells_to_keep(usable, m_options.train ? m_options.rows : std::vector<StudyRow>(), m_options.seeds);
        for (const StudyRow& row : results.study.rows) {
            StudyRowResult result{row, {}};
            for (const auto& [name, seed] : m_kept)
                if (name == row.name) {
                    result.cells.push_back(kept.cells.at({name, seed}));
                    const std::string its_run = run_name(row, seed);
                    RunRecord& run = results.runs.insert_or_assign(its_run, kept.runs.at(its_run)).first->second;
                    const auto here = m_runs.find(its_run);
                    run.kept = here == m_runs.end() || here->second.created_ms() != run.created_ms;
                }
            if (!result.cells.empty() || chosen(row)) results.rows.push_back(std::move(result));
        }
        if (!m_kept.empty()) m_options.say(fmt::format("{} results of earlier calls are kept", m_kept.size()));
        return {};
    }

    /// Whether a kept cell will not come from this project now, and has the settings that it would be made with.
    Result<bool> still_the_same(const KeptStudy& kept, const StudyRow& row, std::uint64_t seed)
    {
        const std::string name = run_name(row, seed);
        const auto run = kept.runs.find(name);
        if (run == kept.runs.end() || (chosen(row) && m_runs.contains(name))) return false;
        const auto& rows = m_outcome.results.study.rows;
        const StudyRow& trained = row.of.empty() ? row : *std::ranges::find(rows, row.of, &StudyRow::name);
        PATHLOOM_TRY(auto wants, wanted_spec(trained, seed, 1));
        PATHLOOM_TRY(auto has, whole_spec(run->second.spec.dump(), {}));
        if (!trained.teacher.empty())  // an id of another project
            has["distillation"]["teacher"] = wants["distillation"]["teacher"];
        forget_device(has, wants);
        if (has != wants) m_options.say(fmt::format("kept {} is left out: it has {}", name, first_difference(has, wants)));
        return has == wants;
    }

    [[nodiscard]] bool chosen(const StudyRow& row) const
    {
        return std::ranges::find(m_options.rows, row.name, &StudyRow::name) != m_options.rows.end();
    }
    [[nodiscard]] bool to_do(const StudyRow& row, std::uint64_t seed) const
    {
        return chosen(row) && !m_kept.contains({row.name, seed});
    }

    /// A spec with every default of this engine written out, so that a run of an older one compares equal; without its name.
    Result<nlohmann::json> whole_spec(const std::string& spec_json, const std::vector<std::string>& set)
    {
        v1::EstimateRunRequest request;
        request.set_spec_json(spec_json);
        for (const auto& one : set) request.add_set(one);
        PATHLOOM_TRY(const auto estimate, m_session.call(&Stub::EstimateRun, request));
        auto spec = nlohmann::json::parse(estimate.spec_json(), nullptr, false);
        if (!spec.is_object()) return fail(ErrorCode::Corrupt, "the engine's answer holds no spec; use programs of one version");
        spec.erase("name");
        return spec;
    }

    Result<void> train(StudyRowResult& row, std::uint64_t seed)
    {
        const std::string name = fmt::format("{}/{}", row.row.name, seed);
        auto there = m_runs.find(name);
        if (there == m_runs.end() || there->second.state() != v1::RUN_STATE_DONE) {
            if (!m_options.train) {
                if (there != m_runs.end()) note_lost(row, seed, there->second);
                return {};
            }
            const std::int64_t teacher = row.row.teacher.empty() ? 0 : m_done[{row.row.teacher, seed}];
            if (!row.row.teacher.empty() && teacher == 0)
                return failed(name, fmt::format("its teacher {} failed", row.row.teacher));
            PATHLOOM_TRY(const auto info, m_session.call(&Stub::GetInfo, v1::GetInfoRequest()));
            PATHLOOM_TRY(const auto begun, begin(row.row, seed, there == m_runs.end() ? nullptr : &there->second, teacher));
            FollowHandlers handlers;
            PATHLOOM_TRY(const auto end, follow_run(m_session, begun.id(), info.last_seq() + 1, handlers));
            there = m_runs.insert_or_assign(name, end).first;
            note_lost(row, seed, end);
            if (end.state() != v1::RUN_STATE_DONE)
                return failed(fmt::format("{} (run {})", name, end.id()), end.reason().empty() ? "see run show" : end.reason());
            m_options.say(fmt::format("{}: run {}, test perplexity {:.3f}, {:.0f} s, {:.1f} MB on the wire", name, end.id(),
                end.test_perplexity(), double(end.finished_ms() - end.created_ms()) / 1000.0,
                double(end.bytes_down() + end.bytes_up()) / 1e6));
        }
        m_done[{row.row.name, seed}] = there->second.id();
        return evaluate(row, seed, there->second.id());
    }

    /// A run that failed is a result, too.
    void note_lost(StudyRowResult& row, std::uint64_t seed, const v1::Run& run)
    {
        if (run.state() != v1::RUN_STATE_FAILED) return;
        add(row, {seed, run.id(), {}, run.reason().empty() ? "see run show" : run.reason()});
        m_lost.push_back(run.id());
    }

    static void add(StudyRowResult& row, StudyCell cell)
    {
        row.cells.insert(std::ranges::upper_bound(row.cells, cell.seed, {}, &StudyCell::seed), std::move(cell));
    }

    /// The others go on.
    Result<void> failed(const std::string& who, const std::string& why)
    {
        m_outcome.failures.push_back(fmt::format("{}: {}", who, why));
        m_options.say(m_outcome.failures.back());
        return {};
    }

    Result<v1::Run> begin(const StudyRow& row, std::uint64_t seed, const v1::Run* there, std::int64_t teacher)
    {
        if (there == nullptr) {
            const StudyResults& results = m_outcome.results;
            PATHLOOM_TRY(const auto set, settings_of(results.study, row, results.scale, seed, results.corpus, teacher));
            v1::StartRunRequest request;
            request.set_preset(results.study.preset);
            request.set_name(fmt::format("{}/{}", row.name, seed));
            for (const auto& one : set) request.add_set(one);
            return m_session.call(&Stub::StartRun, request);
        }
        if (there->state() == v1::RUN_STATE_RUNNING) return *there;
        v1::RunRequest request;
        request.set_id(there->id());
        return m_session.call(&Stub::ResumeRun, request);
    }

    /// `run`: 0 when it is not done.
    Result<void> evaluate(StudyRowResult& row, std::uint64_t seed, std::int64_t run)
    {
        if (run == 0) return {};
        v1::EvalRunRequest request;
        request.set_id(run);
        request.set_split("test");
        request.set_route(row.row.route);
        PATHLOOM_TRY(const auto response, m_session.call(&Stub::EvalRun, request));
        StudyCell cell{seed, run, {}};
        PATHLOOM_TRY(cell.eval, parse_eval(response.result_json()));
        if (!row.row.of.empty())
            m_options.say(fmt::format(
                "{}/{}: run {} routed {}, test perplexity {:.3f}", row.row.name, seed, run, row.row.route, cell.eval.perplexity));
        add(row, std::move(cell));
        return {};
    }

    Result<void> gather()
    {
        std::vector<std::int64_t> ids = m_lost;
        for (const auto& [row, id] : m_done)
            if (id != 0) ids.push_back(id);
        PATHLOOM_TRY(auto records, fetch_records(m_session, ids));
        for (auto& record : records) m_outcome.results.runs.insert_or_assign(record.name, std::move(record));
        return m_options.keep(m_outcome.results);
    }

    Session& m_session;
    const StudyOptions& m_options;
    StudyOutcome m_outcome;
    std::string m_preset;  ///< its spec
    std::map<std::string, v1::Run> m_runs;  ///< of the project, by name
    std::vector<std::int64_t> m_lost;  ///< runs that failed
    std::map<CellKey, std::int64_t> m_done;  ///< run by row and seed; 0 = not done
    std::set<CellKey> m_kept;  ///< what earlier calls made and this one takes over
};

}  // namespace

Result<StudyOutcome> run_study(Session& session, const Study& study, const StudyOptions& options)
{
    return Driver(session, study, options).run();
}

}  // namespace pathloom
