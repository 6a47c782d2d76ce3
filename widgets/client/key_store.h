// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of endpoints in the desktop's keyring. They are never written anywhere else, and only pathloom-endpoint reads them to send
// them.
#pragma once

#include <QObject>
#include <QString>

#include <functional>

namespace pathloom {

class KeyStore final : public QObject {
    Q_OBJECT
public:
    explicit KeyStore(QObject* parent = nullptr);
    /// Called once, later; an error text, empty on success.
    using Done = std::function<void(const QString& problem)>;
    /// Keeps the key for an address; an empty one forgets it.
    void write(const QString& address, const QString& key, const Done& done);
    using Found = std::function<void(bool found, const QString& problem)>;
    void find(const QString& address, const Found& found);
};

}  // namespace pathloom
