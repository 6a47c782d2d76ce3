// SPDX-License-Identifier: GPL-3.0-or-later
// KeptPage.
#include "widgets/views/probe/kept_page.h"

#include "widgets/models/formats.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/common/table.h"

#include <QDir>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

namespace pathloom {

KeptPage::KeptPage(HelperSession& session, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_note(new QLabel)
    , m_again(new QPushButton(icon(u"refresh"), tr("Read Again")))
    , m_table(new Table(QStringLiteral("probe.kept"), tr("Results the project has kept"), theme))
    , m_inspector(new QPlainTextEdit)
{
    setObjectName(QStringLiteral("probe.kept.page"));
    m_note->setObjectName(QStringLiteral("probe.kept.note"));
    m_note->setFont(Theme::labelFont());
    m_note->setWordWrap(true);
    m_again->setObjectName(QStringLiteral("probe.kept.refresh"));
    m_table->setSource(&m_results, SortRole, KeptResultsModel::Id, Qt::DescendingOrder);
    m_table->setWidths({6, 16, 9, 8, 7, 7, 20}, KeptResultsModel::Answer,
        {KeptResultsModel::Probe, KeptResultsModel::Score, KeptResultsModel::Answer});
    m_inspector->setObjectName(QStringLiteral("probe.kept.inspector"));
    m_inspector->setAccessibleName(tr("What was asked and what was right"));
    m_inspector->setReadOnly(true);
    m_inspector->setTabChangesFocus(true);
    m_inspector->setFrameShape(QFrame::NoFrame);
    m_inspector->setPlaceholderText(tr("Choose a result to see what was asked and what was right"));
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 6, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_note, 1);
    row->addWidget(m_again);
    auto* splitter = new QSplitter(Qt::Horizontal);
    splitter->setObjectName(QStringLiteral("probe.kept.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_table);
    splitter->addWidget(m_inspector);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    splitter->setSizes({620, 320});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(row);
    column->addWidget(splitter, 1);
    connect(m_again, &QPushButton::clicked, this, &KeptPage::refresh);
    connect(m_table, &Table::selectedChanged, this, &KeptPage::showResult);
    updateNote();
}

void KeptPage::setProject(const QString& folder)
{
    if (folder == m_project) return;
    m_project = folder;
    m_results.setRows({});
    m_total = 0;
    m_problem.clear();
    updateNote();
    refresh();
}

void KeptPage::refresh()
{
    m_stale = true;
    if (!isVisible() || m_project.isEmpty() || m_request != 0) return;
    m_stale = false;
    m_request = m_session.request({{QStringLiteral("do"), QStringLiteral("results")}, {QStringLiteral("project"), m_project}},
        [this](const QJsonObject& event) { hear(event); });
    updateNote();
}

void KeptPage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_stale) refresh();
}

void KeptPage::hear(const QJsonObject& event)
{
    m_request = 0;
    m_problem.clear();
    if (event.value(QLatin1String("event")).toString() == QLatin1String("results")) {
        QVector<KeptResult> rows;
        const QJsonArray list = event.value(QLatin1String("rows")).toArray();
        for (const auto& row : list) rows.append(toKeptResult(row.toObject()));
        m_total = event.value(QLatin1String("total")).toInteger();
        m_results.setRows(rows);
    } else if (!event.value(QLatin1String("cancelled")).toBool()) {
        m_problem = event.value(QLatin1String("message")).toString();
    }
    updateNote();
    showResult();
    if (m_stale) refresh();
}

void KeptPage::showResult()
{
    const KeptResult* result = m_results.rowByKey(m_table->selectedKey(KeyRole));
    if (!result) {
        m_inspector->clear();
        return;
    }
    const QLocale numbers;
    QStringList lines{tr("Result %1: %2 by %3").arg(result->id).arg(result->probe, result->contestant), {}};
    if (result->probe != QLatin1String("nll")) {
        lines += {tr("Question: %1").arg(result->question), tr("Answer begins with: %1").arg(result->prefix),
            tr("Right: %1").arg(result->right), tr("Said: %1").arg(result->answer), tr("Score: %1").arg(result->score), {}};
    }
    lines += {tr("%1 tokens \u00b7 %2 texts put in \u00b7 seed %3 \u00b7 %4 s")
                  .arg(numbers.toString(result->length))
                  .arg(result->insertions)
                  .arg(result->seed)
                  .arg(result->seconds, 0, 'g', 3),
        tr("Document: %1")
            .arg(result->document.isEmpty() ? tr("SHA-256 %1 (not open here)").arg(result->documentHash) : result->document),
        tr("Reader: SHA-256 %1").arg(result->model)};
    m_inspector->setPlainText(lines.join(QLatin1Char('\n')));
}

void KeptPage::updateNote()
{
    m_again->setEnabled(!m_project.isEmpty() && m_request == 0);
    m_table->setEnabled(!m_project.isEmpty());
    if (m_project.isEmpty())
        m_note->setText(tr("Results are kept in the project's folder. Open a project on this computer to keep and see them."));
    else if (!m_problem.isEmpty())
        m_note->setText(m_problem);
    else if (m_request != 0 && m_results.rowCount() == 0)
        m_note->setText(tr("Reading what the project has kept"));
    else if (m_results.rowCount() == 0)
        m_note->setText(tr("Nothing yet. What Recall and Loss find is kept here, and is not asked for again."));
    else if (m_total > m_results.rowCount())
        m_note->setText(tr("The newest %1 of %2 results").arg(m_results.rowCount()).arg(m_total));
    else
        m_note->setText(tr("%1 results, kept with what rebuilds their prompts").arg(m_total));
}

ExportTarget KeptPage::exports() const
{
    const auto csv = [this] {
        QString text = csvLine({QStringLiteral("id"), QStringLiteral("probe"), QStringLiteral("family"),
            QStringLiteral("contestant"), QStringLiteral("length"), QStringLiteral("depth"), QStringLiteral("score"),
            QStringLiteral("seconds"), QStringLiteral("seed"), QStringLiteral("question"), QStringLiteral("right"),
            QStringLiteral("answer"), QStringLiteral("model"), QStringLiteral("document_sha256")});
        for (const KeptResult& r : m_results.rows())
            text += csvLine({QString::number(r.id), r.probe, r.family, r.contestant, QString::number(r.length),
                QString::number(r.depth), QString::number(r.score, 'g', 9), QString::number(r.seconds, 'g', 6), r.seed,
                r.question, r.right, r.answer, r.model, r.documentHash});
        return text;
    };
    return {tr("Probe results of %1").arg(QDir(m_project).dirName()), csv};
}

}  // namespace pathloom
