// SPDX-License-Identifier: GPL-3.0-or-later
// Theme tokens, contrast, palette groups, icons, numbers, and the pane frame's states.
#include "tests.h"

#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/pane_frame.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QtTest>

namespace pathloom {

class ThemeTest : public QObject {
    Q_OBJECT
public:
    explicit ThemeTest(ThemeController& theme)
        : m_theme(theme)
    {
    }

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)"))); }

    void contrast_data()
    {
        QTest::addColumn<QString>("name");
        QTest::newRow("light") << QStringLiteral("light");
        QTest::newRow("dark") << QStringLiteral("dark");
    }
    void contrast()
    {
        QFETCH(QString, name);
        const Tokens t = loadTokens(name);
        for (const QColor& surface : {t.surface, t.raised}) {
            for (const QColor& text : {t.text, t.muted, t.accent, t.ok, t.warn, t.fail})
                QVERIFY2(contrastRatio(text, surface) >= 4.5, qPrintable(text.name()));
            for (const QColor& hue : t.categorical) QVERIFY2(contrastRatio(hue, surface) >= 3.0, qPrintable(hue.name()));
        }
        for (const QColor& hue : t.categorical) QVERIFY2(contrastRatio(hue, t.sunken) >= 3.0, qPrintable(hue.name()));
        QVERIFY(contrastRatio(t.onAccent, t.accent) >= 4.5);
        for (int i = 0; i < 8; ++i) {
            for (int k = 0; k < i; ++k) QVERIFY(t.categorical[i] != t.categorical[k]);
        }
    }
    void contrastRatioIsWcag()
    {
        QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.0);
        QCOMPARE(contrastRatio(Qt::white, Qt::white), 1.0);
        QVERIFY(std::abs(contrastRatio(QColor(0x77, 0x77, 0x77), Qt::white) - 4.48) < 0.01);
    }
    void ninthHueGetsADash()
    {
        QCOMPARE(m_theme.theme().categorical(8), m_theme.theme().categorical(0));
        QCOMPARE(Theme::categoricalDash(7), Qt::SolidLine);
        QVERIFY(Theme::categoricalDash(8) != Qt::SolidLine);
    }
    void sequentialGrowsInLightness()
    {
        double last = -1;
        for (int i = 0; i <= 100; ++i) {
            const double now = relativeLuminance(cividis(i / 100.0));
            QVERIFY2(now > last - 1e-4, qPrintable(QString::number(i)));
            last = now;
        }
        QVERIFY(contrastRatio(Theme(loadTokens(QStringLiteral("light"))).sequential(0), Qt::white) >= 3);
    }
    void divergingIsCentred()
    {
        const Theme theme(loadTokens(QStringLiteral("light")));
        QCOMPARE(theme.diverging(0), theme.tokens().diverging[1]);
        QVERIFY(theme.diverging(-1).blueF() > theme.diverging(-1).redF());
        QVERIFY(theme.diverging(1).redF() > theme.diverging(1).blueF());
    }
    void disabledLooksDisabled()
    {
        const QPalette p = Theme(loadTokens(QStringLiteral("dark"))).palette();
        QVERIFY(p.color(QPalette::Disabled, QPalette::ButtonText) != p.color(QPalette::Active, QPalette::ButtonText));
        QCOMPARE(p.color(QPalette::Active, QPalette::Window), loadTokens(QStringLiteral("dark")).surface);
    }
    void switchingIsLive()
    {
        QSignalSpy spy(&m_theme, &ThemeController::changed);
        m_theme.setName(QStringLiteral("dark"));
        QCOMPARE(spy.count(), 1);
        QCOMPARE(QApplication::palette().color(QPalette::Window), loadTokens(QStringLiteral("dark")).surface);
        m_theme.setName(QStringLiteral("dark"));
        QCOMPARE(spy.count(), 1);
        m_theme.setName(QStringLiteral("light"));
        QCOMPARE(spy.count(), 2);
    }
    void everyIconDrawsInTheTextColour()
    {
        const QStringList names = iconNames();
        for (const char* wanted :
            {"run", "stop", "resume", "clone", "open", "add", "import", "sample", "settings", "workers", "kill", "drain",
                "export", "image", "log", "search", "zoom-fit", "log-axis", "smooth", "legend", "pause", "follow", "theme",
                "close", "info", "warning", "error", "path", "module", "document", "refresh", "copy", "pin"}) {
            QVERIFY2(names.contains(QLatin1String(wanted)), wanted);
        }
        for (const QString& name : names) {
            const QImage light = icon(name).pixmap(16).toImage();
            int opaque = 0;
            for (int i = 0; i < light.width() * light.height(); ++i)
                opaque += qAlpha(light.pixel(i % light.width(), i / light.width())) > 100;
            QVERIFY2(opaque > 3, qPrintable(name));  // "more" is three dots
            m_theme.setName(QStringLiteral("dark"));
            const QImage dark = icon(name).pixmap(16).toImage();
            m_theme.setName(QStringLiteral("light"));
            QVERIFY2(light != dark, qPrintable(name));
        }
    }
    void unknownIconIsNull()
    {
        QTest::ignoreMessage(QtWarningMsg, "no icon named 'nonsense'");
        QVERIFY(icon(u"nonsense").isNull());
    }
    void numbers()
    {
        QCOMPARE(formatNumber(2.3149), QStringLiteral("2.31"));
        QCOMPARE(formatNumber(0.012345), QStringLiteral("0.0123"));
        QCOMPARE(formatNumber(12345), QStringLiteral("12,345"));
        QCOMPARE(formatNumber(-7), QStringLiteral("-7"));
        QCOMPARE(formatNumber(0), QStringLiteral("0"));
        QCOMPARE(formatNumber(std::nan("")), QStringLiteral("n/a"));
        QCOMPARE(formatBytes(1234567), QStringLiteral("1.23 MB"));
        QCOMPARE(formatBytes(999), QStringLiteral("999 B"));
        QCOMPARE(formatCount(149800000), QStringLiteral("150 M"));
        QCOMPARE(formatDuration(400), QStringLiteral("0.40 s"));
        QCOMPARE(formatDuration(200000), QStringLiteral("3 min 20 s"));
        QCOMPARE(formatDuration(7500000), QStringLiteral("2 h 05 min"));
        QCOMPARE(formatElapsed(75000), QStringLiteral("1:15"));
        QCOMPARE(formatFactor(10, 250), QStringLiteral("25\u00d7 less"));
        QCOMPARE(formatFactor(12, 10), QStringLiteral("1.2\u00d7 more"));
        QCOMPARE(formatFactor(0, 10), QString());
        QCOMPARE(counted(1, QStringLiteral("1 task"), QStringLiteral("%1 tasks")), QStringLiteral("1 task"));
        QCOMPARE(counted(2000, QStringLiteral("1 task"), QStringLiteral("%1 tasks")), QStringLiteral("2,000 tasks"));
    }
    void paneFrameStates()
    {
        PaneFrame frame(QStringLiteral("Pane"), m_theme);
        auto* content = new QLabel(QStringLiteral("content"));
        frame.setContent(content);
        frame.resize(500, 300);
        frame.show();
        QVERIFY(content->isVisible());
        QSignalSpy fill(&frame, &PaneFrame::emptyActionTriggered);
        frame.showEmpty(QStringLiteral("Nothing here."), QStringLiteral("Fill It"));
        QCOMPARE(frame.state(), PaneFrame::State::Empty);
        QVERIFY(!content->isVisible());
        QPushButton* button = nullptr;
        for (QPushButton* b : frame.findChildren<QPushButton*>()) {
            if (b->text() == QStringLiteral("Fill It")) button = b;
        }
        QVERIFY(button != nullptr && button->isVisible());
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(fill.count(), 1);
        frame.showLoading(QStringLiteral("Loading"), 0.5, true);
        QVERIFY(!button->isVisible());
        frame.showError(
            QStringLiteral("It failed."), QStringLiteral("No disk."), QStringLiteral("Free some."), QStringLiteral("stack"));
        for (QPushButton* b : frame.findChildren<QPushButton*>()) {
            if (b->text() == QStringLiteral("Copy Details")) b->click();
        }
        QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("stack")));
        frame.showLost(1000, 5);
        QVERIFY(content->isVisible());
        QCOMPARE(frame.state(), PaneFrame::State::Lost);
        frame.showContent();
        QVERIFY(content->isVisible());
    }
    void aNarrowPaneShowsTheWholeLostBanner_data()
    {
        QTest::addColumn<int>("width");
        for (const int width : {40, 340, 900}) QTest::addRow("%d px", width) << width;
    }
    void aNarrowPaneShowsTheWholeLostBanner()
    {
        QFETCH(int, width);
        PaneFrame frame(QStringLiteral("Pane"), m_theme);
        frame.setTitleShown(false);
        auto* content = new QLabel(QStringLiteral("x"));
        content->setMinimumSize(1, 1);
        frame.setContent(content);
        frame.resize(width, 300);
        frame.show();
        frame.showLost(1000, 5);
        QVERIFY(QTest::qWaitForWindowExposed(&frame));
        const auto check = [&](int now) {
            QVERIFY(frame.width() >= now);  // a pane goes no narrower than its pages do
            const auto* text = frame.findChild<QLabel*>(QStringLiteral("lost.text"));
            QVERIFY(text != nullptr);
            QCOMPARE(text->toolTip(), text->text());
            const int needed = text->heightForWidth(text->width());
            QVERIFY2(text->height() >= needed, qPrintable(QStringLiteral("%1 of %2 px").arg(text->height()).arg(needed)));
            for (const QString& word : text->text().split(QLatin1Char(' ')))
                QVERIFY2(text->fontMetrics().horizontalAdvance(word) <= text->width(), qPrintable(word));
            const auto* banner = frame.findChild<QWidget*>(QStringLiteral("lost.banner"));
            QVERIFY(banner->mapTo(&frame, banner->rect().bottomLeft()).y() <= content->mapTo(&frame, QPoint(0, 0)).y());
        };
        check(width);
        frame.resize(width + 60, 300);
        QApplication::processEvents();
        check(width + 60);
    }
    void toolButtonsHaveNamesAndSize()
    {
        PaneFrame frame(QStringLiteral("Pane"), m_theme);
        QAction action(icon(u"run"), QStringLiteral("&Start Run"));
        action.setShortcut(QKeySequence(QStringLiteral("Ctrl+R")));
        QToolButton* button = frame.addToolAction(&action);
        frame.resize(500, 200);
        frame.show();
        QCOMPARE(button->accessibleName(), QStringLiteral("Start Run"));
        QVERIFY(button->toolTip().contains(QStringLiteral("Ctrl+R")));
        QVERIFY(button->height() >= 24 && button->width() >= 24);
        QVERIFY(button->focusPolicy() & Qt::TabFocus);
    }

private:
    ThemeController& m_theme;
};

QObject* makeThemeTest(ThemeController& theme)
{
    return new ThemeTest(theme);
}

}  // namespace pathloom

#include "tst_theme.moc"
