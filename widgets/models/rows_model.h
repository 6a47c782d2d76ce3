// SPDX-License-Identifier: GPL-3.0-or-later
// A table model over a vector of value rows and a list of column definitions. New rows are merged so a selection survives.
#pragma once

#include <QAbstractTableModel>
#include <QVector>

#include <algorithm>
#include <functional>

namespace pathloom {

enum TableRole : int {
    SortRole = Qt::UserRole + 1,  ///< a comparable value of the cell
    KeyRole,  ///< qint64 id of the row
    ToneRole,  ///< Tone of the cell as int: which status colour, if any
    ShareRole  ///< double 0..1: the cell is also a bar
};
enum class Tone { None, Ok, Warn, Fail, Muted, Accent };

template <class Row>
struct TableColumn {
    QString title;
    QString headerTip;
    bool number = false;  ///< right-aligned
    std::function<QString(const Row&)> text;
    std::function<QVariant(const Row&)> sort = {};  ///< default: the text
    std::function<QString(const Row&)> tip = {};  ///< default: the text
    std::function<Tone(const Row&)> tone = {};
    std::function<double(const Row&)> share = {};  ///< below 0: no bar
};

template <class Row, class Get>
TableColumn<Row> textColumn(const QString& title, const QString& tip, Get get)
{
    TableColumn<Row> column;
    column.title = title;
    column.headerTip = tip;
    column.text = get;
    return column;
}

template <class Row>
class RowsModel : public QAbstractTableModel {
public:
    using Key = std::function<qint64(const Row&)>;
    RowsModel(QVector<TableColumn<Row>> columns, Key key, QObject* parent = nullptr)
        : QAbstractTableModel(parent)
        , m_columns(std::move(columns))
        , m_key(std::move(key))
    {
    }

    [[nodiscard]] const QVector<Row>& rows() const { return m_rows; }
    [[nodiscard]] const Row* rowFor(const QModelIndex& index) const
    {
        return index.isValid() && index.row() < int(m_rows.size()) ? &m_rows[index.row()] : nullptr;
    }
    [[nodiscard]] const Row* rowByKey(qint64 key) const
    {
        const auto it = std::find_if(m_rows.begin(), m_rows.end(), [&](const Row& row) { return m_key(row) == key; });
        return it == m_rows.end() ? nullptr : &*it;
    }

    /// Replace the content. Rows that stay keep their index when the order allows it; otherwise the model is reset.
    void setRows(QVector<Row> next)
    {
        for (int i = int(m_rows.size()) - 1; i >= 0; --i) {
            const qint64 key = m_key(m_rows[i]);
            if (std::any_of(next.begin(), next.end(), [&](const Row& row) { return m_key(row) == key; })) continue;
            beginRemoveRows({}, i, i);
            m_rows.removeAt(i);
            endRemoveRows();
        }
        for (int i = 0; i < int(next.size()); ++i) {
            if (i < int(m_rows.size()) && m_key(m_rows[i]) == m_key(next[i])) {
                if (m_rows[i] == next[i]) continue;
                m_rows[i] = next[i];
                Q_EMIT dataChanged(index(i, 0), index(i, int(m_columns.size()) - 1));
                continue;
            }
            const qint64 key = m_key(next[i]);
            if (std::any_of(m_rows.begin(), m_rows.end(), [&](const Row& row) { return m_key(row) == key; })) {
                beginResetModel();
                m_rows = std::move(next);
                endResetModel();
                return;
            }
            beginInsertRows({}, i, i);
            m_rows.insert(i, next[i]);
            endInsertRows();
        }
    }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : int(m_rows.size());
    }
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : int(m_columns.size());
    }
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override
    {
        if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
        const Row& row = m_rows[index.row()];
        const TableColumn<Row>& column = m_columns[index.column()];
        switch (role) {
        case Qt::DisplayRole:
            return column.text(row);
        case Qt::ToolTipRole:
            return column.tip ? column.tip(row) : column.text(row);
        case Qt::TextAlignmentRole:
            return int((column.number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        case SortRole:
            return column.sort ? column.sort(row) : QVariant(column.text(row));
        case KeyRole:
            return m_key(row);
        case ToneRole:
            return column.tone ? int(column.tone(row)) : 0;
        case ShareRole:
            return column.share && column.share(row) >= 0 ? QVariant(column.share(row)) : QVariant();
        default:
            return {};
        }
    }
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override
    {
        if (orientation != Qt::Horizontal || section < 0 || section >= int(m_columns.size())) return {};
        const TableColumn<Row>& column = m_columns[section];
        switch (role) {
        case Qt::DisplayRole:
            return column.title;
        case Qt::ToolTipRole:
            return column.headerTip;
        case Qt::TextAlignmentRole:
            return int((column.number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        default:
            return {};
        }
    }

protected:
    QVector<TableColumn<Row>> m_columns;
    QVector<Row> m_rows;
    Key m_key;
};

}  // namespace pathloom
