// SPDX-License-Identifier: GPL-3.0-or-later
// TranslationColumn.
#include "widgets/views/translate/translation_column.h"

#include "widgets/models/formats.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/controls.h"
#include "widgets/views/common/number_box.h"
#include "widgets/views/common/table.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

namespace pathloom {
namespace {

constexpr int narrowest = 236;

QToolButton* smallButton(QStringView symbol, const QString& text)
{
    auto* button = new QToolButton;
    button->setIcon(icon(symbol));
    button->setAutoRaise(true);
    button->setToolTip(text);
    button->setAccessibleName(text);
    button->setFocusPolicy(Qt::TabFocus);
    button->setFixedSize(24, 24);
    return button;
}

}  // namespace

TranslationColumn::TranslationColumn(TranslatorChoices& choices, ThemeController& theme, QWidget* parent)
    : QFrame(parent)
    , m_choices(choices)
    , m_theme(theme)
    , m_translator(new QComboBox)
    , m_context(new QComboBox)
    , m_shots(numberBox({}, {}, -1, mostShots, -1))
    , m_settings(smallButton(u"settings", tr("Endpoint\u2026")))
    , m_remove(smallButton(u"close", tr("Remove Column")))
    , m_text(new QLabel)
    , m_note(noteLabel({}))
    , m_table(new Table(QStringLiteral("translate.parts"), tr("Where each word was learnt"), theme))
{
    setMinimumWidth(narrowest);
    for (QComboBox* box : {m_translator, m_context}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(8);
        connect(box, &QComboBox::activated, this, &TranslationColumn::choose);
    }
    m_shots->setSpecialValueText(tr("K all"));
    m_shots->setPrefix(QStringLiteral("K "));
    m_shots->setKeyboardTracking(false);
    m_text->setFont(Theme::titleFont());
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_note->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_table->setSource(&m_parts, SortRole, PartsModel::Order);
    m_table->setWidths({3, 12, 12, 20}, PartsModel::Origin, {PartsModel::Target, PartsModel::Origin});
    auto* who = new QHBoxLayout;
    who->setSpacing(4);
    who->addWidget(m_translator, 1);
    who->addWidget(m_settings);
    who->addWidget(m_remove);
    auto* what = new QHBoxLayout;
    what->setSpacing(4);
    what->addWidget(m_context, 1);
    what->addWidget(m_shots);
    auto* head = new QVBoxLayout;
    head->setContentsMargins(12, 8, 12, 0);
    head->setSpacing(6);
    head->addLayout(who);
    head->addLayout(what);
    head->addWidget(m_text);
    head->addWidget(m_note);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(head);
    column->addWidget(m_table, 1);
    column->addStretch(0);
    connect(m_shots, &QSpinBox::valueChanged, this, &TranslationColumn::choose);
    connect(m_settings, &QToolButton::clicked, this, &TranslationColumn::endpointWanted);
    connect(m_remove, &QToolButton::clicked, this, &TranslationColumn::removeWanted);
    connect(&choices, &TranslatorChoices::changed, this, &TranslationColumn::fill);
    connect(&theme, &ThemeController::changed, this, &TranslationColumn::restyle);
    fill();
    showTranslation();
}

void TranslationColumn::setPlace(int number, bool removable)
{
    const auto name = [number](QWidget* widget, const QString& part, const QString& accessible) {
        widget->setObjectName(QStringLiteral("translate.%1.%2").arg(part).arg(number));
        widget->setAccessibleName(tr("%1, column %2").arg(accessible).arg(number));
    };
    name(this, QStringLiteral("column"), tr("Translation"));
    name(m_translator, QStringLiteral("translator"), tr("Translator"));
    name(m_context, QStringLiteral("context"), tr("What it may use"));
    name(m_shots, QStringLiteral("shots"), tr("Number of example sentences"));
    name(m_settings, QStringLiteral("endpoint"), tr("Endpoint"));
    name(m_remove, QStringLiteral("remove"), tr("Remove Column"));
    name(m_text, QStringLiteral("text"), tr("Translation"));
    name(m_note, QStringLiteral("note"), tr("About the translation"));
    m_shots->setToolTip(tr("K, the number of example sentences; a larger K contains the smaller"));
    m_remove->setVisible(removable);
}

void TranslationColumn::setPack(const PackFacts& pack)
{
    m_pack = pack;
    fill();
}

void TranslationColumn::setCondition(const ConditionFacts& condition)
{
    if (condition == m_condition) return;
    m_condition = condition;
    fill();
    Q_EMIT conditionChanged();
}

void TranslationColumn::fill()
{
    const QSignalBlocker quietTranslator(m_translator), quietContext(m_context), quietShots(m_shots);
    m_translator->clear();
    for (const TranslatorFacts& one : m_choices.known())
        addChoice(m_translator, one.id, m_choices.title(one.id), one.tip, one.problem);
    m_translator->setCurrentIndex(m_translator->findData(m_condition.model));
    m_context->clear();
    for (const ContextFacts& one : contexts()) addChoice(m_context, one.id, one.title, one.tip, contextProblem(m_pack, one.id));
    m_context->setCurrentIndex(m_context->findData(m_condition.context));
    m_context->setToolTip(m_context->currentData(Qt::ToolTipRole).toString());
    m_shots->setValue(m_condition.shots);
    m_shots->setEnabled(takesShots(m_condition.context));
    m_settings->setVisible(TranslatorChoices::isEndpoint(m_condition.model));
}

void TranslationColumn::choose()
{
    const ConditionFacts wanted{m_translator->currentData().toString(), m_context->currentData().toString(), m_shots->value()};
    if (TranslatorChoices::isEndpoint(wanted.model) && !m_choices.endpoint().isSet()) {
        fill();  // chosen when its address is known
        Q_EMIT endpointWanted();
        return;
    }
    setCondition(wanted);
}

void TranslationColumn::setTranslation(const TranslationFacts& translation)
{
    if (translation == m_translation) return;
    m_translation = translation;
    showTranslation();
}

void TranslationColumn::showTranslation()
{
    const TranslationFacts& t = m_translation;
    const QLocale numbers;
    m_text->setText(t.text);
    m_text->setVisible(!t.text.isEmpty());
    m_parts.setRows(t.parts);
    m_table->setVisible(!t.parts.isEmpty());
    if (!t.problem.isEmpty())
        m_note->setText(t.problem);
    else if (t.unsent)
        m_note->setText(tr("Not sent yet. Press Translate: a sentence goes to the server only then."));
    else if (t.waiting && t.reading >= 0)
        m_note->setText(tr("Reading the context: %1").arg(percentText(t.reading)));
    else if (t.waiting)
        m_note->setText(t.text.isEmpty() ? tr("Translating; a translator is built from the pack the first time it is used.")
                                         : tr("Translating"));
    else if (t.text.isEmpty())
        m_note->setText(tr("The translation, and for each of its words where that was learnt, will stand here."));
    else
        m_note->setText(
            tr("%1 ms \u00b7 given %2 sentences, %3 words%4")
                .arg(numbers.toString(qRound64(t.seconds * 1000)), numbers.toString(t.examples), numbers.toString(t.dictionary),
                    t.bookPairs > 0 ? tr(", %1 pairs of the book").arg(numbers.toString(t.bookPairs)) : QString()));
    restyle();
}

void TranslationColumn::restyle()
{
    QPalette palette = m_note->palette();
    const Tokens& tokens = m_theme.theme().tokens();
    palette.setColor(QPalette::WindowText, m_translation.problem.isEmpty() ? tokens.muted : tokens.fail);
    m_note->setPalette(palette);
}

}  // namespace pathloom
