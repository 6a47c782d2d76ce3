// SPDX-License-Identifier: GPL-3.0-or-later
// The documents of one corpus, fetched a page at a time as the list is scrolled.
#pragma once

#include "engine/core/result.h"
#include "widgets/client/values.h"

#include <QAbstractTableModel>

#include <functional>

namespace pathloom {

class DocumentsModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Id, Source, Domain, Split, Tokens, Bytes, Opening };
    static constexpr int pageSize = 200;
    using Answer = std::function<void(Result<DocumentPage>)>;
    /// Asks for `limit` documents from `offset` on and answers later, on this thread.
    using Fetch = std::function<void(const QString& corpus, const QString& domain, qint64 offset, int limit, Answer answer)>;

    explicit DocumentsModel(Fetch fetch, QObject* parent = nullptr);
    /// Show another corpus or domain ("" = all). Answers to older questions are dropped.
    void show(const QString& corpus, const QString& domain = {});
    /// The first column says how many of a document's sequences are on the path asked about, instead of its id.
    void setSequencesShown(bool shown) { m_sequences = shown; }
    [[nodiscard]] qint64 total() const { return m_total; }
    [[nodiscard]] QString error() const { return m_error; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    [[nodiscard]] bool canFetchMore(const QModelIndex& parent) const override;
    void fetchMore(const QModelIndex& parent) override;

Q_SIGNALS:
    void loaded();

private:
    Fetch m_fetch;
    QString m_corpus;
    QString m_domain;
    QVector<DocumentRow> m_rows;
    qint64 m_total = 0;
    bool m_sequences = false;
    bool m_asking = false;
    bool m_known = false;  // m_total has been answered
    quint64 m_generation = 0;
    QString m_error;
};

}  // namespace pathloom
