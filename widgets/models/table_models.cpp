// SPDX-License-Identifier: GPL-3.0-or-later
// Column definitions of the tables.
#include "widgets/models/table_models.h"

#include "widgets/models/formats.h"

#include <QCoreApplication>

namespace pathloom {
namespace {

QString tr(const char* source)
{
    return QCoreApplication::translate("Tables", source);
}

template <class T>
QString orDash(T value, const QString& shown)
{
    return value == T{} ? noValue() : shown;
}

/// A column whose cell is a number: right-aligned and sorted by the number.
template <class Row, class Get, class Show>
TableColumn<Row> numberColumn(const QString& title, const QString& tip, Get get, Show show)
{
    TableColumn<Row> column;
    column.title = title;
    column.headerTip = tip;
    column.number = true;
    column.text = [get, show](const Row& row) { return show(get(row)); };
    column.sort = [get](const Row& row) { return QVariant(double(get(row))); };
    column.tip = [get, title](
                     const Row& row) { return QStringLiteral("%1: %2").arg(title, QString::number(double(get(row)), 'g', 15)); };
    return column;
}

QString count(double n)
{
    return countText(n);
}

QString bytes(double n)
{
    return n == 0 ? noValue() : bytesText(n);
}

}  // namespace

QString runStateName(RunPhase state)
{
    switch (state) {
    case RunPhase::Running:
        return tr("Running");
    case RunPhase::Stopped:
        return tr("Stopped");
    case RunPhase::Done:
        return tr("Done");
    case RunPhase::Failed:
        return tr("Failed");
    default:
        return tr("Unknown");
    }
}

Tone runStateTone(RunPhase state)
{
    switch (state) {
    case RunPhase::Running:
        return Tone::Accent;
    case RunPhase::Stopped:
        return Tone::Warn;
    case RunPhase::Done:
        return Tone::Ok;
    case RunPhase::Failed:
        return Tone::Fail;
    default:
        return Tone::Muted;
    }
}

double runProgress(const RunRow& run)
{
    if (run.state == RunPhase::Done) return 1.0;
    return run.totalSteps > 0 ? std::clamp(double(run.step) / double(run.totalSteps), 0.0, 1.0) : 0.0;
}

QString runProgressText(const RunRow& run)
{
    if (run.state == RunPhase::Done) return tr("%1 phases").arg(run.phases);
    if (run.stage == QLatin1String("train")) return tr("phase %1 of %2").arg(run.phase).arg(run.phases);
    if (run.stage == QLatin1String("warm")) return tr("warm start");
    if (run.stage.isEmpty()) return tr("waiting");
    return run.stage;
}

QString workerStateName(const QString& state)
{
    if (state == QLatin1String("idle")) return tr("Idle");
    if (state == QLatin1String("download")) return tr("Download");
    if (state == QLatin1String("compute")) return tr("Compute");
    if (state == QLatin1String("upload")) return tr("Upload");
    if (state == QLatin1String("draining")) return tr("Draining");
    if (state == QLatin1String("lost")) return tr("Lost");
    if (state == QLatin1String("left")) return tr("Left");
    return state;
}

RunsModel::RunsModel(QObject* parent)
    : RowsModel<RunRow>(
        [] {
            QVector<TableColumn<RunRow>> c;
            c.append(numberColumn<RunRow>(
                tr("Id"), tr("Number of the run in this project"), [](const RunRow& r) { return r.id; },
                [](qint64 id) { return QString::number(id); }));
            c.append(textColumn<RunRow>(tr("Name"), tr("Name of the run"), [](const RunRow& r) { return r.name; }));
            auto state = textColumn<RunRow>(
                tr("State"), tr("Running, stopped, done or failed"), [](const RunRow& r) { return runStateName(r.state); });
            state.tip = [](const RunRow& r) { return r.reason.isEmpty() ? runStateName(r.state) : r.reason; };
            state.tone = [](const RunRow& r) { return runStateTone(r.state); };
            c.append(state);
            auto progress = textColumn<RunRow>(tr("Progress"), tr("Stage, and outer steps finished by every module"),
                [](const RunRow& r) { return runProgressText(r); });
            progress.share = [](const RunRow& r) { return runProgress(r); };
            progress.sort = [](const RunRow& r) { return QVariant(runProgress(r)); };
            progress.tip = [](const RunRow& r) { return tr("%1 of %2 inner steps a path").arg(r.step).arg(r.totalSteps); };
            c.append(progress);
            c.append(numberColumn<RunRow>(
                tr("Steps"), tr("Inner steps a path has finished"), [](const RunRow& r) { return r.step; },
                [](qint64 n) { return count(double(n)); }));
            c.append(numberColumn<RunRow>(
                tr("Train (nats)"), tr("Train loss: mean over paths of the last committed task, nats a token"),
                [](const RunRow& r) { return r.trainLoss; }, lossText));
            c.append(numberColumn<RunRow>(
                tr("Valid (nats)"), tr("Validation loss: token-weighted mean of the last one, nats a token"),
                [](const RunRow& r) { return r.validLoss; }, lossText));
            c.append(numberColumn<RunRow>(
                tr("Test ppl"), tr("Perplexity on the held-out test split, once scored"),
                [](const RunRow& r) { return r.testPerplexity; }, lossText));
            c.append(numberColumn<RunRow>(
                tr("Down"), tr("Bytes sent to workers"), [](const RunRow& r) { return r.bytesDown; },
                [](quint64 n) { return bytes(double(n)); }));
            c.append(numberColumn<RunRow>(
                tr("Up"), tr("Bytes received from workers"), [](const RunRow& r) { return r.bytesUp; },
                [](quint64 n) { return bytes(double(n)); }));
            auto faults = numberColumn<RunRow>(
                tr("Faults"), tr("Leases lost; their tasks went to another worker"), [](const RunRow& r) { return r.faults; },
                [](qint64 n) { return QString::number(n); });
            faults.tone = [](const RunRow& r) { return r.faults > 0 ? Tone::Warn : Tone::None; };
            c.append(faults);
            c.append(numberColumn<RunRow>(
                tr("Goodput"), tr("Committed compute time as a share of all leased time"),
                [](const RunRow& r) { return r.goodput; }, [](double g) { return g == 0 ? noValue() : percentText(g); }));
            c.append(
                textColumn<RunRow>(tr("Preset"), tr("Preset it was started from"), [](const RunRow& r) { return r.preset; }));
            auto created
                = textColumn<RunRow>(tr("Created"), tr("Local time"), [](const RunRow& r) { return dateText(r.createdMs); });
            created.sort = [](const RunRow& r) { return QVariant(double(r.createdMs)); };
            c.append(created);
            return c;
        }(),
        [](const RunRow& r) { return r.id; }, parent)
{
}

WorkersModel::WorkersModel(QObject* parent)
    : RowsModel<WorkerRow>(
        [] {
            QVector<TableColumn<WorkerRow>> c;
            c.append(textColumn<WorkerRow>(tr("Worker"), tr("Name of the worker"), [](const WorkerRow& r) { return r.name; }));
            auto state = textColumn<WorkerRow>(
                tr("State"), tr("What it is doing now"), [](const WorkerRow& r) { return workerStateName(r.state); });
            state.tone = [](const WorkerRow& r) {
                if (r.state == QLatin1String("lost")) return Tone::Fail;
                if (r.state == QLatin1String("draining")) return Tone::Warn;
                if (r.state == QLatin1String("idle") || r.state == QLatin1String("left")) return Tone::Muted;
                return Tone::Ok;
            };
            c.append(state);
            c.append(textColumn<WorkerRow>(tr("Task"), tr("run/stage/phase/path"),
                [](const WorkerRow& r) { return r.task.isEmpty() ? noValue() : r.task; }));
            c.append(numberColumn<WorkerRow>(
                tr("Tokens/s"), tr("Of its last committed task"), [](const WorkerRow& r) { return r.tokensPerSecond; },
                [](double n) { return n == 0 ? noValue() : countText(n); }));
            auto beat = numberColumn<WorkerRow>(
                tr("Heartbeat"), tr("Age of the last heartbeat"), [](const WorkerRow& r) { return r.heartbeatAgeMs; },
                [](qint64 ms) { return ageText(ms); });
            beat.tone = [](const WorkerRow& r) {
                const bool gone = r.state == QLatin1String("lost") || r.state == QLatin1String("left");
                return !gone && r.heartbeatAgeMs > 10'000 ? Tone::Fail : Tone::None;
            };
            c.append(beat);
            c.append(numberColumn<WorkerRow>(
                tr("Done"), tr("Tasks committed"), [](const WorkerRow& r) { return r.tasksDone; },
                [](qint64 n) { return QString::number(n); }));
            auto lost = numberColumn<WorkerRow>(
                tr("Lost"), tr("Leases lost"), [](const WorkerRow& r) { return r.tasksLost; },
                [](qint64 n) { return QString::number(n); });
            lost.tone = [](const WorkerRow& r) { return r.tasksLost > 0 ? Tone::Warn : Tone::None; };
            c.append(lost);
            c.append(numberColumn<WorkerRow>(
                tr("Down"), tr("Bytes it has downloaded"), [](const WorkerRow& r) { return r.bytesDown; },
                [](quint64 n) { return bytes(double(n)); }));
            c.append(numberColumn<WorkerRow>(
                tr("Up"), tr("Bytes it has uploaded"), [](const WorkerRow& r) { return r.bytesUp; },
                [](quint64 n) { return bytes(double(n)); }));
            c.append(textColumn<WorkerRow>(tr("Host"), tr("Machine and process"),
                [](const WorkerRow& r) { return QStringLiteral("%1 \u00b7 %2").arg(r.host).arg(r.pid); }));
            c.append(textColumn<WorkerRow>(
                tr("Instruction set"), tr("Results are bit-identical within one"), [](const WorkerRow& r) { return r.isa; }));
            return c;
        }(),
        [](const WorkerRow& r) { return r.id; }, parent)
{
}

CorporaModel::CorporaModel(QObject* parent)
    : RowsModel<CorpusRow>(
        [] {
            QVector<TableColumn<CorpusRow>> c;
            c.append(textColumn<CorpusRow>(tr("Corpus"), tr("Name of the corpus"), [](const CorpusRow& r) { return r.name; }));
            c.append(numberColumn<CorpusRow>(
                tr("Documents"), tr("Documents kept"), [](const CorpusRow& r) { return r.documents; },
                [](qint64 n) { return count(double(n)); }));
            c.append(numberColumn<CorpusRow>(
                tr("Tokens"), tr("Tokens of all splits"), [](const CorpusRow& r) { return r.tokens; },
                [](qint64 n) { return count(double(n)); }));
            c.append(numberColumn<CorpusRow>(
                tr("Text"), tr("Bytes of UTF-8 text"), [](const CorpusRow& r) { return r.bytes; },
                [](qint64 n) { return bytes(double(n)); }));
            c.append(numberColumn<CorpusRow>(
                tr("Domains"), tr("Domains in it"), [](const CorpusRow& r) { return r.domains.size(); },
                [](qsizetype n) { return QString::number(n); }));
            auto rejected = numberColumn<CorpusRow>(
                tr("Rejected"), tr("Files that could not be read"), [](const CorpusRow& r) { return r.rejected.size(); },
                [](qsizetype n) { return QString::number(n); });
            rejected.tone = [](const CorpusRow& r) { return r.rejected.isEmpty() ? Tone::None : Tone::Warn; };
            c.append(rejected);
            return c;
        }(),
        [](const CorpusRow& r) { return qint64(qHash(r.name)); }, parent)
{
}

DomainsModel::DomainsModel(QObject* parent)
    : RowsModel<DomainRow>(
        [this] {
            QVector<TableColumn<DomainRow>> c;
            c.append(textColumn<DomainRow>(tr("Domain"), tr("Name of the domain"), [](const DomainRow& r) { return r.name; }));
            auto share = textColumn<DomainRow>(tr("Share of tokens"), tr("Part of the corpus's tokens"),
                [this](const DomainRow& r) { return percentText(double(r.tokens) / m_tokens); });
            share.share = [this](const DomainRow& r) { return double(r.tokens) / m_tokens; };
            share.sort = [](const DomainRow& r) { return QVariant(double(r.tokens)); };
            c.append(share);
            c.append(numberColumn<DomainRow>(
                tr("Documents"), tr("Documents kept"), [](const DomainRow& r) { return r.documents; },
                [](qint64 n) { return count(double(n)); }));
            c.append(numberColumn<DomainRow>(
                tr("Tokens"), tr("Tokens of all splits"), [](const DomainRow& r) { return r.tokens; },
                [](qint64 n) { return count(double(n)); }));
            c.append(numberColumn<DomainRow>(
                tr("Text"), tr("Bytes of UTF-8 text"), [](const DomainRow& r) { return r.bytes; },
                [](qint64 n) { return bytes(double(n)); }));
            return c;
        }(),
        [](const DomainRow& r) { return qint64(qHash(r.name)); }, parent)
{
}

void DomainsModel::setDomains(const QVector<DomainRow>& domains)
{
    double tokens = 0;
    for (const DomainRow& domain : domains) tokens += double(domain.tokens);
    const bool rescaled = tokens != m_tokens;
    m_tokens = std::max(1.0, tokens);
    setRows(domains);
    if (rescaled && !m_rows.isEmpty()) Q_EMIT dataChanged(index(0, Share), index(int(m_rows.size()) - 1, Share));
}

RejectedModel::RejectedModel(QObject* parent)
    : RowsModel<RejectedRow>(
        [] {
            QVector<TableColumn<RejectedRow>> c;
            c.append(textColumn<RejectedRow>(
                tr("File"), tr("Path on the engine's machine"), [](const RejectedRow& r) { return r.path; }));
            c.append(
                textColumn<RejectedRow>(tr("Reason"), tr("Why it was left out"), [](const RejectedRow& r) { return r.reason; }));
            return c;
        }(),
        [](const RejectedRow& r) { return qint64(qHash(r.path)); }, parent)
{
}

PresetsModel::PresetsModel(QObject* parent)
    : QAbstractListModel(parent)
{
}

void PresetsModel::setPresets(QVector<PresetRow> presets)
{
    if (presets == m_presets) return;
    beginResetModel();
    m_presets = std::move(presets);
    endResetModel();
}

int PresetsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_presets.size());
}

QVariant PresetsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const PresetRow& preset = m_presets[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        return preset.title.isEmpty() ? preset.name : preset.title;
    case Qt::ToolTipRole:
    case DescriptionRole:
        return preset.description;
    case NameRole:
        return preset.name;
    case SpecRole:
        return preset.specJson;
    default:
        return {};
    }
}

}  // namespace pathloom
