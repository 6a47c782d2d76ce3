// SPDX-License-Identifier: GPL-3.0-or-later
// Line icons: see icons.h. The engine recolours "currentColor" at paint time from the application palette.
#include "widgets/theme/icons.h"

#include <QDir>
#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmapCache>
#include <QSvgRenderer>

#include <utility>

namespace pathloom {

namespace {

QByteArray sourceOf(QStringView name)
{
    QFile file(QStringLiteral(":/pathloom/icons/%1.svg").arg(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

class LineIconEngine : public QIconEngine {
public:
    LineIconEngine(QString name, QByteArray source)
        : m_name(std::move(name))
        , m_source(std::move(source))
    {
    }
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        QByteArray svg = m_source;
        svg.replace("currentColor", colorFor(mode).name().toLatin1());
        QSvgRenderer(svg).render(painter, rect);
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        const QString key
            = QStringLiteral("pathloom-%1-%2-%3-%4").arg(m_name, colorFor(mode).name()).arg(size.width()).arg(size.height());
        QPixmap pixmap;
        if (QPixmapCache::find(key, &pixmap)) return pixmap;
        pixmap = QPixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        painter.setRenderHint(QPainter::Antialiasing);
        paint(&painter, QRect(QPoint(0, 0), size), mode, state);
        painter.end();
        QPixmapCache::insert(key, pixmap);
        return pixmap;
    }
    QIconEngine* clone() const override { return new LineIconEngine(m_name, m_source); }
    QString iconName() override { return m_name; }

private:
    static QColor colorFor(QIcon::Mode mode)
    {
        const QPalette palette = QGuiApplication::palette();
        if (mode == QIcon::Disabled) return palette.color(QPalette::Disabled, QPalette::ButtonText);
        if (mode == QIcon::Selected) return palette.color(QPalette::HighlightedText);
        return palette.color(QPalette::Active, QPalette::ButtonText);
    }
    QString m_name;
    QByteArray m_source;
};

}  // namespace

QIcon icon(QStringView name)
{
    const QByteArray source = sourceOf(name);
    if (source.isEmpty()) {
        qWarning("no icon named '%s'", qPrintable(name.toString()));
        return {};
    }
    return QIcon(new LineIconEngine(name.toString(), source));
}

QPixmap iconPixmap(QStringView name, const QColor& color, int size, double devicePixelRatio)
{
    QByteArray svg = sourceOf(name);
    svg.replace("currentColor", color.name().toLatin1());
    QPixmap pixmap(QSize(size, size) * devicePixelRatio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    QSvgRenderer(svg).render(&painter, QRectF(QPointF(0, 0), QSizeF(pixmap.size())));
    painter.end();
    pixmap.setDevicePixelRatio(devicePixelRatio);
    return pixmap;
}

QStringList iconNames()
{
    QStringList names;
    const QStringList files
        = QDir(QStringLiteral(":/pathloom/icons")).entryList({QStringLiteral("*.svg")}, QDir::Files, QDir::Name);
    for (const QString& file : files) names.push_back(file.chopped(4));
    return names;
}

}  // namespace pathloom
