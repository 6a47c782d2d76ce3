// SPDX-License-Identifier: GPL-3.0-or-later
// FormDialog.
#include "widgets/views/common/form_dialog.h"

#include "widgets/theme/theme.h"
#include "widgets/views/common/messages.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

namespace pathloom {

FormDialog::FormDialog(const QString& name, const QString& title, int width, ThemeController& theme, QWidget* parent)
    : QDialog(parent)
    , m_name(name)
    , m_theme(theme)
    , m_form(new QFormLayout(this))
    , m_problem(new QLabel)
{
    setObjectName(name);
    setWindowTitle(title);
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(width);
    m_form->setContentsMargins(16, 16, 16, 12);
    m_form->setVerticalSpacing(8);
    m_form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_problem->setObjectName(name + QStringLiteral(".problem"));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_problem->hide();
    const auto restyle = [this] {
        QPalette palette = m_problem->palette();
        palette.setColor(QPalette::WindowText, m_theme.theme().tokens().fail);
        m_problem->setPalette(palette);
    };
    restyle();
    connect(&m_theme, &ThemeController::changed, this, restyle);
}

void FormDialog::addField(QWidget* field, const QString& name, const QString& label)
{
    field->setObjectName(m_name + QLatin1Char('.') + name);
    field->setAccessibleName(label);
    m_form->addRow(label, field);
    m_fields.append(field);
}

QLineEdit* FormDialog::addText(const QString& name, const QString& label, const QString& hint, const QString& text)
{
    auto* field = new QLineEdit(text);
    field->setPlaceholderText(hint);
    addField(field, name, label);
    return field;
}

QLineEdit* FormDialog::addPath(const QString& name, const QString& label, const QString& hint, Path kind, const QString& filter)
{
    auto* field = new QLineEdit;
    field->setObjectName(m_name + QLatin1Char('.') + name);
    field->setAccessibleName(label);
    field->setPlaceholderText(hint);
    auto* choose = new QPushButton(tr("Choose\u2026"));
    choose->setObjectName(QStringLiteral("%1.%2.choose").arg(m_name, name));
    choose->setAccessibleName(kind == Path::File ? tr("Choose the file: %1").arg(label) : tr("Choose the folder: %1").arg(label));
    choose->setAutoDefault(false);
    connect(choose, &QPushButton::clicked, this, [this, field, label, kind, filter] {
        const QString path = kind == Path::File
            ? Messages::chooseFile(this, tr("Choose a File: %1").arg(label), field->text(), filter)
            : Messages::chooseFolder(this, tr("Choose a Folder: %1").arg(label), field->text());
        if (!path.isEmpty()) field->setText(path);
    });
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(field, 1);
    row->addWidget(choose);
    m_form->addRow(label, row);
    m_fields << field << choose;
    return field;
}

QLabel* FormDialog::addHint(const QString& text)
{
    auto* hint = new QLabel(text);
    hint->setWordWrap(true);
    hint->setForegroundRole(QPalette::PlaceholderText);
    m_form->addRow(hint);
    return hint;
}

QPushButton* FormDialog::addButtons(const QString& name, const QString& text)
{
    m_form->addRow(m_problem);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    QPushButton* does = buttons->addButton(text, QDialogButtonBox::ActionRole);
    does->setProperty("primary", true);
    does->setObjectName(m_name + QLatin1Char('.') + name);
    does->setDefault(true);
    m_form->addRow(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    return does;
}

void FormDialog::showProblem(const QString& text)
{
    if (text == m_problem->text()) return;
    m_problem->setText(text);
    m_problem->setVisible(!text.isEmpty());
    fitLater();
}

void FormDialog::fitLater()
{
    const auto fit = [this] {
        m_form->invalidate();
        adjustSize();  // a wrapped line would be cut otherwise
    };
    QMetaObject::invokeMethod(this, fit, Qt::QueuedConnection);  // behind what the rows themselves have posted
}

void FormDialog::setFieldsEnabled(bool enabled)
{
    for (QWidget* field : std::as_const(m_fields)) field->setEnabled(enabled);
}

}  // namespace pathloom
