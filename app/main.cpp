// SPDX-License-Identifier: GPL-3.0-or-later
// The desktop app: arguments, theme, window.
#include "app/main_window.h"
#include "app/tour.h"
#include "widgets/client/local_engine.h"
#include "widgets/theme/desktop_settings.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/pane_frame.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDockWidget>
#include <QFile>
#include <QTextStream>

#include <ctime>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace {

using namespace pathloom;

/// Milliseconds since the kernel started this process (to a hundredth of a second), so that loading libraries counts too.
double processAgeMs()
{
    QFile stat(QStringLiteral("/proc/self/stat"));
    if (!stat.open(QIODevice::ReadOnly)) return 0;
    const QByteArray line = stat.readAll();
    const double ticks = line.mid(line.lastIndexOf(')') + 2).split(' ').value(19).toDouble();
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) * 1e-6 - ticks * 1e3 / double(sysconf(_SC_CLK_TCK));
}

/// Everything that can be missing from a package: both themes, each icon, each pane.
int selfTest(MainWindow& window, ThemeController& theme)
{
    for (const char* name : {"dark", "light"}) theme.setName(QString::fromLatin1(name));
    int icons = 0;
    for (const QString& name : iconNames()) {
        if (icon(name).pixmap(16, 16).isNull()) {
            std::fprintf(stderr, "icon %s cannot be drawn; install Pathloom again\n", qPrintable(name));
            return 1;
        }
        ++icons;
    }
    int panes = 0;
    const auto docks = window.findChildren<QDockWidget*>();
    for (const QDockWidget* dock : docks) panes += qobject_cast<PaneFrame*>(dock->widget()) ? 1 : 0;
    window.show();
    QApplication::processEvents();
    if (window.grab().isNull() || icons == 0 || panes == 0) {
        std::fprintf(stderr, "the window cannot be drawn; install Pathloom again\n");
        return 1;
    }
    std::printf("pathloom %s: %d icons, %d panes, drawn after %.0f ms\n", PATHLOOM_VERSION, icons, panes, processAgeMs());
    return 0;
}

/// Once: the window is shown, the engine answers, and its corpora and runs are listed.
void printWhenUsable(MainWindow& window)
{
    auto waiting = std::make_shared<int>(2);
    const auto listed = [waiting] {
        if (--*waiting == 0) std::fprintf(stderr, "usable after %.0f ms\n", processAgeMs());
    };
    QObject::connect(&window.session(), &Session::corporaChanged, &window, listed, Qt::SingleShotConnection);
    QObject::connect(&window.session(), &Session::runsChanged, &window, listed, Qt::SingleShotConnection);
}

int usage(const QString& message)
{
    std::fprintf(stderr, "%s; see pathloom --help\n", qPrintable(message));
    return 2;
}

}  // namespace

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("pathloom"));
    QApplication::setApplicationVersion(QStringLiteral(PATHLOOM_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("org.pathloom.Pathloom"));

    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::translate("main", "A research workbench for paths of shared modules."));
    parser.addHelpOption();
    parser.addVersionOption();
    const auto option = [&parser](const char* name, const char* text, const char* value = nullptr, const char* fallback = "") {
        QCommandLineOption made(QString::fromLatin1(name), QApplication::translate("main", text),
            value ? QString::fromLatin1(value) : QString(), QString::fromLatin1(fallback));
        parser.addOption(made);
        return made;
    };
    const auto projectOption = option("project", "Open this project folder with a local engine.", "dir");
    const auto sampleOption = option("sample", "Open the sample project and train on it.");
    const auto engineOption = option("engine", "Connect to a running engine.", "address");
    const auto tokenOption = option("token-file", "File with the token for --engine.", "file");
    const auto caOption = option("tls-ca", "Certificate authority of --engine (PEM).", "file");
    const auto certOption = option("tls-cert", "Your certificate for --engine (PEM).", "file");
    const auto keyOption = option("tls-key", "Its key (PEM).", "file");
    const auto themeOption = option("theme", "light, dark or system.", "name");
    const auto workersOption = option("workers", "Local workers to start.", "n");
    const auto tourOption = option("tour", "Train and compare the tour's presets, write screenshots and results, quit.", "dir");
    const auto presetsOption = option("tour-presets", "Presets of the tour, comma-separated; the first is watched.", "list",
        "sample-2x2,dense,dense-outer,diloco-4,flat-4");
    const auto setOption = option("tour-set", "Override a setting of every run of the tour; may be repeated.", "key=value");
    const auto timeoutOption = option("tour-timeout", "Seconds before the tour gives up.", "s", "1080");
    const auto timingOption = option("timing", "Print how long it took until the opened project could be used.");
    const auto testOption = option("self-test", "Check that themes, icons and panes can be loaded, quit.");
    if (!parser.parse(QApplication::arguments())) return usage(parser.errorText());
    if (parser.isSet(QStringLiteral("version"))) parser.showVersion();
    if (parser.isSet(QStringLiteral("help"))) parser.showHelp();
    const QString themeName = parser.value(themeOption);
    if (!themeName.isEmpty()
        && !QStringList{QStringLiteral("light"), QStringLiteral("dark"), QStringLiteral("system")}.contains(themeName))
        return usage(QStringLiteral("--theme is light, dark or system, not \"%1\"").arg(themeName));
    bool numeric = true;
    const int workers = parser.isSet(workersOption) ? parser.value(workersOption).toInt(&numeric) : -1;
    if (!numeric || (parser.isSet(workersOption) && workers < 0))
        return usage(QStringLiteral("--workers takes a number, 0 or more"));
    const double timeout = parser.value(timeoutOption).toDouble(&numeric);
    if (!numeric || timeout <= 0) return usage(QStringLiteral("--tour-timeout takes a number of seconds above 0"));
    if (parser.isSet(engineOption) && parser.isSet(projectOption))
        return usage(QStringLiteral("give --project or --engine, not both"));
    if (parser.isSet(tourOption) && !parser.isSet(projectOption)) return usage(QStringLiteral("--tour needs --project"));

    const bool darkDesktop = QApplication::palette().color(QPalette::Window).lightness() < 128;
    ThemeController theme;
    theme.setName(darkDesktop ? QStringLiteral("dark") : QStringLiteral("light"));
    theme.applyTo(application);
    MainWindow window(theme);
    if (!themeName.isEmpty()) window.setTheme(themeName, false);
    DesktopSettings desktop;
    QObject::connect(&desktop, &DesktopSettings::changed, &window, [&] {
        theme.setDesktopReducedMotion(desktop.reducedMotion());
        if (desktop.scheme() != DesktopScheme::Unknown)
            window.setSystemTheme(desktop.scheme() == DesktopScheme::Dark ? QStringLiteral("dark") : QStringLiteral("light"));
    });
    if (workers >= 0) window.setWorkers(workers);
    if (parser.isSet(testOption)) return selfTest(window, theme);
    QObject::connect(&window, &MainWindow::closedDown, &application, &QCoreApplication::quit, Qt::QueuedConnection);
    QApplication::setQuitOnLastWindowClosed(false);  // closing waits for the engine; closedDown() ends the app

    if (parser.isSet(tourOption)) {  // takes its pictures in both themes whatever the desktop says meanwhile
        TourPlan plan;
        plan.project = parser.value(projectOption);
        plan.out = parser.value(tourOption);
        plan.presets = parser.value(presetsOption).split(QLatin1Char(','), Qt::SkipEmptyParts);
        plan.set = parser.values(setOption);
        plan.timeoutSeconds = timeout;
        if (plan.presets.isEmpty()) return usage(QStringLiteral("--tour-presets names no preset"));
        Tour tour(window, theme, plan);
        QObject::connect(&tour, &Tour::finished, &application, &QCoreApplication::exit, Qt::QueuedConnection);
        tour.start();
        return QApplication::exec();
    }
    desktop.followSession();
    window.show();
    if (parser.isSet(timingOption)) printWhenUsable(window);
    if (parser.isSet(engineOption)) {
        QFile file(parser.value(tokenOption));
        if (!parser.isSet(tokenOption)) return usage(QStringLiteral("--engine needs --token-file"));
        if (!file.open(QIODevice::ReadOnly)) {
            std::fprintf(stderr, "%s cannot be read: %s\n", qPrintable(file.fileName()), qPrintable(file.errorString()));
            return 4;
        }
        window.connectRemote({parser.value(engineOption), QString::fromUtf8(file.read(4096)).trimmed(), parser.value(caOption),
            parser.value(certOption), parser.value(keyOption)});
    } else if (parser.isSet(projectOption)) {
        window.openFolder(parser.value(projectOption));
    } else if (parser.isSet(sampleOption)) {
        window.openSample(true);
    }
    return QApplication::exec();
}
