// SPDX-License-Identifier: GPL-3.0-or-later
// Runs, workers, corpora, domains, rejected files and presets as tables and lists over plain rows.
#pragma once

#include "widgets/client/values.h"
#include "widgets/models/rows_model.h"

#include <QAbstractListModel>

namespace pathloom {

class RunsModel final : public RowsModel<RunRow> {
public:
    enum Column { Id, Name, State, Progress, Step, TrainLoss, ValidLoss, Perplexity, Down, Up, Faults, Goodput, Preset, Created };
    explicit RunsModel(QObject* parent = nullptr);
};

class WorkersModel final : public RowsModel<WorkerRow> {
public:
    enum Column { Name, State, Task, Speed, Heartbeat, Done, Lost, Down, Up, Host, Isa };
    explicit WorkersModel(QObject* parent = nullptr);
};

class CorporaModel final : public RowsModel<CorpusRow> {
public:
    enum Column { Name, Documents, Tokens, Bytes, Domains, Rejected };
    explicit CorporaModel(QObject* parent = nullptr);
};

/// Domains of one corpus; the share column is the part of all tokens.
class DomainsModel final : public RowsModel<DomainRow> {
public:
    enum Column { Name, Share, Documents, Tokens, Bytes };
    explicit DomainsModel(QObject* parent = nullptr);
    void setDomains(const QVector<DomainRow>& domains);

private:
    double m_tokens = 1;
};

class RejectedModel final : public RowsModel<RejectedRow> {
public:
    explicit RejectedModel(QObject* parent = nullptr);
};

/// Presets as a list: title, description as tool tip and in DescriptionRole.
class PresetsModel final : public QAbstractListModel {
public:
    enum Role { NameRole = Qt::UserRole + 1, DescriptionRole, SpecRole };
    explicit PresetsModel(QObject* parent = nullptr);
    void setPresets(QVector<PresetRow> presets);
    [[nodiscard]] const QVector<PresetRow>& presets() const { return m_presets; }
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

private:
    QVector<PresetRow> m_presets;
};

QString runStateName(RunPhase state);
Tone runStateTone(RunPhase state);
double runProgress(const RunRow& run);  ///< 0..1 by inner steps
QString runProgressText(const RunRow& run);
QString workerStateName(const QString& state);

}  // namespace pathloom
