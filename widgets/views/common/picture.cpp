// SPDX-License-Identifier: GPL-3.0-or-later
// Picture and its exports.
#include "widgets/views/common/picture.h"

#include "widgets/theme/pane_frame.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/messages.h"

#include <QAction>
#include <QFileInfo>
#include <QImage>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>

#include <functional>

namespace pathloom {
namespace {

constexpr int titleHeight = 44;

}  // namespace

Picture::Picture(const QString& objectName, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setObjectName(objectName);
    connect(&theme, &ThemeController::changed, this, qOverload<>(&QWidget::update));
}

QString Picture::exportTo(const QString& path)
{
    const QString kind = QFileInfo(path).suffix().toLower();
    const QString refused = tr("cannot write %1: check that the folder exists and may be written").arg(path);
    if (kind == QLatin1String("csv")) {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(csv().toUtf8()) < 0 || !file.commit()) return refused;
        return {};
    }
    const QSize size(std::max(480, width()), std::max(240, height()) + titleHeight);
    const auto draw = [&](QPainter& painter) {
        const Tokens& tokens = m_theme.theme().tokens();
        painter.fillRect(QRect(QPoint(0, 0), size), tokens.surface);
        painter.setFont(Theme::titleFont());
        painter.setPen(tokens.text);
        painter.drawText(QRectF(12, 8, size.width() - 24, titleHeight - 12), Qt::AlignLeft | Qt::AlignVCenter, title());
        paintOn(painter, QRectF(0, titleHeight, size.width(), size.height() - titleHeight));
    };
    if (kind == QLatin1String("png")) {
        QImage image(size * 2, QImage::Format_ARGB32_Premultiplied);
        image.setDevicePixelRatio(2);
        QPainter painter(&image);
        draw(painter);
        painter.end();
        return image.save(path) ? QString() : refused;
    }
    if (kind == QLatin1String("svg")) {
        QSvgGenerator generator;
        generator.setFileName(path);
        generator.setSize(size);
        generator.setViewBox(QRect(QPoint(0, 0), size));
        generator.setTitle(title());
        QPainter painter;
        if (!painter.begin(&generator)) return refused;
        draw(painter);
        return {};
    }
    if (kind == QLatin1String("pdf")) {
        QPdfWriter writer(path);
        writer.setTitle(title());
        writer.setCreator(QStringLiteral("Pathloom"));
        writer.setResolution(96);
        writer.setPageSize(QPageSize(QSizeF(size) * 72.0 / 96.0, QPageSize::Point));
        writer.setPageMargins(QMarginsF());
        QPainter painter;
        if (!painter.begin(&writer)) return refused;
        draw(painter);
        return {};
    }
    return tr("cannot export %1: use a name that ends in .csv, .png, .svg or .pdf").arg(path);
}

ExportTarget exportOf(Picture* picture)
{
    return {picture->title(), [picture](const QString& path) { return picture->exportTo(path); }};
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
