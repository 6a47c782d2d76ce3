// SPDX-License-Identifier: GPL-3.0-or-later
// A long text, only the lines in view are ever read. Evidence is marked where it stands.
#pragma once

#include "widgets/models/probe_facts.h"

#include <QAbstractScrollArea>

#include <functional>

namespace pathloom {

class DocumentText;
class ThemeController;

class TextView final : public QAbstractScrollArea {
    Q_OBJECT
public:
    TextView(DocumentText& text, ThemeController& theme, QWidget* parent = nullptr);
    void setMarks(const QVector<EvidenceMark>& marks);  ///< of the document shown, by byte
    /// Bytes that are said now, of a film; an empty range = none. `reveal`: goes there when they are not in view.
    void setNow(qint64 byte, qint64 end, bool reveal);
    /// What stands in the gutter beside a line's bytes; without it the offset of every fifth line.
    void setGutter(std::function<QString(qint64 begin, qint64 end)> label);
    /// Brings the byte to a third of the height; remembered until its line is known.
    void goTo(qint64 byte);
    [[nodiscard]] qint64 firstByte() const;  ///< in view
    [[nodiscard]] qint64 lastByte() const;
    [[nodiscard]] int linesDrawn() const { return m_drawn; }  ///< at the last paint: what a test holds against the text's length

Q_SIGNALS:
    void viewChanged();
    void byteChosen(qint64 byte);  ///< by a click, by Enter, or by going to a mark

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    void updateBars();
    [[nodiscard]] int lineHeight() const;
    [[nodiscard]] int visibleLines() const;
    [[nodiscard]] qint64 firstLine() const;
    void paintLine(QPainter& painter, qint64 line, int y);
    void paintGutter(QPainter& painter);
    [[nodiscard]] qint64 byteAt(const QPointF& point) const;
    void goToMark(bool next);

    DocumentText& m_text;
    ThemeController& m_theme;
    QVector<EvidenceMark> m_marks;
    double m_strongest = 0;
    std::function<QString(qint64, qint64)> m_gutter;
    qint64 m_nowFrom = 0, m_nowTo = 0;
    qint64 m_goal = -1;
    int m_drawn = 0;
};

}  // namespace pathloom
