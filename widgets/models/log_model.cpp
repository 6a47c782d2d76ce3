// SPDX-License-Identifier: GPL-3.0-or-later
// LogModel and its filter.
#include "widgets/models/log_model.h"

#include "widgets/models/formats.h"
#include "widgets/models/rows_model.h"

#include <algorithm>

namespace pathloom {
namespace {

QString levelName(int level)
{
    switch (level) {
    case 1:
        return LogModel::tr("Warning");
    case 2:
        return LogModel::tr("Error");
    default:
        return LogModel::tr("Info");
    }
}

}  // namespace

LogModel::LogModel(QObject* parent)
    : QAbstractTableModel(parent)
{
}

void LogModel::clear()
{
    beginResetModel();
    m_lines.clear();
    m_lastSeq = 0;
    endResetModel();
}

void LogModel::sync(const ProjectHistory& history)
{
    QVector<Line> fresh;
    const auto take = [&](const std::vector<LogEntry>& log, qint64 run, const QString& name) {
        const auto first = std::upper_bound(
            log.begin(), log.end(), m_lastSeq, [](qint64 seq, const LogEntry& entry) { return seq < entry.seq; });
        for (auto it = first; it != log.end(); ++it) fresh.append({*it, run, name});
    };
    take(history.log, 0, {});
    for (const auto& [id, run] : history.runs) take(run.log, id, run.name);
    m_lastSeq = std::max(m_lastSeq, history.lastSeq);
    if (fresh.isEmpty()) return;
    std::sort(fresh.begin(), fresh.end(), [](const Line& a, const Line& b) { return a.entry.seq < b.entry.seq; });
    if (fresh.size() > limit) fresh = fresh.last(limit);
    if (m_lines.size() + fresh.size() > limit) {
        const int drop = std::min(int(m_lines.size()), std::max(limit / 5, int(m_lines.size() + fresh.size()) - limit));
        if (drop > 0) {
            beginRemoveRows({}, 0, drop - 1);
            m_lines.remove(0, drop);
            endRemoveRows();
        }
    }
    const int first = int(m_lines.size());
    beginInsertRows({}, first, first + int(fresh.size()) - 1);
    m_lines.append(fresh);
    endInsertRows();
}

QString LogModel::lineText(int row) const
{
    const Line& line = m_lines[row];
    return QStringLiteral("%1 %2 [%3] %4")
        .arg(clockText(line.entry.timeMs), levelName(line.entry.level),
            line.run == 0 ? QStringLiteral("engine") : QStringLiteral("run %1").arg(line.run), line.entry.text);
}

int LogModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_lines.size());
}

int LogModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : 4;
}

QVariant LogModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Line& line = m_lines[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Time:
            return clockText(line.entry.timeMs);
        case Level:
            return levelName(line.entry.level);
        case Run:
            return line.run == 0 ? tr("engine") : line.runName;
        default:
            return line.entry.text;
        }
    case Qt::ToolTipRole:
        return index.column() == Time ? tr("Event %1").arg(line.entry.seq) : line.entry.text;
    case Qt::TextAlignmentRole:
        return int(Qt::AlignLeft | Qt::AlignVCenter);
    case LevelRole:
        return line.entry.level;
    case WorkerRole:
        return line.entry.worker;
    default:
        return {};
    }
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return int(Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Level:
        return tr("Level");
    case Run:
        return tr("Run");
    default:
        return tr("Event");
    }
}

LogFilter::LogFilter(QObject* parent)
    : QSortFilterProxyModel(parent)
{
}

void LogFilter::setMinimumLevel(int level)
{
    if (level == m_level) return;
    m_level = level;
    invalidateFilter();
}

void LogFilter::setWorker(qint64 worker)
{
    if (worker == m_worker) return;
    m_worker = worker;
    invalidateFilter();
}

void LogFilter::setWords(const QString& words)
{
    if (words == m_words) return;
    m_words = words;
    invalidateFilter();
}

bool LogFilter::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    const QModelIndex text = sourceModel()->index(row, LogModel::Text, parent);
    if (text.data(LogModel::LevelRole).toInt() < m_level) return false;
    if (m_worker != 0 && text.data(LogModel::WorkerRole).toLongLong() != m_worker) return false;
    return m_words.isEmpty() || text.data().toString().contains(m_words, Qt::CaseInsensitive)
        || text.siblingAtColumn(LogModel::Run).data().toString().contains(m_words, Qt::CaseInsensitive);
}

}  // namespace pathloom
