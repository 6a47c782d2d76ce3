// SPDX-License-Identifier: GPL-3.0-or-later
// RecallPage.
#include "widgets/views/probe/recall_page.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/controls.h"
#include "widgets/views/common/heat_map.h"
#include "widgets/views/common/number_box.h"

#include <QCheckBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QRegularExpression>
#include <QSpinBox>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {
namespace {

constexpr qint64 shortest = 64;
constexpr double longest = 4e9;

double depthOf(const RecallRequest& request, int index)
{
    return request.depths > 1 ? 100.0 * index / (request.depths - 1) : 50.0;
}

HeatCell heatCell(const QVector<RecallCell>& cells, const QString& who, qint64 length, int depth, const QString& depthText)
{
    HeatCell cell;
    cell.tip = RecallPage::tr("length %1, depth %2: not run").arg(countText(double(length)), depthText);
    for (const RecallCell& known : cells) {
        if (known.contestant != who || known.length != length || known.depthIndex != depth) continue;
        cell.kind = known.error.isEmpty() ? HeatCell::Kind::Value : HeatCell::Kind::Failed;
        cell.value = known.found ? 1 : 0;
        cell.text = known.found ? QStringLiteral("1") : QStringLiteral("0");
        cell.tip = RecallPage::tr("length %1, depth %2: %3")
                       .arg(countText(double(length)), depthText,
                           !known.error.isEmpty() ? known.error
                               : known.found      ? RecallPage::tr("found, \u201c%1\u201d").arg(known.answer)
                                                  : RecallPage::tr("missed, \u201c%1\u201d").arg(known.answer));
    }
    return cell;
}

}  // namespace

QString encodingText(const Measurement& measurement)
{
    return RecallPage::tr("Encoding the document: %1").arg(percentText(measurement.done() / std::max(1.0, measurement.total())));
}

QVector<qint64> parseLengths(const QString& text)
{
    QVector<qint64> lengths;
    static const QRegularExpression gap(QStringLiteral("[,;\\s]+")), number(QStringLiteral("^(\\d+(?:\\.\\d+)?)([kKmM]?)$"));
    for (const QString& word : text.split(gap, Qt::SkipEmptyParts)) {
        const auto match = number.match(word);
        if (!match.hasMatch()) return {};
        const QString unit = match.captured(2).toLower();
        const double value = match.captured(1).toDouble()
            * (unit == QLatin1String("k")        ? 1e3
                    : unit == QLatin1String("m") ? 1e6
                                                 : 1);
        if (value < double(shortest) || value > longest) return {};
        lengths.append(qint64(value));
    }
    std::sort(lengths.begin(), lengths.end());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    return lengths;
}

HeatData recallData(const RecallRequest& request, const QVector<RecallCell>& cells)
{
    HeatData data;
    data.title = request.noNeedle ? RecallPage::tr("Says none without a needle, %1").arg(QFileInfo(request.document).fileName())
                                  : RecallPage::tr("Needle recall, %1").arg(QFileInfo(request.document).fileName());
    data.rowTitle = RecallPage::tr("Depth");
    data.columnTitle = RecallPage::tr("Length in tokens");
    if (request.contestants.size() > 1) data.groups = request.titles;
    for (int who = 0; who < request.contestants.size(); ++who)
        for (const qint64 length : request.lengths) data.columns.append(countText(double(length)));
    for (int depth = 0; depth < request.depths; ++depth) {
        data.rows.append(QStringLiteral("%1%").arg(qRound(depthOf(request, depth))));
        for (const QString& who : request.contestants)
            for (const qint64 length : request.lengths) data.cells.append(heatCell(cells, who, length, depth, data.rows.last()));
    }
    return data;
}

RecallPage::RecallPage(HelperSession& session, Contestants& contestants, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_measurement(session)
    , m_contestants(contestants)
    , m_lengths(new QLineEdit(QStringLiteral("1k, 4k, 16k")))
    , m_depths(numberBox(QStringLiteral("probe.depths"), tr("Depths from beginning to end"), 1, 101, 11))
    , m_distractors(numberBox(QStringLiteral("probe.distractors"), tr("Needles of the same wording with other keys"), 0, 1000, 0))
    , m_seed(numberBox(QStringLiteral("probe.seed"), tr("Seed of keys, values, wordings and places"), 1, 1'000'000, 1))
    , m_noNeedle(new QCheckBox(tr("Without the needle")))
    , m_run(new QPushButton(tr("Run")))
    , m_rerun(new QPushButton(tr("Run This Cell Cold")))
    , m_progress(thinProgress(tr("Progress of the grid")))
    , m_note(noteLabel(QStringLiteral("probe.recall.note")))
    , m_map(new HeatMap(QStringLiteral("probe.recall"), tr("Recall by depth and length"), theme))
    , m_inspector(new QPlainTextEdit)
{
    setObjectName(QStringLiteral("probe.recall.page"));
    m_lengths->setObjectName(QStringLiteral("probe.lengths"));
    m_lengths->setAccessibleName(tr("Lengths in tokens"));
    m_lengths->setToolTip(tr("Lengths in tokens: 1000, 4k, 1M"));
    m_noNeedle->setObjectName(QStringLiteral("probe.no_needle"));
    m_noNeedle->setToolTip(tr("Ask for what is not there; right is \u201cnone\u201d"));
    m_run->setObjectName(QStringLiteral("probe.run"));
    m_rerun->setObjectName(QStringLiteral("probe.rerun"));
    m_rerun->setToolTip(tr("Encode the cell's whole context from nothing and ask again; it must answer the same"));
    m_inspector->setObjectName(QStringLiteral("probe.inspector"));
    m_inspector->setAccessibleName(tr("Prompt and answer of the cell"));
    m_inspector->setReadOnly(true);
    m_inspector->setTabChangesFocus(true);
    m_inspector->setFrameShape(QFrame::NoFrame);
    m_inspector->setPlaceholderText(tr("Choose a cell to see its prompt, its answer and what was right"));

    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 6, 12, 0);
    row->setSpacing(8);
    addLabelled(row, tr("Lengths"), m_lengths, 1);
    addLabelled(row, tr("Depths"), m_depths);
    addLabelled(row, tr("Distractors"), m_distractors);
    addLabelled(row, tr("Seed"), m_seed);
    row->addWidget(m_noNeedle);
    row->addWidget(m_run);
    auto* side = new QWidget;
    auto* sideColumn = new QVBoxLayout(side);
    sideColumn->setContentsMargins(0, 8, 12, 8);
    sideColumn->addWidget(m_inspector, 1);
    sideColumn->addWidget(m_rerun, 0, Qt::AlignLeft);
    auto* splitter = new QSplitter(Qt::Horizontal);
    splitter->setObjectName(QStringLiteral("probe.recall.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_map);
    splitter->addWidget(side);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    splitter->setSizes({560, 320});
    auto* noteRow = new QHBoxLayout;
    noteRow->setContentsMargins(12, 0, 12, 0);
    noteRow->addWidget(m_note);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(row);
    column->addLayout(noteRow);
    column->addWidget(m_progress);
    column->addWidget(splitter, 1);

    connect(m_run, &QPushButton::clicked, this, &RecallPage::run);
    connect(m_rerun, &QPushButton::clicked, this, &RecallPage::rerun);
    connect(m_lengths, &QLineEdit::textChanged, this, &RecallPage::updateAll);
    connect(m_lengths, &QLineEdit::returnPressed, this, &RecallPage::run);
    connect(&m_contestants, &Contestants::changed, this, &RecallPage::updateAll);
    connect(&m_measurement, &Measurement::changed, this, &RecallPage::updateAll);
    connect(&m_measurement, &Measurement::busyChanged, this, &RecallPage::busyChanged);
    connect(m_map, &HeatMap::currentChanged, this, &RecallPage::showCell);
    connect(m_map, &HeatMap::activated, this, &RecallPage::rerun);
    updateAll();
}

void RecallPage::setDocument(const QString& name, qint64 tokens)
{
    if (isRunning()) return;
    if (name != m_document) m_cells.clear();
    m_document = name;
    m_tokens = tokens;
    updateAll();
}

void RecallPage::run()
{
    const QVector<qint64> lengths = parseLengths(m_lengths->text());
    if (isRunning() || m_tokens == 0 || lengths.isEmpty()) return;
    m_asked = {m_document, lengths, m_depths->value(), m_distractors->value(), m_noNeedle->isChecked(), quint64(m_seed->value())};
    m_asked.contestants += m_contestants.chosen();
    for (const QString& id : std::as_const(m_asked.contestants)) m_asked.titles.append(m_contestants.title(id));
    m_cells.clear();
    m_map->setCurrent(-1, -1);
    m_again = false;
    QJsonArray numbers;
    for (const qint64 length : lengths) numbers.append(length);
    QJsonObject request{{QStringLiteral("lengths"), numbers}};
    m_contestants.addTo(request);
    send(request);
}

void RecallPage::send(QJsonObject request)
{
    request.insert(QStringLiteral("do"), QStringLiteral("needle"));
    request.insert(QStringLiteral("document"), m_asked.document);
    request.insert(QStringLiteral("depths"), m_asked.depths);
    request.insert(QStringLiteral("distractors"), m_asked.distractors);
    request.insert(QStringLiteral("no_needle"), m_asked.noNeedle);
    request.insert(QStringLiteral("seed"), qint64(m_asked.seed));
    if (!m_project.isEmpty()) request.insert(QStringLiteral("project"), m_project);
    m_measurement.start(request, [this](const QString& kind, const QJsonObject& event) {
        if (kind == QLatin1String("cell")) hear(event);
    });
}

const RecallCell* RecallPage::current() const
{
    const int row = m_map->currentRow(), column = m_map->currentColumn();
    const qsizetype each = m_asked.lengths.size();
    if (row < 0 || column < 0 || each == 0 || column >= each * m_asked.contestants.size()) return nullptr;
    for (const RecallCell& cell : m_cells)
        if (cell.depthIndex == row && cell.length == m_asked.lengths[column % each]
            && cell.contestant == m_asked.contestants[column / each])
            return &cell;
    return nullptr;
}

void RecallPage::rerun()
{
    const RecallCell* cell = current();
    if (!cell || isRunning()) return;
    m_again = true;
    QJsonObject request{{QStringLiteral("lengths"), QJsonArray{cell->length}}, {QStringLiteral("only_depth"), cell->depthIndex},
        {QStringLiteral("cold"), true}};
    if (m_asked.contestants.size() > 1) m_contestants.addTo(request);
    send(request);
}

void RecallPage::hear(const QJsonObject& event)
{
    const RecallCell cell = toRecallCell(event);
    m_cells.removeIf([&](const RecallCell& known) {
        return known.contestant == cell.contestant && known.length == cell.length && known.depthIndex == cell.depthIndex;
    });
    m_cells.append(cell);
}

void RecallPage::showCell()
{
    const RecallCell* cell = current();
    m_rerun->setEnabled(cell && !isRunning());
    if (!cell) {
        m_inspector->clear();
        return;
    }
    const QLocale numbers;
    QStringList lines;
    if (m_asked.contestants.size() > 1) lines.append(m_contestants.title(cell->contestant));
    lines += {tr("%1 at token %2 of %3 (depth %4)")
                  .arg(cell->noNeedle   ? tr("No needle, asked for")
                          : cell->found ? tr("Found")
                                        : tr("Missed"))
                  .arg(numbers.toString(cell->position), numbers.toString(cell->length),
                      QStringLiteral("%1%").arg(qRound(cell->depth))),
        {}, tr("Needle: %1").arg(cell->needle), tr("Question: %1").arg(cell->question),
        tr("Answer begins with: %1").arg(cell->prefix),
        tr("Right: %1").arg(cell->noNeedle ? QStringLiteral("none") : cell->value), tr("Said: %1").arg(cell->answer), {},
        tr("%1 ms for the answer \u00b7 %2 distractors \u00b7 seed %3")
            .arg(qRound(cell->seconds * 1000))
            .arg(cell->distractors)
            .arg(cell->seed)};
    if (cell->cold) lines.append(tr("Run cold: the whole context was encoded from nothing."));
    if (cell->repeated) lines.append(tr("The document is shorter than this length and was repeated."));
    m_inspector->setPlainText(lines.join(QLatin1Char('\n')));
}

void RecallPage::updateAll()
{
    const QVector<qint64> lengths = parseLengths(m_lengths->text());
    m_run->setEnabled(!isRunning() && m_tokens > 0 && !lengths.isEmpty());
    const RecallRequest shown
        = m_cells.isEmpty() && !isRunning() ? RecallRequest{m_document, lengths, m_depths->value()} : m_asked;
    m_map->setData(recallData(shown, m_cells));
    const auto all = qint64(shown.lengths.size()) * shown.depths * shown.contestants.size();
    m_progress->setRange(0, int(std::max<qint64>(1, all)));
    m_progress->setValue(int(m_cells.size()));
    m_progress->setVisible(isRunning() && !m_again);
    if (!m_measurement.problem().isEmpty()) {
        m_note->setText(m_measurement.problem());
    } else if (m_measurement.isPreparing()) {
        m_note->setText(encodingText(m_measurement));
    } else if (lengths.isEmpty() && !isRunning()) {
        m_note->setText(tr("Give lengths of at least %1 tokens, such as 1k, 4k, 1M.").arg(shortest));
    } else if (m_document.isEmpty()) {
        m_note->setText(tr("Choose a document on the page Ask."));
    } else if (m_tokens == 0) {
        m_note->setText(tr("%1 is still being encoded.").arg(QFileInfo(m_document).fileName()));
    } else if (m_cells.isEmpty()) {
        m_note->setText(
            tr("A fact is hidden at every depth of %1 and asked for. %2 tokens; longer cells repeat the document and say "
               "so.")
                .arg(QFileInfo(m_document).fileName(), QLocale().toString(m_tokens)));
    } else {
        QStringList parts;
        for (int who = 0; who < shown.contestants.size(); ++who) {
            qsizetype asked = 0, right = 0;
            for (const RecallCell& cell : std::as_const(m_cells)) {
                if (cell.contestant != shown.contestants[who]) continue;
                ++asked;
                right += cell.found ? 1 : 0;
            }
            if (asked == 0) continue;
            const QString part = tr("%1 of %2 cells (%3)").arg(right).arg(asked).arg(percentText(double(right) / double(asked)));
            parts.append(shown.titles.isEmpty() || shown.contestants.size() == 1
                    ? part
                    : QStringLiteral("%1: %2").arg(shown.titles[who], part));
        }
        QString text = QStringLiteral("%1 %2").arg(
            shown.noNeedle ? tr("Says none in") : tr("Found in"), parts.join(QStringLiteral(" \u00b7 ")));
        if (const QString left = m_measurement.left(double(m_cells.size()), double(all));
            isRunning() && !m_again && !left.isEmpty())
            text += QStringLiteral(" \u00b7 ") + left;
        m_note->setText(text);
    }
    showCell();
}

}  // namespace pathloom
