// SPDX-License-Identifier: GPL-3.0-or-later
// WindowFixture.
#include "tests/gui/shell/window_fixture.h"

#include "tests/gui/shell/patience.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QSettings>

namespace pathloom {

void WindowFixture::openWindow()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
    QSettings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("pathloom"), QStringLiteral("pathloom")).clear();
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_CACHE_HOME", m_folder->filePath(QStringLiteral("cache")).toUtf8());
    m_theme = std::make_unique<ThemeController>();
    m_theme->applyTo(*qobject_cast<QApplication*>(QCoreApplication::instance()));
    m_engine = std::make_unique<FakeEngine>();
    m_window = std::make_unique<MainWindow>(*m_theme);
    m_window->session().client().setBackoff({50, 200, 0.2});
    m_window->resize(1200, 760);
    m_window->show();
}

void WindowFixture::closeWindow()
{
    m_window.reset();
    m_engine.reset();
    m_theme.reset();
    m_folder.reset();
}

void WindowFixture::connectWindow()
{
    m_window->connectRemote({QString::fromStdString(m_engine->address()), QStringLiteral("secret"), {}, {}, {}});
    TRY_VERIFY(m_window->session().client().isConnected());
}

QString WindowFixture::writeFile(const QString& name, const QByteArray& bytes) const
{
    QFile file(m_folder->filePath(name));
    QDir().mkpath(QFileInfo(file.fileName()).path());
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) qFatal("cannot write %s", qPrintable(name));
    return file.fileName();
}

void WindowFixture::picture(const QString& name, QWidget* shown)
{
    const QString out = qEnvironmentVariable("PATHLOOM_PICTURES");
    if (out.isEmpty()) return;
    QWidget* widget = shown ? shown : m_window.get();
    for (const char* theme : {"dark", "light"}) {
        m_window->setTheme(QLatin1String(theme), false);
        QCoreApplication::processEvents();  // what is restyled and drawn at the next turn
        QVERIFY(widget->grab().save(QDir(out).filePath(name + QLatin1Char('-') + QLatin1String(theme) + QStringLiteral(".png"))));
    }
}

}  // namespace pathloom
