// SPDX-License-Identifier: GPL-3.0-or-later
// AskPage.
#include "widgets/views/probe/ask_page.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/table.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {
namespace {

constexpr int mostBeside = 6;  // rows of answers side by side before they scroll

}  // namespace

AskPage::AskPage(
    HelperSession& session, ProbeDocumentsModel& documents, Contestants& contestants, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_documents(documents)
    , m_contestants(contestants)
    , m_documentTable(new Table(QStringLiteral("probe.documents"), tr("Documents"), theme))
    , m_passageTable(new Table(QStringLiteral("probe.passages"), tr("Places the answer was read from"), theme))
    , m_besideTable(new Table(QStringLiteral("probe.beside"), tr("Answers side by side"), theme))
    , m_question(new QLineEdit)
    , m_prefix(new QLineEdit)
    , m_ask(new QPushButton(tr("Ask")))
    , m_answerLabel(new QLabel)
    , m_note(new QLabel)
    , m_view(new DocumentView(theme))
{
    setObjectName(QStringLiteral("probe.ask"));
    auto* splitter = new QSplitter(Qt::Horizontal);
    splitter->setObjectName(QStringLiteral("probe.ask.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(makeLeft(theme));
    splitter->addWidget(m_view);
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 3);
    splitter->setSizes({380, 620});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(splitter);

    connect(m_documentTable, &Table::selectedChanged, this, [this] {
        if (const ProbeDocument* row = m_documents.rowByKey(m_documentTable->selectedKey(KeyRole))) showDocument(row->name);
    });
    connect(m_question, &QLineEdit::returnPressed, this, [this] { ask(m_question->text(), m_prefix->text()); });
    connect(m_prefix, &QLineEdit::returnPressed, this, [this] { ask(m_question->text(), m_prefix->text()); });
    connect(m_question, &QLineEdit::textChanged, this, &AskPage::updateReady);
    connect(m_ask, &QPushButton::clicked, this, [this] { ask(m_question->text(), m_prefix->text()); });
    connect(m_passageTable, &Table::selectedChanged, this, &AskPage::goToPassage);
    showAnswer();
    updateReady();
}

QWidget* AskPage::makeLeft(ThemeController& theme)
{
    Q_UNUSED(theme)
    m_documentTable->setSource(&m_documents, SortRole, ProbeDocumentsModel::Name);
    m_documentTable->setWidths({20, 9}, ProbeDocumentsModel::Name);
    m_documentTable->setDotColumn(ProbeDocumentsModel::Name);
    m_passageTable->setSource(&m_passages, SortRole, PassagesModel::Share, Qt::DescendingOrder);
    m_passageTable->setWidths({7, 20, 20}, PassagesModel::Text, {PassagesModel::Share, PassagesModel::Text});
    m_besideTable->setSource(&m_beside, SortRole);
    m_besideTable->setWidths({16, 20, 7}, BesideModel::Text, {BesideModel::Name, BesideModel::Text});
    m_question->setObjectName(QStringLiteral("probe.question"));
    m_question->setAccessibleName(tr("Question"));
    m_question->setPlaceholderText(tr("Ask the documents, for example: What is the access code of Lisbon?"));
    m_question->setClearButtonEnabled(true);
    m_prefix->setObjectName(QStringLiteral("probe.prefix"));
    m_prefix->setAccessibleName(tr("What the answer begins with"));
    m_prefix->setPlaceholderText(tr("The answer begins with (optional)"));
    m_prefix->setToolTip(tr("A reader this small finds more when the answer begins as the document says it"));
    m_ask->setObjectName(QStringLiteral("probe.ask.button"));
    m_answerLabel->setObjectName(QStringLiteral("probe.answer"));
    m_answerLabel->setFont(Theme::titleFont());
    m_answerLabel->setWordWrap(true);
    m_answerLabel->setTextFormat(Qt::PlainText);
    m_answerLabel->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_answerLabel->setAccessibleName(tr("Answer"));
    m_note->setObjectName(QStringLiteral("probe.answer.note"));
    m_note->setFont(Theme::labelFont());
    m_note->setWordWrap(true);

    auto* lower = new QWidget;
    auto* column = new QVBoxLayout(lower);
    column->setContentsMargins(0, 8, 0, 0);
    column->setSpacing(8);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 0, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_question, 1);
    row->addWidget(m_ask);
    column->addLayout(row);
    auto* prefixRow = new QHBoxLayout;
    prefixRow->setContentsMargins(12, 0, 12, 0);
    prefixRow->addWidget(m_prefix);
    column->addLayout(prefixRow);
    auto* texts = new QVBoxLayout;
    texts->setContentsMargins(12, 0, 12, 0);
    texts->setSpacing(2);
    texts->addWidget(m_answerLabel);
    texts->addWidget(m_note);
    column->addLayout(texts);
    column->addWidget(m_besideTable);
    column->addWidget(m_passageTable, 1);
    column->addStretch();  // without passages the answer stays under the question
    auto* left = new QSplitter(Qt::Vertical);
    left->setObjectName(QStringLiteral("probe.left.splitter"));
    left->setChildrenCollapsible(false);
    left->addWidget(m_documentTable);
    left->addWidget(lower);
    left->setStretchFactor(0, 1);
    left->setStretchFactor(1, 2);
    left->setSizes({140, 320});
    return left;
}

void AskPage::updateReady()
{
    bool ready = false;
    for (const ProbeDocument& document : m_documents.rows()) ready = ready || document.tokens > 0;
    m_ask->setEnabled(ready && !isAsking() && !m_question->text().trimmed().isEmpty());
    m_ask->setToolTip(ready ? QString() : tr("A document has to be encoded first"));
}

void AskPage::showDocument(const QString& name)
{
    if (name == m_shown) return;
    const ProbeDocument* found = nullptr;
    for (const ProbeDocument& document : m_documents.rows())
        if (document.name == name) found = &document;
    m_shown = found ? name : QString();
    const QString wrong = m_view->showDocument(m_shown, found ? found->file : QString());
    if (!wrong.isEmpty()) Q_EMIT problem(wrong);
    if (found) m_documentTable->selectKey(qint64(qHash(name)), KeyRole);
}

void AskPage::ask(const QString& question, const QString& prefix)
{
    if (question.trimmed().isEmpty() || isAsking()) return;
    if (m_question->text() != question) m_question->setText(question);
    m_answer = {};
    m_beside.setRows({});
    m_askedQuestion = question;
    m_askedPrefix = prefix.trimmed();
    QJsonObject request{{QStringLiteral("do"), QStringLiteral("ask")}, {QStringLiteral("question"), question}};
    if (!m_askedPrefix.isEmpty()) request.insert(QStringLiteral("prefix"), m_askedPrefix);
    m_request = m_session.request(request, [this](const QJsonObject& event) { hear(event); });
    showAnswer();
    m_note->setText(tr("Reading"));
    updateReady();
    Q_EMIT busyChanged();
}

void AskPage::hear(const QJsonObject& event)
{
    const QString kind = event.value(QLatin1String("event")).toString();
    if (kind == QLatin1String("said")) {
        m_answerLabel->setText(event.value(QLatin1String("text")).toString());
        return;
    }
    if (kind != QLatin1String("answer") && kind != QLatin1String("error")) return;
    m_request = 0;
    if (kind == QLatin1String("answer")) {
        m_answer = toAnswer(event);
        askBeside();
        showAnswer();
    } else {
        const bool cancelled = event.value(QLatin1String("cancelled")).toBool();
        m_note->setText(cancelled ? tr("Cancelled") : event.value(QLatin1String("message")).toString());
        m_answerLabel->setVisible(!m_answerLabel->text().isEmpty());  // what was said before it was cancelled stays
    }
    updateReady();
    Q_EMIT busyChanged();
}

void AskPage::askBeside()
{
    const QStringList chosen = m_contestants.chosen();
    if (chosen.isEmpty()) return;
    QVector<BesideAnswer> rows;
    const QString own = QStringLiteral("reader");
    rows.append({own, m_contestants.title(own), m_answer.text, {}, m_answer.seconds, false});
    for (const QString& id : chosen) rows.append({id, m_contestants.title(id), {}, {}, 0, true});
    m_beside.setRows(rows);
    QJsonObject request{{QStringLiteral("do"), QStringLiteral("beside")}, {QStringLiteral("question"), m_askedQuestion}};
    if (!m_askedPrefix.isEmpty()) request.insert(QStringLiteral("prefix"), m_askedPrefix);
    m_contestants.addTo(request);
    m_besideRequest = m_session.request(request, [this](const QJsonObject& event) { hearBeside(event); });
}

void AskPage::hearBeside(const QJsonObject& event)
{
    const QString kind = event.value(QLatin1String("event")).toString();
    QVector<BesideAnswer> rows = m_beside.rows();
    if (kind == QLatin1String("beside")) {
        const QString id = event.value(QLatin1String("contestant")).toString();
        for (BesideAnswer& row : rows) {
            if (row.contestant != id) continue;
            row.text = event.value(QLatin1String("text")).toString();
            row.problem = event.value(QLatin1String("problem")).toString();
            row.seconds = event.value(QLatin1String("seconds")).toDouble();
            row.waiting = false;
        }
        m_beside.setRows(rows);
        return;
    }
    if (kind != QLatin1String("done") && kind != QLatin1String("error")) return;
    m_besideRequest = 0;
    for (BesideAnswer& row : rows) {
        if (!row.waiting) continue;
        row.waiting = false;
        row.problem = event.value(QLatin1String("cancelled")).toBool() ? tr("cancelled")
                                                                       : event.value(QLatin1String("message")).toString();
    }
    m_beside.setRows(rows);
    updateReady();
    Q_EMIT busyChanged();
}

QString AskPage::answerText() const
{
    return m_answerLabel->text();
}

void AskPage::showAnswer()
{
    m_answerLabel->setText(m_answer.text);
    m_answerLabel->setVisible(!m_answer.text.isEmpty() || isAsking());
    m_passages.setRows(m_answer.passages);
    m_passageTable->setVisible(!m_answer.passages.isEmpty());
    const int beside = m_beside.rowCount();
    m_besideTable->setVisible(beside > 0);
    const int rows = std::clamp(beside, 1, mostBeside);
    m_besideTable->setFixedHeight(std::max(24, m_besideTable->horizontalHeader()->sizeHint().height())
        + rows * m_besideTable->verticalHeader()->defaultSectionSize() + 2 * m_besideTable->frameWidth() + 8);
    if (m_answer.memoryTokens == 0) {
        m_note->setText(tr("The answer is generated freely; the places it was read from are marked in the text."));
    } else {
        m_note->setText(
            tr("First token after %1 ms \u00b7 %2 tokens searched \u00b7 found something: %3%4%5")
                .arg(qRound(m_answer.secondsFirst * 1000))
                .arg(countText(double(m_answer.memoryTokens)), percentText(m_answer.found),
                    m_answer.text == QLatin1String("none") ? tr(" \u00b7 the reader says the documents do not tell") : QString(),
                    m_answer.byPicture ? tr(" \u00b7 spelt from a picture") : QString()));
    }
    m_view->setAnswer(m_answer.marks, m_answer.passages);
    if (!m_answer.passages.isEmpty()) m_passageTable->selectRow(0);
}

void AskPage::goToPassage()
{
    const EvidenceMark* mark = m_passages.rowByKey(m_passageTable->selectedKey(KeyRole));
    if (!mark) return;
    const EvidenceMark there = *mark;
    showDocument(there.document);
    m_view->goTo(there);
}

}  // namespace pathloom
