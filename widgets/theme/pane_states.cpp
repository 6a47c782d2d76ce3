// SPDX-License-Identifier: GPL-3.0-or-later
// The designed states of a pane: see pane_states.h.
#include "widgets/theme/pane_states.h"

#include "widgets/theme/icons.h"
#include "widgets/theme/theme.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace pathloom {

namespace {

void tint(QWidget* widget, const QColor& color)
{
    QPalette palette = widget->palette();
    palette.setColor(QPalette::WindowText, color);
    widget->setPalette(palette);
}

/// Grey bars where the content will be. Still, because motion for data says nothing.
class Skeleton : public QWidget {
public:
    explicit Skeleton(ThemeController& theme)
        : m_theme(theme)
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

}  // namespace

EmptyPage::EmptyPage()
    : m_text(new QLabel)
    , m_button(new QPushButton)
{
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignCenter);
    m_button->setProperty("primary", true);
    connect(m_button, &QPushButton::clicked, this, &EmptyPage::triggered);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(32, 16, 32, 16);
    column->setSpacing(16);
    column->addStretch(2);
    column->addWidget(m_text);
    column->addWidget(m_button, 0, Qt::AlignHCenter);
    column->addStretch(3);
}

void EmptyPage::set(const QString& sentence, const QString& button)
{
    m_text->setText(sentence);
    m_button->setText(button);
    m_button->setVisible(!button.isEmpty());
}

void EmptyPage::restyle(const Theme& theme)
{
    tint(m_text, theme.tokens().muted);
}

LoadingPage::LoadingPage(ThemeController& theme)
    : m_text(new QLabel)
    , m_progress(new QProgressBar)
    , m_cancel(new QPushButton(tr("Cancel")))
{
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(160, 8);
    m_progress->setAccessibleName(tr("Progress"));
    connect(m_cancel, &QPushButton::clicked, this, &LoadingPage::cancelRequested);
    auto* row = new QHBoxLayout;
    row->addWidget(m_text);
    row->addWidget(m_progress);
    row->addWidget(m_cancel);
    row->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 12, 16, 12);
    column->setSpacing(12);
    column->addLayout(row);
    column->addWidget(new Skeleton(theme), 1);
}

void LoadingPage::set(const QString& sentence, double progress, bool cancellable)
{
    m_text->setText(sentence);
    m_progress->setRange(0, progress < 0 ? 0 : 1000);
    if (progress >= 0) m_progress->setValue(int(std::min(progress, 1.0) * 1000));
    m_cancel->setVisible(cancellable);
}

void LoadingPage::restyle(const Theme& theme)
{
    tint(m_text, theme.tokens().muted);
}

ErrorPage::ErrorPage()
    : m_icon(new QLabel)
    , m_what(new QLabel)
    , m_why(new QLabel)
    , m_details(new QPlainTextEdit)
{
    QFont strong = Theme::bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_what->setFont(strong);
    for (QLabel* label : {m_what, m_why}) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    m_details->setReadOnly(true);
    m_details->setFont(Theme::fixedFont());
    m_details->setMaximumHeight(160);
    m_details->setAccessibleName(tr("Error details"));
    auto* retry = new QPushButton(tr("Try Again"));
    auto* copy = new QPushButton(icon(u"copy"), tr("Copy Details"));
    connect(retry, &QPushButton::clicked, this, &ErrorPage::retryRequested);
    connect(copy, &QPushButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(
            QStringLiteral("%1\n%2\n%3").arg(m_what->text(), m_why->text(), m_details->toPlainText()));
    });
    auto* heading = new QHBoxLayout;
    heading->setSpacing(8);
    heading->addWidget(m_icon);
    heading->addWidget(m_what, 1);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(retry);
    buttons->addWidget(copy);
    buttons->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(32, 24, 32, 16);
    column->setSpacing(8);
    column->addLayout(heading);
    column->addWidget(m_why);
    column->addLayout(buttons);
    column->addWidget(m_details);
    column->addStretch(1);
}

void ErrorPage::set(const QString& what, const QString& why, const QString& remedy, const QString& details)
{
    m_what->setText(what);
    m_why->setText(remedy.isEmpty() ? why : why + QStringLiteral("\n") + remedy);
    m_details->setPlainText(details);
    m_details->setVisible(!details.isEmpty());
}

void ErrorPage::restyle(const Theme& theme)
{
    for (QLabel* label : {m_what, m_why}) tint(label, theme.tokens().text);
    m_icon->setPixmap(iconPixmap(u"error", theme.tokens().fail, 16, devicePixelRatioF()));
}

LostVeil::LostVeil(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_banner(new QWidget)
    , m_text(new QLabel)
{
    m_text->setObjectName(QStringLiteral("lost.text"));
    m_text->setFont(Theme::labelFont());
    m_text->setWordWrap(true);
    m_text->setMinimumWidth(48);
    auto* button = new QPushButton(tr("Reconnect Now"));
    connect(button, &QPushButton::clicked, this, &LostVeil::reconnectRequested);
    auto* row = new QHBoxLayout(m_banner);
    row->setContentsMargins(12, 6, 12, 6);
    row->addWidget(m_text, 1);
    row->addWidget(button);
    m_banner->setObjectName(QStringLiteral("lost.banner"));
    m_banner->setAutoFillBackground(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_banner);
    column->addStretch(1);
}

void LostVeil::setText(const QString& text)
{
    if (m_text->text() == text) return;
    m_text->setText(text);
    m_text->setToolTip(text);
}

void LostVeil::restyle(const Theme& theme)
{
    const Tokens& t = theme.tokens();
    QPalette banner = m_banner->palette();
    banner.setColor(QPalette::Window, mixColors(t.surface, t.warn, theme.isDark() ? 0.22 : 0.16));
    banner.setColor(QPalette::WindowText, t.text);
    m_banner->setPalette(banner);
}

int LostVeil::bannerHeight(int width) const
{
    return m_banner->layout()->totalHeightForWidth(width);
}

void LostVeil::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), withAlpha(m_theme.theme().tokens().surface, 0.62));
}

}  // namespace pathloom
