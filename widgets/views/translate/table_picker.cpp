// SPDX-License-Identifier: GPL-3.0-or-later
// TablePicker.
#include "widgets/views/translate/table_picker.h"

#include "widgets/views/common/controls.h"
#include "widgets/views/common/table.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {
namespace {

constexpr int filePauseMs = 250;
constexpr int shownRows = 4;
constexpr int columnCharacters = 14;

}  // namespace

TablePicker::TablePicker(
    const QString& name, const QString& title, QLineEdit* path, HelperSession& session, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_name(name)
    , m_path(path)
    , m_session(session)
    , m_choices(new QWidget)
    , m_header(new QCheckBox(tr("First row is a header")))
    , m_table(new Table(name + QStringLiteral(".preview"), tr("First rows: %1").arg(title), theme))
{
    m_header->setObjectName(name + QStringLiteral(".header"));
    m_header->setAccessibleName(tr("%1: first row names the columns").arg(title));
    m_header->setChecked(true);
    m_table->setSource(&m_model, Qt::DisplayRole);
    m_table->setSortingEnabled(false);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    auto* row = new QHBoxLayout(m_choices);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->addStretch(1);
    row->addWidget(m_header);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(m_choices);
    column->addWidget(m_table);
    m_delay.setSingleShot(true);
    m_delay.setInterval(filePauseMs);
    connect(&m_delay, &QTimer::timeout, this, &TablePicker::read);
    const auto later = [this] { m_delay.start(); };
    connect(m_path, &QLineEdit::textChanged, this, later);
    connect(m_header, &QCheckBox::toggled, this, later);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    fit();
}

void TablePicker::addColumn(const QString& id, const QString& label, bool optional)
{
    auto* box = new QComboBox;
    box->setObjectName(m_name + QLatin1Char('.') + id);
    box->setAccessibleName(label);
    box->setMinimumContentsLength(8);
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    auto* row = qobject_cast<QHBoxLayout*>(m_choices->layout());
    auto* cell = new QHBoxLayout;
    cell->setSpacing(6);
    addLabelled(cell, label, box);
    row->insertLayout(int(m_columns.size()), cell);
    m_columns.append({id, label, {}, optional, box});
    connect(box, &QComboBox::activated, this, [this] {
        showHeaders();
        Q_EMIT changed();
    });
}

void TablePicker::setWanted(const QString& id, const QString& name)
{
    for (int i = 0; i < m_columns.size(); ++i) {
        if (m_columns[i].id != id || m_columns[i].wanted == name) continue;
        m_columns[i].wanted = name;
        if (m_own && m_titles.contains(name)) choose(m_columns[i], i);
    }
    showHeaders();
}

QString TablePicker::file() const
{
    return m_path->text().trimmed();
}

bool TablePicker::header() const
{
    return m_header->isChecked();
}

QString TablePicker::column(const QString& id) const
{
    for (const Column& column : m_columns)
        if (column.id == id && m_own) return column.box->currentData().toString();
    return {};
}

void TablePicker::setOwnRows(bool own)
{
    if (own == m_own) return;
    m_own = own;
    m_delay.start();
}

void TablePicker::read()
{
    m_session.forget(m_request);
    m_request = 0;
    m_problem.clear();
    if (file().isEmpty() || !m_own) {
        if (file().isEmpty()) showRows({}, {});
        Q_EMIT changed();
        return;
    }
    m_request = m_session.request(
        {{QStringLiteral("do"), QStringLiteral("table")}, {QStringLiteral("file"), file()}, {QStringLiteral("header"), header()}},
        [this](const QJsonObject& event) { hear(event); });
    Q_EMIT changed();
}

void TablePicker::hear(const QJsonObject& event)
{
    m_request = 0;
    if (event.value(QLatin1String("event")) == QLatin1String("error")) {
        m_problem = event.value(QLatin1String("message")).toString();
        showRows({}, {});
    } else {
        QStringList titles;
        QVector<QStringList> rows;
        for (const auto& title : event.value(QLatin1String("columns")).toArray()) titles.append(title.toString());
        for (const auto& row : event.value(QLatin1String("rows")).toArray()) {
            rows.append(QStringList());
            for (const auto& cell : row.toArray()) rows.last().append(cell.toString());
        }
        showRows(titles, rows);
        fillColumns();
        showHeaders();
    }
    Q_EMIT changed();
}

void TablePicker::showRows(const QStringList& titles, const QVector<QStringList>& rows)
{
    m_titles = titles;
    m_model.clear();
    m_model.setColumnCount(int(titles.size()));
    m_model.setHorizontalHeaderLabels(titles);
    for (const QStringList& cells : rows) {
        QList<QStandardItem*> items;
        for (const QString& cell : cells) {
            auto* item = new QStandardItem(cell);
            item->setToolTip(cell);
            item->setEditable(false);
            items.append(item);
        }
        m_model.appendRow(items);
    }
    fit();
}

void TablePicker::fit()
{
    m_choices->setVisible(m_own && !m_titles.isEmpty());
    m_table->setVisible(!m_titles.isEmpty());
    if (m_titles.isEmpty()) return;
    m_table->setWidths(QVector<int>(m_titles.size(), columnCharacters), int(m_titles.size()) - 1);
    const int rows = std::clamp(m_model.rowCount(), 1, shownRows);
    m_table->setFixedHeight(std::max(24, m_table->horizontalHeader()->sizeHint().height())
        + rows * m_table->verticalHeader()->defaultSectionSize() + 2 * m_table->frameWidth() + 8);
}

void TablePicker::fillColumns()
{
    for (int i = 0; i < m_columns.size(); ++i) {
        Column& column = m_columns[i];
        const QSignalBlocker quiet(column.box);
        column.box->clear();
        if (column.optional) column.box->addItem(tr("none"), QString());
        for (int place = 0; place < m_titles.size(); ++place)
            column.box->addItem(
                m_titles[place], m_titles.count(m_titles[place]) > 1 ? QString::number(place + 1) : m_titles[place]);
        choose(column, i);
    }
}

void TablePicker::choose(Column& column, int place)
{
    const int named = int(m_titles.indexOf(column.wanted));
    const int extra = column.optional ? 1 : 0;
    if (named >= 0 && !column.wanted.isEmpty())
        column.box->setCurrentIndex(named + extra);
    else
        column.box->setCurrentIndex(column.optional ? 0 : std::min(place, column.box->count() - 1));
}

void TablePicker::showHeaders()
{
    if (!m_own) return;
    QStringList shown = m_titles;
    for (const Column& column : std::as_const(m_columns)) {
        const int place = column.box->currentIndex() - (column.optional ? 1 : 0);
        if (place >= 0 && place < shown.size())
            shown[place]
                = QStringLiteral("%1 \u2192 %2").arg(m_titles[place], column.wanted.isEmpty() ? column.label : column.wanted);
    }
    m_model.setHorizontalHeaderLabels(shown);
}

}  // namespace pathloom
