// SPDX-License-Identifier: GPL-3.0-or-later
// TranslatePage.
#include "widgets/views/translate/translate_page.h"

#include "widgets/theme/theme.h"
#include "widgets/views/common/table.h"

#include <QLabel>
#include <QPlainTextEdit>
#include <QSplitter>
#include <QVBoxLayout>

namespace pathloom {
namespace {
constexpr int typingPauseMs = 300;
}

QVector<ConditionFacts> usualConditions()
{
    QVector<ConditionFacts> conditions;
    for (const char* context : {"words", "sentences", "no-book"}) {
        ConditionFacts condition;
        condition.model = QStringLiteral("lexical");
        condition.context = QLatin1String(context);
        conditions.append(condition);
    }
    ConditionFacts nearest;
    nearest.model = QStringLiteral("nearest");
    nearest.context = QStringLiteral("no-book");
    conditions.append(nearest);
    return conditions;
}

TranslatePage::TranslatePage(HelperSession& session, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_sentence(new QPlainTextEdit)
    , m_table(new Table(QStringLiteral("translate.conditions"), tr("Translations"), theme))
    , m_partsTable(new Table(QStringLiteral("translate.parts"), tr("Where each word was learnt"), theme))
    , m_translation(new QLabel)
    , m_note(new QLabel)
{
    setObjectName(QStringLiteral("translate.page"));
    m_sentence->setObjectName(QStringLiteral("translate.sentence"));
    m_sentence->setAccessibleName(tr("Sentence"));
    m_sentence->setPlaceholderText(tr("Type a sentence to translate"));
    m_sentence->setTabChangesFocus(true);
    m_sentence->setMaximumHeight(72);
    m_table->setSource(&m_conditions, SortRole);
    m_table->setSortingEnabled(false);
    m_table->setWidths({32, 40, 8}, ConditionsModel::Text);
    m_partsTable->setSource(&m_parts, SortRole, PartsModel::Order);
    m_partsTable->setWidths({3, 18, 18, 40}, PartsModel::Origin, {PartsModel::Target, PartsModel::Origin});
    m_translation->setObjectName(QStringLiteral("translate.text"));
    m_translation->setAccessibleName(tr("Translation"));
    m_translation->setFont(Theme::titleFont());
    m_translation->setWordWrap(true);
    m_translation->setTextFormat(Qt::PlainText);
    m_translation->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_note->setObjectName(QStringLiteral("translate.note"));
    m_note->setFont(Theme::labelFont());
    m_note->setWordWrap(true);
    auto* upper = new QWidget;
    auto* upperColumn = new QVBoxLayout(upper);
    upperColumn->setContentsMargins(0, 8, 0, 0);
    upperColumn->setSpacing(8);
    auto* box = new QVBoxLayout;
    box->setContentsMargins(12, 0, 12, 0);
    box->addWidget(m_sentence);
    upperColumn->addLayout(box);
    upperColumn->addWidget(m_table, 1);
    auto* lower = new QWidget;
    auto* lowerColumn = new QVBoxLayout(lower);
    lowerColumn->setContentsMargins(0, 8, 0, 0);
    lowerColumn->setSpacing(4);
    auto* texts = new QVBoxLayout;
    texts->setContentsMargins(12, 0, 12, 0);
    texts->addWidget(m_translation);
    texts->addWidget(m_note);
    lowerColumn->addLayout(texts);
    lowerColumn->addWidget(m_partsTable, 1);
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->setObjectName(QStringLiteral("translate.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(upper);
    splitter->addWidget(lower);
    splitter->setSizes({230, 300});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(splitter);
    m_conditions.setRows(usualConditions());
    m_delay.setSingleShot(true);
    m_delay.setInterval(typingPauseMs);
    connect(&m_delay, &QTimer::timeout, this, &TranslatePage::ask);
    connect(m_sentence, &QPlainTextEdit::textChanged, this, [this] { m_delay.start(); });
    connect(m_table, &Table::selectedChanged, this, &TranslatePage::showParts);
    showParts();
}

void TranslatePage::setPack(const PackFacts& pack, const QString& from)
{
    m_pack = pack;
    m_from = from;
    ask();
}

void TranslatePage::setSentence(const QString& sentence)
{
    m_sentence->setPlainText(sentence);
}

void TranslatePage::ask()
{
    const quint64 generation = ++m_generation;
    for (const qint64 id : std::as_const(m_asked)) m_session.forget(id);
    m_asked.clear();
    m_waiting = 0;
    const QString sentence = m_sentence->toPlainText().simplified();
    QVector<ConditionFacts> rows = usualConditions();
    if (sentence.isEmpty() || m_pack.folder.isEmpty()) {
        m_conditions.setRows(rows);
        return showParts();
    }
    for (ConditionFacts& row : rows) row.waiting = true;
    m_conditions.setRows(rows);
    m_waiting = int(rows.size());
    if (m_table->selectedKey(KeyRole) == 0) m_table->selectRow(2);  // all there is but the book
    for (int i = 0; i < rows.size(); ++i) {
        const QJsonObject request{{QStringLiteral("do"), QStringLiteral("translate")}, {QStringLiteral("folder"), m_pack.folder},
            {QStringLiteral("from"), m_from}, {QStringLiteral("model"), rows[i].model},
            {QStringLiteral("context"), rows[i].context}, {QStringLiteral("text"), sentence}};
        m_asked.append(m_session.request(request, [this, i, generation](const QJsonObject& event) {
            if (generation != m_generation) return;  // typed on meanwhile
            QVector<ConditionFacts> known = m_conditions.rows();
            if (event.value(QLatin1String("event")) == QLatin1String("error")) {
                known[i].waiting = false;
                known[i].problem = event.value(QLatin1String("message")).toString();
            } else {
                fillCondition(known[i], event);
            }
            --m_waiting;
            m_conditions.setRows(known);
            showParts();
        }));
    }
    showParts();
}

void TranslatePage::showParts()
{
    const ConditionFacts* shown = m_conditions.rowByKey(m_table->selectedKey(KeyRole));
    m_translation->setText(shown ? shown->text : QString());
    m_translation->setVisible(shown && !shown->text.isEmpty());
    m_parts.setRows(shown ? shown->parts : QVector<PartFacts>());
    m_partsTable->setVisible(shown && !shown->parts.isEmpty());
    if (!shown || (shown->text.isEmpty() && !shown->waiting && shown->problem.isEmpty()))
        m_note->setText(tr("For each word of the chosen translation its line of the dictionary or its example stands here."));
    else if (shown->waiting)
        m_note->setText(tr("Translating; a translator is built from the pack the first time it is used."));
    else if (!shown->problem.isEmpty())
        m_note->setText(shown->problem);
    else
        m_note->setText(tr("%1 \u00b7 %2 ms").arg(shown->name()).arg(qRound(shown->seconds * 1000)));
}

}  // namespace pathloom
