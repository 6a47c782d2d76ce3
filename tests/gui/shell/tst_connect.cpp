// SPDX-License-Identifier: GPL-3.0-or-later
// TestConnect.
#include "tests/gui/shell/tst_connect.h"

#include "tests/gui/shell/patience.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/welcome/connect_dialog.h"
#include "widgets/views/welcome/welcome_page.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>

#include <atomic>
#include <memory>
#include <thread>

namespace pathloom {
namespace {

QString text(const std::string& value)
{
    return QString::fromStdString(value);
}

void fill(QDialog& dialog, const QString& field, const QString& value)
{
    auto* edit = dialog.findChild<QLineEdit*>(QStringLiteral("connect.") + field);
    QVERIFY2(edit != nullptr, qPrintable(field));
    edit->setText(value);
}

/// PATHLOOM_PICTURES: so that a person can look.
void picture(QWidget& widget, const QString& name)
{
    const QString out = qEnvironmentVariable("PATHLOOM_PICTURES");
    if (!out.isEmpty()) QVERIFY(widget.grab().save(QDir(out).filePath(name + QStringLiteral(".png"))));
}

/// Counts the copies of itself that go on another thread than the one that made the first.
class Held {
public:
    Held() = default;
    Held(const Held&) = default;
    Held(Held&&) = default;
    Held& operator=(const Held&) = delete;
    Held& operator=(Held&&) = delete;
    ~Held()
    {
        if (m_elsewhere && std::this_thread::get_id() != m_home) ++*m_elsewhere;
    }
    [[nodiscard]] int elsewhere() const { return *m_elsewhere; }

private:
    std::shared_ptr<std::atomic<int>> m_elsewhere = std::make_shared<std::atomic<int>>(0);
    std::thread::id m_home = std::this_thread::get_id();
};

}  // namespace

void TestConnect::initTestCase()
{
    m_folder = std::make_unique<QTemporaryDir>();
    const std::filesystem::path folder = m_folder->path().toStdString();
    m_ours = std::make_unique<test::Authority>(folder / "ca", "Pathloom test authority");
    m_strangers = std::make_unique<test::Authority>(folder / "other", "Somebody else");
    m_client = m_ours->issue("client", {});
    m_foreign = m_strangers->issue("foreign", {});
    m_expired = m_ours->issue("expired", {.days_from = -3, .days_to = -1});
    TlsFiles server = m_ours->issue("server", {.dns = "localhost"});
    server.ca = m_ours->file();
    m_engine = std::make_unique<FakeEngine>(server);
}

void TestConnect::init()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
    QSettings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("pathloom"), QStringLiteral("pathloom")).clear();
    m_theme = std::make_unique<ThemeController>();
    m_theme->applyTo(*qobject_cast<QApplication*>(QCoreApplication::instance()));
    m_window = std::make_unique<MainWindow>(*m_theme);
    m_window->session().client().setBackoff({50, 200, 0.2});
    m_window->show();
}

void TestConnect::cleanup()
{
    m_window.reset();
    m_theme.reset();
}

QString TestConnect::file(const QString& name, const QByteArray& bytes) const
{
    QFile out(m_folder->filePath(name));
    if (!out.open(QIODevice::WriteOnly) || out.write(bytes) != bytes.size()) qFatal("cannot write %s", qPrintable(name));
    return out.fileName();
}

QString TestConnect::port() const
{
    return text(m_engine->address()).section(QLatin1Char(':'), -1);
}

QDialog* TestConnect::openDialog()
{
    m_window->commands().trigger(QStringLiteral("engine.connect"));
    return m_window->findChild<ConnectDialog*>();
}

void TestConnect::anEngineIsReachedWithCertificates()
{
    QDialog* dialog = openDialog();
    QVERIFY(dialog != nullptr);
    auto* accept = dialog->findChild<QPushButton*>(QStringLiteral("connect.accept"));
    QVERIFY(!accept->isEnabled());
    const QString address = QStringLiteral("localhost:") + port();
    fill(*dialog, QStringLiteral("address"), address);
    Messages::setNextPaths({file(QStringLiteral("operator.token"), "secret\n")});
    dialog->findChild<QPushButton*>(QStringLiteral("connect.token.choose"))->click();
    fill(*dialog, QStringLiteral("ca"), text(m_ours->file()));
    fill(*dialog, QStringLiteral("cert"), text(m_client.cert));
    fill(*dialog, QStringLiteral("key"), text(m_client.key));
    QVERIFY(accept->isEnabled());
    accept->click();
    TRY_VERIFY(m_window->session().client().isConnected());
    QVERIFY(!m_window->welcome()->isVisible());
    TRY_VERIFY(m_window->findChild<ConnectDialog*>() == nullptr);
    // Remembered, but not where token and key lie.
    const EngineTarget last = Settings().lastEngine();
    QCOMPARE(last.address, address);
    QCOMPARE(last.tlsCa, text(m_ours->file()));
    QCOMPARE(last.tlsCert, text(m_client.cert));
    QSettings stored(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("pathloom"), QStringLiteral("pathloom"));
    for (const QString& key : stored.allKeys()) {
        const QString value = stored.value(key).toString();
        QVERIFY2(!value.contains(QStringLiteral("secret")) && !value.contains(text(m_client.key)), qPrintable(key));
    }
    m_window->commands().trigger(QStringLiteral("project.close"));
    TRY_VERIFY(m_window->welcome()->isVisible());
    dialog = openDialog();
    QCOMPARE(dialog->findChild<QLineEdit*>(QStringLiteral("connect.address"))->text(), address);
    QCOMPARE(dialog->findChild<QLineEdit*>(QStringLiteral("connect.key"))->text(), QString());
    for (const char* theme : {"dark", "light"}) {
        m_window->setTheme(QLatin1String(theme), false);
        picture(*dialog, QStringLiteral("connect-") + QLatin1String(theme));
    }
    dialog->reject();
}

void TestConnect::wrongValuesAreToldInTheDialog_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<QString>("token");
    QTest::addColumn<QString>("ca");
    QTest::addColumn<QString>("cert");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("said");
    const QString good = file(QStringLiteral("good.token"), "secret\n");
    const QString ca = text(m_ours->file());
    const auto row = [](const char* name, const QString& host, const QString& token, const QString& authority,
                         const TlsFiles& own, const char* said) {
        QTest::newRow(name) << host << token << authority << text(own.cert) << text(own.key) << QString::fromLatin1(said);
    };
    const QString here = QStringLiteral("localhost:");
    row("no token file", here, m_folder->filePath(QStringLiteral("nowhere")), ca, m_client, "cannot be read");
    row("an empty token file", here, file(QStringLiteral("empty.token"), "\n"), ca, m_client, "holds no token");
    row("a wrong token", here, file(QStringLiteral("wrong.token"), "guess\n"), ca, m_client, "wrong token");
    row("no authority file", here, good, QStringLiteral("/nowhere/ca.pem"), m_client, "/nowhere/ca.pem");
    row("a file that is no certificate", here, good, good, m_client, "holds no certificate authority");
    row("another authority", here, good, text(m_strangers->file()), m_client, "is not signed by");
    row("no certificate", here, good, ca, {}, "wants a client certificate");
    row("a stranger's certificate", here, good, ca, m_foreign, "does not accept the certificate");
    row("an expired certificate", here, good, ca, m_expired, "has expired");
    row("another name", QStringLiteral("127.0.0.1:"), good, ca, m_client, "is not made out to '127.0.0.1'");
    row("no TLS", here, good, {}, {}, "speaks only TLS");
    row("a certificate without its key", here, good, ca, {{}, m_client.cert, {}}, "give both");
}

void TestConnect::wrongValuesAreToldInTheDialog()
{
    QFETCH(QString, host);
    QFETCH(QString, token);
    QFETCH(QString, ca);
    QFETCH(QString, cert);
    QFETCH(QString, key);
    QFETCH(QString, said);
    QDialog* dialog = openDialog();
    fill(*dialog, QStringLiteral("address"), host + port());
    fill(*dialog, QStringLiteral("token"), token);
    fill(*dialog, QStringLiteral("ca"), ca);
    fill(*dialog, QStringLiteral("cert"), cert);
    fill(*dialog, QStringLiteral("key"), key);
    auto* accept = dialog->findChild<QPushButton*>(QStringLiteral("connect.accept"));
    auto* problem = dialog->findChild<QLabel*>(QStringLiteral("connect.problem"));
    accept->click();
    TRY_VERIFY(problem->isVisible());
    QVERIFY2(problem->text().contains(said), qPrintable(problem->text()));
    QVERIFY(!problem->text().contains(QLatin1Char('\n')));
    QVERIFY(dialog->isVisible());
    QVERIFY(accept->isEnabled());
    QVERIFY(m_window->welcome()->isVisible());
    QCOMPARE(m_window->session().client().state(), EngineClient::State::Disconnected);
    if (said == QStringLiteral("is not signed by"))
        for (const char* theme : {"dark", "light"}) {
            m_window->setTheme(QLatin1String(theme), false);
            picture(*dialog, QStringLiteral("connect-problem-") + QLatin1String(theme));
        }
    dialog->reject();
}

// A call's context shares the channel, and a channel that goes on one of gRPC's threads aborts the program: so the GUI thread has
// to let go whatever a call holds, also of calls that the client's end overtakes.
void TestConnect::aCallIsLetGoOnTheGuiThread()
{
    FakeEngine engine;
    const Held held;
    for (int round = 0; round < 20; ++round) {
        EngineClient client;
        client.connectTo({QString::fromStdString(engine.address()), QStringLiteral("secret"), {}, {}, {}});
        TRY_VERIFY(client.isConnected());
        int answers = 0;
        const auto ask = [&] {
            client.listPresets(this, [&answers, held](const Result<QVector<PresetRow>>& rows) { answers += rows ? 1 : 0; });
        };
        ask();
        TRY_COMPARE(answers, 1);
        for (int more = 0; more < 5; ++more) ask();
    }
    QCOMPARE(held.elsewhere(), 0);
}

}  // namespace pathloom
