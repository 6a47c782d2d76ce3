// SPDX-License-Identifier: GPL-3.0-or-later
// Settings.
#include "app/settings.h"

#include <QDir>
#include <QJsonDocument>
#include <QThread>

#include <algorithm>

namespace pathloom {
namespace {
constexpr int recentLimit = 10;
}

Settings::Settings()
    : m_settings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("pathloom"), QStringLiteral("pathloom"))
{
    // A newer app's settings are read as far as we know them and never rewritten wholesale; an unversioned file is version 1's.
    if (m_settings.value(QStringLiteral("version"), 0).toInt() < version) m_settings.setValue(QStringLiteral("version"), version);
}

QByteArray Settings::geometry() const
{
    return m_settings.value(QStringLiteral("window/geometry")).toByteArray();
}

void Settings::setGeometry(const QByteArray& geometry)
{
    m_settings.setValue(QStringLiteral("window/geometry"), geometry);
}

QByteArray Settings::layout() const
{
    return m_settings.value(QStringLiteral("window/layout")).toByteArray();
}

void Settings::setLayout(const QByteArray& layout)
{
    m_settings.setValue(QStringLiteral("window/layout"), layout);
}

QString Settings::theme() const
{
    const QString theme = m_settings.value(QStringLiteral("theme")).toString();
    return theme == QLatin1String("light") || theme == QLatin1String("dark") ? theme : QStringLiteral("system");
}

void Settings::setTheme(const QString& theme)
{
    m_settings.setValue(QStringLiteral("theme"), theme);
}

QStringList Settings::recentProjects() const
{
    QStringList folders = m_settings.value(QStringLiteral("recent")).toStringList();
    folders.removeIf([](const QString& folder) { return !QDir(folder).exists(); });
    return folders.first(std::min<qsizetype>(folders.size(), recentLimit));
}

void Settings::addRecentProject(const QString& folder)
{
    QStringList folders = m_settings.value(QStringLiteral("recent")).toStringList();
    folders.removeAll(folder);
    folders.prepend(folder);
    m_settings.setValue(QStringLiteral("recent"), folders.first(std::min<qsizetype>(folders.size(), recentLimit)));
}

int Settings::localWorkers() const
{
    return std::clamp(m_settings.value(QStringLiteral("localWorkers"), std::max(1, QThread::idealThreadCount())).toInt(), 0, 256);
}

void Settings::setLocalWorkers(int count)
{
    m_settings.setValue(QStringLiteral("localWorkers"), count);
}

EngineTarget Settings::lastEngine() const
{
    EngineTarget target;
    target.address = m_settings.value(QStringLiteral("engine/address")).toString();
    target.tlsCa = m_settings.value(QStringLiteral("engine/ca")).toString();
    target.tlsCert = m_settings.value(QStringLiteral("engine/certificate")).toString();
    return target;
}

void Settings::setLastEngine(const EngineTarget& target)
{
    m_settings.setValue(QStringLiteral("engine/address"), target.address);
    m_settings.setValue(QStringLiteral("engine/ca"), target.tlsCa);
    m_settings.setValue(QStringLiteral("engine/certificate"), target.tlsCert);
}

FilmReading Settings::filmReading() const
{
    return toFilmReading(QJsonDocument::fromJson(m_settings.value(QStringLiteral("films")).toByteArray()).object());
}

void Settings::setFilmReading(const FilmReading& reading)
{
    m_settings.setValue(QStringLiteral("films"), QJsonDocument(toJson(reading)).toJson(QJsonDocument::Compact));
}

}  // namespace pathloom
