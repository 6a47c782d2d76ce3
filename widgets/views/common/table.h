// SPDX-License-Identifier: GPL-3.0-or-later
// The one look of every table: 24 px rows, status dots and share bars painted from the model's roles.
#pragma once

#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QTableView>

namespace pathloom {

class ThemeController;

/// Paints ToneRole as a dot and colour, ShareRole as a bar behind the text.
class TableDelegate final : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit TableDelegate(ThemeController& theme, QObject* parent = nullptr);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    /// Columns where a tone shows as a dot before the text; elsewhere it only colours the text.
    void setDotColumn(int column) { m_dotColumn = column; }

private:
    ThemeController& m_theme;
    int m_dotColumn = -1;
};

/// Row-selecting, sorted, gridless table over `model`; the header remembers what the user did to it while it lives.
class Table final : public QTableView {
    Q_OBJECT
public:
    Table(const QString& objectName, const QString& accessibleName, ThemeController& theme, QWidget* parent = nullptr);
    /// Show `model` through a sorting proxy. The first call fixes the widths of the columns.
    void setSource(QAbstractItemModel* model, int sortRole, int sortColumn = -1, Qt::SortOrder order = Qt::AscendingOrder);
    /// Widths in characters; 0 = keep; the stretched column takes what is left.
    void setWidths(const QVector<int>& characters, int stretched = -1);
    void setDotColumn(int column) { m_delegate->setDotColumn(column); }
    [[nodiscard]] QSortFilterProxyModel* proxy() const { return m_proxy; }
    [[nodiscard]] qint64 selectedKey(int keyRole) const;  ///< 0 = none
    void selectKey(qint64 key, int keyRole);

Q_SIGNALS:
    void selectedChanged();

private:
    QSortFilterProxyModel* m_proxy;
    TableDelegate* m_delegate;
};

}  // namespace pathloom
