// SPDX-License-Identifier: GPL-3.0-or-later
// LogPane.
#include "widgets/views/log/log_pane.h"

#include "widgets/models/formats.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/connection.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLineEdit>
#include <QPainter>
#include <QScrollBar>
#include <QStyledItemDelegate>
#include <QTableView>

namespace pathloom {
namespace {

/// Warnings and errors get their colour and, so that colour is not all there is, a mark before the level's name.
class LineDelegate final : public QStyledItemDelegate {
public:
    LineDelegate(ThemeController& theme, QObject* parent)
        : QStyledItemDelegate(parent)
        , m_theme(theme)
    {
    }
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        const Tokens& tokens = m_theme.theme().tokens();
        const int level = index.data(LogModel::LevelRole).toInt();
        const bool quiet = index.column() == LogModel::Time || (index.column() == LogModel::Level && level == 0)
            || index.column() == LogModel::Run;
        if (quiet) option->palette.setColor(QPalette::Text, tokens.muted);
        if (index.column() == LogModel::Level && level > 0) {
            option->palette.setColor(QPalette::Text, level == 1 ? tokens.warn : tokens.fail);
            option->text = (level == 1 ? QStringLiteral("\u25b2 ") : QStringLiteral("\u25a0 ")) + option->text;
        }
    }

private:
    ThemeController& m_theme;
};

}  // namespace

LogPane::LogPane(Session& session, ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Event Log"), theme, parent)
    , m_session(session)
    , m_table(new QTableView)
    , m_level(new QComboBox)
    , m_search(new QLineEdit)
    , m_follow(new QAction(icon(u"follow"), tr("Follow"), this))
{
    setObjectName(QStringLiteral("log"));
    m_filter.setSourceModel(&session.log());
    m_table->setObjectName(QStringLiteral("log.table"));
    m_table->setAccessibleName(tr("Events"));
    m_table->setModel(&m_filter);
    m_table->setItemDelegate(new LineDelegate(theme, m_table));
    m_table->setShowGrid(false);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->setCornerButtonEnabled(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->verticalHeader()->setDefaultSectionSize(24);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setStretchLastSection(true);
    const int unit = m_table->fontMetrics().horizontalAdvance(QLatin1Char('0'));
    m_table->setColumnWidth(LogModel::Time, 10 * unit);
    m_table->setColumnWidth(LogModel::Level, 12 * unit);
    m_table->setColumnWidth(LogModel::Run, 16 * unit);
    setContent(m_table);

    m_level->setObjectName(QStringLiteral("log.level"));
    m_level->setAccessibleName(tr("Lowest level shown"));
    m_level->addItems({tr("All events"), tr("Warnings and errors"), tr("Errors")});
    connect(m_level, &QComboBox::currentIndexChanged, this, [this](int level) {
        m_filter.setMinimumLevel(level);
        updateStatus();
    });
    m_search->setObjectName(QStringLiteral("log.search"));
    m_search->setAccessibleName(tr("Search the log"));
    m_search->setPlaceholderText(tr("Search"));
    m_search->setClearButtonEnabled(true);
    m_search->setMaximumWidth(200);
    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& words) {
        m_filter.setWords(words);
        updateStatus();
    });
    addToolWidget(m_level);
    addToolWidget(m_search);
    m_follow->setCheckable(true);
    m_follow->setChecked(true);
    m_follow->setToolTip(tr("Follow: keep the newest event in view"));
    addToolAction(m_follow);
    auto* copy = new QAction(icon(u"copy"), tr("Copy Diagnostics"), this);
    copy->setToolTip(tr("Copy Diagnostics: version, connection and the lines shown"));
    connect(copy, &QAction::triggered, this, &LogPane::copyDiagnostics);
    addToolAction(copy);

    connect(m_follow, &QAction::toggled, this, [this](bool on) {
        if (on) m_table->scrollToBottom();
    });
    connect(m_table->verticalScrollBar(), &QScrollBar::actionTriggered, this, [this] {
        const QScrollBar* bar = m_table->verticalScrollBar();  // scrolling up by hand means reading: stop following
        if (bar->sliderPosition() < bar->maximum()) m_follow->setChecked(false);
    });
    m_connection = new ConnectionState(
        *this, session, [&session] { return session.log().rowCount() > 0; }, tr("Nothing has happened in this project yet."));
    const auto changed = [this] {
        m_connection->update();
        updateStatus();
        if (m_follow->isChecked() && isVisible()) m_table->scrollToBottom();
    };
    connect(&session.log(), &QAbstractItemModel::rowsInserted, this, changed);
    connect(&session.log(), &QAbstractItemModel::modelReset, this, changed);
    updateStatus();
}

bool LogPane::isFollowing() const
{
    return m_follow->isChecked();
}

void LogPane::focusSearch()
{
    m_search->setFocus(Qt::ShortcutFocusReason);
}

QString LogPane::diagnostics() const
{
    const EngineClient& client = m_session.client();
    QString text = QStringLiteral("Pathloom %1\nengine %2 at %3, protocol %4, %5, %6 cores\nproject %7, event %8\n\n")
                       .arg(QStringLiteral(PATHLOOM_VERSION), client.facts().version, client.address())
                       .arg(client.facts().protocol)
                       .arg(client.facts().isa)
                       .arg(client.facts().cores)
                       .arg(client.facts().projectPath)
                       .arg(client.lastSeq());
    for (int row = 0; row < m_filter.rowCount(); ++row)
        text += m_session.log().lineText(m_filter.mapToSource(m_filter.index(row, 0)).row()) + QLatin1Char('\n');
    return text;
}

void LogPane::copyDiagnostics() const
{
    QGuiApplication::clipboard()->setText(diagnostics());
}

void LogPane::updateStatus()
{
    const int all = m_session.log().rowCount();
    const int shown = m_filter.rowCount();
    setStatus(shown == all ? counted(all, tr("1 event"), tr("%1 events")) : tr("%1 of %2 events").arg(shown).arg(all));
}

}  // namespace pathloom
