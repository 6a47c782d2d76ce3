// SPDX-License-Identifier: GPL-3.0-or-later
// Smoothing, decimation, and the plot widget: ranges, badge, crosshair, keyboard, export.
#include "tests.h"

#include "widgets/plot/decimation.h"
#include "widgets/plot/plot_widget.h"
#include "widgets/plot/smoothing.h"
#include "widgets/views/curves/curve_data.h"

#include <QtTest>

#include <algorithm>
#include <cmath>

namespace pathloom {

class PlotTest : public QObject {
    Q_OBJECT
public:
    explicit PlotTest(ThemeController& theme)
        : m_theme(theme)
    {
    }

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)"))); }

    void smoothingIsTensorBoards()
    {
        const std::vector<double> out = smoothed({1, 2, 4}, 0.5);
        QCOMPARE(out[0], 1.0);  // 0.5 / 0.5
        QVERIFY(std::abs(out[1] - 1.25 / 0.75) < 1e-12);
        QVERIFY(std::abs(out[2] - 2.625 / 0.875) < 1e-12);
    }
    void smoothingLeavesConstantsAlone()
    {
        const std::vector<double> flat(1000, 0.1);
        QCOMPARE(smoothed(flat, 0.97), flat);
        QCOMPARE(smoothed({3, 1, 2}, 0), (std::vector<double>{3, 1, 2}));
        QVERIFY(smoothed({}, 0.5).empty());
    }
    void smoothingPassesNaNThrough()
    {
        const double nan = std::nan("");
        const std::vector<double> with = smoothed({1, nan, 2, 4}, 0.5);
        const std::vector<double> without = smoothed({1, 2, 4}, 0.5);
        QVERIFY(std::isnan(with[1]));
        QCOMPARE(with[2], without[1]);
        QCOMPARE(with[3], without[2]);
    }
    void aSpikeNeverVanishes()
    {
        std::vector<PlotPoint> points;
        for (int i = 0; i < 200000; ++i) points.push_back({double(i), std::sin(i * 0.001)});
        points[77777].y = 50;
        points[123456].y = -50;
        for (const int columns : {1, 7, 100, 799, 1000}) {
            const auto few = decimated(points, 0, 199999, columns);
            QVERIFY(std::find(few.begin(), few.end(), points[77777]) != few.end());
            QVERIFY(std::find(few.begin(), few.end(), points[123456]) != few.end());
            QVERIFY2(few.size() <= std::size_t(columns) * 5 + 12, qPrintable(QString::number(few.size())));
            QVERIFY(std::is_sorted(few.begin(), few.end(), [](const auto& a, const auto& b) { return a.x < b.x; }));
        }
        const auto logarithmic = decimated(points, 1, 199999, 500, true);
        QVERIFY(std::find(logarithmic.begin(), logarithmic.end(), points[77777]) != logarithmic.end());
    }
    void decimationKeepsNeighboursAndGaps()
    {
        std::vector<PlotPoint> points;
        for (int i = 0; i < 10000; ++i) points.push_back({double(i), 1.0});
        points[5000].y = std::nan("");
        const auto few = decimated(points, 4000, 6000, 50);
        QCOMPARE(few.front().x, 3999.0);
        QCOMPARE(few.back().x, 6001.0);
        QVERIFY(std::any_of(few.begin(), few.end(), [](const PlotPoint& p) { return std::isnan(p.y); }));
        QVERIFY(decimated({}, 0, 1, 10).empty());
        QCOMPARE(decimated({{0, 1}, {1, 2}}, 0, 1, 100).size(), std::size_t(2));
    }
    void meanWaitsForAll()
    {
        const std::vector<CurvePoint> a{{0, 2}, {1, 4}, {2, 6}};
        const std::vector<CurvePoint> b{{0, 4}, {1, 6}};
        const std::vector<CurvePoint> none;
        QCOMPARE(meanCurve({&a, &b, &none}), (std::vector<PlotPoint>{{0, 3}, {1, 5}}));
        const Envelope e = envelopeOf({&a, &b});
        QCOMPARE(e.low, (std::vector<PlotPoint>{{0, 2}, {1, 4}, {2, 6}}));
        QCOMPARE(e.high, (std::vector<PlotPoint>{{0, 4}, {1, 6}, {2, 6}}));
    }

    void rangesFollowDataUntilTheUserZooms()
    {
        PlotWidget plot(m_theme);
        const int s = makePlot(plot, 100);
        QCOMPARE(plot.rangeX(), (std::pair<double, double>(0, 99)));
        plot.setSeriesData(s, line(200));
        plot.replotNow();
        QCOMPARE(plot.rangeX().second, 199.0);
        plot.setRangeX(20, 40);
        plot.setSeriesData(s, line(400));
        plot.replotNow();
        QCOMPARE(plot.rangeX(), (std::pair<double, double>(20, 40)));
        plot.setFollow(true, 50);
        plot.replotNow();
        QCOMPARE(plot.rangeX(), (std::pair<double, double>(349, 399)));
        QSignalSpy spy(&plot, &PlotWidget::followChanged);
        plot.zoomBy(2);
        QVERIFY(!plot.follow());
        QCOMPARE(spy.count(), 1);
        plot.resetZoom();
        plot.replotNow();
        QCOMPARE(plot.rangeX(), (std::pair<double, double>(0, 399)));
    }
    void logAxisCountsWhatItHides()
    {
        PlotWidget plot(m_theme);
        const int s = makePlot(plot, 10);
        plot.setSeriesData(s, {{0, -1}, {1, 0}, {2, 3}, {3, 30}});
        plot.setLogY(true);
        plot.replotNow();
        QCOMPARE(plot.hiddenNonPositive(), 2);
        QVERIFY(plot.badge().startsWith(QStringLiteral("2 ")));
        QVERIFY(plot.rangeY().first > 0 && plot.rangeY().first <= 3 && plot.rangeY().second >= 30);
        plot.setLogX(true);
        plot.replotNow();
        QVERIFY(plot.rangeX().first > 0);
        plot.setLogY(false);
        plot.setLogX(false);
        plot.replotNow();
        QVERIFY(plot.badge().isEmpty());
        QVERIFY(plot.rangeY().first < -1);
    }
    void allNaNKeepsTheRange()
    {
        PlotWidget plot(m_theme);
        const int s = makePlot(plot, 10);
        const auto before = plot.rangeY();
        plot.setSeriesData(s, {{0, std::nan("")}, {1, std::nan("")}});
        plot.replotNow();
        QCOMPARE(plot.rangeY(), before);
    }
    void crosshairReadsEveryVisibleCurve()
    {
        PlotWidget plot(m_theme);
        makePlot(plot, 10);
        SeriesStyle other{QStringLiteral("beta"), Qt::red};
        const int second = plot.addSeries(other);
        plot.setSeriesData(second, {{0, 5}, {4, 7}});
        QStringList lines = plot.setCrosshair(4.2);
        QCOMPARE(lines.size(), 3);
        QVERIFY(lines.join(QLatin1Char(' ')).contains(QStringLiteral("beta  7")));
        QVERIFY(plot.accessibleDescription().contains(QStringLiteral("beta")));
        other.visible = false;
        plot.setSeriesStyle(second, other);
        QCOMPARE(plot.setCrosshair(4.2).size(), 2);
    }
    void keyboardDrivesIt()
    {
        PlotWidget plot(m_theme);
        makePlot(plot, 100);
        plot.show();
        plot.setFocus();
        QTest::keyClick(&plot, Qt::Key_Home);
        QCOMPARE(plot.crosshair(), 0.0);
        QTest::keyClick(&plot, Qt::Key_Right);
        QVERIFY(plot.crosshair() > 0);
        QTest::keyClick(&plot, Qt::Key_Plus);
        QVERIFY(plot.rangeX().second - plot.rangeX().first < 99);
        QTest::keyClick(&plot, Qt::Key_0);
        plot.replotNow();
        QCOMPARE(plot.rangeX().second - plot.rangeX().first, 99.0);
        QTest::keyClick(&plot, Qt::Key_Escape);
        QVERIFY(std::isnan(plot.crosshair()));
    }
    void csvIsRaw()
    {
        PlotWidget plot(m_theme);
        plot.setAxisTitles(
            QStringLiteral("step"), QStringLiteral("inner steps"), QStringLiteral("loss"), QStringLiteral("nats a token"));
        plot.setSmoothing(0.9);
        plot.setSeriesData(plot.addSeries({QStringLiteral("a, \"b\""), Qt::red}), {{0, 1}, {1, 3}});
        plot.setSeriesData(plot.addSeries({QStringLiteral("c"), Qt::blue}), {{1, 2.5}});
        QCOMPARE(plot.csv(), QStringLiteral("step (inner steps),\"a, \"\"b\"\"\",c\n0,1,\n1,3,2.5\n"));
    }
    void aBandIsInViewReadAndExported()
    {
        PlotWidget plot(m_theme);
        plot.setAxisTitles(QStringLiteral("examples"), {}, QStringLiteral("chrF"), {});
        SeriesStyle style{QStringLiteral("a"), Qt::red};
        style.smoothed = false;
        const int series = plot.addSeries(style);
        plot.setSeriesData(series, {{1, 10}, {2, 20}});
        plot.setSeriesBand(series, {{1, 5}, {2, 18}}, {{1, 12}, {2, 40}});
        plot.resize(400, 300);
        plot.show();
        plot.replotNow();
        QVERIFY(plot.rangeY().first < 5 && plot.rangeY().second > 40);
        QVERIFY(plot.setCrosshair(2).join(QLatin1Char('\n')).contains(QStringLiteral("20 (18 to 40)")));
        QCOMPARE(plot.csv(), QStringLiteral("examples,a,\"a, lowest\",\"a, highest\"\n1,10,5,12\n2,20,18,40\n"));
        plot.clear();  // takes the band along
        plot.replotNow();
        QCOMPARE(plot.seriesCount(), 0);
    }
    void exportsEveryKind()
    {
        QTemporaryDir dir;
        PlotWidget plot(m_theme);
        makePlot(plot, 50);
        plot.setTitle(QStringLiteral("Loss of run one"));
        plot.replotNow();
        for (const char* kind : {"csv", "png", "svg", "pdf"}) {
            const QString path = dir.filePath(QStringLiteral("plot.") + QLatin1String(kind));
            QCOMPARE(plot.exportTo(path), QString());
            QVERIFY2(QFileInfo(path).size() > 100, kind);
        }
        const QImage png(dir.filePath(QStringLiteral("plot.png")));
        QCOMPARE(png.width(), 2 * plot.width());
        QFile svg(dir.filePath(QStringLiteral("plot.svg")));
        QVERIFY(svg.open(QIODevice::ReadOnly));
        QVERIFY(svg.readAll().contains("Loss of run one"));
        QVERIFY(plot.exportTo(dir.filePath(QStringLiteral("plot.bmp"))).contains(QStringLiteral(".svg")));
        QVERIFY(!plot.exportTo(QStringLiteral("/nonexistent/plot.csv")).isEmpty());
    }
    void themeSwitchRepaints()
    {
        PlotWidget plot(m_theme);
        makePlot(plot, 50);
        plot.show();
        plot.replotNow();
        const QColor light = plot.grab().toImage().pixelColor(3, 3);
        m_theme.setName(QStringLiteral("dark"));
        plot.replotNow();
        const QColor dark = plot.grab().toImage().pixelColor(3, 3);
        m_theme.setName(QStringLiteral("light"));
        QCOMPARE(light, loadTokens(QStringLiteral("light")).surface);
        QCOMPARE(dark, loadTokens(QStringLiteral("dark")).surface);
    }

private:
    static std::vector<PlotPoint> line(int n)
    {
        std::vector<PlotPoint> points;
        for (int i = 0; i < n; ++i) points.push_back({double(i), 1 + std::sin(i * 0.1)});
        return points;
    }
    static int makePlot(PlotWidget& plot, int n)
    {
        plot.resize(600, 360);
        plot.setAxisTitles(
            QStringLiteral("step"), QStringLiteral("inner steps"), QStringLiteral("loss"), QStringLiteral("nats a token"));
        const int s = plot.addSeries({QStringLiteral("alpha"), Qt::blue});
        plot.setSeriesData(s, line(n));
        plot.replotNow();
        return s;
    }
    ThemeController& m_theme;
};

QObject* makePlotTest(ThemeController& theme)
{
    return new PlotTest(theme);
}

}  // namespace pathloom

#include "tst_plot.moc"
