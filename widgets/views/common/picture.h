// SPDX-License-Identifier: GPL-3.0-or-later
// A drawing that can be exported: CSV, PNG at twice the size, SVG and PDF, each with its title.
#pragma once

#include <QWidget>

class QPainter;

namespace pathloom {

class ThemeController;

class Picture : public QWidget {
    Q_OBJECT
public:
    Picture(const QString& objectName, ThemeController& theme, QWidget* parent = nullptr);
    /// Draw everything into `area`, as on the screen but without focus and selection.
    virtual void paintOn(QPainter& painter, const QRectF& area) = 0;
    [[nodiscard]] virtual QString csv() const = 0;  ///< what is drawn, as numbers
    [[nodiscard]] virtual QString title() const = 0;
    /// By the file's suffix: csv, png, svg or pdf. An error text, empty on success.
    [[nodiscard]] QString exportTo(const QString& path);

protected:
    ThemeController& m_theme;
};

}  // namespace pathloom
