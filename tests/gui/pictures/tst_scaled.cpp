// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures on a screen of two device pixels a pixel: sharp, and as large as they should be.
#include "synthetic.h"
#include "tests.h"

#include "widgets/theme/icons.h"
#include "widgets/views/curves/curves_view.h"
#include "widgets/views/paths/path_picture.h"
#include "widgets/views/sync/sync_picture.h"

#include <QtTest>

namespace pathloom {
namespace {

/// Blocks of 2 x 2 device pixels that are not of one colour. A picture drawn at one pixel and blown up has none.
int sharpBlocks(const QImage& image)
{
    int sharp = 0;
    for (int y = 0; y + 1 < image.height(); y += 2)
        for (int x = 0; x + 1 < image.width(); x += 2) {
            const QRgb first = image.pixel(x, y);
            if (image.pixel(x + 1, y) != first || image.pixel(x, y + 1) != first || image.pixel(x + 1, y + 1) != first) ++sharp;
        }
    return sharp;
}

}  // namespace

class ScaledTest : public QObject {
    Q_OBJECT
public:
    explicit ScaledTest(ThemeController& theme)
        : m_theme(theme)
    {
    }

private Q_SLOTS:
    void picturesAreSharp()
    {
        const RunHistory run = synthetic::makeHistory({});
        PathPicture paths(m_theme);
        SyncPicture sync(m_theme);
        CurvesView curves(m_theme);
        paths.setHistory(&run);
        sync.setHistory(&run);
        curves.setHistory(&run);
        for (PaneFrame* view : std::initializer_list<PaneFrame*>{&paths, &sync, &curves}) {
            view->resize(900, 500);
            view->show();
            QVERIFY(QTest::qWaitForWindowExposed(view, 40'000));
            QCOMPARE(view->devicePixelRatioF(), 2.0);
            const QImage image = view->content()->grab().toImage();
            QCOMPARE(image.size(), view->content()->size() * 2);
            const int blocks = image.width() * image.height() / 4;
            const int sharp = sharpBlocks(image);
            QVERIFY2(sharp > blocks / 100, qPrintable(QStringLiteral("%1: %2 of %3").arg(view->title()).arg(sharp).arg(blocks)));
        }
    }
    void iconsAreSharp()
    {
        const QPixmap pixmap = icon(u"run").pixmap(QSize(16, 16), 2.0);
        QCOMPARE(pixmap.size(), QSize(32, 32));
        QVERIFY(sharpBlocks(pixmap.toImage()) > 8);
    }

private:
    ThemeController& m_theme;
};

QObject* makeScaledTest(ThemeController& theme)
{
    return new ScaledTest(theme);
}

}  // namespace pathloom

#include "tst_scaled.moc"
