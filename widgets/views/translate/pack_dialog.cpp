// SPDX-License-Identifier: GPL-3.0-or-later
// PackDialog.
#include "widgets/views/translate/pack_dialog.h"

#include "widgets/models/formats.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/controls.h"
#include "widgets/views/common/number_box.h"
#include "widgets/views/translate/table_picker.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>

namespace pathloom {
namespace {

constexpr int checkPauseMs = 350;
constexpr int holdsLines = 3;
constexpr int usualShare = 10;  // percent of the pairs, kept for scoring

QString tableFilter()
{
    return PackDialog::tr("Tables (*.tsv *.tab *.csv *.jsonl *.ndjson *.txt);;All files (*)");
}

QJsonArray both(const QString& one, const QString& other)
{
    return {one, other};
}

}  // namespace

PackDialog::PackDialog(ThemeController& theme, QWidget* parent)
    : FormDialog(QStringLiteral("pack"), tr("New Language Pack"), 760, theme, parent)
    , m_session(QStringLiteral("pathloom-probe"), {QStringLiteral("translate-session")})
    , m_first(addText(QStringLiteral("first"), tr("Language"), tr("its code, such as kgv; the dictionary's headwords are in it")))
    , m_second(addText(QStringLiteral("second"), tr("Known language"), tr("its code, such as eng")))
    , m_sentences(addPath(QStringLiteral("sentences"), tr("Sentences"),
          tr("a table with both languages, or the first of two files that go line by line"), Path::File, tableFilter()))
    , m_share(numberBox({}, {}, 0, 90, usualShare))
    , m_seed(numberBox({}, {}, 1, 1'000'000, 1))
    , m_holds(noteLabel(QStringLiteral("pack.holds")))
{
    m_other = addPath(QStringLiteral("other"), tr("Second file"), tr("only where the sentences are in two files"), Path::File,
        tr("Plain lines (*.txt);;All files (*)"));
    m_sentenceTable = new TablePicker(QStringLiteral("pack.sentences"), tr("Sentences"), m_sentences, m_session, theme);
    m_sentenceTable->addColumn(QStringLiteral("column1"), tr("Language"));
    m_sentenceTable->addColumn(QStringLiteral("column2"), tr("Known language"));
    form()->addRow(m_sentenceTable);
    m_dictionary = addPath(
        QStringLiteral("dictionary"), tr("Dictionary"), tr("a table of words; may be left out"), Path::File, tableFilter());
    m_wordTable = new TablePicker(QStringLiteral("pack.dictionary"), tr("Dictionary"), m_dictionary, m_session, theme);
    m_wordTable->addColumn(QStringLiteral("column1"), tr("Headword"));
    m_wordTable->addColumn(QStringLiteral("column2"), tr("Meaning"));
    m_wordTable->addColumn(QStringLiteral("pos"), tr("Part of speech"), true);
    m_wordTable->setWanted(QStringLiteral("pos"), QStringLiteral("pos"));
    form()->addRow(m_wordTable);
    m_grammar
        = addPath(QStringLiteral("grammar"), tr("Grammar"), tr("a book: text, Markdown, PDF, HTML or EPUB; may be left out"),
            Path::File, tr("Books (*.txt *.md *.markdown *.pdf *.html *.htm *.epub);;All files (*)"));
    m_share->setSuffix(QStringLiteral(" %"));
    m_share->setToolTip(tr("Share of the sentence pairs that is kept for scoring and never learnt from"));
    addField(m_share, QStringLiteral("share"), tr("Kept for scoring"));
    m_seed->setToolTip(tr("Which pairs these are"));
    addField(m_seed, QStringLiteral("seed"), tr("Seed"));
    m_folder = addPath(QStringLiteral("folder"), tr("Pack folder"), tr("new or empty; its name is the pack's"), Path::Folder);
    m_holds->setFixedHeight(holdsLines * m_holds->fontMetrics().lineSpacing());
    m_holds->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    form()->addRow(m_holds);
    m_make = addButtons(QStringLiteral("make"), tr("Make Pack"));
    m_delay.setSingleShot(true);
    m_delay.setInterval(checkPauseMs);
    connect(&m_delay, &QTimer::timeout, this, &PackDialog::check);
    for (QLineEdit* field : {m_first, m_second, m_sentences, m_other, m_dictionary, m_grammar, m_folder})
        connect(field, &QLineEdit::textChanged, this, &PackDialog::checkLater);
    for (QSpinBox* box : {m_share, m_seed}) connect(box, &QSpinBox::valueChanged, this, &PackDialog::checkLater);
    for (TablePicker* table : {m_sentenceTable, m_wordTable})
        connect(table, &TablePicker::changed, this, &PackDialog::checkLater);
    connect(m_make, &QPushButton::clicked, this, &PackDialog::make);
    updateAll();
}

bool PackDialog::twoFiles() const
{
    return !m_other->text().trimmed().isEmpty();
}

QJsonObject PackDialog::request() const
{
    QJsonArray sentences{m_sentenceTable->file()};
    if (twoFiles()) sentences.append(m_other->text().trimmed());
    const QString one = QStringLiteral("column1"), two = QStringLiteral("column2");
    return {{QStringLiteral("do"), QStringLiteral("make-pack")},
        {QStringLiteral("languages"), both(m_first->text().trimmed(), m_second->text().trimmed())},
        {QStringLiteral("sentences"), sentences},
        {QStringLiteral("columns"), both(m_sentenceTable->column(one), m_sentenceTable->column(two))},
        {QStringLiteral("header"), m_sentenceTable->header()}, {QStringLiteral("dictionary"), m_wordTable->file()},
        {QStringLiteral("dictionary_columns"), both(m_wordTable->column(one), m_wordTable->column(two))},
        {QStringLiteral("pos_column"), m_wordTable->column(QStringLiteral("pos"))},
        {QStringLiteral("dictionary_header"), m_wordTable->header()}, {QStringLiteral("grammar"), m_grammar->text().trimmed()},
        {QStringLiteral("dev"), m_share->value() / 100.0}, {QStringLiteral("seed"), m_seed->value()},
        {QStringLiteral("out"), m_folder->text().trimmed()}};
}

QString PackDialog::missing() const
{
    if (m_sentenceTable->file().isEmpty()) return tr("Choose the sentences first: a pack is made of sentence pairs.");
    if (m_first->text().trimmed().isEmpty() || m_second->text().trimmed().isEmpty())
        return tr("Give both languages a code, such as kgv and eng.");
    return {};
}

void PackDialog::checkLater()
{
    m_sentenceTable->setOwnRows(!twoFiles());
    const QString one = QStringLiteral("column1"), two = QStringLiteral("column2");
    for (TablePicker* table : {m_sentenceTable, m_wordTable}) {
        table->setWanted(one, m_first->text().trimmed());
        table->setWanted(two, m_second->text().trimmed());
    }
    m_delay.start();
    updateAll();
}

void PackDialog::check()
{
    m_session.forget(m_checking);
    m_checking = 0;
    m_problem.clear();
    m_summary.clear();
    for (const TablePicker* table : {m_sentenceTable, m_wordTable})
        if (m_problem.isEmpty()) m_problem = table->problem();
    if (m_problem.isEmpty() && missing().isEmpty() && !m_sentenceTable->isReading() && !m_wordTable->isReading()) {
        QJsonObject preview = request();
        preview.insert(QStringLiteral("preview"), true);
        m_checking = m_session.request(preview, [this](const QJsonObject& event) { hearPreview(event); });
    }
    updateAll();
}

void PackDialog::hearPreview(const QJsonObject& event)
{
    m_checking = 0;
    if (event.value(QLatin1String("event")) == QLatin1String("error")) {
        m_problem = event.value(QLatin1String("message")).toString();
        if (twoFiles()) m_sentenceTable->showRows({}, {});
        return updateAll();
    }
    const auto number = [&](const char* key) { return QLocale().toString(event.value(QLatin1String(key)).toInteger()); };
    QStringList parts{tr("%1 pairs to learn from, %2 to score on").arg(number("train"), number("dev")),
        tr("%1 dictionary lines").arg(number("dictionary"))};
    const double book = event.value(QLatin1String("grammar_bytes")).toDouble();
    parts.append(book > 0 ? tr("a grammar of %1").arg(bytesText(book)) : tr("no grammar"));
    QString text = tr("The pack holds %1.").arg(parts.join(QStringLiteral(", ")));
    const auto skipped = event.value(QLatin1String("skipped")).toInteger(),
               repeated = event.value(QLatin1String("repeated")).toInteger();
    if (skipped + repeated > 0)
        text += tr(" Left out: %1 rows with an empty side, %2 repeated pairs.").arg(number("skipped"), number("repeated"));
    if (event.value(QLatin1String("alike")).toInteger() > 0)
        text += tr(" %1 pairs are like another one and are not scored on.").arg(number("alike"));
    m_summary = text;
    if (twoFiles()) {
        QVector<QStringList> rows;
        for (const auto& pair : event.value(QLatin1String("sentences")).toArray())
            rows.append({pair.toArray().at(0).toString(), pair.toArray().at(1).toString()});
        m_sentenceTable->showRows({m_first->text().trimmed(), m_second->text().trimmed()}, rows);
    }
    updateAll();
}

void PackDialog::make()
{
    if (m_making != 0) return;
    m_problem.clear();
    m_making = m_session.request(request(), [this](const QJsonObject& event) {
        m_making = 0;
        if (event.value(QLatin1String("event")) == QLatin1String("error")) {
            m_problem = event.value(QLatin1String("message")).toString();
            return updateAll();
        }
        Q_EMIT made(event.value(QLatin1String("out")).toString());
        accept();
    });
    updateAll();
}

void PackDialog::updateAll()
{
    const bool settled = m_checking == 0 && !m_delay.isActive() && !m_sentenceTable->isReading() && !m_wordTable->isReading();
    const QString first = missing();
    setFieldsEnabled(m_making == 0);
    showProblem(m_problem);
    if (!m_problem.isEmpty())
        m_holds->clear();
    else if (!first.isEmpty())
        m_holds->setText(first);
    else if (!settled)
        m_holds->setText(tr("Reading the files"));
    else if (m_folder->text().trimmed().isEmpty() && !m_summary.isEmpty())
        m_holds->setText(tr("%1 Say in which folder it shall be.").arg(m_summary));
    else
        m_holds->setText(m_summary);
    m_make->setEnabled(
        m_making == 0 && settled && !m_summary.isEmpty() && m_problem.isEmpty() && !m_folder->text().trimmed().isEmpty());
    m_make->setText(m_making != 0 ? tr("Making\u2026") : tr("Make Pack"));
    fitLater();  // the tables come and go
}

}  // namespace pathloom
