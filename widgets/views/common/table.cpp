// SPDX-License-Identifier: GPL-3.0-or-later
// Table and its delegate.
#include "widgets/views/common/table.h"

#include "widgets/models/rows_model.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QHeaderView>
#include <QPainter>

namespace pathloom {
namespace {

QColor toneColour(const Tokens& tokens, Tone tone)
{
    switch (tone) {
    case Tone::Ok:
        return tokens.ok;
    case Tone::Warn:
        return tokens.warn;
    case Tone::Fail:
        return tokens.fail;
    case Tone::Muted:
        return tokens.muted;
    case Tone::Accent:
        return tokens.accent;
    default:
        return tokens.text;
    }
}

}  // namespace

TableDelegate::TableDelegate(ThemeController& theme, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_theme(theme)
{
}

QSize TableDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    size.setHeight(24);
    return size;
}

void TableDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const
{
    QStyleOptionViewItem option(given);
    initStyleOption(&option, index);
    const Tokens& tokens = m_theme.theme().tokens();
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const Tone tone = Tone(index.data(ToneRole).toInt());
    const QVariant share = index.data(ShareRole);
    const QString text = option.text;
    option.text.clear();
    QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);

    painter->save();
    QRect area = option.rect.adjusted(6, 0, -6, 0);
    const QColor ink = selected ? option.palette.color(QPalette::HighlightedText) : option.palette.color(QPalette::Text);
    painter->setRenderHint(QPainter::Antialiasing);
    if (share.isValid()) {
        const QRectF track(area.left(), area.bottom() - 5, area.width(), 3);
        painter->setPen(Qt::NoPen);
        painter->setBrush(selected ? withAlpha(ink, 0.3) : tokens.line);
        painter->drawRoundedRect(track, 1.5, 1.5);
        const double width = track.width() * qBound(0.0, share.toDouble(), 1.0);
        if (width > 0) {
            painter->setBrush(selected ? ink : tokens.accent);
            painter->drawRoundedRect(QRectF(track.left(), track.top(), qMax(3.0, width), 3), 1.5, 1.5);
        }
        area.adjust(0, 0, 0, -5);
    }
    QColor colour = tone == Tone::None || selected ? ink : toneColour(tokens, tone);
    if (tone != Tone::None && index.column() == m_dotColumn) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(selected ? ink : toneColour(tokens, tone));
        painter->drawEllipse(QRectF(area.left(), area.center().y() - 3, 7, 7));
        area.adjust(13, 0, 0, 0);
        colour = ink;
    }
    painter->setPen(colour);
    painter->setFont(option.font);
    const QString elided = option.fontMetrics.elidedText(text, option.textElideMode, area.width());
    painter->drawText(area, int(option.displayAlignment), elided);
    painter->restore();
}

Table::Table(const QString& objectName, const QString& accessibleName, ThemeController& theme, QWidget* parent)
    : QTableView(parent)
    , m_proxy(new QSortFilterProxyModel(this))
    , m_delegate(new TableDelegate(theme, this))
{
    setObjectName(objectName);
    setAccessibleName(accessibleName);
    setItemDelegate(m_delegate);
    setShowGrid(false);
    setFrameShape(QFrame::NoFrame);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setHorizontalScrollMode(ScrollPerPixel);
    setTextElideMode(Qt::ElideMiddle);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    setCornerButtonEnabled(false);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(24);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionsMovable(true);
    horizontalHeader()->setMinimumSectionSize(32);
    m_proxy->setSortLocaleAware(true);
    m_proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_proxy->setFilterKeyColumn(-1);
}

void Table::setSource(QAbstractItemModel* model, int sortRole, int sortColumn, Qt::SortOrder order)
{
    m_proxy->setSortRole(sortRole);
    m_proxy->setSourceModel(model);
    setModel(m_proxy);
    if (sortColumn >= 0) {
        setSortingEnabled(true);
        sortByColumn(sortColumn, order);
    }
    connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, &Table::selectedChanged);
    connect(model, &QAbstractItemModel::modelReset, this, &Table::selectedChanged);
    connect(model, &QAbstractItemModel::dataChanged, this, &Table::selectedChanged);
}

void Table::setWidths(const QVector<int>& characters, int stretched)
{
    const int unit = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    for (int i = 0; i < int(characters.size()); ++i)
        if (characters[i] > 0) setColumnWidth(i, characters[i] * unit + 16);
    if (stretched >= 0) horizontalHeader()->setSectionResizeMode(stretched, QHeaderView::Stretch);
}

qint64 Table::selectedKey(int keyRole) const
{
    if (!selectionModel()) return 0;
    const QModelIndexList rows = selectionModel()->selectedRows();
    return rows.isEmpty() ? 0 : rows.first().data(keyRole).toLongLong();
}

void Table::selectKey(qint64 key, int keyRole)
{
    for (int row = 0; row < m_proxy->rowCount(); ++row) {
        if (m_proxy->index(row, 0).data(keyRole).toLongLong() != key) continue;
        selectRow(row);
        return;
    }
}

}  // namespace pathloom
