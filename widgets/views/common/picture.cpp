// SPDX-License-Identifier: GPL-3.0-or-later
// Picture and its exports.
#include "widgets/views/common/picture.h"

#include "widgets/theme/theme.h"
#include "widgets/views/common/exports.h"

#include <QFileInfo>
#include <QImage>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

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
    const QString refused = cannotWrite(path);
    if (kind == QLatin1String("csv")) return writeText(path, csv());
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

}  // namespace pathloom
