// SPDX-License-Identifier: GPL-3.0-or-later
// Exports.
#include "widgets/views/common/exports.h"

#include "widgets/plot/plot_widget.h"
#include "widgets/theme/pane_frame.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/common/picture.h"

#include <QAction>
#include <QFileInfo>
#include <QSaveFile>

namespace pathloom {

QString ExportTarget::write(const QString& path) const
{
    if (QFileInfo(path).suffix().toLower() == QLatin1String("csv") && csv) return writeText(path, csv());
    return picture ? picture(path) : Picture::tr("A table is exported as CSV; give a name ending in .csv");
}

ExportTarget exportOf(Picture* picture)
{
    return {picture->title(), [picture] { return picture->csv(); },
        [picture](const QString& path) { return picture->exportTo(path); }};
}

ExportTarget exportOf(PlotWidget* plot, const QString& title, const std::function<QString()>& csv)
{
    const auto draw = [plot, title](const QString& path) {
        plot->setTitle(title);
        return plot->exportTo(path);
    };
    return {title, csv ? csv : [plot] { return plot->csv(); }, draw};
}

void addExports(PaneFrame& pane, const std::function<ExportTarget()>& which)
{
    for (const char* suffix : {"csv", "png", "svg", "pdf"}) {
        const QString kind = QString::fromLatin1(suffix);
        auto* action = new QAction(kind == QLatin1String("csv") ? Picture::tr("Export Data as CSV\u2026")
                                                                : Picture::tr("Export Picture as %1\u2026").arg(kind.toUpper()),
            &pane);
        action->setObjectName(QStringLiteral("%1.export.%2").arg(pane.objectName(), kind));
        QObject::connect(action, &QAction::triggered, &pane, [&pane, which, kind] {
            const ExportTarget target = which();
            QString name = target.title.toLower();
            name.replace(QLatin1Char(' '), QLatin1Char('-')).remove(QLatin1Char('/')).remove(QLatin1Char(','));
            const QString path = Messages::chooseSave(&pane, Picture::tr("Export"), name + QLatin1Char('.') + kind);
            if (path.isEmpty()) return;
            const QString problem = target.write(path);
            pane.setStatus(problem.isEmpty() ? Picture::tr("Saved %1").arg(path) : problem);
        });
        pane.addOverflowAction(action);
    }
}

QString cannotWrite(const QString& path)
{
    return Picture::tr("cannot write %1: check that the folder exists and may be written").arg(path);
}

QString writeText(const QString& path, const QString& text)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text.toUtf8()) < 0 || !file.commit()) return cannotWrite(path);
    return {};
}

QString csvField(const QString& field)
{
    if (!field.contains(QLatin1Char(',')) && !field.contains(QLatin1Char('"')) && !field.contains(QLatin1Char('\n')))
        return field;
    QString out = field;
    return QLatin1Char('"') + out.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
}

QString csvLine(const QStringList& fields)
{
    QStringList quoted;
    for (const QString& field : fields) quoted.append(csvField(field));
    return quoted.join(QLatin1Char(',')) + QLatin1Char('\n');
}

}  // namespace pathloom
