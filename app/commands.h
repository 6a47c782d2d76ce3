// SPDX-License-Identifier: GPL-3.0-or-later
// Every command of the app: one table, used by menus, toolbars, the palette and the shortcut sheet. Nothing outside of it.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QObject>
#include <QVector>

#include <functional>

namespace pathloom {

struct Command {
    QString id;  ///< "run.new"; also the action's objectName
    QString menu;  ///< key of the menu it stands in
    QString text;  ///< with its mnemonic
    QString tip;
    QKeySequence shortcut = {};
    QString icon = {};  ///< "" = none
    std::function<void()> run;
    std::function<bool()> enabled = {};  ///< default: always
    std::function<bool()> checked = {};  ///< set = checkable
    bool separatorBefore = false;
};

class Commands final : public QObject {
    Q_OBJECT
public:
    explicit Commands(QObject* parent = nullptr);
    void add(const QVector<Command>& commands);
    [[nodiscard]] QAction* action(const QString& id) const;  ///< a missing id is a bug: ends in qFatal
    [[nodiscard]] const QVector<Command>& all() const { return m_commands; }
    [[nodiscard]] QString plainText(const Command& command) const;  ///< without the mnemonic and dots
    [[nodiscard]] QStringList recent() const { return m_recent; }  ///< ids, the latest first
    void trigger(const QString& id);
    void refresh();  ///< ask every predicate again

private:
    QVector<Command> m_commands;
    QHash<QString, QAction*> m_actions;
    QStringList m_recent;
};

/// How well `query` fits `text`: -1 not at all; higher is better. Letters must come in order; starts of words and runs count
/// more.
int fuzzyScore(const QString& query, const QString& text);

}  // namespace pathloom
