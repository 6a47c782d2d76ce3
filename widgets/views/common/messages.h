// SPDX-License-Identifier: GPL-3.0-or-later
// Every question the app asks and every file it lets the user pick, in one place, so that a test can answer.
#pragma once

#include <QString>
#include <QStringList>

class QWidget;

namespace pathloom {

class Messages {
public:
    /// One button of a question; `destructive` ones are never the default.
    struct Choice {
        QString text;
        bool destructive = false;
    };
    /// Ask; the index of the chosen button, or `cancel` when the user closes the box.
    static int ask(
        QWidget* parent, const QString& title, const QString& text, const QVector<Choice>& choices, int preferred, int cancel);
    static QString chooseFolder(QWidget* parent, const QString& title, const QString& start = {});
    static QString chooseFile(QWidget* parent, const QString& title, const QString& start = {}, const QString& filter = {});
    static QStringList chooseFiles(QWidget* parent, const QString& title, const QString& start = {}, const QString& filter = {});
    static QString chooseSave(QWidget* parent, const QString& title, const QString& start = {}, const QString& filter = {});

    /// Tests: the next question is answered with this button, the next file dialog with these paths, without being shown.
    static void setNextAnswer(int choice);
    static void setNextPaths(const QStringList& paths);
    static QString lastQuestion();
};

}  // namespace pathloom
