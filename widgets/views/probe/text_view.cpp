// SPDX-License-Identifier: GPL-3.0-or-later
// TextView.
#include "widgets/views/probe/text_view.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/probe/document_text.h"

#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
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
        m_nowFrom = m_nowTo = 0;
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

void TextView::setNow(qint64 byte, qint64 end, bool reveal)
{
    m_nowFrom = byte;
    m_nowTo = end;
    if (reveal && end > byte && byte >= 0 && (byte < firstByte() || byte >= lastByte())) goTo(byte);
    viewport()->update();
}

void TextView::setGutter(std::function<QString(qint64, qint64)> label)
{
    m_gutter = std::move(label);
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
    if (m_nowTo > begin && m_nowFrom < end) {
        painter.fillRect(QRect(gutter, y, viewport()->width() - gutter, height), tokens.sunken);
        painter.fillRect(QRect(gutter, y, 3, height), tokens.accent);
    }
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

void TextView::paintGutter(QPainter& painter)
{
    const Tokens& tokens = m_theme.theme().tokens();
    const QLocale numbers;
    const int height = lineHeight();
    painter.fillRect(QRect(0, 0, gutter, viewport()->height()), tokens.surface);
    painter.setFont(Theme::labelFont());
    painter.setPen(tokens.muted);
    for (int i = 0; i < m_drawn; ++i) {
        const qint64 line = firstLine() + i;
        const QString label = m_gutter ? m_gutter(m_text.lines().begin(line), m_text.lines().end(line))
            : i % 5 == 0               ? numbers.toString(m_text.lines().begin(line))
                                       : QString();
        if (!label.isEmpty())
            painter.drawText(QRect(4, i * height + 4, gutter - 12, height), Qt::AlignRight | Qt::AlignVCenter, label);
    }
}

void TextView::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.setRenderHint(QPainter::Antialiasing);
    const Tokens& tokens = m_theme.theme().tokens();
    painter.fillRect(viewport()->rect(), tokens.raised);
    const int height = lineHeight();
    m_drawn = 0;
    for (qint64 line = firstLine(); line < m_text.lines().count(); ++line) {
        const int y = int(line - firstLine()) * height + 4;
        if (y > viewport()->height()) break;
        paintLine(painter, line, y);
        ++m_drawn;
    }
    paintGutter(painter);
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

/// The next or the previous one from what is in view.
void TextView::goToMark(bool next)
{
    const qint64 here = firstByte() + (next ? (lastByte() - firstByte()) / 2 : 0);
    const EvidenceMark* found = nullptr;
    for (const EvidenceMark& mark : std::as_const(m_marks)) {
        if (next && mark.byte > here && (!found || mark.byte < found->byte)) found = &mark;
        if (!next && mark.byte < here && (!found || mark.byte > found->byte)) found = &mark;
    }
    if (!found) return;
    const qint64 byte = found->byte;
    goTo(byte);
    Q_EMIT byteChosen(byte);
}

qint64 TextView::byteAt(const QPointF& point) const
{
    const TextLines& lines = m_text.lines();
    if (lines.count() == 0) return -1;
    const qint64 line = firstLine() + std::max<qint64>(0, (qint64(point.y()) - 4) / lineHeight());
    if (line >= lines.count()) return -1;
    const double left = gutter + padding - horizontalScrollBar()->value();
    const QString text = lines.string(line);
    const QFontMetricsF metrics(Theme::bodyFont());
    qsizetype at = 0;
    while (at < text.size() && left + metrics.horizontalAdvance(text.left(at + 1)) < point.x()) ++at;
    return lines.begin(line) + text.left(at).toUtf8().size();
}

void TextView::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton) return QAbstractScrollArea::mouseReleaseEvent(event);
    if (const qint64 byte = byteAt(event->position()); byte >= 0) Q_EMIT byteChosen(byte);
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
    case Qt::Key_P:
        return goToMark(event->key() == Qt::Key_N);
    case Qt::Key_Return:
    case Qt::Key_Enter:
        Q_EMIT byteChosen(firstByte());
        return;
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
