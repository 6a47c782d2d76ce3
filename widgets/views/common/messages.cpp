// SPDX-License-Identifier: GPL-3.0-or-later
// Messages: QMessageBox and QFileDialog behind a seam.
#include "widgets/views/common/messages.h"

#include <QFileDialog>
#include <QMessageBox>
#include <QPushButton>

#include <optional>
#include <utility>

namespace pathloom {
namespace {

struct Seam {
    std::optional<int> answer;
    std::optional<QStringList> paths;
    QString lastQuestion;
};

Seam& seam()
{
    static Seam instance;
    return instance;
}

std::optional<QStringList> plannedPaths()
{
    return std::exchange(seam().paths, std::nullopt);
}

}  // namespace

int Messages::ask(
    QWidget* parent, const QString& title, const QString& text, const QVector<Choice>& choices, int preferred, int cancel)
{
    seam().lastQuestion = text;
    if (const auto answer = std::exchange(seam().answer, std::nullopt)) return *answer;
    QMessageBox box(QMessageBox::Question, title, text, QMessageBox::NoButton, parent);
    box.setObjectName(QStringLiteral("question"));
    QVector<QPushButton*> buttons;
    for (int i = 0; i < int(choices.size()); ++i) {
        const auto role = i == cancel ? QMessageBox::RejectRole
            : choices[i].destructive  ? QMessageBox::DestructiveRole
                                      : QMessageBox::AcceptRole;
        buttons.append(box.addButton(choices[i].text, role));
    }
    box.setDefaultButton(buttons[preferred]);
    box.setEscapeButton(buttons[cancel]);
    box.exec();
    for (int i = 0; i < int(buttons.size()); ++i)
        if (box.clickedButton() == buttons[i]) return i;
    return cancel;
}

QString Messages::chooseFolder(QWidget* parent, const QString& title, const QString& start)
{
    if (const auto paths = plannedPaths()) return paths->value(0);
    return QFileDialog::getExistingDirectory(parent, title, start);
}

QString Messages::chooseFile(QWidget* parent, const QString& title, const QString& start, const QString& filter)
{
    if (const auto paths = plannedPaths()) return paths->value(0);
    return QFileDialog::getOpenFileName(parent, title, start, filter);
}

QStringList Messages::chooseFiles(QWidget* parent, const QString& title, const QString& start, const QString& filter)
{
    if (const auto paths = plannedPaths()) return *paths;
    return QFileDialog::getOpenFileNames(parent, title, start, filter);
}

QString Messages::chooseSave(QWidget* parent, const QString& title, const QString& start, const QString& filter)
{
    if (const auto paths = plannedPaths()) return paths->value(0);
    return QFileDialog::getSaveFileName(parent, title, start, filter);
}

void Messages::setNextAnswer(int choice)
{
    seam().answer = choice;
}

void Messages::setNextPaths(const QStringList& paths)
{
    seam().paths = paths;
}

QString Messages::lastQuestion()
{
    return seam().lastQuestion;
}

}  // namespace pathloom
