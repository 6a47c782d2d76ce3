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
    void setRowHeight(int height) { m_rowHeight = height; }

private:
    ThemeController& m_theme;
    int m_dotColumn = -1;
    int m_rowHeight = 24;
};

/// Row-selecting, sorted, gridless table; header texts stand exactly over their cells. What the user does to columns stays.
class Table final : public QTableView {
    Q_OBJECT
public:
    Table(const QString& objectName, const QString& accessibleName, ThemeController& theme, QWidget* parent = nullptr);
    /// Show `model` through a sorting proxy.
    void setSource(QAbstractItemModel* model, int sortRole, int sortColumn = -1, Qt::SortOrder order = Qt::AscendingOrder);
    /// Widths in characters (a header is never cut); the stretched column takes what is left. Columns that do not fit are
    /// left out from the right until the table is wider, so that it never scrolls sideways; `kept` says which ones go last.
    void setWidths(const QVector<int>& characters, int stretched = -1, const QVector<int>& kept = {});
    void setDotColumn(int column) { m_delegate->setDotColumn(column); }
    [[nodiscard]] QSortFilterProxyModel* proxy() const { return m_proxy; }
    [[nodiscard]] qint64 selectedKey(int keyRole) const;  ///< 0 = none
    void selectKey(qint64 key, int keyRole);

Q_SIGNALS:
    void selectedChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void fitColumns();
    void showColumnMenu(const QPoint& at);
    QSortFilterProxyModel* m_proxy;
    TableDelegate* m_delegate;
    QVector<int> m_characters;
    QVector<int> m_kept;
    int m_stretched = -1;
    bool m_fitting = false;
    bool m_chosen = false;  ///< the user has sized or chosen columns: they stay as they are
};

}  // namespace pathloom
