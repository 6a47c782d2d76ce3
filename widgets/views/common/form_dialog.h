// SPDX-License-Identifier: GPL-3.0-or-later
// A dialog of labelled rows with one problem line above its buttons. Whatever it is for, its rows look and are named alike.
#pragma once

#include <QDialog>
#include <QList>

class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace pathloom {

class ThemeController;

class FormDialog : public QDialog {
    Q_OBJECT
public:
    /// `name`: of the dialog, and what the names of its fields begin with. It deletes itself when closed.
    FormDialog(const QString& name, const QString& title, int width, ThemeController& theme, QWidget* parent = nullptr);

protected:
    [[nodiscard]] QFormLayout* form() const { return m_form; }
    /// A row "label: widget"; the widget takes its names from it.
    void addField(QWidget* field, const QString& name, const QString& label);
    QLineEdit* addText(const QString& name, const QString& label, const QString& hint, const QString& text = {});
    /// A line for a path with a button that chooses a file of `filter`, a folder if asked for.
    enum class Path { File, Folder };
    QLineEdit* addPath(
        const QString& name, const QString& label, const QString& hint, Path kind = Path::File, const QString& filter = {});
    QLabel* addHint(const QString& text);
    /// The problem line, Cancel and the button that does it, last in the form. `name`: of that button.
    QPushButton* addButtons(const QString& name, const QString& text);
    /// A line about what is wrong, in the colour for it; empty hides it.
    void showProblem(const QString& text);
    /// Rows have grown or shrunk: the dialog follows once they are laid out.
    void fitLater();
    /// Nothing can be changed while something is tried.
    void setFieldsEnabled(bool enabled);

private:
    QString m_name;
    ThemeController& m_theme;
    QFormLayout* m_form;
    QLabel* m_problem;
    QList<QWidget*> m_fields;
};

}  // namespace pathloom
