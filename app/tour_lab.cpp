// SPDX-License-Identifier: GPL-3.0-or-later
// The tour's last steps: the router explorer, the translation lab, a film.
#include "app/main_window.h"
#include "app/tour.h"
#include "engine/core/resources.h"
#include "widgets/theme/pane_frame.h"
#include "widgets/views/probe/ask_page.h"
#include "widgets/views/probe/probe_pane.h"
#include "widgets/views/translate/translate_page.h"
#include "widgets/views/translate/translate_pane.h"

namespace pathloom {

/// A film that says nothing in words: its pictures are asked.
void Tour::addFilm()
{
    const auto film = resource_path("probes/secret.mp4");
    if (!film || !sibling_program("pathloom-read") || !sibling_program("pathloom-probe")) return;  // not parts of this build
    auto* probe = qobject_cast<ProbePane*>(m_window.pane(QStringLiteral("probe")));
    m_steps.push_back({tr("the probe pane"), [] { return true; },
        [this, probe, path = QString::fromStdString(film->string())] {
            m_window.commands().trigger(QStringLiteral("view.probe"));
            FilmReading reading;
            reading.pictureText = false;
            reading.pictures = true;
            probe->setFilmReading(reading);
            probe->addDocuments({path});
        }});
    m_steps.push_back({tr("the film's pictures"), [probe] { return !probe->isBusy(); },
        [probe] { probe->askPage()->ask(tr("What is the secret word?"), {}); }});
    m_steps.push_back({tr("the film to answer"), [probe] { return !probe->isBusy(); }, {}});
    addPicture(QStringLiteral("probe-film"), {});
}

/// The router explorer of the watched run, and the language pack that ships.
void Tour::addLab()
{
    m_steps.push_back({tr("the router explorer"),
        [this] {
            m_window.session().showRun(m_runs.first());
            m_window.commands().trigger(QStringLiteral("view.router"));
            return isSettled(QStringLiteral("router"));
        },
        {}});
    addPicture(QStringLiteral("router"), [this] { m_window.applyLayout(QStringLiteral("probe")); });
    m_steps.push_back({tr("the translation lab"),
        [this] {
            m_window.commands().trigger(QStringLiteral("view.translate"));
            return isSettled(QStringLiteral("translate"));
        },
        [this] {
            if (auto* lab = qobject_cast<TranslatePane*>(m_window.pane(QStringLiteral("translate"))))
                lab->page()->setSentence(QStringLiteral("Nili vado wane boluti."));
        }});
    m_steps.push_back({tr("the translations"),
        [this] {
            auto* lab = qobject_cast<TranslatePane*>(m_window.pane(QStringLiteral("translate")));
            return lab && !lab->page()->isWaiting();
        },
        {}});
    addPicture(QStringLiteral("translate"), {});
    addFilm();
}

}  // namespace pathloom
