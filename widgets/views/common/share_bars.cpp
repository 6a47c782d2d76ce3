// SPDX-License-Identifier: GPL-3.0-or-later
// ShareBars.
#include "widgets/views/common/share_bars.h"

#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"

#include <QPainter>

#include <algorithm>

namespace pathloom {
namespace {
constexpr int barHeight = 24;
}

ShareBars::ShareBars(const QString& objectName, const QString& accessibleName, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setObjectName(objectName);
    setAccessibleName(accessibleName);
    connect(&theme, &ThemeController::changed, this, qOverload<>(&QWidget::update));
}

void ShareBars::setBars(const QVector<ShareBar>& bars)
{
    if (bars == m_bars) return;
    m_bars = bars;
    QStringList said;
    for (const ShareBar& bar : bars) said.append(bar.name + QLatin1Char(' ') + bar.text);
    setAccessibleDescription(said.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

QSize ShareBars::sizeHint() const
{
    return {180, std::max(1, int(m_bars.size())) * barHeight};
}

void ShareBars::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(Theme::labelFont());
    const Tokens& tokens = m_theme.theme().tokens();
    const QFontMetrics metrics(Theme::labelFont());
    int names = 40, texts = 30;
    for (const ShareBar& bar : m_bars) {
        names = std::max(names, metrics.horizontalAdvance(bar.name));
        texts = std::max(texts, metrics.horizontalAdvance(bar.text));
    }
    names = std::min(names, width() / 3);
    const double room = std::max(24.0, double(width() - names - texts - 40));
    for (int i = 0; i < m_bars.size(); ++i) {
        const double y = i * barHeight;
        painter.setPen(tokens.text);
        drawElided(painter, QRectF(12, y, names, barHeight), Qt::AlignLeft | Qt::AlignVCenter, m_bars[i].name);
        const QRectF lane(12 + names + 10, y + 7, room, barHeight - 14);
        painter.setPen(Qt::NoPen);
        painter.setBrush(tokens.sunken);
        painter.drawRoundedRect(lane, 2, 2);
        painter.setBrush(m_bars[i].color < 0 ? tokens.accent : m_theme.theme().categorical(m_bars[i].color));
        const double length = lane.width() * std::clamp(m_bars[i].share, 0.0, 1.0);
        if (length > 0.5) painter.drawRoundedRect(QRectF(lane.topLeft(), QSizeF(std::max(2.0, length), lane.height())), 2, 2);
        painter.setPen(tokens.text);
        painter.drawText(QRectF(width() - texts - 12, y, texts, barHeight), Qt::AlignRight | Qt::AlignVCenter, m_bars[i].text);
    }
}

}  // namespace pathloom
