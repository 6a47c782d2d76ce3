// SPDX-License-Identifier: GPL-3.0-or-later
// HeatMap: plain painting; the same code draws the screen and the exports.
#include "widgets/views/common/heat_map.h"

#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/exports.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr double edge = 12;
constexpr double rowHeight = 28;
constexpr double narrowest = 10;
constexpr double widestLabel = 132;
constexpr double headLines = 44;  // the column title, and the names under it
constexpr double groupLine = 18, groupGap = 14;

double widest(const QStringList& texts, const QFontMetricsF& metrics)
{
    double width = 0;
    for (const QString& text : texts) width = std::max(width, metrics.horizontalAdvance(text));
    return width;
}

}  // namespace

HeatMap::HeatMap(const QString& objectName, const QString& accessibleName, ThemeController& theme, QWidget* parent)
    : Picture(objectName, theme, parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(accessibleName);
}

void HeatMap::setData(const HeatData& data)
{
    if (data == m_data) return;
    m_data = data;
    if (!data.title.isEmpty()) setAccessibleName(data.title);
    if (m_row >= data.rows.size() || m_column >= data.columns.size()) m_row = m_column = -1;
    updateGeometry();
    update();
}

void HeatMap::setCurrent(int row, int column)
{
    m_row = row;
    m_column = column;
    update();
}

double HeatMap::headHeight() const
{
    return headLines + (m_data.groups.isEmpty() ? 0 : groupLine);
}

HeatMap::Places HeatMap::places(const QRectF& area) const
{
    const double headHeight = this->headHeight();
    const QFontMetricsF metrics(Theme::labelFont());
    const double labels
        = std::min(widestLabel, std::max(widest(m_data.rows, metrics), metrics.horizontalAdvance(m_data.rowTitle)) + 10);
    Places p;
    const qsizetype groups = std::max<qsizetype>(1, m_data.groups.size());
    p.inGroup = std::max<qsizetype>(1, m_data.columns.size() / groups);
    p.gap = groups > 1 ? groupGap : 0;
    const double gaps = p.gap * double(groups - 1);
    double right = area.right() - edge;
    if (!m_data.bars.isEmpty()) {
        const double bars = std::clamp(area.width() * 0.24, 90.0, 220.0);
        p.bars = QRectF(right - bars, area.top() + headHeight, bars, 0);
        right -= bars + 16;
    }
    const double left = area.left() + edge + labels;
    const auto columns = double(std::max<qsizetype>(1, m_data.columns.size()));
    const auto rows = double(std::max<qsizetype>(1, m_data.rows.size()));
    p.width = std::max(narrowest, std::min(160.0, (right - left - gaps) / columns));
    p.height = std::clamp((area.height() - headHeight - edge) / rows, narrowest, rowHeight);
    if (m_data.rows.size() == m_data.columns.size() && m_data.bars.isEmpty()
        && m_data.groups.isEmpty())  // both ways alike: square
        p.width = p.height
            = std::clamp(std::min((right - left) / columns, (area.height() - headHeight - edge) / rows), narrowest, 44.0);
    p.cells = QRectF(left, area.top() + headHeight, p.width * columns + gaps, p.height * rows);
    p.bars.setLeft(p.cells.right() + 16);
    p.bars.setHeight(p.cells.height());
    return p;
}

QRectF HeatMap::cellRect(const QRectF& area, int row, int column) const
{
    const Places p = places(area);
    return {p.left(column), p.cells.top() + row * p.height, p.width, p.height};
}

QPair<int, int> HeatMap::cellAt(const QPointF& at) const
{
    const Places p = places(rect());
    if (!p.cells.contains(at)) return {-1, -1};
    const int row = std::min(int((at.y() - p.cells.top()) / p.height), int(m_data.rows.size()) - 1);
    for (int column = 0; column < m_data.columns.size(); ++column)
        if (at.x() >= p.left(column) && at.x() < p.left(column) + p.width) return {row, column};
    return {-1, -1};  // between two groups
}

QSize HeatMap::sizeHint() const
{
    const auto rows = double(m_data.rows.size());
    return {360, int(headHeight() + edge + rows * rowHeight)};
}

QSize HeatMap::minimumSizeHint() const
{
    const double bars = m_data.bars.isEmpty() ? 0 : 106;
    const double gaps = groupGap * double(std::max<qsizetype>(0, m_data.groups.size() - 1));
    return {int(edge * 2 + widestLabel + double(m_data.columns.size()) * narrowest + gaps + bars),
        int(headHeight() + edge + double(m_data.rows.size()) * narrowest)};
}

QString HeatMap::csv() const
{
    QStringList head{m_data.rowTitle.isEmpty() ? tr("row") : m_data.rowTitle};
    const qsizetype inGroup = m_data.columns.size() / std::max<qsizetype>(1, m_data.groups.size());
    for (qsizetype column = 0; column < m_data.columns.size(); ++column)
        head.append(m_data.groups.isEmpty()
                ? m_data.columns[column]
                : QStringLiteral("%1, %2").arg(m_data.groups[column / inGroup], m_data.columns[column]));
    QString out = csvLine(head);
    for (int row = 0; row < m_data.rows.size(); ++row) {
        QStringList fields{m_data.rows[row]};
        for (int column = 0; column < m_data.columns.size(); ++column) {
            const HeatCell& cell = m_data.cells[row * m_data.columns.size() + column];
            fields.append(cell.kind == HeatCell::Kind::Value ? QString::number(cell.value, 'g', 9)
                    : cell.kind == HeatCell::Kind::Failed    ? QStringLiteral("error")
                                                             : QString());
        }
        out += csvLine(fields);
    }
    return out;
}

void HeatMap::paintCell(QPainter& painter, const QRectF& box, const HeatCell& cell) const
{
    const Theme& theme = m_theme.theme();
    const Tokens& tokens = theme.tokens();
    const QRectF inner = box.width() > 14 ? box.adjusted(0.5, 0.5, -0.5, -0.5) : box;
    if (cell.kind == HeatCell::Kind::Missing) {
        painter.fillRect(inner, tokens.sunken);
        drawHatch(painter, inner, tokens.line, 6);
        return;
    }
    if (cell.kind == HeatCell::Kind::Failed) {
        painter.fillRect(inner, mixColors(tokens.sunken, tokens.muted, 0.35));
        if (inner.width() > 30) {
            painter.setPen(tokens.text);
            painter.drawText(inner, Qt::AlignCenter, tr("error"));
        }
        return;
    }
    const double span = m_data.high - m_data.low;
    const QColor fill = m_data.diverging
        ? theme.diverging(std::clamp(cell.value / std::max(m_data.high, 1e-12), -1.0, 1.0))
        : theme.sequential(span > 0 ? std::clamp((cell.value - m_data.low) / span, 0.0, 1.0) : 0);
    painter.fillRect(inner, fill);
    if (cell.text.isEmpty() || painter.fontMetrics().horizontalAdvance(cell.text) + 4 > inner.width()
        || painter.fontMetrics().height() > inner.height() + 4)
        return;
    const bool dark = contrastRatio(fill, QColor(0x11, 0x13, 0x1a)) > contrastRatio(fill, Qt::white);
    painter.setPen(dark ? QColor(0x11, 0x13, 0x1a) : QColor(Qt::white));
    painter.drawText(inner, Qt::AlignCenter, cell.text);
}

void HeatMap::paintOn(QPainter& painter, const QRectF& area)
{
    if (m_data.rows.isEmpty() || m_data.columns.isEmpty()) return;
    const Theme& theme = m_theme.theme();
    const Tokens& tokens = theme.tokens();
    const Places p = places(area);
    painter.setFont(Theme::labelFont());
    const QFontMetricsF metrics(Theme::labelFont());
    painter.setPen(tokens.muted);
    const double top = area.top() + 4;
    drawElided(painter, QRectF(area.left() + edge, p.cells.top() - 20, p.cells.left() - area.left() - edge - 6, 18),
        Qt::AlignLeft | Qt::AlignVCenter, m_data.rowTitle);
    drawElided(painter, QRectF(p.cells.left(), top, std::max(p.cells.width(), 120.0), 18), Qt::AlignLeft | Qt::AlignVCenter,
        m_data.columnTitle);
    for (qsizetype group = 0; group < m_data.groups.size(); ++group) {
        painter.setPen(tokens.text);
        drawElided(painter, QRectF(p.left(group * p.inGroup), p.cells.top() - 40, p.width * double(p.inGroup), 18),
            Qt::AlignLeft | Qt::AlignVCenter, m_data.groups[group]);
        painter.setPen(tokens.muted);
    }
    const double least = std::min(widest(m_data.columns, metrics), metrics.horizontalAdvance(QStringLiteral("000")));
    const int every = std::max(1, int(std::ceil((least + 6) / p.width)));
    for (int column = 0; column < m_data.columns.size(); ++column) {
        const qsizetype inGroup = column % p.inGroup;
        if (inGroup % every != 0) continue;
        const auto span = double(std::min<qsizetype>(every, p.inGroup - inGroup));
        drawElided(painter, QRectF(p.left(column) + 1, p.cells.top() - 20, p.width * span - 2, 18),
            Qt::AlignHCenter | Qt::AlignVCenter, m_data.columns[column]);
    }
    if (!m_data.bars.isEmpty())
        drawElided(painter, QRectF(p.bars.left(), p.cells.top() - 20, p.bars.width(), 18), Qt::AlignLeft | Qt::AlignVCenter,
            m_data.barTitle);
    const int skip = std::max(1, int(std::ceil(metrics.height() / p.height)));
    for (int row = 0; row < m_data.rows.size(); ++row) {
        const double y = p.cells.top() + row * p.height;
        painter.setPen(tokens.text);
        if (row % skip == 0)
            drawElided(painter, QRectF(area.left() + edge, y + (p.height - 18) / 2, p.cells.left() - area.left() - edge - 8, 18),
                Qt::AlignLeft | Qt::AlignVCenter, m_data.rows[row]);
        for (int column = 0; column < m_data.columns.size(); ++column)
            paintCell(painter, cellRect(area, row, column), m_data.cells[row * m_data.columns.size() + column]);
        if (row >= m_data.bars.size()) continue;
        const QRectF lane(p.bars.left(), y + p.height * 0.22, p.bars.width(), p.height * 0.56);
        painter.fillRect(QRectF(lane.topLeft(), QSizeF(lane.width() * 0.62 * m_data.shares.value(row), lane.height())),
            withAlpha(tokens.accent, 0.55));
        painter.setPen(tokens.text);
        painter.drawText(QRectF(lane.left() + lane.width() * 0.62 * m_data.shares.value(row) + 6, y, lane.width(), p.height),
            Qt::AlignLeft | Qt::AlignVCenter, m_data.bars[row]);
    }
}

void HeatMap::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintOn(painter, rect());
    if (m_row < 0 || m_column < 0) return;
    const Tokens& tokens = m_theme.theme().tokens();
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(hasFocus() ? tokens.accent : tokens.text, 2));
    painter.drawRect(cellRect(m_row, m_column).adjusted(1, 1, -1, -1));
}

void HeatMap::move(int row, int column)
{
    if (m_data.rows.isEmpty() || m_data.columns.isEmpty()) return;
    row = std::clamp(row, 0, int(m_data.rows.size()) - 1);
    column = std::clamp(column, 0, int(m_data.columns.size()) - 1);
    if (row == m_row && column == m_column) return;
    setCurrent(row, column);
    setAccessibleDescription(m_data.cells[row * m_data.columns.size() + column].tip);
    Q_EMIT currentChanged(row, column);
}

void HeatMap::mousePressEvent(QMouseEvent* event)
{
    const auto [row, column] = cellAt(event->position());
    if (event->button() == Qt::LeftButton && row >= 0) move(row, column);
}

void HeatMap::mouseDoubleClickEvent(QMouseEvent* event)
{
    const auto [row, column] = cellAt(event->position());
    if (row >= 0) Q_EMIT activated(row, column);
}

void HeatMap::keyPressEvent(QKeyEvent* event)
{
    const int row = std::max(m_row, 0), column = std::max(m_column, 0);
    switch (event->key()) {
    case Qt::Key_Left:
        return move(row, m_row < 0 ? 0 : column - 1);
    case Qt::Key_Right:
        return move(row, m_row < 0 ? 0 : column + 1);
    case Qt::Key_Up:
        return move(m_row < 0 ? 0 : row - 1, column);
    case Qt::Key_Down:
        return move(m_row < 0 ? 0 : row + 1, column);
    case Qt::Key_Home:
        return move(row, 0);
    case Qt::Key_End:
        return move(row, int(m_data.columns.size()) - 1);
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (m_row >= 0) Q_EMIT activated(m_row, m_column);
        return;
    default:
        Picture::keyPressEvent(event);
    }
}

bool HeatMap::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const auto [row, column] = cellAt(help->pos());
        if (row >= 0)
            QToolTip::showText(help->globalPos(), m_data.cells[row * m_data.columns.size() + column].tip, this);
        else
            QToolTip::hideText();
        return true;
    }
    if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) update();
    return Picture::event(event);
}

}  // namespace pathloom
