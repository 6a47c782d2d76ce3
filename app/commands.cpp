// SPDX-License-Identifier: GPL-3.0-or-later
// Commands.
#include "app/commands.h"

#include "widgets/theme/icons.h"

namespace pathloom {

Commands::Commands(QObject* parent)
    : QObject(parent)
{
}

void Commands::add(const QVector<Command>& commands)
{
    for (const Command& command : commands) {
        if (m_actions.contains(command.id)) qFatal("two commands are called %s", qPrintable(command.id));
        auto* action = new QAction(command.text, this);
        action->setObjectName(command.id);
        action->setShortcut(command.shortcut);
        action->setMenuRole(QAction::NoRole);
        const QString keys = command.shortcut.toString(QKeySequence::NativeText);
        action->setToolTip(keys.isEmpty() ? command.tip : QStringLiteral("%1 (%2)").arg(command.tip, keys));
        action->setStatusTip(command.tip);
        if (!command.icon.isEmpty()) action->setIcon(icon(command.icon));
        if (command.checked) action->setCheckable(true);
        const QString id = command.id;
        connect(action, &QAction::triggered, this, [this, id] { trigger(id); });
        m_actions.insert(command.id, action);
        m_commands.append(command);
    }
    refresh();
}

QAction* Commands::action(const QString& id) const
{
    QAction* found = m_actions.value(id);
    if (!found) qFatal("there is no command %s", qPrintable(id));
    return found;
}

QString Commands::plainText(const Command& command) const
{
    QString text = command.text;
    return text.remove(QLatin1Char('&'));
}

void Commands::trigger(const QString& id)
{
    for (const Command& command : std::as_const(m_commands)) {
        if (command.id != id) continue;
        if (command.enabled && !command.enabled()) return;
        m_recent.removeAll(id);
        m_recent.prepend(id);
        command.run();
        refresh();
        return;
    }
}

void Commands::refresh()
{
    for (const Command& command : std::as_const(m_commands)) {
        QAction* action = m_actions.value(command.id);
        action->setEnabled(!command.enabled || command.enabled());
        if (command.checked) action->setChecked(command.checked());
    }
}

int fuzzyScore(const QString& query, const QString& text)
{
    int score = 0;
    qsizetype at = 0;
    qsizetype last = -2;
    for (const QChar wanted : query) {
        if (wanted.isSpace()) continue;
        qsizetype found = -1;
        for (qsizetype i = at; i < text.size(); ++i) {
            if (text[i].toCaseFolded() != wanted.toCaseFolded()) continue;
            const bool start = i == 0 || !text[i - 1].isLetterOrNumber();
            if (found < 0) found = i;
            if (start || i == last + 1) {  // prefer the start of a word, or to go on where we are
                found = i;
                break;
            }
        }
        if (found < 0) return -1;
        const bool start = found == 0 || !text[found - 1].isLetterOrNumber();
        score += 1 + (start ? 8 : 0) + (found == last + 1 ? 5 : 0);
        last = found;
        at = found + 1;
    }
    return score * 100 - int(text.size());
}

}  // namespace pathloom
