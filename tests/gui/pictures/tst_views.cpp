// SPDX-License-Identifier: GPL-3.0-or-later
// The three pictures as widgets: states, hidden panes, keyboard, pins, hover, selection, replay, themes, names.
#include "synthetic.h"
#include "tests.h"

#include "widgets/plot/plot_widget.h"
#include "widgets/views/curves/curves_view.h"
#include "widgets/views/paths/path_canvas.h"
#include "widgets/views/paths/path_picture.h"
#include "widgets/views/sync/sync_canvas.h"
#include "widgets/views/sync/sync_picture.h"

#include <QAccessible>
#include <QAction>
#include <QSlider>
#include <QtTest>

#include <algorithm>
#include <cmath>

namespace pathloom {

class ViewsTest : public QObject {
    Q_OBJECT
public:
    explicit ViewsTest(ThemeController& theme)
        : m_theme(theme)
    {
    }

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)"))); }

    void hiddenPanesDoNoWork()
    {
        hidden<PathPicture>();
        hidden<SyncPicture>();
        hidden<CurvesView>();
    }
    void statesAreDesigned()
    {
        states<PathPicture>();
        states<SyncPicture>();
        states<CurvesView>();
    }
    void everythingFocusableHasAName()
    {
        named<PathPicture>();
        named<SyncPicture>();
        named<CurvesView>();
    }
    void themesSwitchLive()
    {
        const RunHistory run = synthetic::makeHistory({});
        PathPicture paths(m_theme);
        SyncPicture sync(m_theme);
        for (PaneFrame* view : std::initializer_list<PaneFrame*>{&paths, &sync}) {
            view->resize(900, 500);
            view->show();
        }
        paths.setHistory(&run);
        sync.setHistory(&run);
        const QColor lightPaths = paths.canvas()->grab().toImage().pixelColor(4, 4);
        const QColor lightSync = sync.canvas()->grab().toImage().pixelColor(6, 6);
        m_theme.setName(QStringLiteral("dark"));
        const QColor darkPaths = paths.canvas()->grab().toImage().pixelColor(4, 4);
        const QColor darkSync = sync.canvas()->grab().toImage().pixelColor(6, 6);
        m_theme.setName(QStringLiteral("light"));
        QCOMPARE(lightPaths, loadTokens(QStringLiteral("light")).surface);
        QCOMPARE(darkPaths, loadTokens(QStringLiteral("dark")).surface);
        QCOMPARE(lightSync, lightPaths);
        QCOMPARE(darkSync, darkPaths);
    }

    void ribbonsKeepTheirColour_data()
    {
        QTest::addColumn<QString>("theme");
        for (const char* name : {"light", "dark"}) QTest::newRow(name) << QString::fromLatin1(name);
    }
    /// Translucent, yet what stands in the legend is what one sees: a hue that keeps its strength, 3:1 on the surface.
    void ribbonsKeepTheirColour()
    {
        QFETCH(QString, theme);
        m_theme.setName(theme);
        const QColor surface = m_theme.theme().tokens().surface;
        for (const QColor& hue : m_theme.theme().tokens().categorical) {
            const QColor ink = inkOver(surface, hue, PathCanvas::ribbonAlpha);
            const QColor seen = mixColors(surface, QColor(ink.rgb()), ink.alphaF());
            QVERIFY2(contrastRatio(seen, surface) >= 3.0, qPrintable(hue.name() + QStringLiteral(" is seen as ") + seen.name()));
        }
        const RunHistory run = synthetic::makeHistory({});
        PathPicture view(m_theme);
        open(view, &run);
        const PathCanvas& canvas = *view.canvas();
        const QImage image = view.canvas()->grab().toImage();
        int looked = 0;
        for (const Band& band : canvas.geometryOfPaths().ribbons) {
            if (band.bottom0 - band.top0 < 6) continue;
            const QColor seen = image.pixelColor(int(band.x0 + 3), int((band.top0 + band.bottom0) / 2));
            const QColor wanted = canvas.colourOf(band.path);
            QVERIFY2(contrastRatio(seen, surface) >= 3.0, qPrintable(seen.name()));
            QVERIFY2(seen.hsvSaturationF() >= 0.45 * wanted.hsvSaturationF(),
                qPrintable(wanted.name() + QStringLiteral(" is seen as ") + seen.name()));
            ++looked;
        }
        QVERIFY(looked >= 8);
        m_theme.setName(QStringLiteral("light"));
    }
    void pathsKeyboard()
    {
        const RunHistory run = synthetic::makeHistory({});
        PathPicture view(m_theme);
        open(view, &run);
        PathCanvas& canvas = *view.canvas();
        canvas.setFocus(Qt::TabFocusReason);
        QTest::keyClick(&canvas, Qt::Key_Left);
        QCOMPARE(run.modules[std::size_t(canvas.focusedModule())].name, QStringLiteral("embed.0"));
        QTest::keyClick(&canvas, Qt::Key_Right);
        const int first = canvas.focusedModule();
        QCOMPARE(run.modules[std::size_t(first)].column, 1);
        QTest::keyClick(&canvas, Qt::Key_Down);
        QTest::keyClick(&canvas, Qt::Key_Up);
        QTest::keyClick(&canvas, Qt::Key_Up);
        QTest::keyClick(&canvas, Qt::Key_Up);
        QCOMPARE(run.modules[std::size_t(canvas.focusedModule())].name, QStringLiteral("level0.0"));
        QVERIFY(canvas.accessibleDescription().contains(QStringLiteral("level0.0, version 6")));
        QTest::keyClick(&canvas, Qt::Key_Return);
        QCOMPARE(canvas.pinnedModule(), canvas.focusedModule());
        QCOMPARE(canvas.litPaths(), run.modules[std::size_t(canvas.focusedModule())].paths);
        QTest::keyClick(&canvas, Qt::Key_Escape);
        QCOMPARE(canvas.pinnedModule(), -1);
        QVERIFY(canvas.litPaths().isEmpty());
        QTest::keyClick(&canvas, Qt::Key_PageDown);
        QCOMPARE(canvas.pinnedPaths(), QVector<int>{0});
        QTest::keyClick(&canvas, Qt::Key_PageDown);
        QCOMPARE(canvas.pinnedPaths(), QVector<int>{1});
        QVERIFY(canvas.accessibleDescription().contains(QStringLiteral("Path 1 is pinned")));
    }
    void pathsMouse()
    {
        const RunHistory run = synthetic::makeHistory({});
        PathPicture view(m_theme);
        open(view, &run);
        PathCanvas& canvas = *view.canvas();
        const auto middleOf = [&](int path) {
            for (const Band& band : canvas.geometryOfPaths().ribbons) {
                if (band.path != path || band.column != 0) continue;
                const double x = band.x0 + 20;
                const BandSlice slice = bandSlice(band, x);
                return QPointF(x, (slice.top + slice.bottom) / 2).toPoint();
            }
            return QPoint();
        };
        QTest::mouseMove(&canvas, middleOf(2));
        QTRY_COMPARE_WITH_TIMEOUT(canvas.litPaths(), QVector<int>{2}, 40'000);
        QTest::mouseClick(&canvas, Qt::LeftButton, Qt::NoModifier, middleOf(2));
        QCOMPARE(canvas.pinnedPaths(), QVector<int>{2});
        QTest::mouseClick(&canvas, Qt::LeftButton, Qt::ControlModifier, middleOf(0));
        QCOMPARE(canvas.pinnedPaths(), (QVector<int>{2, 0}));
        QTest::mouseClick(&canvas, Qt::LeftButton, Qt::ControlModifier, middleOf(3));
        QCOMPARE(canvas.pinnedPaths(), (QVector<int>{2, 3}));
        const QPoint node = canvas.geometryOfPaths().nodes[1].center().toPoint();
        QTest::mouseMove(&canvas, node);
        QTRY_COMPARE_WITH_TIMEOUT(canvas.hoveredModule(), 1, 40'000);
        QTest::mouseClick(&canvas, Qt::LeftButton, Qt::NoModifier, node);
        QCOMPARE(canvas.pinnedModule(), 1);
        QVERIFY(canvas.pinnedPaths().isEmpty());
    }
    void hoverFadesTheRest()
    {
        const RunHistory run = synthetic::makeHistory({});
        PathPicture view(m_theme);
        open(view, &run);
        PathCanvas& canvas = *view.canvas();
        const auto colourAt = [&](int path) {
            for (const Band& band : canvas.geometryOfPaths().ribbons) {
                if (band.path != path || band.column != 0) continue;
                const BandSlice slice = bandSlice(band, band.x0 + 12);
                return canvas.grab().toImage().pixelColor(QPointF(band.x0 + 12, (slice.top + slice.bottom) / 2).toPoint());
            }
            return QColor();
        };
        const QColor surface = m_theme.theme().tokens().surface;
        const double before = contrastRatio(colourAt(0), surface);
        const double litBefore = contrastRatio(colourAt(1), surface);
        canvas.pinPath(1, false);
        QVERIFY(contrastRatio(colourAt(0), surface) < 1 + (before - 1) * 0.5);
        QVERIFY(contrastRatio(colourAt(1), surface) > litBefore);
    }
    void orderStaysWhileTheRunGrows()
    {
        synthetic::Shape shape;
        shape.pathSpecificBlock = true;
        shape.levels = {4, 4};
        RunHistory run = synthetic::makeHistory(shape);
        PathPicture view(m_theme);
        open(view, &run);
        view.canvas()->pinPath(5, false);
        const auto before = view.canvas()->geometryOfPaths().nodes;
        run.modules[0].version += 1;
        run.lastEventMs += 1000;
        view.refresh();
        QCOMPARE(view.canvas()->geometryOfPaths().nodes, before);
        QCOMPARE(view.canvas()->pinnedPaths(), QVector<int>{5});
        QCOMPARE(view.canvas()->moment().modules[0].version, run.modules[0].version);
    }
    void bundlesAboveThirtyTwo()
    {
        synthetic::Shape shape;
        shape.done = 1;
        shape.levels = {4, 8};
        RunHistory small = synthetic::makeHistory(shape);
        shape.levels = {8, 8};
        RunHistory large = synthetic::makeHistory(shape);
        PathPicture view(m_theme);
        open(view, &small);
        QVERIFY(!view.canvas()->bundled());
        view.setHistory(&large);
        PathCanvas& canvas = *view.canvas();
        QVERIFY(canvas.bundled());
        const Band band = canvas.geometryOfPaths().ribbons[20];
        const BandSlice slice = bandSlice(band, band.x0 + 20);
        QTest::mouseMove(&canvas, QPointF(band.x0 + 20, (slice.top + slice.bottom) / 2).toPoint());
        QTRY_VERIFY_WITH_TIMEOUT(canvas.hoveredPath() >= 0, 40'000);
        QCOMPARE(canvas.litPaths().size(), 8);  // all that go from embed to this module of level 0
        QVERIFY(canvas.litPaths().contains(canvas.hoveredPath()));
    }
    void scrubbingReplays()
    {
        const RunHistory run = synthetic::makeHistory({});
        PathPicture view(m_theme);
        open(view, &run);
        QVERIFY(view.isLive());
        auto* slider = view.findChild<QSlider*>();
        QVERIFY(slider != nullptr);
        slider->setValue(0);
        QVERIFY(!view.isLive());
        QCOMPARE(view.canvas()->moment().modules[0].version, 0);
        slider->setValue(slider->maximum() / 2);
        const int middle = view.canvas()->moment().modules[0].version;
        QVERIFY(middle > 0 && middle < run.modules[0].version);
        slider->setValue(slider->maximum());
        QVERIFY(view.isLive());
        QCOMPARE(view.canvas()->moment().modules[0].version, run.modules[0].version);
    }

    void syncHoverDrawsTheLink()
    {
        const RunHistory run = synthetic::makeHistory({});
        SyncPicture view(m_theme);
        open(view, &run);
        SyncCanvas& canvas = *view.canvas();
        const QImage before = canvas.grab().toImage();
        const SyncCanvas::HoveredTick tick{1, 3};
        QTest::mouseMove(&canvas, canvas.positionOf(tick).toPoint());
        QTRY_COMPARE_WITH_TIMEOUT(canvas.hoveredTick().module, 1, 40'000);
        const QImage after = canvas.grab().toImage();
        const QPointF at = canvas.positionOf(canvas.hoveredTick());
        int changed = 0;
        for (int y = 150; y < int(at.y()) - 10; ++y) {  // between the worker lane and the tick: the line passes here
            for (int x = std::max(0, int(at.x()) - 60); x < std::min(after.width(), int(at.x()) + 4); ++x)
                changed += before.pixel(x, y) != after.pixel(x, y);
        }
        QVERIFY(changed > 20);
    }
    void syncZoomsPansFollowsSelects()
    {
        RunHistory run = synthetic::makeHistory({});
        SyncPicture view(m_theme);
        open(view, &run);
        SyncCanvas& canvas = *view.canvas();
        QCOMPARE(canvas.view(), SyncCanvas::View::Fit);
        const double under = canvas.scale().time(500);
        const double before = canvas.scale().msPerPixel;
        QWheelEvent wheel(QPointF(500, 200), canvas.mapToGlobal(QPointF(500, 200)), {}, QPoint(0, 240), Qt::NoButton,
            Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(&canvas, &wheel);
        QVERIFY(canvas.scale().msPerPixel < before);
        QVERIFY(std::abs(canvas.scale().time(500) - under) < 1);
        const double origin = canvas.scale().originMs;
        QTest::mousePress(&canvas, Qt::LeftButton, Qt::NoModifier, QPoint(400, 200));
        QTest::mouseMove(&canvas, QPoint(440, 200));
        QTest::mouseRelease(&canvas, Qt::LeftButton, Qt::NoModifier, QPoint(440, 200));
        QVERIFY(std::abs(canvas.scale().originMs - (origin - 40 * canvas.scale().msPerPixel)) < canvas.scale().msPerPixel);
        QTest::keyClick(&canvas, Qt::Key_End);
        QCOMPARE(canvas.view(), SyncCanvas::View::Follow);
        run.lastEventMs += 5000;
        run.traffic.push_back({run.lastEventMs, 10});
        view.refresh();
        QVERIFY(canvas.scale().endMs() >= double(run.lastEventMs));
        QTest::keyClick(&canvas, Qt::Key_0);
        QCOMPARE(canvas.view(), SyncCanvas::View::Fit);
        QTest::mousePress(&canvas, Qt::LeftButton, Qt::ShiftModifier, QPoint(300, 200));
        QTest::mouseMove(&canvas, QPoint(500, 200));
        QTest::mouseRelease(&canvas, Qt::LeftButton, Qt::ShiftModifier, QPoint(500, 200));
        QVERIFY(canvas.selection().has_value());
        QVERIFY(std::abs((canvas.selection()->second - canvas.selection()->first) / canvas.scale().msPerPixel - 200) < 3);
        QVERIFY(canvas.accessibleDescription().startsWith(QStringLiteral("Selected")));
        QTest::keyClick(&canvas, Qt::Key_Escape);
        QVERIFY(!canvas.selection().has_value());
    }
    void curvesSwitchTrainAndValidation()
    {
        const RunHistory run = synthetic::makeHistory({});
        CurvesView view(m_theme);
        open(view, &run);
        const int all = view.plot()->seriesCount();
        QCOMPARE(all, 1 + 4 + 1 + 4 + 1);  // warm start, four paths and their mean, twice
        trigger(view, QStringLiteral("Valid"));
        QCOMPARE(view.plot()->seriesCount(), 6);
        trigger(view, QStringLiteral("Paths"));
        QCOMPARE(view.plot()->seriesCount(), 2);
        trigger(view, QStringLiteral("Log Loss Axis"));
        QVERIFY(view.plot()->logY());
    }
    void sharpAtTwoPixelsAPoint()
    {
        const RunHistory run = synthetic::makeHistory({});
        PathPicture view(m_theme);
        open(view, &run);
        QImage twice(view.size() * 2, QImage::Format_ARGB32_Premultiplied);
        twice.setDevicePixelRatio(2);
        view.render(&twice);
        QCOMPARE(twice.size(), view.size() * 2);
        QVERIFY(twice.pixelColor(twice.width() / 2, twice.height() / 2).isValid());
    }

private:
    void open(PaneFrame& view, const RunHistory* run)
    {
        view.resize(1000, 560);
        view.show();
        if (auto* paths = qobject_cast<PathPicture*>(&view)) paths->setHistory(run);
        if (auto* sync = qobject_cast<SyncPicture*>(&view)) sync->setHistory(run);
        if (auto* curves = qobject_cast<CurvesView*>(&view)) curves->setHistory(run);
        QVERIFY(QTest::qWaitForWindowExposed(&view, 40'000));
        QCoreApplication::processEvents();
    }
    template <typename View>
    void hidden()
    {
        RunHistory run = synthetic::makeHistory({});
        View view(m_theme);
        view.resize(800, 480);
        view.setHistory(&run);
        for (int i = 0; i < 50; ++i) {
            run.lastEventMs += 10;
            run.paths[0].train.push_back({1000.0 + i, 1});
            view.refresh();
        }
        QCOMPARE(view.rebuilds(), 0);
        view.show();
        QCOMPARE(view.rebuilds(), 1);
        view.refresh();
        view.refresh();
        QCOMPARE(view.rebuilds(), 1);  // nothing changed: nothing done
        run.lastEventMs += 10;
        run.paths[0].train.push_back({2000, 1});
        view.refresh();
        QCOMPARE(view.rebuilds(), 2);
        view.hide();
        run.lastEventMs += 10;
        view.refresh();
        QCOMPARE(view.rebuilds(), 2);
    }
    template <typename View>
    void states()
    {
        View view(m_theme);
        view.resize(800, 480);
        view.show();
        view.setHistory(nullptr);
        QCOMPARE(view.state(), PaneFrame::State::Empty);
        RunHistory planned;
        planned.name = QStringLiteral("fresh");
        planned.state = 1;
        view.setHistory(&planned);
        QCOMPARE(view.state(), PaneFrame::State::Loading);
        planned.state = 4;
        planned.reason = QStringLiteral("the corpus is gone");
        view.setHistory(&planned);
        QCOMPARE(view.state(), PaneFrame::State::Error);
        const RunHistory run = synthetic::makeHistory({});
        view.setHistory(&run);
        QCOMPARE(view.state(), PaneFrame::State::Content);
        view.showLost(run.lastEventMs, 3);
        view.refresh();
        QCOMPARE(view.state(), PaneFrame::State::Lost);
    }
    template <typename View>
    void named()
    {
        const RunHistory run = synthetic::makeHistory({});
        View view(m_theme);
        open(view, &run);
        QVERIFY(!view.accessibleName().isEmpty());
        int seen = 0;
        for (QWidget* widget : view.template findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible()) continue;
            QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
            QVERIFY(accessible != nullptr);
            const QString name = accessible->text(QAccessible::Name);
            QVERIFY2(!name.isEmpty(), widget->metaObject()->className());
            ++seen;
        }
        QVERIFY(seen >= 4);
    }
    static void trigger(QWidget& view, const QString& text)
    {
        for (QAction* action : view.findChildren<QAction*>()) {
            if (action->text() == text) return action->trigger();
        }
        QFAIL("no such action");
    }
    ThemeController& m_theme;
};

QObject* makeViewsTest(ThemeController& theme)
{
    return new ViewsTest(theme);
}

}  // namespace pathloom

#include "tst_views.moc"
