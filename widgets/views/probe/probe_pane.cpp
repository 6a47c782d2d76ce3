// SPDX-License-Identifier: GPL-3.0-or-later
// ProbePane.
#include "widgets/views/probe/probe_pane.h"

#include "widgets/models/formats.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/common/film_reading_dialog.h"
#include "widgets/views/common/heat_map.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/common/table.h"
#include "widgets/views/probe/ask_page.h"
#include "widgets/views/probe/contestants_menu.h"
#include "widgets/views/probe/kept_page.h"
#include "widgets/views/probe/loss_page.h"
#include "widgets/views/probe/recall_page.h"

#include <QAction>
#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileInfo>
#include <QJsonArray>
#include <QMimeData>
#include <QTabBar>
#include <QTabWidget>
#include <QUrl>

namespace pathloom {
namespace {

constexpr int etaAfterMs = 3000;

QStringList localFiles(const QMimeData* data)
{
    QStringList files;
    for (const QUrl& url : data->urls())
        if (url.isLocalFile()) files.append(url.toLocalFile());
    return files;
}

}  // namespace

ProbePane::ProbePane(ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Probe"), theme, parent)
    , m_theme(theme)
    , m_session(QStringLiteral("pathloom-probe"), {QStringLiteral("session")})
    , m_tabs(new QTabWidget)
    , m_ask(new AskPage(m_session, m_documents, m_contestants, theme))
    , m_recall(new RecallPage(m_session, m_contestants, theme))
    , m_loss(new LossPage(m_session, m_contestants, theme))
    , m_kept(new KeptPage(m_session, theme))
    , m_addAction(new QAction(icon(u"add"), tr("Add Documents\u2026"), this))
    , m_filmsAction(new QAction(icon(u"film"), tr("Film Options\u2026"), this))
    , m_removeAction(new QAction(icon(u"close"), tr("Remove Document"), this))
    , m_cancelAction(new QAction(icon(u"stop"), tr("Cancel"), this))
{
    setObjectName(QStringLiteral("probe"));
    setAcceptDrops(true);
    m_addAction->setObjectName(QStringLiteral("probe.add"));
    m_filmsAction->setObjectName(QStringLiteral("probe.films"));
    m_filmsAction->setToolTip(
        tr("Film Options\u2026: text in pictures, its languages, speech, picture tokens; for films opened from now on"));
    m_cancelAction->setObjectName(QStringLiteral("probe.cancel"));
    m_removeAction->setObjectName(QStringLiteral("probe.remove"));
    m_addAction->setToolTip(tr("Add Documents\u2026: files to ask; a folder can be dropped here"));
    m_cancelAction->setToolTip(tr("Cancel: what is encoded so far is kept"));
    for (QAction* action : {m_addAction, m_filmsAction, m_removeAction, m_cancelAction}) addToolAction(action);
    keepToolsWhenEmpty();
    m_tabs->setObjectName(QStringLiteral("probe.tabs"));
    m_tabs->setAccessibleName(tr("Parts of the probe"));
    m_tabs->tabBar()->setAccessibleName(tr("Parts of the probe"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(m_ask, tr("Ask"));
    m_tabs->addTab(m_recall, tr("Recall"));
    m_tabs->addTab(m_loss, tr("Loss"));
    m_tabs->addTab(m_kept, tr("Results"));
    setContent(m_tabs);
    auto* compare = new ChecklistButton(
        QStringLiteral("probe.compare"), tr("Compare With"), tr("Who answers the same questions beside the reader"));
    showContestants(*compare, m_contestants, theme);
    addToolWidget(compare);
    connect(compare, &ChecklistButton::opening, this, &ProbePane::askForContestants);
    addExports(*this, [this] { return shownExport(); });
    connect(m_addAction, &QAction::triggered, this, &ProbePane::chooseDocuments);
    connect(m_filmsAction, &QAction::triggered, this, &ProbePane::chooseFilmReading);
    connect(m_removeAction, &QAction::triggered, this, &ProbePane::removeSelected);
    connect(m_cancelAction, &QAction::triggered, this, &ProbePane::cancel);
    connect(this, &PaneFrame::emptyActionTriggered, this, &ProbePane::chooseDocuments);
    connect(this, &PaneFrame::cancelRequested, this, &ProbePane::cancel);
    connect(this, &PaneFrame::retryRequested, this, [this] { addDocuments(std::exchange(m_asked, {})); });
    connect(m_ask, &AskPage::busyChanged, this, &ProbePane::updateAll);
    connect(m_ask, &AskPage::problem, this, [this](const QString& text) {
        m_notice = text;
        updateAll();
    });
    connect(m_recall, &RecallPage::busyChanged, this, &ProbePane::updateAll);
    connect(m_loss, &LossPage::busyChanged, this, &ProbePane::updateAll);
    connect(m_recall, &RecallPage::busyChanged, m_kept, [this] {
        if (!m_recall->isRunning()) m_kept->refresh();
    });
    connect(m_loss, &LossPage::busyChanged, m_kept, [this] {
        if (!m_loss->isRunning()) m_kept->refresh();
    });
    connect(m_ask->documentTable(), &Table::selectedChanged, this, &ProbePane::updateAll);
    connect(&m_session, &HelperSession::died, this, [this](const QString& why, const QString& details) {
        m_adding = 0;
        m_contestantsKnown = false;
        m_documents.setRows({});
        m_ask->documentView()->forgetAllPlaces();
        m_ask->showDocument({});
        updateAll();
        showError(tr("The reader stopped"), why, tr("Try again: what was encoded is kept and opens at once."), details);
    });
    updateAll();
}

bool ProbePane::isBusy() const
{
    return m_adding > 0 || m_ask->isAsking() || m_recall->isRunning() || m_loss->isRunning();
}

void ProbePane::setProject(const QString& folder)
{
    m_recall->setProject(folder);
    m_loss->setProject(folder);
    m_kept->setProject(folder);
}

void ProbePane::askForContestants()
{
    if (m_contestantsKnown) return;
    m_contestantsKnown = true;
    m_session.request({{QStringLiteral("do"), QStringLiteral("contestants")}}, [this](const QJsonObject& event) {
        if (event.value(QLatin1String("event")).toString() == QLatin1String("contestants"))
            m_contestants.setKnown(event);
        else
            m_contestantsKnown = false;
    });
}

void ProbePane::chooseDocuments()
{
    addDocuments(Messages::chooseFiles(this, tr("Add Documents"), QDir::homePath(),
        tr("Documents (*.txt *.md *.markdown *.html *.htm *.epub *.pdf *.srt *.vtt *.mp4 *.mkv *.webm *.mov *.avi *.mpg *.mp3 "
           "*.wav *.flac *.ogg *.m4a);;All files (*)")));
}

void ProbePane::chooseFilmReading()
{
    auto* dialog = new FilmReadingDialog(m_filmReading, FilmReadingDialog::For::Probe, m_theme, this);
    connect(dialog, &FilmReadingDialog::chosen, this, [this](const FilmReading& reading) {
        setFilmReading(reading);
        Q_EMIT filmReadingChosen(reading);
    });
    dialog->show();
}

void ProbePane::addDocuments(const QStringList& paths)
{
    if (paths.isEmpty()) return;
    QJsonArray list;
    for (const QString& path : paths) {
        list.append(path);
        if (!m_asked.contains(path)) m_asked.append(path);
    }
    ++m_adding;
    askForContestants();
    m_notice.clear();
    m_clock.start();
    m_session.request({{QStringLiteral("do"), QStringLiteral("add")}, {QStringLiteral("paths"), list},
                          {QStringLiteral("reading"), toJson(m_filmReading)}},
        [this](const QJsonObject& event) { hear(event); });
    updateAll();
}

void ProbePane::changeDocument(const QString& name, const std::function<void(ProbeDocument&)>& change)
{
    QVector<ProbeDocument> rows = m_documents.rows();
    auto found = std::find_if(rows.begin(), rows.end(), [&](const ProbeDocument& row) { return row.name == name; });
    if (found == rows.end()) {
        rows.append({name, {}, 0, 0, 0, {}});
        found = rows.end() - 1;
    }
    change(*found);
    m_documents.setRows(rows);
}

void ProbePane::hear(const QJsonObject& event)
{
    const QString kind = event.value(QLatin1String("event")).toString();
    const QString name = event.value(QLatin1String("document")).toString();
    if (kind == QLatin1String("text")) {
        changeDocument(name, [&](ProbeDocument& row) {
            row = {
                name, event.value(QLatin1String("file")).toString(), event.value(QLatin1String("bytes")).toInteger(), 0, 0, {}};
        });
        m_ask->documentView()->forgetPlaces(name);  // they come anew
        if (m_ask->shownDocument() == name) m_ask->showDocument({});  // it had no text yet
        if (m_ask->shownDocument().isEmpty()) m_ask->showDocument(name);
    } else if (kind == QLatin1String("places")) {
        m_ask->documentView()->addPlaces(name, toTimedPlaces(event));
    } else if (kind == QLatin1String("progress") || kind == QLatin1String("reading")) {
        const double done = event.value(QLatin1String("done")).toDouble(), total = event.value(QLatin1String("total")).toDouble();
        const bool reading = kind == QLatin1String("reading");
        changeDocument(reading ? name : event.value(QLatin1String("what")).toString(), [&](ProbeDocument& row) {
            row.progress = total > 0 ? done / total : 0;
            row.reading = reading;
        });
    } else if (kind == QLatin1String("document")) {
        changeDocument(name, [&](ProbeDocument& row) {
            row.tokens = event.value(QLatin1String("tokens")).toInteger();
            row.pictures = int(event.value(QLatin1String("pictures")).toInteger());
        });
        m_clock.start();
    } else if (kind == QLatin1String("rejected")) {
        changeDocument(name, [&](ProbeDocument& row) { row.problem = event.value(QLatin1String("message")).toString(); });
        m_notice = event.value(QLatin1String("message")).toString();
    } else {  // added or error
        m_adding = std::max(0, m_adding - 1);
        if (kind == QLatin1String("error")) {
            QVector<ProbeDocument> rows = m_documents.rows();
            rows.removeIf([](const ProbeDocument& row) { return row.tokens == 0 && row.problem.isEmpty(); });
            m_documents.setRows(rows);
            if (!event.value(QLatin1String("cancelled")).toBool())
                m_notice = event.value(QLatin1String("message")).toString();
            else
                m_notice = tr("Cancelled; what was encoded is kept and goes on from there");
            m_asked.clear();
            for (const ProbeDocument& row : rows) m_asked.append(row.name);
        }
    }
    m_ask->updateReady();
    updateAll();
}

void ProbePane::cancel()
{
    m_session.cancel();
}

void ProbePane::removeSelected()
{
    const ProbeDocument* row = m_documents.rowByKey(m_ask->documentTable()->selectedKey(KeyRole));
    if (!row || isBusy()) return;
    const QString name = row->name;
    if (row->tokens > 0)
        m_session.request(
            {{QStringLiteral("do"), QStringLiteral("remove")}, {QStringLiteral("document"), name}}, [](const QJsonObject&) {});
    m_asked.removeAll(name);
    QVector<ProbeDocument> rows = m_documents.rows();
    rows.removeIf([&](const ProbeDocument& document) { return document.name == name; });
    m_ask->showDocument({});
    m_documents.setRows(rows);
    m_ask->documentView()->forgetPlaces(name);
    if (!rows.isEmpty()) m_ask->showDocument(rows.first().name);
    m_ask->updateReady();
    updateAll();
}

void ProbePane::updateAll()
{
    m_cancelAction->setEnabled(isBusy());
    m_removeAction->setEnabled(!isBusy() && m_ask->documentTable()->selectedKey(KeyRole) != 0);
    const ProbeDocument* shown = nullptr;
    const ProbeDocument* encoding = nullptr;
    qint64 tokens = 0;
    for (const ProbeDocument& row : m_documents.rows()) {
        if (row.name == m_ask->shownDocument()) shown = &row;
        if (row.tokens == 0 && row.problem.isEmpty() && (!encoding || row.progress > encoding->progress)) encoding = &row;
        tokens += row.tokens;
    }
    m_loss->setDocument(shown ? shown->name : QString(), shown ? shown->tokens : 0);
    m_recall->setDocument(shown ? shown->name : QString(), shown ? shown->tokens : 0);
    if (m_documents.rowCount() > 0)
        showContent();
    else if (m_adding > 0)
        showLoading(tr("Opening the documents"), -1, true);
    else if (!m_notice.isEmpty())
        showError(
            tr("Nothing could be opened"), m_notice, tr("Choose text, Markdown, HTML, EPUB, PDF, subtitles, films or sounds."));
    else
        showEmpty(tr("No documents yet. Drop text, Markdown, HTML, EPUB, PDF, subtitles or films here, or a folder; they are "
                     "encoded once and then answer in a moment."),
            tr("Add Documents\u2026"));
    QString what = tr("%1, %2 tokens, none cut")
                       .arg(counted(m_documents.rowCount(), tr("1 document"), tr("%1 documents")), countText(double(tokens)));
    if (encoding) {
        what = (encoding->reading ? tr("Looking through %1: %2") : tr("Encoding %1: %2"))
                   .arg(QFileInfo(encoding->name).fileName(), percentText(encoding->progress));
        if (m_clock.elapsed() > etaAfterMs && encoding->progress > 0.02)
            what += tr(", about %1 left").arg(formatDuration(qint64(double(m_clock.elapsed()) * (1 / encoding->progress - 1))));
    }
    setStatus(m_documents.rowCount() > 0 ? what : QString(), m_documents.rowCount() > 0 ? m_notice : QString());
}

ExportTarget ProbePane::shownExport() const
{
    if (m_tabs->currentWidget() == m_recall) return exportOf(m_recall->map());
    if (m_tabs->currentWidget() == m_loss) return m_loss->exports();
    if (m_tabs->currentWidget() == m_kept) return m_kept->exports();
    return exportOf(m_ask->documentView()->picture());
}

void ProbePane::dragEnterEvent(QDragEnterEvent* event)
{
    if (!localFiles(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void ProbePane::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    addDocuments(localFiles(event->mimeData()));
}

}  // namespace pathloom
