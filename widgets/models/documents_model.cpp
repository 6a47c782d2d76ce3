// SPDX-License-Identifier: GPL-3.0-or-later
// DocumentsModel: canFetchMore/fetchMore over an asynchronous source.
#include "widgets/models/documents_model.h"

#include "widgets/models/formats.h"
#include "widgets/models/rows_model.h"

#include <QPointer>

namespace pathloom {

DocumentsModel::DocumentsModel(Fetch fetch, QObject* parent)
    : QAbstractTableModel(parent)
    , m_fetch(std::move(fetch))
{
}

void DocumentsModel::show(const QString& corpus, const QString& domain)
{
    beginResetModel();
    m_corpus = corpus;
    m_domain = domain;
    m_rows.clear();
    m_total = 0;
    m_known = false;
    m_asking = false;
    m_error.clear();
    ++m_generation;
    endResetModel();
    if (!m_corpus.isEmpty()) fetchMore({});
}

int DocumentsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int DocumentsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : 7;
}

bool DocumentsModel::canFetchMore(const QModelIndex& parent) const
{
    return !parent.isValid() && !m_corpus.isEmpty() && m_error.isEmpty() && (!m_known || m_rows.size() < m_total);
}

void DocumentsModel::fetchMore(const QModelIndex& parent)
{
    if (m_asking || !canFetchMore(parent)) return;
    m_asking = true;
    const quint64 generation = m_generation;
    const QPointer<DocumentsModel> self(this);
    m_fetch(m_corpus, m_domain, m_rows.size(), pageSize, [self, generation](Result<DocumentPage> page) {
        if (!self || generation != self->m_generation) return;
        if (!page) {
            self->m_asking = false;
            self->m_error = QString::fromStdString(page.error().message);
            Q_EMIT self->loaded();
            return;
        }
        self->m_known = true;
        self->m_total = page->documents.isEmpty() ? self->m_rows.size() : page->total;
        if (!page->documents.isEmpty()) {
            const int first = int(self->m_rows.size());
            self->beginInsertRows({}, first, first + int(page->documents.size()) - 1);
            self->m_rows.append(page->documents);
            self->endInsertRows();
        }
        self->m_asking = false;  // only now: a view that hears of the new rows may already ask for more
        Q_EMIT self->loaded();
    });
}

QVariant DocumentsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const DocumentRow& row = m_rows[index.row()];
    const bool number = index.column() == Id || index.column() == Tokens || index.column() == Bytes;
    if (role == Qt::TextAlignmentRole) return int((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == KeyRole) return row.id;
    if (role == Qt::ToolTipRole && index.column() >= Opening) return row.opening;
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
    switch (index.column()) {
    case Id:
        return m_sequences ? tr("%1 of %2").arg(row.sequences).arg(row.of) : QString::number(row.id);
    case Source:
        return row.source;
    case Domain:
        return row.domain;
    case Split:
        return row.split;
    case Tokens:
        return countText(double(row.tokens));
    case Bytes:
        return bytesText(double(row.bytes));
    case Opening:
        return QString(row.opening).replace(QLatin1Char('\n'), QLatin1Char(' '));
    default:
        return {};
    }
}

QVariant DocumentsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) {
        const bool number = section == Id || section == Tokens || section == Bytes;
        return int((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case Id:
        return m_sequences ? tr("Sequences") : tr("Id");
    case Source:
        return tr("Source");
    case Domain:
        return tr("Domain");
    case Split:
        return tr("Split");
    case Tokens:
        return tr("Tokens");
    case Bytes:
        return tr("Text");
    case Opening:
        return tr("Opening");
    default:
        return {};
    }
}

}  // namespace pathloom
