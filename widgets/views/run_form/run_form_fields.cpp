// SPDX-License-Identifier: GPL-3.0-or-later
// RunForm's editors: one widget a setting, filled from the spec and writing back into it.
#include "widgets/theme/theme.h"
#include "widgets/views/run_form/run_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

#include <cmath>

namespace pathloom {
namespace {

QString numberText(double value)
{
    return QString::number(value, 'g', 12);
}

QString blockListText(const QJsonArray& blocks)
{
    QStringList parts;
    for (const QJsonValue& block : blocks) parts.append(QString::number(block.toInt()));
    return parts.join(QStringLiteral(", "));
}

QJsonArray blockList(const QString& text)
{
    static const QRegularExpression separators(QStringLiteral("[,;\\s]+"));
    QJsonArray blocks;
    const QStringList parts = text.split(separators, Qt::SkipEmptyParts);
    for (const QString& part : parts) {
        bool ok = false;
        const int block = part.toInt(&ok);
        blocks.append(ok ? QJsonValue(block) : QJsonValue(part));  // the engine says what is wrong with a word
    }
    return blocks;
}

}  // namespace

QWidget* RunForm::makeEditor(const SpecField& field)
{
    using Kind = SpecField::Kind;
    const QString key = field.key;
    QWidget* editor = nullptr;
    switch (field.kind) {
    case Kind::Integer: {
        auto* spin = new QSpinBox;
        spin->setRange(int(field.minimum), int(field.maximum));
        spin->setAlignment(Qt::AlignRight);
        spin->setGroupSeparatorShown(false);
        connect(spin, &QSpinBox::valueChanged, this, [this, key](int value) { edit(key, value); });
        editor = spin;
        break;
    }
    case Kind::Number: {
        auto* line = new QLineEdit;
        line->setAlignment(Qt::AlignRight);
        connect(line, &QLineEdit::textEdited, this, [this, key](const QString& text) {
            bool ok = false;
            const double value = QLocale::c().toDouble(text.trimmed(), &ok);
            edit(key, ok ? QJsonValue(value) : QJsonValue(text));
        });
        editor = line;
        break;
    }
    case Kind::Choice: {
        auto* combo = new QComboBox;
        combo->addItems(field.choices);
        connect(combo, &QComboBox::currentTextChanged, this, [this, key](const QString& text) { edit(key, text); });
        editor = combo;
        break;
    }
    case Kind::Corpus: {
        auto* combo = new QComboBox;
        combo->setEditable(true);
        combo->lineEdit()->setAccessibleName(field.label);
        combo->setInsertPolicy(QComboBox::NoInsert);
        connect(combo, &QComboBox::currentTextChanged, this, [this, key](const QString& text) { edit(key, text); });
        const auto fill = [this, combo] {
            const QSignalBlocker blocker(combo);
            const QString text = combo->currentText();
            combo->clear();
            for (const CorpusRow& corpus : m_session.corpora().rows()) combo->addItem(corpus.name);
            combo->setCurrentText(text);
        };
        connect(&m_session, &Session::corporaChanged, combo, fill);
        fill();
        editor = combo;
        break;
    }
    case Kind::Switch: {
        auto* box = new QCheckBox(field.label);
        connect(box, &QCheckBox::toggled, this, [this, key](bool on) { edit(key, on); });
        editor = box;
        break;
    }
    case Kind::Levels: {
        auto* line = new QLineEdit;
        line->setPlaceholderText(QStringLiteral("2 x 2"));
        connect(line, &QLineEdit::textEdited, this, &RunForm::editLevels);
        editor = line;
        break;
    }
    case Kind::BlockList: {
        auto* line = new QLineEdit;
        line->setPlaceholderText(tr("none"));
        connect(line, &QLineEdit::textEdited, this, [this, key](const QString& text) { edit(key, blockList(text)); });
        editor = line;
        break;
    }
    }
    editor->setObjectName(QStringLiteral("run_form.") + key);
    editor->setAccessibleName(field.label);
    editor->setToolTip(field.tip);
    return editor;
}

void RunForm::buildFields(QFormLayout* form, const QString& group)
{
    for (const SpecField& field : std::as_const(m_fields)) {
        if (field.group != group) continue;
        QWidget* editor = makeEditor(field);
        auto* error = new QLabel;
        error->setObjectName(QStringLiteral("run_form.error.") + field.key);
        error->setFont(Theme::labelFont());
        error->setWordWrap(true);
        error->hide();
        auto* cell = new QVBoxLayout;
        cell->setContentsMargins(0, 0, 0, 0);
        cell->setSpacing(2);
        cell->addWidget(editor);
        cell->addWidget(error);
        if (field.kind == SpecField::Kind::Switch) {
            form->addRow(QString(), cell);
        } else {
            auto* label = new QLabel(field.label);
            label->setBuddy(editor);
            label->setToolTip(field.tip);
            label->setMinimumHeight(24);
            form->addRow(label, cell);
        }
        m_editors.insert(field.key, editor);
        m_errors.insert(field.key, error);
    }
}

QWidget* RunForm::makeForm()
{
    auto* inside = new QWidget;
    auto* columns = new QHBoxLayout(inside);
    columns->setContentsMargins(16, 12, 16, 12);
    columns->setSpacing(24);
    QStringList groups;
    for (const SpecField& field : std::as_const(m_fields))
        if (!groups.contains(field.group)) groups.append(field.group);
    QVBoxLayout* column = nullptr;
    for (int i = 0; i < int(groups.size()); ++i) {
        if (i % 2 == 0) {
            column = new QVBoxLayout;
            column->setSpacing(8);
            columns->addLayout(column, 1);
        }
        auto* title = new QLabel(groups[i]);
        QFont bold = Theme::bodyFont();
        bold.setWeight(QFont::DemiBold);
        title->setFont(bold);
        if (i % 2 == 1) title->setContentsMargins(0, 12, 0, 0);
        column->addWidget(title);
        auto* form = new QFormLayout;
        form->setHorizontalSpacing(12);
        form->setVerticalSpacing(6);
        form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
        buildFields(form, groups[i]);
        column->addLayout(form);
        if (i % 2 == 1 || i + 1 == int(groups.size())) column->addStretch(1);
    }
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("run_form.scroll"));
    scroll->setAccessibleName(tr("Main settings"));
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(inside);
    return scroll;
}

void RunForm::fillEditors()
{
    m_filling = true;
    for (const SpecField& field : std::as_const(m_fields)) {
        QWidget* editor = m_editors.value(field.key);
        const QJsonValue value = specValue(m_spec, field.key);
        switch (field.kind) {
        case SpecField::Kind::Integer:
            qobject_cast<QSpinBox*>(editor)->setValue(int(value.toDouble(field.absent)));
            break;
        case SpecField::Kind::Number:
            if (auto* line = qobject_cast<QLineEdit*>(editor); !line->hasFocus() || value.isDouble())
                if (QLocale::c().toDouble(line->text()) != value.toDouble() || line->text().isEmpty())
                    line->setText(numberText(value.toDouble()));
            break;
        case SpecField::Kind::Choice:
        case SpecField::Kind::Corpus: {
            auto* combo = qobject_cast<QComboBox*>(editor);
            if (field.kind == SpecField::Kind::Choice && combo->findText(value.toString()) < 0 && value.isString())
                combo->addItem(value.toString());
            if (combo->currentText() != value.toString()) combo->setCurrentText(value.toString());
            break;
        }
        case SpecField::Kind::Switch:
            qobject_cast<QCheckBox*>(editor)->setChecked(value.toBool());
            break;
        case SpecField::Kind::Levels:
            if (auto* line = qobject_cast<QLineEdit*>(editor); !line->hasFocus()) line->setText(levelsText(m_spec));
            break;
        case SpecField::Kind::BlockList:
            if (auto* line = qobject_cast<QLineEdit*>(editor); !line->hasFocus()) line->setText(blockListText(value.toArray()));
            break;
        }
    }
    m_filling = false;
}

}  // namespace pathloom
