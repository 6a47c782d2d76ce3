// SPDX-License-Identifier: GPL-3.0-or-later
// A short list of names with a bar and a number each: probabilities of paths, scores of conditions.
#pragma once

#include <QColor>
#include <QVector>
#include <QWidget>

namespace pathloom {

class ThemeController;

struct ShareBar {
    QString name;
    double share = 0;  ///< 0..1
    QString text;
    int color = -1;  ///< categorical; -1 = the accent
    bool operator==(const ShareBar&) const = default;
};

class ShareBars final : public QWidget {
    Q_OBJECT
public:
    ShareBars(const QString& objectName, const QString& accessibleName, ThemeController& theme, QWidget* parent = nullptr);
    void setBars(const QVector<ShareBar>& bars);
    [[nodiscard]] const QVector<ShareBar>& bars() const { return m_bars; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    ThemeController& m_theme;
    QVector<ShareBar> m_bars;
};

}  // namespace pathloom
