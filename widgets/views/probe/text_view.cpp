// SPDX-License-Identifier: GPL-3.0-or-later
// TextView.
#include "widgets/views/probe/text_view.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/probe/document_text.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr int gutter = 84;  // byte offsets
constexpr int padding = 10;

}  // namespace

TextView::TextView(DocumentText& text, ThemeController& theme, QWidget* parent)
    : QAbstractScrollArea(parent)
    , m_text(text)
    , m_theme(theme)
{
    setObjectName(QStringLiteral("probe.text"));
    setAccessibleName(tr("Text of the document"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setMouseTracking(true);
    setMinimumSize(240, 120);
    connect(&theme, &ThemeController::changed, viewport(), qOverload<>(&QWidget::update));
    connect(&text, &DocumentText::opened, this, [this] {
        m_marks.clear();
        m_goal = -1;
        verticalScrollBar()->setValue(0);
        updateBars();
    });
    connect(&text, &DocumentText::grown, this, [this] {
        updateBars();
        if (m_goal >= 0 && (m_goal < m_text.lines().knownBytes() || m_text.lines().complete())) goTo(m_goal);
    });
}

int TextView::lineHeight() const
{
    return QFontMetrics(Theme::bodyFont()).height() + 5;
}

int TextView::visibleLines() const
{
    return std::max(1, viewport()->height() / lineHeight());
}

qint64 TextView::firstLine() const
{
    return verticalScrollBar()->value();
}

void TextView::updateBars()
{
    const qint64 lines = m_text.lines().count();
    verticalScrollBar()->setRange(0, int(std::min<qint64>(std::max<qint64>(0, lines - visibleLines()), INT_MAX)));
    verticalScrollBar()->setPageStep(visibleLines());
    verticalScrollBar()->setSingleStep(1);
    const int wide
        = gutter + 2 * padding + QFontMetrics(Theme::bodyFont()).averageCharWidth() * int(TextLines::longest) * 11 / 10;
    horizontalScrollBar()->setRange(0, std::max(0, wide - viewport()->width()));
    horizontalScrollBar()->setPageStep(viewport()->width());
    viewport()->update();
    Q_EMIT viewChanged();
}

void TextView::setMarks(const QVector<EvidenceMark>& marks)
{
    m_marks = marks;
    std::sort(m_marks.begin(), m_marks.end(), [](const EvidenceMark& a, const EvidenceMark& b) { return a.byte < b.byte; });
    m_strongest = 0;
    for (const EvidenceMark& mark : m_marks) m_strongest = std::max(m_strongest, mark.mass);
    viewport()->update();
}

void TextView::goTo(qint64 byte)
{
    m_goal = byte;
    if (byte >= m_text.lines().knownBytes() && !m_text.lines().complete()) return;
    m_goal = -1;
    const qint64 line = m_text.lines().lineAt(byte);
    verticalScrollBar()->setValue(int(std::max<qint64>(0, line - visibleLines() / 3)));
    viewport()->update();
}

qint64 TextView::firstByte() const
{
    return m_text.lines().count() > 0 ? m_text.lines().begin(std::min(firstLine(), m_text.lines().count() - 1)) : 0;
}

qint64 TextView::lastByte() const
{
    const qint64 lines = m_text.lines().count();
    return lines > 0 ? m_text.lines().end(std::min(firstLine() + visibleLines(), lines) - 1) : 0;
}

void TextView::paintLine(QPainter& painter, qint64 line, int y)
{
    const TextLines& lines = m_text.lines();
    const Tokens& tokens = m_theme.theme().tokens();
    const int height = lineHeight(), left = gutter + padding - horizontalScrollBar()->value();
    const qint64 begin = lines.begin(line), end = lines.end(line);
    const QFontMetricsF metrics(Theme::bodyFont());
    const auto x = [&](qint64 byte) {
        return left + metrics.horizontalAdvance(QString::fromUtf8(lines.text().sliced(begin, byte - begin)));
    };
    auto mark
        = std::lower_bound(m_marks.begin(), m_marks.end(), begin, [](const EvidenceMark& m, qint64 at) { return m.end <= at; });
    for (; mark != m_marks.end() && mark->byte < end; ++mark) {
        const double from = x(std::max(mark->byte, begin)), to = x(std::min(mark->end, end));
        const double strength = m_strongest > 0 ? std::sqrt(mark->mass / m_strongest) : 0;
        painter.setPen(Qt::NoPen);
        painter.setBrush(withAlpha(tokens.accent, 0.12 + 0.30 * strength));
        painter.drawRoundedRect(QRectF(from, y + 1, std::max(2.0, to - from), height - 2), 2, 2);
        painter.fillRect(
            QRectF(from, y + height - 3, std::max(2.0, to - from), 2), withAlpha(tokens.accent, 0.35 + 0.65 * strength));
    }
    painter.setFont(Theme::bodyFont());
    painter.setPen(tokens.text);
    painter.drawText(QRectF(left, y, viewport()->width() - left + 4000, height),
        Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
        lines.string(line).replace(QLatin1Char('\t'), QLatin1String("    ")));
}

void TextView::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.setRenderHint(QPainter::Antialiasing);
    const Tokens& tokens = m_theme.theme().tokens();
    painter.fillRect(viewport()->rect(), tokens.raised);
    const int height = lineHeight();
    const QLocale numbers;
    m_drawn = 0;
    for (qint64 line = firstLine(); line < m_text.lines().count(); ++line) {
        const int y = int(line - firstLine()) * height + 4;
        if (y > viewport()->height()) break;
        paintLine(painter, line, y);
        ++m_drawn;
    }
    painter.fillRect(QRect(0, 0, gutter, viewport()->height()), tokens.surface);
    painter.setFont(Theme::labelFont());
    painter.setPen(tokens.muted);
    for (int i = 0; i < m_drawn; i += 5)
        painter.drawText(QRect(4, i * height + 4, gutter - 12, height), Qt::AlignRight | Qt::AlignVCenter,
            numbers.toString(m_text.lines().begin(firstLine() + i)));
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(tokens.accent, 1));
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

void TextView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    updateBars();
}

void TextView::scrollContentsBy(int, int)
{
    viewport()->update();
    Q_EMIT viewChanged();
}

void TextView::keyPressEvent(QKeyEvent* event)
{
    QScrollBar* bar = verticalScrollBar();
    switch (event->key()) {
    case Qt::Key_Home:
        bar->setValue(0);
        return;
    case Qt::Key_End:
        bar->setValue(bar->maximum());
        return;
    case Qt::Key_N:
    case Qt::Key_P: {  // the next or the previous mark
        const bool next = event->key() == Qt::Key_N;
        const qint64 here = firstByte() + (next ? (lastByte() - firstByte()) / 2 : 0);
        const EvidenceMark* found = nullptr;
        for (const EvidenceMark& mark : std::as_const(m_marks)) {
            if (next && mark.byte > here && (!found || mark.byte < found->byte)) found = &mark;
            if (!next && mark.byte < here && (!found || mark.byte > found->byte)) found = &mark;
        }
        if (found) goTo(found->byte);
        return;
    }
    default:
        QAbstractScrollArea::keyPressEvent(event);
    }
}

bool TextView::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) viewport()->update();
    return QAbstractScrollArea::viewportEvent(event);
}

}  // namespace pathloom
