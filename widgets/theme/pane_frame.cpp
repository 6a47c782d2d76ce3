// SPDX-License-Identifier: GPL-3.0-or-later
// The pane frame: see pane_frame.h.
#include "widgets/theme/pane_frame.h"

#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QClipboard>
#include <QEvent>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QStackedLayout>
#include <QToolBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {

/// Greys the content and carries the "engine lost" banner.
class PaneFrame::Veil : public QWidget {
public:
    Veil(ThemeController& theme, QWidget* parent)
        : QWidget(parent)
        , m_theme(theme)
    {
        auto* row = new QHBoxLayout;
        row->setContentsMargins(12, 6, 12, 6);
        text = new QLabel;
        text->setFont(Theme::labelFont());
        button = new QPushButton(PaneFrame::tr("Reconnect Now"));
        row->addWidget(text, 1);
        row->addWidget(button);
        banner = new QWidget;
        banner->setAutoFillBackground(true);
        banner->setLayout(row);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(banner);
        column->addStretch(1);
    }
    QLabel* text = nullptr;
    QPushButton* button = nullptr;
    QWidget* banner = nullptr;

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), withAlpha(m_theme.theme().tokens().surface, 0.62));
    }

private:
    ThemeController& m_theme;
};

/// Grey bars where the content will be. Still, because motion for data says nothing.
class PaneFrame::Skeleton : public QWidget {
public:
    Skeleton(ThemeController& theme, QWidget* parent = nullptr)
        : QWidget(parent)
        , m_theme(theme)
    {
        setMinimumHeight(96);
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(mixColors(m_theme.theme().tokens().surface, m_theme.theme().tokens().line, 0.7));
        constexpr double kWidths[] = {0.92, 0.74, 0.83, 0.58, 0.88, 0.66};
        const double step = 28;
        for (int i = 0; i * step + 12 < height(); ++i) {
            painter.drawRoundedRect(QRectF(0, i * step, width() * kWidths[i % 6], 12), 4, 4);
        }
    }

private:
    ThemeController& m_theme;
};

PaneFrame::PaneFrame(const QString& title, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    build(title);
    restyle();
    connect(&m_theme, &ThemeController::changed, this, [this] { restyle(); });
}

void PaneFrame::build(const QString& title)
{
    setAccessibleName(title);
    m_title = new QLabel(title);
    m_title->setFont(Theme::titleFont());
    m_title->setMinimumWidth(0);
    m_toolBar = new QToolBar;
    m_toolBar->setIconSize(QSize(16, 16));
    m_toolBar->setMovable(false);
    m_toolBar->setAccessibleName(tr("%1 toolbar").arg(title));
    if (QWidget* extension = m_toolBar->findChild<QWidget*>(QStringLiteral("qt_toolbar_ext_button"))) {
        extension->setAccessibleName(tr("More controls"));
        extension->setToolTip(tr("More controls"));
    }
    auto* head = new QHBoxLayout;
    head->setContentsMargins(12, 4, 8, 4);
    head->setSpacing(12);
    head->addWidget(m_title);
    head->addStretch(1);
    head->addWidget(m_toolBar, 1000);

    m_host = new QWidget;
    m_stack = new QStackedLayout(m_host);
    m_contentHost = new QWidget;
    auto* contentLayout = new QVBoxLayout(m_contentHost);
    contentLayout->setContentsMargins(0, 0, 0, 0);
    m_stack->addWidget(m_contentHost);
    m_emptyPage = makeEmptyPage();
    m_loadingPage = makeLoadingPage();
    m_errorPage = makeErrorPage();
    for (QWidget* page : {m_emptyPage, m_loadingPage, m_errorPage}) m_stack->addWidget(page);

    m_status = new QLabel;
    m_fresh = new QLabel;
    for (QLabel* label : {m_status, m_fresh}) label->setFont(Theme::labelFont());
    m_status->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    m_strip = new QWidget;
    auto* strip = new QHBoxLayout(m_strip);
    strip->setContentsMargins(12, 2, 12, 4);
    strip->addWidget(m_status, 1);
    strip->addWidget(m_fresh);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(m_host, 1);
    column->addWidget(m_strip);

    m_veil = new Veil(m_theme, this);
    m_veil->hide();
    connect(m_veil->button, &QPushButton::clicked, this, &PaneFrame::reconnectRequested);
}

QWidget* PaneFrame::makeEmptyPage()
{
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    m_emptyText = new QLabel;
    m_emptyText->setWordWrap(true);
    m_emptyText->setAlignment(Qt::AlignCenter);
    m_emptyButton = new QPushButton;
    m_emptyButton->setProperty("primary", true);
    connect(m_emptyButton, &QPushButton::clicked, this, &PaneFrame::emptyActionTriggered);
    column->setContentsMargins(32, 16, 32, 16);
    column->setSpacing(16);
    column->addStretch(2);
    column->addWidget(m_emptyText);
    column->addWidget(m_emptyButton, 0, Qt::AlignHCenter);
    column->addStretch(3);
    return page;
}

QWidget* PaneFrame::makeLoadingPage()
{
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(16, 12, 16, 12);
    column->setSpacing(12);
    auto* row = new QHBoxLayout;
    m_loadingText = new QLabel;
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(160, 8);
    m_progress->setAccessibleName(tr("Progress"));
    m_cancel = new QPushButton(tr("Cancel"));
    connect(m_cancel, &QPushButton::clicked, this, &PaneFrame::cancelRequested);
    row->addWidget(m_loadingText);
    row->addWidget(m_progress);
    row->addWidget(m_cancel);
    row->addStretch(1);
    column->addLayout(row);
    m_skeleton = new Skeleton(m_theme);
    column->addWidget(m_skeleton, 1);
    return page;
}

QWidget* PaneFrame::makeErrorPage()
{
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(32, 24, 32, 16);
    column->setSpacing(8);
    m_errorIcon = new QLabel;
    m_errorWhat = new QLabel;
    QFont strong = Theme::bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_errorWhat->setFont(strong);
    m_errorWhy = new QLabel;
    for (QLabel* label : {m_errorWhat, m_errorWhy}) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    m_errorDetails = new QPlainTextEdit;
    m_errorDetails->setReadOnly(true);
    m_errorDetails->setFont(Theme::fixedFont());
    m_errorDetails->setMaximumHeight(160);
    m_errorDetails->setAccessibleName(tr("Error details"));
    auto* retry = new QPushButton(tr("Try Again"));
    m_copy = new QPushButton(icon(u"copy"), tr("Copy Details"));
    connect(retry, &QPushButton::clicked, this, &PaneFrame::retryRequested);
    connect(m_copy, &QPushButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(
            QStringLiteral("%1\n%2\n%3").arg(m_errorWhat->text(), m_errorWhy->text(), m_errorDetails->toPlainText()));
    });
    auto* heading = new QHBoxLayout;
    heading->setSpacing(8);
    heading->addWidget(m_errorIcon);
    heading->addWidget(m_errorWhat, 1);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(retry);
    buttons->addWidget(m_copy);
    buttons->addStretch(1);
    column->addLayout(heading);
    column->addWidget(m_errorWhy);
    column->addLayout(buttons);
    column->addWidget(m_errorDetails);
    column->addStretch(1);
    return page;
}

QString PaneFrame::title() const
{
    return m_title->text();
}

void PaneFrame::setTitle(const QString& title)
{
    m_title->setText(title);
    setAccessibleName(title);
}

void PaneFrame::setTitleShown(bool shown)
{
    m_title->setVisible(shown);
}

void PaneFrame::setContent(QWidget* content)
{
    if (m_content != nullptr) m_content->deleteLater();
    m_content = content;
    m_contentHost->layout()->addWidget(content);
}

QToolButton* PaneFrame::addToolAction(QAction* action)
{
    m_toolBar->addAction(action);
    auto* button = qobject_cast<QToolButton*>(m_toolBar->widgetForAction(action));
    QString name = action->text();
    name.remove(QLatin1Char('&'));
    const QString shortcut = action->shortcut().toString(QKeySequence::NativeText);
    button->setAccessibleName(name);
    button->setFocusPolicy(Qt::TabFocus);
    button->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);  // a narrow bar moves it to the menu, it never cuts its text
    if (action->toolTip().remove(QLatin1Char('&')) == name && !shortcut.isEmpty()) {
        action->setToolTip(QStringLiteral("%1 (%2)").arg(name, shortcut));
    }
    return button;
}

QAction* PaneFrame::addToolWidget(QWidget* widget)
{
    return m_toolBar->addWidget(widget);
}

void PaneFrame::addToolSeparator()
{
    auto* gap = new QWidget;
    gap->setFixedWidth(8);
    m_toolBar->addWidget(gap);
}

void PaneFrame::addOverflowAction(QAction* action)
{
    if (m_overflow == nullptr) {
        m_overflow = new QToolButton;
        m_overflow->setIcon(icon(u"more"));
        m_overflow->setAutoRaise(true);
        m_overflow->setFocusPolicy(Qt::TabFocus);
        m_overflow->setPopupMode(QToolButton::InstantPopup);
        m_overflow->setAccessibleName(tr("More actions"));
        m_overflow->setToolTip(tr("More actions"));
        m_overflow->setMenu(new QMenu(m_overflow));
        m_toolBar->addWidget(m_overflow);
    }
    m_overflow->menu()->addAction(action);
}

void PaneFrame::setStatus(const QString& what, const QString& freshness)
{
    if (m_status->text() != what) m_status->setText(what);
    if (m_fresh->text() != freshness) m_fresh->setText(freshness);
}

void PaneFrame::showContent()
{
    setState(State::Content);
}

void PaneFrame::showEmpty(const QString& sentence, const QString& button)
{
    m_emptyText->setText(sentence);
    m_emptyButton->setText(button);
    m_emptyButton->setVisible(!button.isEmpty());
    setState(State::Empty);
}

void PaneFrame::showLoading(const QString& sentence, double progress, bool cancellable)
{
    m_loadingText->setText(sentence);
    m_progress->setRange(0, progress < 0 ? 0 : 1000);
    if (progress >= 0) m_progress->setValue(int(std::min(progress, 1.0) * 1000));
    m_cancel->setVisible(cancellable);
    setState(State::Loading);
}

void PaneFrame::showError(const QString& what, const QString& why, const QString& remedy, const QString& details)
{
    m_errorWhat->setText(what);
    m_errorWhy->setText(remedy.isEmpty() ? why : why + QStringLiteral("\n") + remedy);
    m_errorDetails->setPlainText(details);
    m_errorDetails->setVisible(!details.isEmpty());
    setState(State::Error);
}

void PaneFrame::showLost(qint64 lastDataMs, int reconnectSeconds)
{
    const QString when = reconnectSeconds > 0 ? tr("Reconnecting in %1 s.").arg(reconnectSeconds) : tr("Reconnecting now.");
    m_veil->text->setText(tr("Engine lost. Last data from %1. %2").arg(formatClock(lastDataMs), when));
    setState(State::Lost);
}

void PaneFrame::setState(State state)
{
    QWidget* page = m_contentHost;
    if (state == State::Empty) page = m_emptyPage;
    if (state == State::Loading) page = m_loadingPage;
    if (state == State::Error) page = m_errorPage;
    if (m_stack->currentWidget() != page) m_stack->setCurrentWidget(page);
    m_veil->setVisible(state == State::Lost);
    // The banner takes its own room, so that nothing of the last data is covered.
    m_contentHost->layout()->setContentsMargins(0, state == State::Lost ? m_veil->banner->sizeHint().height() : 0, 0, 0);
    if (state == State::Lost) placeVeil();
    const bool usable = state == State::Content || state == State::Lost;
    if (m_toolBar->isEnabled() != usable) m_toolBar->setEnabled(usable);
    m_strip->setVisible(usable);
    if (state == m_state) return;
    m_state = state;
    Q_EMIT stateChanged();
}

void PaneFrame::restyle()
{
    const Tokens& t = m_theme.theme().tokens();
    const auto tint = [](QWidget* widget, const QColor& color) {
        QPalette palette = widget->palette();
        palette.setColor(QPalette::WindowText, color);
        widget->setPalette(palette);
    };
    for (QLabel* label : {m_status, m_fresh, m_emptyText, m_loadingText}) tint(label, t.muted);
    for (QLabel* label : {m_title, m_errorWhat, m_errorWhy}) tint(label, t.text);
    m_errorIcon->setPixmap(iconPixmap(u"error", t.fail, 16, devicePixelRatioF()));
    QPalette banner = m_veil->banner->palette();
    banner.setColor(QPalette::Window, mixColors(t.surface, t.warn, m_theme.theme().isDark() ? 0.22 : 0.16));
    banner.setColor(QPalette::WindowText, t.text);
    m_veil->banner->setPalette(banner);
    update();
}

void PaneFrame::placeVeil()
{
    m_veil->setGeometry(QRect(m_host->mapTo(this, QPoint(0, 0)), m_host->size()));
    m_veil->raise();
}

void PaneFrame::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    if (m_state == State::Lost) {
        layout()->activate();
        placeVeil();
    }
}

void PaneFrame::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::EnabledChange) restyle();
    QWidget::changeEvent(event);
}

}  // namespace pathloom
