// SPDX-License-Identifier: GPL-3.0-or-later
// Export of a plot: raw data as CSV, the picture as PNG at twice the size, SVG or PDF, always with its title.
#include "widgets/plot/plot_private.h"
#include "widgets/plot/plot_widget.h"
#include "widgets/theme/theme.h"

#include <QFileInfo>
#include <QSaveFile>
#include <QSvgGenerator>

#include <cmath>
#include <map>

namespace pathloom {

namespace {

QString quoted(const QString& field)
{
    if (!field.contains(QLatin1Char(',')) && !field.contains(QLatin1Char('"')) && !field.contains(QLatin1Char('\n')))
        return field;
    QString out = field;
    return QLatin1Char('"') + out.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
}

}  // namespace

QString PlotWidget::csv() const
{
    struct Column {
        QString name;
        const std::vector<PlotPoint>* points;
    };
    std::vector<Column> columns;
    for (const PlotSeries& s : d->series) {
        columns.push_back({s.style.name, &s.points});
        if (s.low.empty()) continue;
        columns.push_back({tr("%1, lowest").arg(s.style.name), &s.low});
        columns.push_back({tr("%1, highest").arg(s.style.name), &s.high});
    }
    std::map<double, std::vector<double>> rows;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        for (const PlotPoint& p : *columns[c].points) {
            auto [it, fresh] = rows.try_emplace(p.x, std::vector<double>(columns.size(), std::nan("")));
            it->second[c] = p.y;
        }
    }
    QString out = quoted(d->xUnit.isEmpty() ? d->xTitle : QStringLiteral("%1 (%2)").arg(d->xTitle, d->xUnit));
    for (const Column& column : columns) out += QLatin1Char(',') + quoted(column.name);
    out += QLatin1Char('\n');
    for (const auto& [x, values] : rows) {
        out += QString::number(x, 'g', 12);
        for (const double value : values)
            out += QLatin1Char(',') + (std::isnan(value) ? QString() : QString::number(value, 'g', 9));
        out += QLatin1Char('\n');
    }
    return out;
}

QString PlotWidget::exportTo(const QString& path)
{
    const QString kind = QFileInfo(path).suffix().toLower();
    if (kind == QStringLiteral("csv")) {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(csv().toUtf8()) < 0 || !file.commit()) {
            return tr("cannot write %1: %2").arg(path, file.errorString());
        }
        return {};
    }
    if (kind != QStringLiteral("png") && kind != QStringLiteral("svg") && kind != QStringLiteral("pdf")) {
        return tr("cannot export %1: use a name that ends in .csv, .png, .svg or .pdf").arg(path);
    }
    d->plot->setGeometry(rect());  // a widget that was never shown has not been laid out yet
    auto* heading = new QCPTextElement(d->plot, d->title, Theme::titleFont());
    heading->setTextColor(d->theme.theme().tokens().text);
    heading->setMargins(QMargins(0, 8, 0, 4));
    d->plot->plotLayout()->insertRow(0);
    d->plot->plotLayout()->addElement(0, 0, heading);
    const int w = std::max(480, d->plot->width());
    const int h = std::max(320, d->plot->height());
    d->plot->replot(QCustomPlot::rpImmediateRefresh);
    bool ok = false;
    if (kind == QStringLiteral("png")) {
        ok = d->plot->savePng(path, w, h, 2.0);
    } else if (kind == QStringLiteral("pdf")) {
        ok = d->plot->savePdf(path, w, h, QCP::epAllowCosmetic, QStringLiteral("Pathloom"), d->title);
    } else {
        QSvgGenerator generator;
        generator.setFileName(path);
        generator.setSize(QSize(w, h));
        generator.setViewBox(QRect(0, 0, w, h));
        generator.setTitle(d->title);
        QCPPainter painter;
        ok = painter.begin(&generator);
        if (ok) {
            painter.setMode(QCPPainter::pmVectorized);
            d->plot->toPainter(&painter, w, h);
            painter.end();
        }
    }
    d->plot->plotLayout()->remove(heading);
    d->plot->plotLayout()->simplify();
    d->plot->replot(QCustomPlot::rpQueuedReplot);
    return ok ? QString() : tr("cannot write %1: check that the folder exists and may be written").arg(path);
}

}  // namespace pathloom
