// SPDX-License-Identifier: GPL-3.0-or-later
// The desktop's settings: what portals may say, and a portal of our own on a private bus that changes its mind.
#include "tests.h"

#include "widgets/theme/desktop_settings.h"

#include <QDBusConnection>
#include <QDBusConnectionInterface>
#include <QDBusError>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QSignalSpy>
#include <QTest>

namespace pathloom {
namespace {

const QString appearance = QStringLiteral("org.freedesktop.appearance");
const QString gnome = QStringLiteral("org.gnome.desktop.interface");

}  // namespace

/// Answers Read() as xdg-desktop-portal does: a variant in a variant, an error for what it does not know.
class FakePortal final : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Settings")
public:
    explicit FakePortal(const QDBusConnection& bus)
        : m_bus(bus)
    {
        m_ok = m_bus.registerObject(QStringLiteral("/org/freedesktop/portal/desktop"), this,
                   QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllSignals)
            && m_bus.registerService(QStringLiteral("org.freedesktop.portal.Desktop"));
    }
    ~FakePortal() override
    {
        m_bus.unregisterService(QStringLiteral("org.freedesktop.portal.Desktop"));
        m_bus.unregisterObject(QStringLiteral("/org/freedesktop/portal/desktop"));
    }
    [[nodiscard]] bool ok() const { return m_ok; }
    uint scheme = 1;

public Q_SLOTS:
    QDBusVariant Read(const QString& group, const QString& key, const QDBusMessage& message)
    {
        if (group == appearance && key == QStringLiteral("color-scheme"))
            return QDBusVariant(QVariant::fromValue(QDBusVariant(scheme)));
        if (group == gnome && key == QStringLiteral("enable-animations"))
            return QDBusVariant(QVariant::fromValue(QDBusVariant(true)));
        message.setDelayedReply(true);
        m_bus.send(message.createErrorReply(QStringLiteral("org.freedesktop.portal.Error.NotFound"), QStringLiteral("no such")));
        return {};
    }

Q_SIGNALS:
    void SettingChanged(const QString& group, const QString& key, const QDBusVariant& value);

private:
    QDBusConnection m_bus;
    bool m_ok = false;
};

class TestDesktop final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatPortalsSayIsUnderstood_data();
    void whatPortalsSayIsUnderstood();
    void aPortalIsFollowedLive();
    void withoutAPortalNothingIsSaid();
};

void TestDesktop::whatPortalsSayIsUnderstood_data()
{
    QTest::addColumn<QString>("group");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QVariant>("value");
    QTest::addColumn<int>("scheme");
    QTest::addColumn<bool>("still");
    const auto row
        = [](const char* name, const QString& group, const char* key, const QVariant& value, DesktopScheme scheme, bool still) {
              QTest::newRow(name) << group << QString::fromLatin1(key) << value << int(scheme) << still;
          };
    const QVariant twice = QVariant::fromValue(QDBusVariant(QVariant::fromValue(QDBusVariant(2U))));
    row("dark", appearance, "color-scheme", 1U, DesktopScheme::Dark, false);
    row("light, wrapped twice", appearance, "color-scheme", twice, DesktopScheme::Light, false);
    row("no preference", appearance, "color-scheme", 0U, DesktopScheme::Unknown, false);
    row("a value of a later portal", appearance, "color-scheme", 7U, DesktopScheme::Unknown, false);
    row("a word for a number", appearance, "color-scheme", QStringLiteral("dark"), DesktopScheme::Unknown, false);
    row("no animations", gnome, "enable-animations", false, DesktopScheme::Unknown, true);
    row("animations", gnome, "enable-animations", true, DesktopScheme::Unknown, false);
    row("reduced motion", appearance, "reduced-motion", 1U, DesktopScheme::Unknown, true);
    row("another setting", gnome, "font-name", QStringLiteral("Inter"), DesktopScheme::Unknown, false);
    row("nothing", QString(), "", QVariant(), DesktopScheme::Unknown, false);
}

void TestDesktop::whatPortalsSayIsUnderstood()
{
    QFETCH(QString, group);
    QFETCH(QString, key);
    QFETCH(QVariant, value);
    QFETCH(int, scheme);
    QFETCH(bool, still);
    const DesktopValues values = takeSetting({}, group, key, value);
    QCOMPARE(int(values.scheme), scheme);
    QCOMPARE(values.reducedMotion || !values.animations, still);
}

void TestDesktop::aPortalIsFollowedLive()
{
    const QString name = QStringLiteral("pathloom-fake-portal");
    if (qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS")) QSKIP("no private bus; run under dbus-run-session");
    // A connection of its own: calls to a service on one's own connection would not cross the bus.
    const QDBusConnection portalBus = QDBusConnection::connectToBus(qEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS"), name);
    FakePortal portal(portalBus);
    QVERIFY2(portal.ok(), qPrintable(portalBus.lastError().message()));
    DesktopSettings settings;
    QSignalSpy changes(&settings, &DesktopSettings::changed);
    settings.followSession();
    QTRY_COMPARE(settings.scheme(), DesktopScheme::Dark);
    QVERIFY(!settings.reducedMotion());
    Q_EMIT portal.SettingChanged(appearance, QStringLiteral("color-scheme"), QDBusVariant(2U));
    QTRY_COMPARE(settings.scheme(), DesktopScheme::Light);
    Q_EMIT portal.SettingChanged(gnome, QStringLiteral("enable-animations"), QDBusVariant(false));
    QTRY_VERIFY(settings.reducedMotion());
    const auto before = changes.count();
    Q_EMIT portal.SettingChanged(gnome, QStringLiteral("enable-animations"), QDBusVariant(false));
    Q_EMIT portal.SettingChanged(gnome, QStringLiteral("enable-animations"), QDBusVariant(true));
    QTRY_VERIFY(!settings.reducedMotion());
    QCOMPARE(changes.count(), before + 1);  // the same again is no change
}

void TestDesktop::withoutAPortalNothingIsSaid()
{
    DesktopSettings settings;
    QSignalSpy changes(&settings, &DesktopSettings::changed);
    settings.follow(QDBusConnection(QStringLiteral("no such bus")));
    QCOMPARE(settings.scheme(), DesktopScheme::Unknown);
    QVERIFY(!settings.reducedMotion());
    QCOMPARE(changes.count(), 0);
}

QObject* makeDesktopTest()
{
    return new TestDesktop;
}

}  // namespace pathloom

#include "tst_desktop.moc"
