// SPDX-License-Identifier: GPL-3.0-or-later
// The column right of the path picture: shard and loss of the hovered or pinned paths, or facts of one module, or of the run.
#pragma once

#include "widgets/views/paths/path_state.h"

#include <QWidget>

class QPainter;

namespace pathloom {

class ThemeController;
struct CurvePoint;

class PathPanel : public QWidget {
    Q_OBJECT
public:
    explicit PathPanel(ThemeController& theme, QWidget* parent = nullptr);
    /// What is shown: up to two paths, else a module, else the whole run.
    struct Selection {
        QVector<int> paths;
        QVector<int> pinned;
        int module = -1;
        bool operator==(const Selection&) const = default;
    };
    void show(const RunHistory* history, const PictureMoment& moment, const Selection& selection);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    double paintPath(QPainter& painter, double y, int path) const;
    double paintModule(QPainter& painter, double y, int module) const;
    double paintRun(QPainter& painter, double y) const;
    double paintHeading(QPainter& painter, double y, const QString& text) const;
    double paintFact(QPainter& painter, double y, const QString& name, const QString& value) const;
    double paintDomains(QPainter& painter, double y, const QVector<qint64>& byDomain) const;
    double paintSparkline(
        QPainter& painter, double y, const std::vector<const std::vector<CurvePoint>*>& curves, const QString& title) const;
    double paintCosine(QPainter& painter, double y, double cosine) const;

    ThemeController& m_theme;
    const RunHistory* m_history = nullptr;
    PictureMoment m_moment;
    Selection m_selection;
};

}  // namespace pathloom
