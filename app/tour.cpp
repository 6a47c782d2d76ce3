// SPDX-License-Identifier: GPL-3.0-or-later
// Tour: the step queue, pictures, failure and the end.
#include "app/tour.h"

#include "app/main_window.h"
#include "widgets/theme/theme.h"

#include <QCoreApplication>
#include <QDir>
#include <QEvent>
#include <QFile>
#include <QPixmap>

#include <cstdio>

namespace pathloom {
namespace {
constexpr int tickMs = 250;
}

Tour::Tour(MainWindow& window, ThemeController& theme, TourPlan plan, QObject* parent)
    : QObject(parent)
    , m_window(window)
    , m_theme(theme)
    , m_plan(std::move(plan))
{
    m_theme.setReducedMotion(true);  // pictures must not catch a fade half-way
    m_tick.setInterval(tickMs);
    connect(&m_tick, &QTimer::timeout, this, &Tour::check);
    Session& session = m_window.session();
    connect(&session, &Session::frame, this, &Tour::check);
    connect(&session, &Session::corporaChanged, this, [this] {
        m_corporaListed = true;
        check();
    });
    connect(&session, &Session::runsChanged, this, [this] {
        m_runsListed = true;
        check();
    });
    connect(&m_window.project(), &Project::sampleReady, this, [this] { m_sampleReady = true; });
    connect(&m_window.project(), &Project::problem, this, [this](const QString& what, const QString& details) {
        fail(details.isEmpty() ? what : what + QStringLiteral("\n") + details);
    });
    connect(&m_window, &MainWindow::closedDown, this, [this] {
        if (m_ended) Q_EMIT finished(m_exitCode);
    });
}

void Tour::start()
{
    if (!QDir().mkpath(m_plan.out)) {
        fail(tr("%1 cannot be made; choose a folder you may write to").arg(m_plan.out));
        return;
    }
    m_clock.start();
    m_window.resize(1440, 900);
    m_window.show();
    addSteps();
    m_tick.start();
}

void Tour::check()
{
    if (m_ended || m_checking) return;
    m_checking = true;  // an action may pump signals that come back here
    while (!m_ended && !m_steps.empty() && m_steps.front().ready()) {
        const Step step = std::move(m_steps.front());
        m_steps.pop_front();
        if (step.act) step.act();
    }
    m_checking = false;
    if (m_ended) return;
    if (m_steps.empty())
        end(0);
    else if (double(m_clock.elapsed()) > m_plan.timeoutSeconds * 1000.0)
        fail(tr("the tour took longer than %1 s, waiting for: %2").arg(m_plan.timeoutSeconds).arg(m_steps.front().what));
}

void Tour::say(const QString& line)
{
    if (line == m_lastSaid) return;
    m_lastSaid = line;
    std::fprintf(stderr, "[%6.1f s] %s\n", double(m_clock.elapsed()) / 1000.0, qPrintable(line));
}

void Tour::fail(const QString& why)
{
    if (m_ended) return;
    std::fprintf(stderr, "pathloom: %s\n", qPrintable(why));
    end(1);
}

void Tour::end(int exitCode)
{
    m_ended = true;
    m_exitCode = exitCode;
    m_tick.stop();
    if (m_form) m_form = nullptr;
    // Always through the event loop: a failure may come before exec() runs.
    QMetaObject::invokeMethod(
        this, [this] { m_window.closeQuietly(); }, Qt::QueuedConnection);
}

void Tour::picture(const QString& name, QWidget* widget)
{
    QWidget* shown = widget ? widget : &m_window;
    const QString path = QDir(m_plan.out).filePath(name + QStringLiteral(".png"));
    // Text set a moment ago may still wait for its layout; a person would never see the state between.
    QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
    if (!shown->grab().save(path)) {
        fail(tr("%1 cannot be written; is the disk full?").arg(path));
        return;
    }
    say(tr("wrote %1").arg(path));
}

}  // namespace pathloom
