// SPDX-License-Identifier: GPL-3.0-or-later
// Training and evaluating a study's rows.
#include "engine/cli/study_driver.h"

#include "engine/cli/run_follow.h"
#include "engine/core/resources.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;
namespace fs = std::filesystem;
constexpr std::uint64_t corpus_seed = 0;  ///< of the sample corpus in docs/results.md
const char* const unnamed_reason = "see run show";

/// A spec without its name: what must be equal for a run to be the row's.
nlohmann::json settings(const std::string& spec_json)
{
    auto spec = nlohmann::json::parse(spec_json, nullptr, false);
    if (spec.is_object()) spec.erase("name");
    return spec;
}

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
        for (const auto& row : m_options.rows) results.rows.push_back({row, {}});
        for (const std::uint64_t seed : m_options.seeds) {
            for (auto& row : results.rows)
                if (row.row.of.empty()) PATHLOOM_CHECK(train(row, seed));
            for (auto& row : results.rows)
                if (!row.row.of.empty()) PATHLOOM_CHECK(evaluate(row, seed, m_done[{row.row.of, seed}]));
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
        std::string preset_spec;
        PATHLOOM_TRY(const auto presets, m_session.call(&Stub::ListPresets, v1::ListPresetsRequest()));
        for (const auto& preset : presets.presets())
            if (preset.name() == results.study.preset) preset_spec = preset.spec_json();
        if (preset_spec.empty())
            return fail(ErrorCode::NotFound, "the study starts from a preset '{}'; see preset list", results.study.preset);
        PATHLOOM_TRY(const auto runs, m_session.call(&Stub::ListRuns, v1::ListRunsRequest()));
        for (const auto& run : runs.runs()) m_runs[run.name()] = run;
        for (const auto& row : m_options.rows) {
            for (const std::uint64_t seed : m_options.seeds) {
                if (!row.of.empty()) continue;
                PATHLOOM_TRY(auto set, settings_of(results.study, row, results.scale, seed, results.corpus));
                v1::EstimateRunRequest request;
                request.set_spec_json(preset_spec);
                for (const auto& one : set) request.add_set(one);
                auto estimate = m_session.call(&Stub::EstimateRun, request);
                if (!estimate) return fail(estimate.error().code, "row '{}': {}", row.name, estimate.error().message);
                const std::string name = fmt::format("{}/{}", row.name, seed);
                if (const auto there = m_runs.find(name); there != m_runs.end()) {
                    const auto has = settings(there->second.spec_json());
                    const auto wants = settings(estimate->spec_json());
                    if (has != wants)
                        return fail(ErrorCode::Usage,
                            "run {} is called '{}' but has {}; use the options it was made with, or another --project",
                            there->second.id(), name, first_difference(has, wants));
                }
                m_settings[name] = std::move(set);
            }
        }
        return {};
    }

    Result<void> train(StudyRowResult& row, std::uint64_t seed)
    {
        const std::string name = fmt::format("{}/{}", row.row.name, seed);
        auto there = m_runs.find(name);
        if (there == m_runs.end() || there->second.state() != v1::RUN_STATE_DONE) {
            if (!m_options.train) return {};
            PATHLOOM_TRY(const auto info, m_session.call(&Stub::GetInfo, v1::GetInfoRequest()));
            PATHLOOM_TRY(const auto begun, begin(name, there == m_runs.end() ? nullptr : &there->second));
            FollowHandlers handlers;
            PATHLOOM_TRY(const auto end, follow_run(m_session, begun.id(), info.last_seq() + 1, handlers));
            there = m_runs.insert_or_assign(name, end).first;
            if (end.state() != v1::RUN_STATE_DONE) {
                m_outcome.failures.push_back(
                    fmt::format("{} (run {}): {}", name, end.id(), end.reason().empty() ? unnamed_reason : end.reason()));
                m_options.say(m_outcome.failures.back());
                return {};
            }
            m_options.say(fmt::format("{}: run {}, test perplexity {:.3f}, {:.0f} s, {:.1f} MB on the wire", name, end.id(),
                end.test_perplexity(), double(end.finished_ms() - end.created_ms()) / 1000.0,
                double(end.bytes_down() + end.bytes_up()) / 1e6));
        }
        m_done[{row.row.name, seed}] = there->second.id();
        return evaluate(row, seed, there->second.id());
    }

    Result<v1::Run> begin(const std::string& name, const v1::Run* there)
    {
        if (there == nullptr) {
            v1::StartRunRequest request;
            request.set_preset(m_outcome.results.study.preset);
            request.set_name(name);
            for (const auto& one : m_settings[name]) request.add_set(one);
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
        row.cells.push_back(std::move(cell));
        return {};
    }

    Result<void> gather()
    {
        std::vector<std::int64_t> ids;
        for (const auto& [row, id] : m_done)
            if (id != 0) ids.push_back(id);
        PATHLOOM_TRY(auto records, fetch_records(m_session, ids));
        for (auto& record : records) m_outcome.results.runs[record.id] = std::move(record);
        return m_options.keep(m_outcome.results);
    }

    Session& m_session;
    const StudyOptions& m_options;
    StudyOutcome m_outcome;
    std::map<std::string, v1::Run> m_runs;  ///< of the project, by name
    std::map<std::string, std::vector<std::string>> m_settings;  ///< by run name
    std::map<std::pair<std::string, std::uint64_t>, std::int64_t> m_done;  ///< run by row and seed; 0 = not done
};

}  // namespace

Result<StudyOutcome> run_study(Session& session, const Study& study, const StudyOptions& options)
{
    return Driver(session, study, options).run();
}

}  // namespace pathloom
