// SPDX-License-Identifier: GPL-3.0-or-later
// CommandPalette and ShortcutSheet.
#include "app/command_palette.h"

#include "widgets/theme/icons.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPixmap>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {
namespace {

QTreeWidget* makeList(const QString& objectName, const QString& accessibleName)
{
    auto* list = new QTreeWidget;
    list->setStyleSheet(QStringLiteral("QTreeWidget::item{height:24px;}"));
    list->setObjectName(objectName);
    list->setAccessibleName(accessibleName);
    list->setRootIsDecorated(false);
    list->setUniformRowHeights(true);
    list->setFrameShape(QFrame::NoFrame);
    list->setColumnCount(2);
    list->header()->setStretchLastSection(false);
    return list;
}

}  // namespace

CommandPalette::CommandPalette(Commands& commands, QWidget* parent)
    : QDialog(parent, Qt::Popup)
    , m_commands(commands)
    , m_query(new QLineEdit)
    , m_list(makeList(QStringLiteral("palette.list"), tr("Commands")))
{
    setObjectName(QStringLiteral("palette"));
    setAccessibleName(tr("Command palette"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(560, 380);
    m_query->setObjectName(QStringLiteral("palette.query"));
    m_query->setAccessibleName(tr("Find a command"));
    m_query->setPlaceholderText(tr("Find a command"));
    m_query->addAction(icon(u"search"), QLineEdit::LeadingPosition);
    m_query->installEventFilter(this);
    m_list->setHeaderHidden(true);
    m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->addWidget(m_query);
    column->addWidget(m_list, 1);
    connect(m_query, &QLineEdit::textChanged, this, &CommandPalette::fill);
    connect(m_list, &QTreeWidget::itemActivated, this, &CommandPalette::runCurrent);
    connect(m_list, &QTreeWidget::itemClicked, this, &CommandPalette::runCurrent);
    m_commands.refresh();
    fill({});
    m_query->setFocus();
}

void CommandPalette::fill(const QString& query)
{
    struct Hit {
        const Command* command;
        int score;
    };
    QVector<Hit> hits;
    const QStringList recent = m_commands.recent();
    for (const Command& command : m_commands.all()) {
        if (command.id == QLatin1String("help.palette")) continue;
        int score = fuzzyScore(query, m_commands.plainText(command));
        if (score < -1) score = 0;
        if (!query.trimmed().isEmpty() && score < 0) continue;
        const auto used = recent.indexOf(command.id);
        if (used >= 0) score += query.trimmed().isEmpty() ? 100'000 - int(used) : 50;
        hits.append({&command, score});
    }
    std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
    m_list->clear();
    QPixmap none(m_list->iconSize().isValid() ? m_list->iconSize() : QSize(16, 16));
    none.fill(Qt::transparent);  // names stand in one column, with an icon or without
    for (const Hit& hit : std::as_const(hits)) {
        const QAction* action = m_commands.action(hit.command->id);
        auto* item = new QTreeWidgetItem(
            m_list, {m_commands.plainText(*hit.command), hit.command->shortcut.toString(QKeySequence::NativeText)});
        item->setData(0, Qt::UserRole, hit.command->id);
        item->setIcon(0, action->icon().isNull() ? QIcon(none) : action->icon());
        item->setToolTip(0, hit.command->tip);
        item->setDisabled(!action->isEnabled());
    }
    for (int i = 0; i < m_list->topLevelItemCount(); ++i) {
        if (m_list->topLevelItem(i)->isDisabled()) continue;
        m_list->setCurrentItem(m_list->topLevelItem(i));
        break;
    }
}

QStringList CommandPalette::shownIds() const
{
    QStringList ids;
    for (int i = 0; i < m_list->topLevelItemCount(); ++i) ids.append(m_list->topLevelItem(i)->data(0, Qt::UserRole).toString());
    return ids;
}

void CommandPalette::runCurrent()
{
    const QTreeWidgetItem* item = m_list->currentItem();
    if (!item || item->isDisabled()) return;
    const QString id = item->data(0, Qt::UserRole).toString();
    Commands* commands = &m_commands;
    close();
    // After this popup is gone: the command may open a dialog of its own.
    QMetaObject::invokeMethod(
        commands, [commands, id] { commands->trigger(id); }, Qt::QueuedConnection);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_query && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const int code = key->key();
        if (code == Qt::Key_Return || code == Qt::Key_Enter) {
            runCurrent();
            return true;
        }
        if (code == Qt::Key_Up || code == Qt::Key_Down) {
            const int step = code == Qt::Key_Up ? -1 : 1;
            int row = m_list->indexOfTopLevelItem(m_list->currentItem()) + step;
            while (row >= 0 && row < m_list->topLevelItemCount() && m_list->topLevelItem(row)->isDisabled()) row += step;
            if (row >= 0 && row < m_list->topLevelItemCount()) m_list->setCurrentItem(m_list->topLevelItem(row));
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

ShortcutSheet::ShortcutSheet(const Commands& commands, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(QStringLiteral("shortcuts"));
    setWindowTitle(tr("Keyboard Shortcuts"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(560, 560);
    auto* list = makeList(QStringLiteral("shortcuts.list"), tr("Keyboard shortcuts"));
    list->setHeaderLabels({tr("Command"), tr("Shortcut")});
    list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    for (const Command& command : commands.all())
        if (!command.shortcut.isEmpty()) {
            auto* item
                = new QTreeWidgetItem(list, {commands.plainText(command), command.shortcut.toString(QKeySequence::NativeText)});
            item->setToolTip(0, command.tip);
        }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addWidget(list, 1);
    column->addWidget(buttons);
}

}  // namespace pathloom
