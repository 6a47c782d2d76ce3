// SPDX-License-Identifier: GPL-3.0-or-later
// What a committed or lost task changes: rows and events first (write_*), then memory (apply_*).
#include "engine/server/event_hub.h"
#include "engine/server/run_controller.h"

#include <cmath>

namespace pathloom {

Result<void> RunController::check_result(const TaskKey& key, const v1::TaskResult& result, BlobStore& blobs) const
{
    auto present = [&](const std::string& hash, const char* what) -> Result<void> {
        if (hash.empty() || !blobs.has(hash)) return fail(ErrorCode::Corrupt, "the result's {} never arrived", what);
        return {};
    };
    switch (key.stage) {
    case Stage::Warm:
    case Stage::Train: {
        const auto& columns = (key.stage == Stage::Warm ? m_plan.warm : m_plan.topology).columns;
        if (result.deltas_size() != int(columns.size()))
            return fail(ErrorCode::Corrupt, "{} pseudo-gradients for {} columns", result.deltas_size(), columns.size());
        for (int i = 0; i < result.deltas_size(); ++i) {
            if (result.deltas(i).name() != columns[std::size_t(i)].name)
                return fail(ErrorCode::Corrupt, "pseudo-gradient {} is of column '{}'", i, result.deltas(i).name());
            PATHLOOM_CHECK(present(result.deltas(i).delta_hash(), "pseudo-gradient"));
        }
        PATHLOOM_CHECK(present(result.inner_state_hash(), "inner optimiser state"));
        const int steps = key.stage == Stage::Warm ? warm_task_steps(m_plan.spec.training, key.phase) : m_plan.spec.training.tau;
        if (result.losses_size() != steps) return fail(ErrorCode::Corrupt, "{} losses for {} steps", result.losses_size(), steps);
        for (int i = 0; i < steps; ++i)
            if (!std::isfinite(result.losses(i)))
                return fail(ErrorCode::Failed,
                    "the loss of path {} is not a number after {} steps of phase {}; lower training.lr", key.path, i, key.phase);
        return {};
    }
    case Stage::Features:
    case Stage::WindowFeatures:
        return present(result.features_hash(), "features");
    case Stage::Discriminate:
    case Stage::Windows:
    case Stage::TokenRouter:
        return present(result.rows_hash(), "scores");
    case Stage::Valid:
    case Stage::Slice:
    case Stage::Test:
    case Stage::ValidFull:
        for (const v1::DomainScore& score : result.scores())
            if (score.domain() < 0 || score.domain() >= int(m_plan.table.domains.size()) || !std::isfinite(score.nll()))
                return fail(ErrorCode::Failed, "path {} scored a domain {} with nll {}; lower training.lr", key.path,
                    score.domain(), score.nll());
        return {};
    case Stage::Routing:
    case Stage::Done:
        break;
    }
    return fail(ErrorCode::Usage, "stage '{}' has no tasks", stage_name(key.stage));
}

namespace {
std::int64_t step_after(const RunPlan& plan, const TaskKey& key)
{
    const TrainingSpec& training = plan.spec.training;
    if (key.stage == Stage::Warm) return std::int64_t(key.phase) * training.tau + warm_task_steps(training, key.phase);
    return training.warm_start_steps + std::int64_t(key.phase + (key.stage == Stage::Train ? 1 : 0)) * training.tau;
}

std::int64_t first_step(const RunPlan& plan, const TaskKey& key)
{
    const TrainingSpec& training = plan.spec.training;
    return key.stage == Stage::Warm ? std::int64_t(key.phase) * training.tau
                                    : training.warm_start_steps + std::int64_t(key.phase) * training.tau;
}

/// Mean nll over all domains.
ValidPointRow valid_point(const RunPlan& plan, const TaskKey& key, const v1::TaskResult& result)
{
    ValidPointRow point;
    point.path = key.path;
    point.phase = key.phase;
    point.step = step_after(plan, key);
    double nll = 0;
    for (const v1::DomainScore& score : result.scores()) {
        nll += score.nll();
        point.tokens += score.tokens();
    }
    point.nll = point.tokens > 0 ? nll / double(point.tokens) : 0.0;
    return point;
}

bool keeps_scores(Stage stage)
{
    return stage == Stage::Discriminate || stage == Stage::Windows || stage == Stage::WindowFeatures
        || stage == Stage::TokenRouter;
}
const std::string& scores_hash(const v1::TaskResult& result)
{
    return result.rows_hash().empty() ? result.features_hash() : result.rows_hash();
}

/// What a row keeps of a result: its blobs have rows of their own, and must not outlive them.
v1::TaskResult without_blobs(v1::TaskResult result)
{
    result.clear_deltas();
    result.clear_inner_state_hash();
    result.clear_features_hash();
    result.clear_rows_hash();
    return result;
}
}  // namespace

Result<void> RunController::write_commit(Project& project, const TaskKey& key, const v1::TaskResult& result, std::int64_t worker,
    std::int64_t fence, std::int64_t now_ms, double leased_seconds, std::vector<v1::Event>& events) const
{
    TaskCommitRow row;
    row.task = task_id(m_row.id, key);
    row.stage = stage_name(key.stage);
    row.path = key.path;
    row.phase = key.phase;
    row.chunk = key.chunk;
    row.worker = worker;
    row.fence = fence;
    row.result = without_blobs(result).SerializeAsString();
    row.time_ms = now_ms;
    row.leased_seconds = leased_seconds;
    PATHLOOM_CHECK(project.insert_task_commit(m_row.id, row));

    v1::Event committed = make_event(m_row.id, now_ms);
    auto* body = committed.mutable_task_committed();
    body->set_task(row.task);
    body->set_stage(row.stage);
    body->set_path(key.path);
    body->set_phase(key.phase);
    body->set_worker(worker);
    body->set_compute_seconds(result.compute_seconds());
    body->set_tokens(result.tokens());
    *body->mutable_wire() = result.wire();
    events.push_back(std::move(committed));

    if (key.stage == Stage::Features)
        return project.set_asset(m_row.id, fmt::format("features.{}", key.chunk), result.features_hash());
    if (keeps_scores(key.stage)) return project.set_asset(m_row.id, scores_asset(key), scores_hash(result));
    if (key.stage == Stage::Valid) {
        const ValidPointRow point = valid_point(m_plan, key, result);
        PATHLOOM_CHECK(project.insert_valid_point(m_row.id, point));
        v1::Event event = make_event(m_row.id, now_ms);
        auto* valid = event.mutable_valid_point();
        valid->set_path(point.path);
        valid->set_phase(point.phase);
        valid->set_step(point.step);
        valid->set_nll(point.nll);
        valid->set_tokens(point.tokens);
        events.push_back(std::move(event));
    }
    if (key.stage != Stage::Warm && key.stage != Stage::Train) return {};

    PATHLOOM_CHECK(
        write_points(project, key, first_step(m_plan, key), {result.losses().begin(), result.losses().end()}, now_ms, events));
    const bool warm = key.stage == Stage::Warm;
    PATHLOOM_CHECK(project.set_checkpoint(
        m_row.id, {row.stage, key.path, key.phase + 1, step_after(m_plan, key), result.inner_state_hash()}));
    for (int column = 0; column < result.deltas_size(); ++column) {
        const int module = warm ? column : m_plan.topology.path_modules[std::size_t(key.path)][std::size_t(column)];
        const std::string& name = (warm ? m_plan.warm : m_plan.topology).modules[std::size_t(module)].name;
        PATHLOOM_CHECK(
            project.insert_contribution(m_row.id, {row.stage, name, key.phase, key.path, result.deltas(column).delta_hash()}));
        // Done again for a module that has stepped already, it is kept but counts no second time.
        if (warm || m_facts.module_versions[std::size_t(module)] != key.phase) continue;
        const ContributionCount count = contributions(m_shape, m_facts, module);
        v1::Event event = make_event(m_row.id, now_ms);
        auto* contribution = event.mutable_contribution();
        contribution->set_module(name);
        contribution->set_phase(key.phase);
        contribution->set_path(key.path);
        contribution->set_received(count.received + 1);
        contribution->set_expected(count.expected);
        contribution->set_worker(worker);
        events.push_back(std::move(event));
    }
    return {};
}

void RunController::apply_commit(const TaskKey& key, const v1::TaskResult& result, double leased_seconds)
{
    pathloom::commit(m_shape, m_facts, key);
    if (key.stage == Stage::Features) m_assets[fmt::format("features.{}", key.chunk)] = result.features_hash();
    if (keeps_scores(key.stage)) m_assets[scores_asset(key)] = scores_hash(result);
    if (key.stage == Stage::Slice) keep_slice(key, result);
    if (key.stage == Stage::Valid) m_valid[key.phase][key.path] = valid_point(m_plan, key, result);
    if (key.stage == Stage::Warm || key.stage == Stage::Train) {
        apply_points(key, first_step(m_plan, key), {result.losses().begin(), result.losses().end()});
        const std::string stage = stage_name(key.stage);
        auto& checkpoints = m_checkpoints[{stage, key.path}];
        checkpoints[key.phase + 1] = {stage, key.path, key.phase + 1, step_after(m_plan, key), result.inner_state_hash()};
        while (checkpoints.size() > 2) checkpoints.erase(checkpoints.begin());  // the newest, and the one it began from
        for (int column = 0; column < result.deltas_size(); ++column) {
            if (key.stage == Stage::Warm)
                m_warm_deltas[{column, key.phase}] = result.deltas(column).delta_hash();
            else
                m_deltas[{m_plan.topology.path_modules[std::size_t(key.path)][std::size_t(column)], key.phase}][key.path]
                    = result.deltas(column).delta_hash();
        }
        if (key.stage == Stage::Train && result.losses_size() > 0) m_last_loss[key.path] = *result.losses().rbegin();
    }
    add_traffic(key, result);
    m_leased_seconds += leased_seconds;
    published.erase(key);
    refresh();
}

Result<void> RunController::count_commits(Project& project)
{
    m_bytes_down = m_bytes_up = 0;
    m_compute_seconds = 0;
    m_traffic.clear();
    const auto lost = m_assets.find("lost_seconds");
    m_leased_seconds = lost == m_assets.end() ? 0.0 : std::atof(lost->second.c_str());
    PATHLOOM_TRY(const auto commits, project.task_commits(m_row.id));
    for (const TaskCommitRow& committed : commits) {
        const auto task = parse_task_id(committed.task);
        v1::TaskResult result;
        if (!task || !result.ParseFromString(committed.result))
            return fail(ErrorCode::Corrupt, "the commit of task '{}' cannot be read", committed.task);
        add_traffic(task->key, result);
        m_leased_seconds += committed.leased_seconds > 0 ? committed.leased_seconds : result.compute_seconds();
    }
    return {};
}

void RunController::keep_slice(const TaskKey& key, const v1::TaskResult& result)
{
    m_slices[key.path][key.phase] = valid_point(m_plan, key, result).nll;
}

void RunController::add_traffic(const TaskKey& key, const v1::TaskResult& result)
{
    const v1::WireBytes& wire = result.wire();
    m_bytes_down += wire.modules_down() + wire.inner_down() + wire.data_down() + wire.ahead_down();
    m_bytes_up += wire.deltas_up() + wire.inner_up() + wire.results_up();
    m_compute_seconds += result.compute_seconds();
    if (key.stage != Stage::Train) return;
    v1::PhaseTraffic& traffic = m_traffic[key.phase];
    traffic.set_phase(key.phase);
    traffic.set_measured(traffic.measured() + wire.modules_down() + wire.deltas_up());
    traffic.set_hits(traffic.hits() + wire.modules_hit());
    traffic.set_analytic(traffic.analytic() + std::uint64_t(m_plan.topology.path_parameters(key.path)) * 4 - wire.modules_hit()
        + std::uint64_t(m_plan.delta_bytes));
    traffic.set_inner_state(traffic.inner_state() + wire.inner_down() + wire.inner_up());
}

Result<void> RunController::write_points(Project& project, const TaskKey& key, std::int64_t step_begin,
    const std::vector<float>& losses, std::int64_t now_ms, std::vector<v1::Event>& events) const
{
    const std::string stage = stage_name(key.stage);
    const auto known = m_next_point.find({stage, key.path});
    const std::int64_t next = std::max(known == m_next_point.end() ? step_begin : known->second, step_begin);
    const std::int64_t end = step_begin + std::int64_t(losses.size());
    if (next >= end) return {};
    const std::vector<float> fresh(losses.begin() + std::ptrdiff_t(next - step_begin), losses.end());
    PATHLOOM_CHECK(project.insert_train_points(m_row.id, stage, key.path, next, fresh));
    v1::Event event = make_event(m_row.id, now_ms);
    auto* points = event.mutable_train_points();
    points->set_stage(stage);
    points->set_path(key.path);
    points->set_phase(key.phase);
    points->set_step_begin(next);
    points->mutable_losses()->Add(fresh.begin(), fresh.end());
    events.push_back(std::move(event));
    return {};
}

void RunController::apply_points(const TaskKey& key, std::int64_t step_begin, const std::vector<float>& losses)
{
    std::int64_t& next = m_next_point[{stage_name(key.stage), key.path}];
    next = std::max(next, step_begin + std::int64_t(losses.size()));
}

Result<void> RunController::note_fault(Project& project, double lost_seconds)
{
    ++m_faults;
    m_leased_seconds += lost_seconds;
    PATHLOOM_CHECK(project.set_asset(m_row.id, "faults", std::to_string(m_faults)));
    const auto before = m_assets.find("lost_seconds");
    const double total = (before == m_assets.end() ? 0.0 : std::atof(before->second.c_str())) + lost_seconds;
    m_assets["lost_seconds"] = fmt::format("{}", total);  // all digits: goodput must not change with a restart
    return project.set_asset(m_row.id, "lost_seconds", m_assets["lost_seconds"]);
}

}  // namespace pathloom
