// SPDX-License-Identifier: GPL-3.0-or-later
// What the app remembers between starts, with a version: each migration goes from exactly one version to the next.
#pragma once

#include "widgets/client/values.h"

#include <QByteArray>
#include <QSettings>
#include <QStringList>

namespace pathloom {

class Settings {
public:
    static constexpr int version = 1;
    static constexpr int layoutVersion = 2;  ///< raised when docks are added or renamed: older layouts are not restored
    Settings();

    [[nodiscard]] QByteArray geometry() const;
    void setGeometry(const QByteArray& geometry);
    [[nodiscard]] QByteArray layout() const;
    void setLayout(const QByteArray& layout);
    [[nodiscard]] QString theme() const;  ///< "light", "dark" or "system"
    void setTheme(const QString& theme);
    [[nodiscard]] QStringList recentProjects() const;  ///< existing folders, the latest first, at most 10
    void addRecentProject(const QString& folder);
    [[nodiscard]] int localWorkers() const;
    void setLocalWorkers(int count);
    /// The engine connected to last: its address, authority and certificate. Where token and key lie is not remembered.
    [[nodiscard]] EngineTarget lastEngine() const;
    void setLastEngine(const EngineTarget& target);
    [[nodiscard]] FilmReading filmReading() const;
    void setFilmReading(const FilmReading& reading);

private:
    QSettings m_settings;
};

}  // namespace pathloom
