// SPDX-License-Identifier: GPL-3.0-or-later
// Type a few letters, press Enter: every command. And the sheet of all shortcuts.
#pragma once

#include "app/commands.h"

#include <QDialog>

class QLineEdit;
class QTreeWidget;

namespace pathloom {

class CommandPalette final : public QDialog {
    Q_OBJECT
public:
    explicit CommandPalette(Commands& commands, QWidget* parent = nullptr);
    [[nodiscard]] QStringList shownIds() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fill(const QString& query);
    void runCurrent();

    Commands& m_commands;
    QLineEdit* m_query;
    QTreeWidget* m_list;
};

class ShortcutSheet final : public QDialog {
    Q_OBJECT
public:
    explicit ShortcutSheet(const Commands& commands, QWidget* parent = nullptr);
};

}  // namespace pathloom
