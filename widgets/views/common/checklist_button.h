// SPDX-License-Identifier: GPL-3.0-or-later
// A button whose menu ticks several of a list: "Compare With (2)".
#pragma once

#include <QStringList>
#include <QToolButton>
#include <QVector>

namespace pathloom {

struct ChecklistEntry {
    QString id, title, tip;
    bool enabled = true;  ///< the tip says why not
};

class ChecklistButton final : public QToolButton {
    Q_OBJECT
public:
    /// `name`: of the button, and what the names of its entries begin with.
    ChecklistButton(const QString& name, const QString& title, const QString& tip, QWidget* parent = nullptr);
    void setEntries(const QVector<ChecklistEntry>& entries, const QStringList& chosen);
    [[nodiscard]] QStringList chosen() const;  ///< those that can be had, in the order of the entries
    /// An entry below the others that does something, named `name`.
    QAction* addCommand(const QString& name, const QIcon& icon, const QString& text);

Q_SIGNALS:
    void opening();  ///< the menu is about to be shown
    void toggled(const QString& id, bool on);

private:
    void updateText();
    QString m_title;
    QList<QAction*> m_entries;
    QAction* m_line;
};

}  // namespace pathloom
