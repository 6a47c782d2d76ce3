// SPDX-License-Identifier: GPL-3.0-or-later
// The event log as lines: engine-wide and of every run, in the order they happened; and the filter over it.
#pragma once

#include "widgets/models/run_history.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

namespace pathloom {

class LogModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Level, Run, Text };
    enum Role { LevelRole = Qt::UserRole + 1, WorkerRole, RunRole };
    static constexpr int limit = 50'000;  ///< lines kept; the oldest fifth goes first

    explicit LogModel(QObject* parent = nullptr);
    /// Take over the lines of `history` that are newer than the last call's.
    void sync(const ProjectHistory& history);
    void clear();
    [[nodiscard]] QString lineText(int row) const;  ///< as "copy diagnostics" writes it

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Line {
        LogEntry entry;
        qint64 run = 0;
        QString runName;
    };
    QVector<Line> m_lines;
    qint64 m_lastSeq = 0;
};

/// Level at least, one worker (0 = all), words in the text.
class LogFilter final : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit LogFilter(QObject* parent = nullptr);
    void setMinimumLevel(int level);
    void setWorker(qint64 worker);
    void setWords(const QString& words);

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    int m_level = 0;
    qint64 m_worker = 0;
    QString m_words;
};

}  // namespace pathloom
