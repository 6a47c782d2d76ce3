// SPDX-License-Identifier: GPL-3.0-or-later
// DesktopSettings: org.freedesktop.portal.Settings.
#include "widgets/theme/desktop_settings.h"

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QFileInfo>

namespace pathloom {
namespace {

const QString service = QStringLiteral("org.freedesktop.portal.Desktop");
const QString object = QStringLiteral("/org/freedesktop/portal/desktop");
const QString interface = QStringLiteral("org.freedesktop.portal.Settings");
const QString appearance = QStringLiteral("org.freedesktop.appearance");
const QString gnome = QStringLiteral("org.gnome.desktop.interface");
const QString colorScheme = QStringLiteral("color-scheme");
const QString reducedMotionKey = QStringLiteral("reduced-motion");
const QString enableAnimations = QStringLiteral("enable-animations");

/// Read() answers with a variant in a variant, ReadOne() and SettingChanged with one.
QVariant unwrapped(QVariant value)
{
    for (int depth = 0; depth < 4 && value.userType() == qMetaTypeId<QDBusVariant>(); ++depth)
        value = value.value<QDBusVariant>().variant();
    return value;
}

bool isNumber(const QVariant& value)
{
    return value.typeId() == QMetaType::UInt || value.typeId() == QMetaType::Int;
}

}  // namespace

DesktopValues takeSetting(DesktopValues values, const QString& group, const QString& key, const QVariant& wrapped)
{
    const QVariant value = unwrapped(wrapped);
    if (group == appearance && key == colorScheme && isNumber(value)) {
        const int number = value.toInt();
        values.scheme = number == 1 ? DesktopScheme::Dark : number == 2 ? DesktopScheme::Light : DesktopScheme::Unknown;
    } else if (group == appearance && key == reducedMotionKey && isNumber(value)) {
        values.reducedMotion = value.toInt() == 1;
    } else if (group == gnome && key == enableAnimations && value.typeId() == QMetaType::Bool) {
        values.animations = value.toBool();
    }
    return values;
}

DesktopSettings::DesktopSettings(QObject* parent)
    : QObject(parent)
{
}

void DesktopSettings::followSession()
{
    // Asking Qt for a session bus that is not there would try to launch one.
    const QString socket = qEnvironmentVariable("XDG_RUNTIME_DIR") + QStringLiteral("/bus");
    if (!qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS") || QFileInfo::exists(socket))
        follow(QDBusConnection::sessionBus());
}

void DesktopSettings::follow(const QDBusConnection& given)
{
    QDBusConnection bus = given;
    if (!bus.isConnected()) return;
    bus.connect(
        service, object, interface, QStringLiteral("SettingChanged"), this, SLOT(settingChanged(QString, QString, QDBusVariant)));
    for (const auto& [group, key] :
        {std::pair(appearance, colorScheme), std::pair(appearance, reducedMotionKey), std::pair(gnome, enableAnimations)}) {
        QDBusMessage call = QDBusMessage::createMethodCall(service, object, interface, QStringLiteral("Read"));
        call << group << key;
        auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(call), this);
        connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher, group = group, key = key] {
            const QDBusPendingReply<QDBusVariant> reply = *watcher;
            if (!reply.isError())
                take(group, key, QVariant::fromValue(reply.value()));  // an error: this desktop has no such setting
            watcher->deleteLater();
        });
    }
}

void DesktopSettings::settingChanged(const QString& group, const QString& key, const QDBusVariant& value)
{
    take(group, key, QVariant::fromValue(value));
}

void DesktopSettings::take(const QString& group, const QString& key, const QVariant& value)
{
    const DesktopValues values = takeSetting(m_values, group, key, value);
    if (values == m_values) return;
    m_values = values;
    Q_EMIT changed();
}

}  // namespace pathloom
