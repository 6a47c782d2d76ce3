// SPDX-License-Identifier: GPL-3.0-or-later
// TranslatePage.
#include "widgets/views/translate/translate_page.h"

#include "widgets/theme/icons.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/translate/endpoint_choice.h"
#include "widgets/views/translate/translation_column.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <memory>

namespace pathloom {
namespace {

constexpr int typingPauseMs = 300;
constexpr int mostColumns = 12;

/// What a column is when nobody has chosen yet; those that differ most come first.
QVector<ConditionFacts> usualConditions()
{
    const QString lexical = QStringLiteral("lexical");
    return {{lexical, QStringLiteral("words")}, {lexical, QStringLiteral("sentences")}, {lexical, QStringLiteral("no-book")},
        {QStringLiteral("nearest"), QStringLiteral("no-book")}, {lexical, QStringLiteral("full-book")},
        {QStringLiteral("reader"), QStringLiteral("no-book")}, {lexical, QStringLiteral("half-book")},
        {lexical, QStringLiteral("zero-shot")}};
}

constexpr int columnsAtFirst = 4;

}  // namespace

TranslatePage::TranslatePage(HelperSession& session, TranslatorChoices& choices, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_choices(choices)
    , m_theme(theme)
    , m_sentence(new QPlainTextEdit)
    , m_send(new QPushButton(tr("Translate")))
    , m_add(new QPushButton(icon(u"add"), tr("Add Column")))
    , m_splitter(new QSplitter(Qt::Horizontal))
{
    setObjectName(QStringLiteral("translate.page"));
    m_sentence->setObjectName(QStringLiteral("translate.sentence"));
    m_sentence->setAccessibleName(tr("Sentence"));
    m_sentence->setPlaceholderText(tr("Type a sentence to translate"));
    m_sentence->setTabChangesFocus(true);
    m_sentence->setFixedHeight(60);
    m_sentence->installEventFilter(this);
    m_send->setObjectName(QStringLiteral("translate.send"));
    m_send->setToolTip(tr("Ask every column again, the endpoint too (Ctrl+Return)"));
    m_add->setObjectName(QStringLiteral("translate.add"));
    m_add->setToolTip(tr("Another translator, or another part of the pack, beside the others"));
    auto* buttons = new QVBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_send);
    buttons->addWidget(m_add);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 8, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_sentence, 1);
    row->addLayout(buttons);
    m_splitter->setObjectName(QStringLiteral("translate.columns"));
    m_splitter->setChildrenCollapsible(false);
    auto* area = new QScrollArea;
    area->setObjectName(QStringLiteral("translate.columns.area"));
    area->setFrameShape(QFrame::NoFrame);
    area->setFocusPolicy(Qt::NoFocus);
    area->setWidgetResizable(true);
    area->setWidget(m_splitter);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(row);
    column->addWidget(area, 1);
    m_delay.setSingleShot(true);
    m_delay.setInterval(typingPauseMs);
    connect(&m_delay, &QTimer::timeout, this, [this] { askAll(false); });
    connect(m_sentence, &QPlainTextEdit::textChanged, this, [this] {
        m_delay.start();
        updateReady();
    });
    connect(m_send, &QPushButton::clicked, this, &TranslatePage::send);
    connect(m_add, &QPushButton::clicked, this, [this] { addColumn(nextCondition()); });
    for (const ConditionFacts& condition : usualConditions().first(columnsAtFirst)) addColumn(condition);
    updateReady();
}

void TranslatePage::setPack(const PackFacts& pack, const QString& from)
{
    m_pack = pack;
    m_from = from;
    for (TranslationColumn* column : std::as_const(m_columns)) column->setPack(pack);
    m_delay.stop();
    askAll(false);
    updateReady();
}

void TranslatePage::setSentence(const QString& sentence)
{
    m_sentence->setPlainText(sentence);
}

bool TranslatePage::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_sentence && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
        if (enter && key->modifiers().testFlag(Qt::ControlModifier)) {
            send();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

ConditionFacts TranslatePage::nextCondition() const
{
    for (const ConditionFacts& usual : usualConditions()) {
        const bool taken = std::any_of(
            m_columns.begin(), m_columns.end(), [&](const TranslationColumn* column) { return column->condition() == usual; });
        if (!taken && contextProblem(m_pack, usual.context).isEmpty()) return usual;
    }
    return m_columns.last()->condition();
}

TranslationColumn* TranslatePage::addColumn(const ConditionFacts& condition)
{
    auto* column = new TranslationColumn(m_choices, m_theme);
    column->setPack(m_pack);
    column->setCondition(condition);
    m_columns.append(column);
    m_splitter->addWidget(column);
    connect(column, &TranslationColumn::conditionChanged, this, [this, column] { ask(column, false); });
    connect(column, &TranslationColumn::removeWanted, this, [this, column] { removeColumn(column); });
    connect(column, &TranslationColumn::endpointWanted, this, [this, column] {
        askForEndpoint(m_choices, m_theme, this, [this, column = QPointer(column)] {
            if (!column) return;
            ConditionFacts wanted = column->condition();
            wanted.model = QStringLiteral("endpoint");
            if (wanted == column->condition()) return ask(column, false);
            column->setCondition(wanted);
        });
    });
    placeColumns();
    ask(column, false);
    return column;
}

void TranslatePage::removeColumn(TranslationColumn* column)
{
    if (m_columns.size() == 1) return;
    forget(column);
    m_columns.removeAll(column);
    column->hide();
    column->setParent(nullptr);
    column->deleteLater();  // its button is what was clicked
    placeColumns();
    m_add->setFocus();
}

void TranslatePage::placeColumns()
{
    for (int i = 0; i < m_columns.size(); ++i) m_columns[i]->setPlace(i + 1, m_columns.size() > 1);
    m_splitter->setSizes(QList<int>(m_columns.size(), 1));  // all alike
    m_add->setEnabled(m_columns.size() < mostColumns);
}

void TranslatePage::send()
{
    m_delay.stop();
    askAll(true);
}

void TranslatePage::askAll(bool sending)
{
    if (!m_asked.isEmpty()) {  // typed on meanwhile: nobody waits for those any more
        for (auto it = m_asked.keyBegin(); it != m_asked.keyEnd(); ++it) m_session.forget(*it);
        m_asked.clear();
        m_session.cancel();
    }
    // One is asked after the other; a server may take long, so it comes last.
    for (const bool elsewhere : {false, true})
        for (TranslationColumn* column : std::as_const(m_columns))
            if (TranslatorChoices::isEndpoint(column->condition().model) == elsewhere) ask(column, sending);
}

void TranslatePage::forget(const TranslationColumn* column)
{
    m_asked.removeIf([&](const QHash<qint64, QPointer<TranslationColumn>>::iterator it) {
        if (it.value() != column) return false;
        m_session.forget(it.key());
        return true;
    });
}

void TranslatePage::ask(TranslationColumn* column, bool sending)
{
    forget(column);
    TranslationFacts facts;
    const QString sentence = m_sentence->toPlainText().simplified();
    const ConditionFacts& condition = column->condition();
    if (sentence.isEmpty() || m_pack.folder.isEmpty()) return column->setTranslation(facts);
    const bool elsewhere = TranslatorChoices::isEndpoint(condition.model);
    if (elsewhere && !sending) {
        facts.unsent = true;
        return column->setTranslation(facts);
    }
    facts.waiting = true;
    column->setTranslation(facts);
    QJsonObject request = condition.toJson();
    request.insert(QStringLiteral("do"), QStringLiteral("translate"));
    request.insert(QStringLiteral("folder"), m_pack.folder);
    request.insert(QStringLiteral("from"), m_from);
    request.insert(QStringLiteral("text"), sentence);
    if (elsewhere) request.insert(QStringLiteral("endpoint"), m_choices.endpoint().toJson());
    const auto id = std::make_shared<qint64>(0);
    *id = m_session.request(request, [this, id, column = QPointer(column)](const QJsonObject& event) {
        TranslationFacts heard = column ? column->translation() : TranslationFacts();
        hearTranslation(heard, event);
        if (!heard.waiting) m_asked.remove(*id);
        if (column) column->setTranslation(heard);
    });
    m_asked.insert(*id, column);
}

void TranslatePage::updateReady()
{
    const bool typed = !m_sentence->toPlainText().simplified().isEmpty();
    m_send->setEnabled(typed && !m_pack.folder.isEmpty());
}

ExportTarget TranslatePage::exports() const
{
    const auto csv = [this] {
        QString text = csvLine({QStringLiteral("model"), QStringLiteral("context"), QStringLiteral("shots"),
            QStringLiteral("source"), QStringLiteral("translation"), QStringLiteral("problem"), QStringLiteral("seconds")});
        for (const TranslationColumn* column : m_columns) {
            const TranslationFacts& t = column->translation();
            text += csvLine({column->condition().model, column->condition().context,
                column->condition().shots < 0 ? QString() : QString::number(column->condition().shots),
                m_sentence->toPlainText().simplified(), t.text, t.problem, QString::number(t.seconds, 'g', 6)});
        }
        return text;
    };
    return {tr("Translations with %1").arg(m_pack.name), csv};
}

}  // namespace pathloom
