// SPDX-License-Identifier: GPL-3.0-or-later
// WelcomePage.
#include "widgets/views/welcome/welcome_page.h"

#include "widgets/theme/theme.h"

#include <QAction>
#include <QDir>
#include <QFileInfo>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QPainterPath>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

namespace pathloom {
namespace {

constexpr int columnWidth = 660;
constexpr int markHeight = 96;

}  // namespace

WelcomePage::WelcomePage(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_buttons(new QWidget)
    , m_recent(new QListWidget)
    , m_recentTitle(new QLabel(tr("Recent projects")))
    , m_lead(new QLabel(tr("Train paths of shared modules, watch them sync, and see what routing buys.")))
    , m_none(new QLabel(tr("Projects you open are listed here.")))
    , m_problem(new QLabel)
    , m_details(new QPlainTextEdit)
    , m_busyText(new QLabel)
    , m_busy(new QProgressBar)
{
    setObjectName(QStringLiteral("welcome"));
    setAccessibleName(tr("Welcome"));
    auto* column = new QWidget;
    column->setMaximumWidth(columnWidth);
    auto* layout = new QVBoxLayout(column);
    layout->setContentsMargins(16, 0, 16, 16);
    layout->setSpacing(8);
    layout->addStretch(2);
    layout->addSpacing(markHeight);
    auto* title = new QLabel(QStringLiteral("Pathloom"));
    QFont large = Theme::titleFont();
    large.setPointSize(26);
    title->setFont(large);
    layout->addWidget(title);
    m_lead->setWordWrap(true);
    layout->addWidget(m_lead);
    layout->addSpacing(16);
    m_buttons->setLayout(new QHBoxLayout);
    m_buttons->layout()->setContentsMargins(0, 0, 0, 0);
    m_buttons->layout()->setSpacing(8);
    layout->addWidget(m_buttons);
    m_busyText->setObjectName(QStringLiteral("welcome.busy"));
    m_busy->setAccessibleName(tr("Opening"));
    m_busy->setRange(0, 0);
    m_busy->setTextVisible(false);
    m_busy->setFixedHeight(6);
    m_busyText->hide();
    m_busy->hide();
    m_problem->setObjectName(QStringLiteral("welcome.problem"));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_problem->hide();
    m_details->setObjectName(QStringLiteral("welcome.details"));
    m_details->setAccessibleName(tr("Details of the problem"));
    m_details->setReadOnly(true);
    m_details->setFont(Theme::fixedFont());
    m_details->setMaximumHeight(96);
    m_details->setTabChangesFocus(true);
    m_details->hide();
    layout->addWidget(m_busyText);
    layout->addWidget(m_busy);
    layout->addWidget(m_problem);
    layout->addWidget(m_details);
    layout->addSpacing(16);
    QFont bold = Theme::bodyFont();
    bold.setWeight(QFont::DemiBold);
    m_recentTitle->setFont(bold);
    layout->addWidget(m_recentTitle);
    m_recent->setObjectName(QStringLiteral("welcome.recent"));
    m_recent->setAccessibleName(tr("Recent projects"));
    m_recent->setFrameShape(QFrame::NoFrame);
    m_recent->setTextElideMode(Qt::ElideMiddle);
    m_recent->setUniformItemSizes(true);
    m_recent->viewport()->setAutoFillBackground(false);
    layout->addWidget(m_recent, 3);
    layout->addWidget(m_none);
    layout->addStretch(2);
    connect(m_recent, &QListWidget::itemActivated, this,
        [this](const QListWidgetItem* item) { Q_EMIT openRequested(item->data(Qt::UserRole).toString()); });
    connect(m_recent, &QListWidget::itemClicked, this,
        [this](const QListWidgetItem* item) { Q_EMIT openRequested(item->data(Qt::UserRole).toString()); });
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addStretch(1);
    row->addWidget(column, 100);
    row->addStretch(1);
    connect(&theme, &ThemeController::changed, this, &WelcomePage::restyle);
    setRecent({});
    restyle();
}

void WelcomePage::setCommands(const QList<QAction*>& commands)
{
    for (QAction* command : commands) {
        QString text = command->text();
        const bool first = m_commandButtons.isEmpty();  // the accent's button shows no icon: icons are drawn in the text colour
        auto* button = new QPushButton(first ? QIcon() : command->icon(), text.remove(QLatin1Char('&')));
        button->setProperty("primary", first);
        button->setObjectName(QStringLiteral("welcome.") + command->objectName());
        button->setToolTip(command->toolTip());
        button->setMinimumHeight(34);
        if (first) button->setDefault(true);
        connect(button, &QPushButton::clicked, command, &QAction::trigger);
        connect(command, &QAction::changed, button, [button, command] { button->setEnabled(command->isEnabled()); });
        m_buttons->layout()->addWidget(button);
        m_commandButtons.append(button);
    }
}

void WelcomePage::setRecent(const QStringList& folders)
{
    m_recent->clear();
    const QString home = QDir::homePath();
    for (const QString& folder : folders) {
        const QString shown = folder.startsWith(home + QLatin1Char('/')) ? QStringLiteral("~") + folder.mid(home.size()) : folder;
        auto* item = new QListWidgetItem(QStringLiteral("%1   \u2014   %2").arg(QFileInfo(folder).fileName(), shown), m_recent);
        item->setData(Qt::UserRole, folder);
        item->setToolTip(folder);
        item->setSizeHint(QSize(0, 28));
    }
    if (!folders.isEmpty()) m_recent->setCurrentRow(0, QItemSelectionModel::NoUpdate);  // where Tab lands, not a choice made
    m_recent->setVisible(!folders.isEmpty());
    m_none->setVisible(folders.isEmpty());
}

void WelcomePage::showBusy(const QString& text)
{
    m_busyText->setText(text);
    m_busyText->setVisible(!text.isEmpty());
    m_busy->setVisible(!text.isEmpty());
    m_buttons->setEnabled(text.isEmpty());
    m_recent->setEnabled(text.isEmpty());
    if (!text.isEmpty()) {
        m_problem->hide();
        m_details->hide();
    }
}

void WelcomePage::showProblem(const QString& what, const QString& details)
{
    showBusy({});
    m_problem->setText(what);
    m_problem->setVisible(!what.isEmpty());
    m_details->setPlainText(details);
    m_details->setVisible(!details.isEmpty());
}

void WelcomePage::restyle()
{
    const Tokens& tokens = m_theme.theme().tokens();
    for (QLabel* label : {m_lead, m_none, m_busyText}) {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, tokens.muted);
        label->setPalette(palette);
    }
    QPalette palette = m_problem->palette();
    palette.setColor(QPalette::WindowText, tokens.fail);
    m_problem->setPalette(palette);
    update();
}

void WelcomePage::paintEvent(QPaintEvent*)
{
    // The mark: four paths over two levels of two modules, the shape of the sample run.
    const QWidget* title = m_lead->parentWidget();
    const QPoint corner = title->mapTo(this, QPoint(16, 0));
    const double top = m_lead->mapTo(this, QPoint(0, 0)).y() - markHeight - 44;
    const Theme& theme = m_theme.theme();
    QPainter painter(this);
    painter.fillRect(rect(), theme.tokens().surface);
    painter.setRenderHint(QPainter::Antialiasing);
    const double xs[] = {corner.x() + 8.0, corner.x() + 84.0, corner.x() + 160.0, corner.x() + 236.0};
    const double rows[] = {top + 20, top + 64};
    const double middle = top + 42;
    for (int path = 0; path < 4; ++path) {
        const double ys[] = {middle, rows[path / 2], rows[path % 2], middle};
        const double shift = (path - 1.5) * 4.0;
        QPainterPath line;
        line.moveTo(xs[0], ys[0] + shift);
        for (int i = 1; i < 4; ++i) {
            const double half = (xs[i - 1] + xs[i]) / 2;
            line.cubicTo(half, ys[i - 1] + shift, half, ys[i] + shift, xs[i], ys[i] + shift);
        }
        QColor colour = theme.categorical(path);
        colour.setAlphaF(0.75F);
        painter.setPen(QPen(colour, 4, Qt::SolidLine, Qt::RoundCap));
        painter.drawPath(line);
    }
    painter.setPen(QPen(theme.tokens().muted, 1.5));
    painter.setBrush(theme.tokens().raised);
    const auto node = [&](double x, double y) { painter.drawRoundedRect(QRectF(x - 8, y - 13, 16, 26), 5, 5); };
    node(xs[0], middle);
    node(xs[3], middle);
    for (const double y : rows) {
        node(xs[1], y);
        node(xs[2], y);
    }
}

}  // namespace pathloom
