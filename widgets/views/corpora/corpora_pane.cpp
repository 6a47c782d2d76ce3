// SPDX-License-Identifier: GPL-3.0-or-later
// CorporaPane.
#include "widgets/views/corpora/corpora_pane.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/connection.h"
#include "widgets/views/common/table.h"
#include "widgets/views/corpora/import_dialog.h"

#include <QAction>
#include <QComboBox>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMimeData>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

namespace pathloom {

CorporaPane::CorporaPane(Session& session, ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Corpora"), theme, parent)
    , m_session(session)
    , m_documents(new DocumentsModel(
          [this](const QString& corpus, const QString& domain, qint64 offset, int limit, DocumentsModel::Answer answer) {
              m_session.client().listDocuments(this, corpus, domain, offset, limit, std::move(answer));
          },
          this))
    , m_table(new Table(QStringLiteral("corpora.table"), tr("Corpora"), theme))
    , m_summary(new QLabel)
    , m_tabs(new QTabWidget)
    , m_domain(new QComboBox)
    , m_documentTable(new QTableView)
    , m_domainTable(new Table(QStringLiteral("corpora.domains"), tr("Domains"), theme))
    , m_rejectedTable(new Table(QStringLiteral("corpora.rejected"), tr("Rejected files"), theme))
    , m_documentCount(new QLabel)
{
    setObjectName(QStringLiteral("corpora"));
    setAcceptDrops(true);
    m_table->setSource(&session.corpora(), SortRole, CorporaModel::Name);
    m_table->setWidths({10, 7, 7, 8, 6, 6}, CorporaModel::Name);
    auto* splitter = new QSplitter(Qt::Horizontal);
    splitter->setObjectName(QStringLiteral("corpora.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_table);
    splitter->addWidget(makeDetails(theme));
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 3);
    splitter->setSizes({200, 560});
    setContent(splitter);
    connect(m_table, &Table::selectedChanged, this, &CorporaPane::showSelected);
    connect(this, &PaneFrame::emptyActionTriggered, this, [this] { Q_EMIT importRequested({}); });
    m_connection = new ConnectionState(
        *this, session, [&session] { return session.corpora().rowCount() > 0; },
        tr("No corpora yet. Import text, Markdown or JSON Lines, or drop files and folders here."), tr("Import Corpus\u2026"));
    connect(&session, &Session::corporaChanged, this, [this] {
        m_connection->update();
        if (m_table->selectedKey(KeyRole) == 0 && m_table->model()->rowCount() > 0) m_table->selectRow(0);
        showSelected();
        updateStatus();
    });
    updateStatus();
}

QWidget* CorporaPane::makeDetails(ThemeController& theme)
{
    Q_UNUSED(theme)
    auto* details = new QWidget;
    auto* column = new QVBoxLayout(details);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_summary->setObjectName(QStringLiteral("corpora.summary"));
    m_summary->setWordWrap(true);
    m_summary->setContentsMargins(12, 8, 12, 8);
    column->addWidget(m_summary);

    m_domainTable->setSource(&m_domains, SortRole, DomainsModel::Share, Qt::DescendingOrder);
    m_domainTable->setWidths({12, 14, 7, 7, 8}, DomainsModel::Share);

    auto* documentPage = new QWidget;
    auto* documentColumn = new QVBoxLayout(documentPage);
    documentColumn->setContentsMargins(0, 4, 0, 0);
    documentColumn->setSpacing(4);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 0, 12, 0);
    m_domain->setObjectName(QStringLiteral("corpora.documents.domain"));
    m_domain->setAccessibleName(tr("Domain of the documents shown"));
    row->addWidget(m_domain);
    row->addStretch(1);
    m_documentCount->setFont(Theme::labelFont());
    row->addWidget(m_documentCount);
    documentColumn->addLayout(row);
    m_documentTable->setObjectName(QStringLiteral("corpora.documents"));
    m_documentTable->setAccessibleName(tr("Documents"));
    m_documentTable->setModel(m_documents);
    m_documentTable->setShowGrid(false);
    m_documentTable->setFrameShape(QFrame::NoFrame);
    m_documentTable->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_documentTable->setTabKeyNavigation(false);
    m_documentTable->setWordWrap(false);
    m_documentTable->setCornerButtonEnabled(false);
    m_documentTable->verticalHeader()->hide();
    m_documentTable->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_documentTable->verticalHeader()->setDefaultSectionSize(24);
    m_documentTable->horizontalHeader()->setHighlightSections(false);
    m_documentTable->horizontalHeader()->setStretchLastSection(true);
    const int unit = m_documentTable->fontMetrics().horizontalAdvance(QLatin1Char('0'));
    const QVector<int> widths{6, 18, 12, 7, 9, 10};
    for (int i = 0; i < int(widths.size()); ++i) m_documentTable->setColumnWidth(i, widths[i] * unit + 12);
    documentColumn->addWidget(m_documentTable, 1);
    connect(m_domain, &QComboBox::currentIndexChanged, this,
        [this](int index) { m_documents->show(m_shown.name, index <= 0 ? QString() : m_domain->currentText()); });
    connect(m_documents, &DocumentsModel::loaded, this, [this] {
        m_documentCount->setText(m_documents->error().isEmpty()
                ? tr("%1 of %2 loaded").arg(m_documents->rowCount()).arg(m_documents->total())
                : m_documents->error());
    });

    m_rejectedTable->setSource(&m_rejected, SortRole, 0);
    m_rejectedTable->setWidths({34, 40}, 1);
    m_tabs->setObjectName(QStringLiteral("corpora.tabs"));
    m_tabs->setAccessibleName(tr("Parts of the corpus"));
    m_tabs->tabBar()->setAccessibleName(tr("Parts of the corpus"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(m_domainTable, tr("Domains"));
    m_tabs->addTab(documentPage, tr("Documents"));
    m_tabs->addTab(m_rejectedTable, tr("Rejected"));
    column->addWidget(m_tabs, 1);
    return details;
}

void CorporaPane::setCommands(const QList<QAction*>& commands)
{
    for (QAction* command : commands) {
        addToolAction(command);
        m_table->addAction(command);
    }
}

void CorporaPane::select(const QString& corpus)
{
    m_table->selectKey(qint64(qHash(corpus)), KeyRole);
}

void CorporaPane::showSelected()
{
    const CorpusRow* corpus = m_session.corpora().rowByKey(m_table->selectedKey(KeyRole));
    if (!corpus) {
        m_summary->clear();
        m_domains.setDomains({});
        m_rejected.setRows({});
        if (!m_shown.name.isEmpty()) m_documents->show({});
        m_shown = {};
        return;
    }
    if (*corpus == m_shown) return;
    m_shown = *corpus;
    const QLocale numbers;
    m_summary->setText(
        tr("<b>%1</b> \u00b7 %2 documents (train %3, valid %4, test %5) \u00b7 %6 tokens \u00b7 vocabulary %7<br>"
           "Dropped: %8 exact and %9 near duplicates \u00b7 imported %10")
            .arg(m_shown.name.toHtmlEscaped(), numbers.toString(m_shown.documents), numbers.toString(m_shown.trainDocuments),
                numbers.toString(m_shown.validDocuments), numbers.toString(m_shown.testDocuments),
                numbers.toString(m_shown.tokens), numbers.toString(m_shown.vocabulary), numbers.toString(m_shown.exactDuplicates),
                numbers.toString(m_shown.nearDuplicates))
            .arg(dateText(m_shown.createdMs)));
    m_domains.setDomains(m_shown.domains);
    m_rejected.setRows(m_shown.rejected);
    m_tabs->setTabText(0, tr("Domains (%1)").arg(m_shown.domains.size()));
    m_tabs->setTabText(1, tr("Documents (%1)").arg(numbers.toString(m_shown.documents)));
    m_tabs->setTabText(2, tr("Rejected (%1)").arg(m_shown.rejected.size()));
    {
        const QSignalBlocker blocker(m_domain);
        m_domain->clear();
        m_domain->addItem(tr("All domains"));
        for (const DomainRow& domain : m_shown.domains) m_domain->addItem(domain.name);
    }
    m_documents->show(m_shown.name);
}

void CorporaPane::updateStatus()
{
    setStatus(counted(m_session.corpora().rowCount(), tr("1 corpus"), tr("%1 corpora")),
        m_session.lastHeardMs() > 0 ? tr("as of %1").arg(clockText(m_session.lastHeardMs())) : QString());
}

void CorporaPane::dragEnterEvent(QDragEnterEvent* event)
{
    if (m_session.client().isConnected() && !droppedPaths(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void CorporaPane::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    Q_EMIT importRequested(droppedPaths(event->mimeData()));
}

}  // namespace pathloom
