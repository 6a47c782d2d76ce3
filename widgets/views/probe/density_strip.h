// SPDX-License-Identifier: GPL-3.0-or-later
// The whole document as one strip: where an answer's mass lay, and which part is in view. The wheel zooms around the pointer.
#pragma once

#include "widgets/models/probe_facts.h"
#include "widgets/views/common/picture.h"

namespace pathloom {

/// Mass in each of `bins` equal parts of [from, to).
QVector<double> evidenceDensity(const QVector<EvidenceMark>& marks, double from, double to, int bins);

class DensityStrip final : public Picture {
    Q_OBJECT
public:
    explicit DensityStrip(ThemeController& theme, QWidget* parent = nullptr);
    void setDocument(qint64 bytes, const QString& name);
    void setMarks(const QVector<EvidenceMark>& marks);
    void setView(qint64 from, qint64 to);  ///< bytes in view
    [[nodiscard]] double shownFrom() const { return m_from; }
    [[nodiscard]] double shownTo() const { return m_to; }
    void zoomBy(double factor, double around);  ///< around this byte; factor > 1 shows less
    void resetZoom();

    [[nodiscard]] QSize sizeHint() const override { return {46, 200}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {46, 80}; }
    [[nodiscard]] QString csv() const override;
    [[nodiscard]] QString title() const override;
    void paintOn(QPainter& painter, const QRectF& area) override;

Q_SIGNALS:
    void jumped(qint64 byte);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] double byteAt(double y) const;
    [[nodiscard]] double placeOf(double byte, const QRectF& lane) const;

    QVector<EvidenceMark> m_marks;
    QString m_name;
    qint64 m_bytes = 0;
    qint64 m_viewFrom = 0;
    qint64 m_viewTo = 0;
    double m_from = 0;
    double m_to = 0;
};

}  // namespace pathloom
