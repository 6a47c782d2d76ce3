// SPDX-License-Identifier: GPL-3.0-or-later
// ChecklistButton.
#include "widgets/views/common/checklist_button.h"

#include <QMenu>

namespace pathloom {

ChecklistButton::ChecklistButton(const QString& name, const QString& title, const QString& tip, QWidget* parent)
    : QToolButton(parent)
    , m_title(title)
{
    setObjectName(name);
    setToolButtonStyle(Qt::ToolButtonTextOnly);
    setPopupMode(QToolButton::InstantPopup);
    setFocusPolicy(Qt::TabFocus);
    setToolTip(tip);
    auto* menu = new QMenu(this);
    menu->setObjectName(name + QStringLiteral(".menu"));
    menu->setToolTipsVisible(true);
    setMenu(menu);
    m_line = menu->addSeparator();
    m_line->setVisible(false);
    connect(menu, &QMenu::aboutToShow, this, &ChecklistButton::opening);
    updateText();
}

void ChecklistButton::setEntries(const QVector<ChecklistEntry>& entries, const QStringList& chosen)
{
    for (QAction* action : std::as_const(m_entries)) {
        menu()->removeAction(action);
        action->deleteLater();  // it may be the one that was just ticked
    }
    m_entries.clear();
    for (const ChecklistEntry& entry : entries) {
        auto* action = new QAction(entry.title, menu());
        action->setObjectName(objectName() + QLatin1Char('.') + entry.id);
        action->setToolTip(entry.tip);
        action->setData(entry.id);
        action->setCheckable(true);
        action->setChecked(chosen.contains(entry.id) && entry.enabled);
        action->setEnabled(entry.enabled);
        connect(action, &QAction::triggered, this, [this, id = entry.id](bool on) {
            updateText();
            Q_EMIT toggled(id, on);
        });
        menu()->insertAction(m_line, action);
        m_entries.append(action);
    }
    updateText();
}

QStringList ChecklistButton::chosen() const
{
    QStringList ids;
    for (const QAction* action : m_entries)
        if (action->isChecked()) ids.append(action->data().toString());
    return ids;
}

QAction* ChecklistButton::addCommand(const QString& name, const QIcon& icon, const QString& text)
{
    m_line->setVisible(true);
    QAction* action = menu()->addAction(icon, text);
    action->setObjectName(name);
    return action;
}

void ChecklistButton::updateText()
{
    const auto count = chosen().size();
    setAccessibleName(count == 0 ? m_title : tr("%1 (%2)").arg(m_title).arg(count));
    setText(accessibleName() + QStringLiteral(" \u25be"));  // it opens a list
}

}  // namespace pathloom
