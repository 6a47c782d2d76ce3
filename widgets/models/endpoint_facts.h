// SPDX-License-Identifier: GPL-3.0-or-later
// A model behind an OpenAI-compatible server, as the panes that ask it share it. Its key is in the keyring and nowhere else.
#pragma once

#include <QJsonObject>
#include <QString>

namespace pathloom {

struct EndpointFacts {
    QString url, model;
    qint64 budget = 1'000'000;  ///< tokens sent and asked for in one request to the helper
    qint64 window = 128'000;  ///< tokens the model takes; a context that does not fit is refused whole
    [[nodiscard]] bool isSet() const { return !url.isEmpty() && !model.isEmpty(); }
    /// As a helper's request takes it.
    [[nodiscard]] QJsonObject toJson() const
    {
        return {{QStringLiteral("url"), url}, {QStringLiteral("model"), model}, {QStringLiteral("budget"), budget},
            {QStringLiteral("window"), window}};
    }
    bool operator==(const EndpointFacts&) const = default;
};

}  // namespace pathloom
