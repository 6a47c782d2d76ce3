// SPDX-License-Identifier: GPL-3.0-or-later
// What the tour does, step by step.
#include "app/main_window.h"
#include "app/tour.h"
#include "widgets/models/formats.h"
#include "widgets/theme/pane_frame.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/table.h"
#include "widgets/views/paths/path_canvas.h"
#include "widgets/views/paths/path_picture.h"
#include "widgets/views/results/results_pane.h"
#include "widgets/views/run_form/run_form.h"

#include <QDir>
#include <QDockWidget>
#include <QJsonArray>
#include <QJsonDocument>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSaveFile>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace pathloom {
namespace {

/// "training.tau=5" into a spec: JSON when it is JSON, else a string, as the engine reads it.
QJsonObject withOverride(const QJsonObject& spec, const QString& text)
{
    const auto cut = text.indexOf(QLatin1Char('='));
    const QString value = text.mid(cut + 1);
    const QJsonDocument parsed = QJsonDocument::fromJson(QStringLiteral("[%1]").arg(value).toUtf8());
    return withSpecValue(
        spec, text.left(cut), parsed.isArray() && !parsed.array().isEmpty() ? parsed.array().first() : QJsonValue(value));
}

}  // namespace

void Tour::addSteps()
{
    addOpening();
    addRuns();
    addWatching();
    addResults();
}

void Tour::addOpening()
{
    m_steps.push_back({tr("the window"), [this] { return m_window.isVisible(); },
        [this] {
            picture(QStringLiteral("welcome"));
            say(tr("opening %1").arg(m_plan.project));
            m_window.openFolder(m_plan.project);
        }});
    m_steps.push_back({tr("the engine to answer"),
        [this] {
            return m_window.session().client().isConnected() && m_corporaListed && m_runsListed
                && m_window.session().presets().rowCount() > 0;
        },
        [this] {
            say(tr("connected to engine %1").arg(m_window.session().client().facts().version));
            m_window.project().importSample();
        }});
    m_steps.push_back({tr("the sample corpus"), [this] { return m_sampleReady && m_window.session().corpora().rowCount() > 0; },
        [this] {
            m_window.applyLayout(QStringLiteral("inspect"));
            m_window.commands().trigger(QStringLiteral("view.corpora"));
            say(tr("the corpus is ready"));
        }});
    addPicture(QStringLiteral("corpora"), {});
}

void Tour::addRuns()
{
    m_steps.push_back({tr("the presets"), [] { return true; },
        [this] {
            QStringList known;
            for (const PresetRow& preset : m_window.session().presets().presets()) known.append(preset.name);
            for (const QString& preset : m_plan.presets)
                if (!known.contains(preset)) {
                    fail(tr("the engine has no preset \"%1\"; it has %2").arg(preset, known.join(QStringLiteral(", "))));
                    return;
                }
            m_form = m_window.newRun();
            connect(m_form, &QObject::destroyed, this, [this] { m_form = nullptr; });
            connect(m_form, &RunForm::started, this, [this](qint64 run) { m_runs.append(run); });
            connect(m_form, &RunForm::estimateChanged, this, &Tour::check);
            connect(m_form, &RunForm::refused, this,
                [this](const QString& message) { fail(tr("the run form refuses the settings: %1").arg(message)); });
            m_form->choosePreset(m_plan.presets.first());
        }});
    m_steps.push_back({tr("the estimate"), [this] { return m_form && m_form->isEstimated(); },
        [this] {
            QJsonObject spec = m_form->spec();
            for (const QString& text : m_plan.set) spec = withOverride(spec, text);
            auto* json = m_form->findChild<QPlainTextEdit*>(QStringLiteral("run_form.json"));
            if (spec != m_form->spec()) json->setPlainText(QString::fromUtf8(QJsonDocument(spec).toJson()));
        }});
    m_steps.push_back({tr("the run form to accept the settings"), [this] { return m_form && m_form->isEstimated(); },
        [this] {
            picture(QStringLiteral("run-form"), m_form);
            m_form->findChild<QPushButton*>(QStringLiteral("run_form.start"))->click();
        }});
    m_steps.push_back({tr("the first run to start"), [this] { return !m_runs.isEmpty(); },
        [this] {
            m_window.applyLayout(QStringLiteral("train"));
            m_window.session().showRun(m_runs.first());
        }});
}

/// The runs share the workers, and the first one is in the pictures: it gets them to itself until it is half-way.
void Tour::startNext()
{
    if (m_starting || m_runs.size() >= m_plan.presets.size()) return;
    m_starting = true;
    StartOrder order;
    order.preset = m_plan.presets[m_runs.size()];
    order.set = m_plan.set;
    m_window.session().client().startRun(this, order, [this, preset = order.preset](const Result<RunRow>& run) {
        m_starting = false;
        if (!run) {
            fail(tr("%1 could not be started: %2").arg(preset, QString::fromStdString(run.error().message)));
            return;
        }
        m_runs.append(run->id);
        m_window.session().refreshRuns();
        startNext();
        check();
    });
}

const RunRow* Tour::watchedRun() const
{
    return m_runs.isEmpty() ? nullptr : m_window.session().runs().rowByKey(m_runs.first());
}

void Tour::addWatching()
{
    m_steps.push_back({tr("half of the first run's phases"),
        [this] {
            if (watchRuns()) return true;
            const RunRow* run = watchedRun();
            return run && run->phases > 0 && run->phase * 2 >= run->phases;
        },
        [this] {
            m_window.session().showRun(m_runs.first());
            m_window.commands().trigger(QStringLiteral("view.workers"));
            auto* paths = qobject_cast<PathPicture*>(m_window.pane(QStringLiteral("paths")));
            const RunHistory* run = m_window.session().shownHistory();
            if (!paths || !run || run->paths.empty()) return;
            const auto widest = std::max_element(run->paths.begin(), run->paths.end(),
                [](const PathState& a, const PathState& b) { return a.sequences < b.sequences; });
            paths->canvas()->pinPath(widest->path, false);
        }});
    addPicture(QStringLiteral("monitor"), [this] { m_window.setTheme(QStringLiteral("dark"), false); });
    addPicture(QStringLiteral("monitor-dark"), [this] {
        m_window.setTheme(QStringLiteral("light"), false);
        m_window.commands().trigger(QStringLiteral("view.runs"));
        startNext();
    });
    m_steps.push_back({tr("every run to be done and scored"), [this] { return watchRuns(); }, {}});
}

/// A picture of the window once it has been laid out and painted anew, then `after`.
void Tour::addPicture(const QString& name, std::function<void()> after)
{
    // Two turns of the timer: what was shown or moved before has its final size and content by then.
    auto turns = std::make_shared<int>(0);
    m_steps.push_back({tr("the window to settle"), [turns] { return ++*turns > 2; },
        [this, name, after = std::move(after)] {
            picture(name);
            if (after) after();
        }});
}

bool Tour::watchRuns()
{
    const Session& session = m_window.session();
    bool all = m_runs.size() == m_plan.presets.size();
    QStringList progress;
    for (const qint64 id : std::as_const(m_runs)) {
        const auto found = session.history().runs.find(id);
        if (found == session.history().runs.end()) return false;
        const RunHistory& run = found->second;
        if (run.state == int(RunPhase::Failed) || run.state == int(RunPhase::Stopped)) {
            fail(tr("run %1 (%2) did not finish: %3")
                     .arg(id)
                     .arg(run.preset, run.reason.isEmpty() ? tr("it was stopped") : run.reason));
            return false;
        }
        const bool done = run.state == int(RunPhase::Done);
        const bool scored = parseEval(run.evalJson).has_value();
        int phase = run.phases;
        for (const PathState& path : run.paths) phase = std::min(phase, path.phase);
        progress.append(done && scored
                ? tr("%1 done").arg(run.preset)
                : tr("%1 %2 %3/%4").arg(run.preset, run.stage).arg(run.paths.empty() ? 0 : phase).arg(run.phases));
        if (done && !scored && !m_scoring.contains(id)) {
            m_scoring.append(id);
            m_window.session().client().evalRun(this, id, QStringLiteral("test"), [this, id](const Result<QString>& result) {
                if (!result)
                    fail(tr("run %1 could not be scored: %2").arg(id).arg(QString::fromStdString(result.error().message)));
            });
        }
        all = all && done && scored;
    }
    if (!progress.isEmpty()) say(progress.join(QStringLiteral(", ")));
    return all;
}

void Tour::addResults()
{
    m_steps.push_back(
        {tr("the results table"), [this] { return m_window.session().results().rowCount() >= int(m_plan.presets.size()); },
            [this] {
                m_window.applyLayout(QStringLiteral("inspect"));
                m_window.commands().trigger(QStringLiteral("view.results"));
                if (auto* results = qobject_cast<ResultsPane*>(m_window.pane(QStringLiteral("results"))))
                    results->select(m_runs.first());
            }});
    const auto listed = [this] {
        for (const qint64 id : std::as_const(m_runs)) {
            const RunRow* run = m_window.session().runs().rowByKey(id);
            if (!run || run->state != RunPhase::Done) return false;
        }
        return true;
    };
    m_steps.push_back({tr("the run list"), listed, {}});
    addPicture(QStringLiteral("results"), [this] { writeResults(); });
    addLab();
}

bool Tour::isSettled(const QString& pane) const
{
    const auto state = m_window.pane(pane)->state();
    return state == PaneFrame::State::Content || state == PaneFrame::State::Error;
}

void Tour::writeResults()
{
    QVector<ResultRow> rows;
    for (const ResultRow& row : m_window.session().results().rows())
        if (m_runs.contains(row.run)) rows.append(row);
    const QString text = resultsText(rows);
    std::fwrite("\n", 1, 1, stdout);
    const QByteArray bytes = text.toUtf8();
    std::fwrite(bytes.constData(), 1, std::size_t(bytes.size()), stdout);
    std::fflush(stdout);
    QSaveFile file(QDir(m_plan.out).filePath(QStringLiteral("results.json")));
    if (!file.open(QIODevice::WriteOnly) || file.write(resultsJson(rows)) < 0 || !file.commit())
        fail(tr("%1 cannot be written: %2").arg(file.fileName(), file.errorString()));
}

}  // namespace pathloom
