// SPDX-License-Identifier: GPL-3.0-or-later
// Table and its delegate.
#include "widgets/views/common/table.h"

#include "widgets/models/rows_model.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QEvent>
#include <QHeaderView>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <numeric>

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

constexpr int cellMargin = 8;
constexpr int arrowRoom = 12;

/// Plain header: muted text with the cells' margins and alignment, one line below, the sort arrow on the inner side.
class Header final : public QHeaderView {
public:
    Header(ThemeController& theme, QWidget* parent)
        : QHeaderView(Qt::Horizontal, parent)
        , m_theme(theme)
    {
        setFont(Theme::labelFont());
        setFixedHeight(26);
        setSectionsClickable(true);
    }
    [[nodiscard]] int need(int section) const
    {
        const QString text = model()->headerData(section, Qt::Horizontal, Qt::DisplayRole).toString();
        return QFontMetrics(Theme::labelFont()).horizontalAdvance(text) + arrowRoom + 2 * cellMargin;
    }

protected:
    void paintSection(QPainter* painter, const QRect& rect, int section) const override
    {
        const Tokens& tokens = m_theme.theme().tokens();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->fillRect(rect, tokens.raised);
        painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), tokens.line);
        painter->setFont(Theme::labelFont());
        painter->setPen(isEnabled() ? tokens.muted : tokens.disabled);
        const QString text = model()->headerData(section, Qt::Horizontal, Qt::DisplayRole).toString();
        const bool right = model()->headerData(section, Qt::Horizontal, Qt::TextAlignmentRole).toInt() & Qt::AlignRight;
        const bool sorted = isSortIndicatorShown() && sortIndicatorSection() == section;
        QRect area = rect.adjusted(cellMargin, 0, -cellMargin, -1);
        const QFontMetrics metrics(Theme::labelFont());
        const int room = area.width() - (sorted ? arrowRoom : 0);
        const QString shown = metrics.horizontalAdvance(text) > room ? metrics.elidedText(text, Qt::ElideRight, room) : text;
        const int width = metrics.horizontalAdvance(shown);
        const int left = right ? area.right() + 1 - width : area.left();
        painter->drawText(area, Qt::AlignVCenter | (right ? Qt::AlignRight : Qt::AlignLeft), shown);
        if (sorted) {
            const double x = right ? left - arrowRoom + 2 : left + width + 4;
            const double y = area.center().y() + 0.5;
            const double up = sortIndicatorOrder() == Qt::AscendingOrder ? 1 : -1;
            QPainterPath arrow(QPointF(x, y + 1.5 * up));
            arrow.lineTo(x + 3.5, y - 2 * up);
            arrow.lineTo(x + 7, y + 1.5 * up);
            painter->setPen(QPen(tokens.text, 1.3));
            painter->setBrush(Qt::NoBrush);
            painter->drawPath(arrow);
        }
        painter->restore();
    }
    void paintEvent(QPaintEvent* event) override
    {
        QHeaderView::paintEvent(event);
        const Tokens& tokens = m_theme.theme().tokens();
        QPainter painter(viewport());
        const int end = length() - offset();  // the room after the last column, which the style would fill its own way
        painter.fillRect(QRect(end, 0, viewport()->width() - end, height()), tokens.raised);
        painter.fillRect(QRect(end, height() - 1, viewport()->width() - end, 1), tokens.line);
    }

private:
    ThemeController& m_theme;
};

}  // namespace

TableDelegate::TableDelegate(ThemeController& theme, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_theme(theme)
{
}

QSize TableDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    size.setHeight(m_rowHeight);
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
    option.state.setFlag(QStyle::State_HasFocus, false);  // the whole row is the selection
    QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);

    painter->save();
    QRect area = option.rect.adjusted(cellMargin, 0, -cellMargin, 0);
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
    QFont font = option.font;
    if (tone == Tone::Ok && index.column() != m_dotColumn) font.setWeight(QFont::DemiBold);  // seen in a selected row too
    painter->setFont(font);
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
    setHorizontalHeader(new Header(theme, this));
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
    horizontalHeader()->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(horizontalHeader(), &QWidget::customContextMenuRequested, this, &Table::showColumnMenu);
    connect(horizontalHeader(), &QHeaderView::sectionResized, this, [this] {
        if (!m_fitting && QApplication::mouseButtons().testFlag(Qt::LeftButton)) m_chosen = true;
    });
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
    connect(m_proxy, &QAbstractItemModel::modelReset, this, &Table::fitColumns);
    connect(model, &QAbstractItemModel::modelReset, this, &Table::selectedChanged);
    connect(model, &QAbstractItemModel::dataChanged, this, &Table::selectedChanged);
}

void Table::setWidths(const QVector<int>& characters, int stretched, const QVector<int>& kept)
{
    m_characters = characters;
    m_stretched = stretched;
    m_kept = kept;
    fitColumns();
}

void Table::fitColumns()
{
    const int columns = model() ? model()->columnCount() : 0;
    if (m_chosen || m_fitting || columns == 0 || m_characters.isEmpty()) return;
    m_fitting = true;
    const auto* header = static_cast<const Header*>(horizontalHeader());
    const int unit = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    QVector<int> widths(columns, 0);
    for (int i = 0; i < columns; ++i)
        widths[i] = std::max(header->need(i), m_characters.value(i, m_characters.last()) * unit + 2 * cellMargin);
    QVector<int> order = m_kept;
    for (int i = 0; i < columns; ++i)
        if (!order.contains(i)) order.append(i);
    int left = viewport()->width();
    int shownColumns = 0;
    bool full = false;
    for (const int column : std::as_const(order)) {
        if (column >= columns) continue;
        const bool fits = shownColumns == 0 || (!full && widths[column] <= left);
        if (fits) {
            left -= widths[column];
            ++shownColumns;
        } else {
            full = true;  // a narrower one further down the list would look like a gap
        }
        setColumnHidden(column, !fits);
        if (fits) setColumnWidth(column, widths[column]);
    }
    if (m_stretched >= 0 && left > 0 && !isColumnHidden(m_stretched)) setColumnWidth(m_stretched, widths[m_stretched] + left);
    m_fitting = false;
}

void Table::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    fitColumns();
}

void Table::changeEvent(QEvent* event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange) fitColumns();
}

void Table::showColumnMenu(const QPoint& at)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (int i = 0; i < model()->columnCount(); ++i) {
        QAction* action = menu->addAction(model()->headerData(i, Qt::Horizontal, Qt::DisplayRole).toString());
        action->setCheckable(true);
        action->setChecked(!isColumnHidden(i));
        connect(action, &QAction::toggled, this, [this, i](bool on) {
            m_chosen = true;
            setColumnHidden(i, !on);
        });
    }
    menu->addSeparator();
    connect(menu->addAction(tr("Fit Columns")), &QAction::triggered, this, [this] {
        m_chosen = false;
        fitColumns();
    });
    menu->popup(horizontalHeader()->mapToGlobal(at));
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
