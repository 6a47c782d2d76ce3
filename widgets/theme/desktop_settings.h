// SPDX-License-Identifier: GPL-3.0-or-later
// What the desktop asks of every program: light or dark, motion or none. Read from the freedesktop settings portal and followed
// live; without a session bus or a portal nothing is known and nothing is said.
#pragma once

#include <QDBusConnection>
#include <QDBusVariant>
#include <QObject>
#include <QString>
#include <QVariant>

namespace pathloom {

enum class DesktopScheme { Unknown, Dark, Light };

/// One setting as the portal names it, in any of the wrappings portals use.
struct DesktopValues {
    DesktopScheme scheme = DesktopScheme::Unknown;
    bool animations = true;  ///< org.gnome.desktop.interface enable-animations
    bool reducedMotion = false;  ///< org.freedesktop.appearance reduced-motion, newer portals
    bool operator==(const DesktopValues&) const = default;
};
/// `values` with one setting taken in; unknown settings and values of another type change nothing.
DesktopValues takeSetting(DesktopValues values, const QString& group, const QString& key, const QVariant& value);

class DesktopSettings final : public QObject {
    Q_OBJECT
public:
    explicit DesktopSettings(QObject* parent = nullptr);
    /// Asks on `bus`; answers come later as changed(). Never waits.
    void follow(const QDBusConnection& bus);
    /// The user's own bus, if there is one: none is ever started for this.
    void followSession();
    [[nodiscard]] DesktopScheme scheme() const { return m_values.scheme; }
    [[nodiscard]] bool reducedMotion() const { return m_values.reducedMotion || !m_values.animations; }

Q_SIGNALS:
    void changed();

private Q_SLOTS:
    void settingChanged(const QString& group, const QString& key, const QDBusVariant& value);

private:
    void take(const QString& group, const QString& key, const QVariant& value);
    DesktopValues m_values;
};

}  // namespace pathloom
