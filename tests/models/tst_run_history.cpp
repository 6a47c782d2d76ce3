// SPDX-License-Identifier: GPL-3.0-or-later
// The fold over the event log.
#include "tests/models/tst_run_history.h"

#include "pathloom/v1/events.pb.h"
#include "widgets/models/run_history.h"

#include <QTest>

#include <functional>

namespace pathloom {
namespace {

/// Writes events with rising sequence numbers, 1 s apart from t = 1000 ms.
class Log {
public:
    using Fill = std::function<void(v1::Event&)>;
    v1::Event add(qint64 run, const Fill& fill)
    {
        v1::Event event;
        event.set_seq(++m_seq);
        event.set_time_ms(1000 * m_seq);
        event.set_run(run);
        fill(event);
        history.apply(event);
        return event;
    }
    v1::Event join(qint64 worker)
    {
        return add(0, [&](v1::Event& e) {
            e.mutable_worker_joined()->set_worker(worker);
            e.mutable_worker_joined()->set_name("w" + std::to_string(worker));
        });
    }
    v1::Event create(qint64 run)
    {
        return add(run, [](v1::Event& e) { e.mutable_run_created()->set_name("first"); });
    }
    v1::Event activity(qint64 worker, v1::Activity activity, const std::string& task)
    {
        return add(0, [&](v1::Event& e) {
            e.mutable_worker_activity()->set_worker(worker);
            e.mutable_worker_activity()->set_activity(activity);
            e.mutable_worker_activity()->set_task(task);
        });
    }
    v1::Event gone(qint64 worker, const std::string& reason)
    {
        return add(0, [&](v1::Event& e) {
            e.mutable_worker_gone()->set_worker(worker);
            e.mutable_worker_gone()->set_reason(reason);
        });
    }
    v1::Event plan(qint64 run)
    {
        return add(run, [](v1::Event& e) {
            auto* plan = e.mutable_run_planned();
            plan->set_phases(3);
            plan->set_tau(5);
            plan->set_warm_steps(4);
            for (const char* name : {"embed", "level0", "head"}) plan->add_columns()->set_name(name);
            const std::pair<const char*, int> modules[] = {{"embed.0", 0}, {"level0.0", 1}, {"level0.1", 1}, {"head.0", 2}};
            for (const auto& [name, column] : modules) {
                auto* module = plan->add_modules();
                module->set_name(name);
                module->set_column(column);
            }
            for (const int path : {0, 1}) {
                plan->mutable_modules(0)->add_paths(path);
                plan->mutable_modules(1 + path)->add_paths(path);
                plan->mutable_modules(3)->add_paths(path);
                auto* info = plan->add_paths();
                info->set_path(path);
                for (const int module : {0, 1 + path, 3}) info->add_modules(module);
            }
        });
    }
    ProjectHistory history;

private:
    qint64 m_seq = 0;
};

/// "idle 1000-2000, compute 2000-0 train path 1 phase 2"
QString spans(const WorkerLane& lane)
{
    static const char* const names[] = {"idle", "download", "compute", "upload", "lost"};
    QStringList parts;
    for (const WorkerSpan& span : lane.spans)
        parts.append(QStringLiteral("%1 %2-%3 %4")
                         .arg(QLatin1String(names[int(span.kind)]))
                         .arg(span.beginMs)
                         .arg(span.endMs)
                         .arg(span.task)
                         .trimmed());
    return parts.join(QStringLiteral(", "));
}

}  // namespace

void TestRunHistory::plansAndStepsAreFolded()
{
    Log log;
    log.create(1);
    log.plan(1);
    log.add(1, [](v1::Event& e) {
        e.mutable_shards()->add_domains("prose");
        e.mutable_shards()->add_domains("code");
        auto* shard = e.mutable_shards()->add_shards();
        shard->set_path(1);
        shard->set_sequences(7);
        shard->add_by_domain(3);
        shard->add_by_domain(4);
    });
    log.add(1, [](v1::Event& e) {
        auto* c = e.mutable_contribution();
        c->set_module("level0.1");
        c->set_path(1);
        c->set_phase(0);
        c->set_received(1);
        c->set_expected(1);
        c->set_worker(9);
    });
    const RunHistory& run = log.history.runs.at(1);
    QCOMPARE(run.columns.size(), std::size_t(3));
    QCOMPARE(run.columns[1].modules, (QVector<int>{1, 2}));
    QCOMPARE(run.paths[1].modules, (QVector<int>{0, 2, 3}));
    QCOMPARE(run.paths[1].byDomain, (QVector<qint64>{3, 4}));
    QCOMPARE(run.domains, (QStringList{QStringLiteral("prose"), QStringLiteral("code")}));
    QCOMPARE(run.modules[2].received, 1);
    QCOMPARE(run.moduleLanes[2].ticks.size(), std::size_t(1));
    QCOMPARE(run.moduleLanes[2].ticks[0].worker, qint64(9));
    log.add(1, [](v1::Event& e) {
        auto* s = e.mutable_module_stepped();
        s->set_module("level0.1");
        s->set_version(1);
        s->set_gradient_norm(0.5);
        s->set_seconds(0.25);
        s->add_paths(1);
        s->add_path_norms(0.75);
    });
    QCOMPARE(run.modules[2].version, 1);
    QCOMPARE(run.modules[2].received, 0);
    QCOMPARE(run.modules[2].pathNorms, (QVector<double>{0.75}));
    QCOMPARE(run.moduleLanes[2].steps[0].endMs - run.moduleLanes[2].steps[0].beginMs, qint64(250));
    QCOMPARE(run.modules[0].version, 0);
}

void TestRunHistory::replayedEventsAreIgnored()
{
    Log log;
    log.create(1);
    log.plan(1);
    const v1::Event lost = log.add(1, [](v1::Event& e) {
        e.mutable_task_lost()->set_task("1/train/0/0");
        e.mutable_task_lost()->set_worker(4);
    });
    QCOMPARE(log.history.runs.at(1).faults, qint64(1));
    log.history.apply(lost);
    QCOMPARE(log.history.runs.at(1).faults, qint64(1));
    QCOMPARE(log.history.lastSeq, qint64(3));
}

void TestRunHistory::activityStartsAndEndsSpans()
{
    Log log;
    log.create(1);  // 1000
    log.join(5);  // 2000
    log.activity(5, v1::ACTIVITY_DOWNLOAD, "1/train/2/1");  // 3000
    log.activity(5, v1::ACTIVITY_COMPUTE, "1/train/2/1");  // 4000
    log.activity(5, v1::ACTIVITY_COMPUTE, "1/train/2/1");  // 5000: the same, no new bar
    log.activity(5, v1::ACTIVITY_IDLE, "");  // 6000
    const QString expected = QStringLiteral(
        "idle 2000-3000, download 3000-4000 train path 1 phase 2, compute 4000-6000 train path 1 phase 2, idle 6000-0");
    QCOMPARE(spans(log.history.workers.at(0)), expected);
    QCOMPARE(spans(log.history.runs.at(1).workers.at(0)), expected);
    log.create(2);  // 7000: a second run sees the worker busy with the first as idle
    log.activity(5, v1::ACTIVITY_COMPUTE, "1/train/3/0");  // 8000
    QCOMPARE(spans(log.history.runs.at(2).workers.at(0)), QStringLiteral("idle 7000-0"));
    log.add(1, [](v1::Event& e) { e.mutable_run_state()->set_state(v1::RUN_STATE_DONE); });  // 9000
    QVERIFY(spans(log.history.runs.at(1).workers.at(0)).endsWith(QStringLiteral("compute 8000-9000 train path 0 phase 3")));
}

void TestRunHistory::aLostTaskTurnsItsSpanIntoLost()
{
    Log log;
    log.create(1);
    log.join(5);
    log.activity(5, v1::ACTIVITY_COMPUTE, "1/train/0/0");
    log.add(1, [](v1::Event& e) {
        e.mutable_task_lost()->set_task("1/train/0/0");
        e.mutable_task_lost()->set_worker(5);
        e.mutable_task_lost()->set_reason("lease expired");
    });
    QCOMPARE(spans(log.history.runs.at(1).workers.at(0)), QStringLiteral("idle 2000-3000, lost 3000-4000 train path 0 phase 0"));
    log.activity(5, v1::ACTIVITY_COMPUTE, "1/train/0/1");  // 5000
    log.add(1, [](v1::Event& e) {  // about a task it no longer holds: the open bar stays
        e.mutable_task_lost()->set_task("1/train/0/0");
        e.mutable_task_lost()->set_worker(5);
    });
    QVERIFY(spans(log.history.workers.at(0)).endsWith(QStringLiteral("compute 5000-0 train path 1 phase 0")));
    QCOMPARE(log.history.runs.at(1).faults, qint64(2));
}

void TestRunHistory::aKilledWorkerLosesItsOpenSpan()
{
    Log log;
    log.create(1);
    log.join(5);
    log.activity(5, v1::ACTIVITY_UPLOAD, "1/train/0/0");
    log.gone(5, "killed");
    const WorkerLane& lane = log.history.runs.at(1).workers.at(0);
    QCOMPARE(lane.spans.back().kind, WorkerBar::Lost);
    QCOMPARE(lane.spans.back().endMs, qint64(4000));
    QCOMPARE(lane.goneMs, qint64(4000));
    QCOMPARE(log.history.workers.at(0).goneReason, QStringLiteral("killed"));
    log.join(5);
    QCOMPARE(log.history.workers.at(0).goneMs, qint64(0));
    QCOMPARE(log.history.runs.at(1).workers.size(), std::size_t(1));
}

void TestRunHistory::aLeavingWorkerLosesNothing()
{
    Log log;
    log.create(1);
    log.join(5);
    log.activity(5, v1::ACTIVITY_UPLOAD, "1/train/0/0");
    log.gone(5, "drained");
    QCOMPARE(spans(log.history.workers.at(0)), QStringLiteral("idle 2000-3000, upload 3000-4000 train path 0 phase 0"));
}

void TestRunHistory::stageChangesCountTheirOwnTasks()
{
    Log log;
    log.create(1);
    log.plan(1);
    const auto stage = [&](const char* name, int units) {
        log.add(1, [&](v1::Event& e) {
            e.mutable_stage()->set_stage(name);
            e.mutable_stage()->set_units_total(units);
        });
    };
    const auto commit = [&](const char* name, int path, int phase) {
        log.add(1, [&](v1::Event& e) {
            auto* c = e.mutable_task_committed();
            c->set_stage(name);
            c->set_path(path);
            c->set_phase(phase);
            c->mutable_wire()->set_modules_down(100);
            c->mutable_wire()->set_deltas_up(20);
            c->mutable_wire()->set_modules_hit(1000);
        });
    };
    stage("warm", 1);
    commit("warm", 0, 0);
    QCOMPARE(log.history.runs.at(1).stageDone, 1);
    stage("train", 6);
    commit("train", 1, 0);
    commit("valid", 1, 0);
    const RunHistory& run = log.history.runs.at(1);
    QCOMPARE(run.stage, QStringLiteral("train"));
    QCOMPARE(run.stageUnits, 6);
    QCOMPARE(run.stageDone, 1);
    QCOMPARE(run.paths[1].phase, 1);
    QCOMPARE(run.paths[0].phase, 0);
    QCOMPARE(run.traffic.size(), std::size_t(3));
    QCOMPARE(run.traffic[0].bytes, qint64(120));
}

void TestRunHistory::aRepeatedTaskReplacesItsLosses()
{
    Log log;
    log.create(1);
    const auto points = [&](const char* stage, qint64 begin, std::initializer_list<float> losses) {
        log.add(1, [&](v1::Event& e) {
            e.mutable_train_points()->set_stage(stage);
            e.mutable_train_points()->set_path(0);
            e.mutable_train_points()->set_step_begin(begin);
            for (const float loss : losses) e.mutable_train_points()->add_losses(loss);
        });
    };
    points("warm", 0, {9, 8});
    points("train", 2, {7, 6});
    points("train", 4, {5});  // half of a task whose worker dies
    points("train", 4, {5, 4});  // done again from its first step
    const RunHistory& run = log.history.runs.at(1);
    QCOMPARE(run.warm.size(), std::size_t(2));
    QCOMPARE(run.paths[0].train.size(), std::size_t(4));
    QCOMPARE(run.paths[0].train.back().x, 5.0);
    QCOMPARE(run.paths[0].lastTrainLoss, 4.0);
}

void TestRunHistory::aDamagedContributionIsTakenBack()
{
    Log log;
    log.create(1);
    log.plan(1);
    log.add(1, [](v1::Event& e) { e.mutable_stage()->set_stage("train"); });
    log.add(1, [](v1::Event& e) {
        e.mutable_task_committed()->set_task("1/train/0/1/0");
        e.mutable_task_committed()->set_stage("train");
        e.mutable_task_committed()->set_path(1);
    });
    for (const char* name : {"embed.0", "level0.1"})
        log.add(1, [&](v1::Event& e) {
            e.mutable_contribution()->set_module(name);
            e.mutable_contribution()->set_path(1);
            e.mutable_contribution()->set_received(1);
        });
    const RunHistory& run = log.history.runs.at(1);
    QCOMPARE(run.paths[1].phase, 1);
    const auto damaged = [&](const char* task) {
        log.add(1, [&](v1::Event& e) {
            e.mutable_blob_damaged()->set_hash(std::string(64, 'a'));
            e.mutable_blob_damaged()->set_what("pseudo-gradient of path 1");
            e.mutable_blob_damaged()->set_task(task);
            if (*task) e.mutable_blob_damaged()->add_modules("embed.0");  // level0.1 has stepped meanwhile
        });
    };
    damaged("1/train/0/1/0");
    QCOMPARE(run.paths[1].phase, 0);
    QCOMPARE(run.stageDone, 0);
    QCOMPARE(run.faults, qint64(1));
    QCOMPARE(run.modules[0].received, 0);
    QCOMPARE(run.moduleLanes[0].ticks.size(), std::size_t(0));
    QCOMPARE(run.moduleLanes[2].ticks.size(), std::size_t(1));
    QCOMPARE(run.log.back().level, 1);
    QCOMPARE(run.log.back().text,
        QStringLiteral("The pseudo-gradient of path 1 was damaged on disk; train path 1 phase 0 part 0 is done again (blob "
                       "aaaaaaaaaaaa)"));
    damaged("");
    QCOMPARE(run.faults, qint64(1));
    QVERIFY(run.log.back().text.contains(QStringLiteral("was made again")));
}

void TestRunHistory::onlyTheTestSplitRoutedOnceIsTheResult()
{
    Log log;
    log.create(1);
    for (const auto& [split, route] : {std::pair{"test", "once"}, {"valid", "once"}, {"test", "64"}})
        log.add(1, [&](v1::Event& e) {
            e.mutable_eval_done()->set_split(split);
            e.mutable_eval_done()->set_route(route);
            e.mutable_eval_done()->set_result_json(std::string("{\"split\":\"") + split + "\",\"route\":\"" + route + "\"}");
        });
    QCOMPARE(log.history.runs.at(1).evalJson, QStringLiteral("{\"split\":\"test\",\"route\":\"once\"}"));
}

void TestRunHistory::linesAreNarrated()
{
    Log log;
    log.join(5);
    log.create(1);
    log.add(1, [](v1::Event& e) {
        e.mutable_task_lost()->set_task("1/train/3/2");
        e.mutable_task_lost()->set_worker(5);
        e.mutable_task_lost()->set_reason("worker killed");
    });
    log.add(1, [](v1::Event& e) {
        e.mutable_run_state()->set_state(v1::RUN_STATE_FAILED);
        e.mutable_run_state()->set_reason("disk full");
    });
    const auto& lines = log.history.runs.at(1).log;
    QCOMPARE(log.history.log.size(), std::size_t(1));
    QCOMPARE(lines.size(), std::size_t(3));
    QCOMPARE(lines[1].text, QStringLiteral("w5 lost train path 2 phase 3: worker killed"));
    QCOMPARE(lines[1].level, 1);
    QCOMPARE(lines[2].text, QStringLiteral("first failed: disk full"));
    QCOMPARE(lines[2].level, 2);
}

}  // namespace pathloom
