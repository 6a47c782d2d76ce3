// SPDX-License-Identifier: GPL-3.0-or-later
// The pane frame: see pane_frame.h.
#include "widgets/theme/pane_frame.h"

#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/pane_states.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QStackedLayout>
#include <QToolBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <initializer_list>

namespace pathloom {

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
    m_empty = new EmptyPage;
    m_loading = new LoadingPage(m_theme);
    m_error = new ErrorPage;
    for (QWidget* page : std::initializer_list<QWidget*>{m_empty, m_loading, m_error}) m_stack->addWidget(page);
    connect(m_empty, &EmptyPage::triggered, this, &PaneFrame::emptyActionTriggered);
    connect(m_loading, &LoadingPage::cancelRequested, this, &PaneFrame::cancelRequested);
    connect(m_error, &ErrorPage::retryRequested, this, &PaneFrame::retryRequested);

    m_status = new QLabel;
    m_fresh = new QLabel;
    for (QLabel* label : {m_status, m_fresh}) {
        label->setFont(Theme::labelFont());
        label->setForegroundRole(QPalette::PlaceholderText);  // the muted colour of whatever theme is on
    }
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

    m_veil = new LostVeil(m_theme, this);
    m_veil->hide();
    connect(m_veil, &LostVeil::reconnectRequested, this, &PaneFrame::reconnectRequested);
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
    // A tool bar as high as its buttons cuts the frame of a combo box or a field.
    m_toolBar->setMinimumHeight(qMax(m_toolBar->minimumHeight(), widget->sizeHint().height() + 4));
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
    m_empty->set(sentence, button);
    setState(State::Empty);
}

void PaneFrame::showLoading(const QString& sentence, double progress, bool cancellable)
{
    m_loading->set(sentence, progress, cancellable);
    setState(State::Loading);
}

void PaneFrame::showError(const QString& what, const QString& why, const QString& remedy, const QString& details)
{
    m_error->set(what, why, remedy, details);
    setState(State::Error);
}

void PaneFrame::showLost(qint64 lastDataMs, int reconnectSeconds)
{
    const QString when = reconnectSeconds > 0 ? tr("Reconnecting in %1 s.").arg(reconnectSeconds) : tr("Reconnecting now.");
    m_veil->setText(tr("Engine lost. Last data from %1. %2").arg(formatClock(lastDataMs), when));
    setState(State::Lost);
}

void PaneFrame::refresh()
{
    if (!isVisible()) {
        m_dirty = true;
        return;
    }
    const quint64 now = fingerprint();
    if (!m_dirty && now == m_seen) return;
    m_seen = now;
    m_dirty = false;
    ++m_rebuilds;
    rebuild();
}

void PaneFrame::invalidate()
{
    m_dirty = true;
    refresh();
}

void PaneFrame::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_dirty) refresh();
}

void PaneFrame::setState(State state)
{
    QWidget* page = m_contentHost;
    if (state == State::Empty) page = m_empty;
    if (state == State::Loading) page = m_loading;
    if (state == State::Error) page = m_error;
    if (m_stack->currentWidget() != page) m_stack->setCurrentWidget(page);
    m_veil->setVisible(state == State::Lost);
    if (state == State::Lost)
        placeVeil();
    else
        m_contentHost->layout()->setContentsMargins(0, 0, 0, 0);
    const bool usable = state == State::Content || state == State::Lost;
    const bool tools = usable || (m_toolsWhenEmpty && (state == State::Empty || state == State::Error));
    if (m_toolBar->isEnabled() != tools) m_toolBar->setEnabled(tools);
    m_strip->setVisible(usable);
    if (state == m_state) return;
    m_state = state;
    Q_EMIT stateChanged();
}

void PaneFrame::restyle()
{
    m_empty->restyle(m_theme.theme());
    m_loading->restyle(m_theme.theme());
    m_error->restyle(m_theme.theme());
    m_veil->restyle(m_theme.theme());
    update();
}

void PaneFrame::placeVeil()
{
    // The banner takes its own room, so that nothing of the last data is covered.
    m_contentHost->layout()->setContentsMargins(0, m_veil->bannerHeight(m_host->width()), 0, 0);
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
