// SPDX-License-Identifier: GPL-3.0-or-later
// What a plugin file says of itself, read without loading it.
#pragma once

#include <QJsonObject>
#include <QPluginLoader>
#include <QString>

#include <filesystem>
#include <string>

namespace pathloom {

struct PluginMetadata {
    QJsonObject own;  ///< the plugin's JSON file
    std::string problem;  ///< why it cannot be used ("" when it can)
};

inline PluginMetadata read_plugin_metadata(const std::filesystem::path& file, const char* iid, int api_version)
{
    const QJsonObject all = QPluginLoader(QString::fromStdString(file.string())).metaData();
    if (all.isEmpty()) return {{}, "is no plugin"};
    if (all.value(QLatin1String("IID")).toString() != QLatin1String(iid))
        return {{}, "is a plugin of another kind or for another version of Pathloom"};
    const QJsonObject own = all.value(QLatin1String("MetaData")).toObject();
    if (const int version = own.value(QLatin1String("apiVersion")).toInt(); version != api_version)
        return {{},
            "speaks version " + std::to_string(version) + " of the interface and this program " + std::to_string(api_version)};
    return {own, {}};
}

}  // namespace pathloom
