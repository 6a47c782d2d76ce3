// SPDX-License-Identifier: GPL-3.0-or-later
// FilmTransport.
#include "widgets/views/film/film_transport.h"

#include "widgets/media/film_player.h"
#include "widgets/models/film_timeline.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QActionGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QToolButton>

#include <algorithm>
#include <array>
#include <cmath>

namespace pathloom {
namespace {

constexpr std::array<double, 6> speeds{0.5, 0.75, 1.0, 1.25, 1.5, 2.0};

QString speedText(double speed)
{
    return QStringLiteral("%1\u00d7").arg(QLocale().toString(speed, 'g', 3));
}

}  // namespace

FilmTransport::FilmTransport(FilmPlayer& player, QWidget* parent)
    : QWidget(parent)
    , m_player(player)
    , m_time(new QLabel)
    , m_play(makeAction("film.play", u"run", tr("Play"), tr("Space")))
    , m_back(makeAction("film.back", u"frame-back", tr("Previous Frame"), tr("comma; left goes back a second")))
    , m_forward(makeAction("film.forward", u"frame-forward", tr("Next Frame"), tr("full stop; right goes on a second")))
    , m_find(makeAction("film.find", u"image", tr("Find a Picture\u2026"), tr("slash")))
    , m_previous(makeAction("film.mark.previous", u"mark-back", tr("Previous Place of the Answer"), tr("P")))
    , m_next(makeAction("film.mark.next", u"mark-forward", tr("Next Place of the Answer"), tr("N")))
    , m_follow(makeAction("film.follow", u"follow", tr("Text Follows the Film"), tr("F")))
    , m_mute(makeAction("film.mute", u"sound", tr("Mute"), tr("M")))
    , m_speed(new QToolButton)
{
    setObjectName(QStringLiteral("film.transport"));
    m_time->setObjectName(QStringLiteral("film.time"));
    m_time->setAccessibleName(tr("Time in the film"));
    m_time->setFont(Theme::labelFont());
    m_follow->setCheckable(true);
    m_follow->setChecked(true);
    m_mute->setCheckable(true);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 4, 12, 4);
    row->setSpacing(2);
    for (QAction* action : {m_back, m_play, m_forward}) row->addWidget(addButton(action));
    row->addSpacing(8);
    row->addWidget(m_time);
    row->addStretch(1);
    for (QAction* action : {m_find, m_previous, m_next, m_follow}) row->addWidget(addButton(action));
    makeSpeeds();
    row->addWidget(m_speed);
    row->addWidget(addButton(m_mute));
    connect(m_play, &QAction::triggered, this, &FilmTransport::togglePlay);
    connect(m_back, &QAction::triggered, this, [this] { m_player.step(-1); });
    connect(m_forward, &QAction::triggered, this, [this] { m_player.step(1); });
    connect(m_find, &QAction::triggered, this, &FilmTransport::pictureWanted);
    connect(m_previous, &QAction::triggered, this, [this] { Q_EMIT markWanted(-1); });
    connect(m_next, &QAction::triggered, this, [this] { Q_EMIT markWanted(1); });
    connect(m_follow, &QAction::toggled, this, &FilmTransport::followChanged);
    connect(m_mute, &QAction::toggled, this, [this](bool on) {
        m_player.setMuted(on);
        updateActions();
    });
    connect(&player, &FilmPlayer::stateChanged, this, &FilmTransport::updateActions);
    setMarksKnown(false);
    setPicturesKnown(false);
    updateActions();
}

QAction* FilmTransport::makeAction(const char* name, QStringView symbol, const QString& text, const QString& key)
{
    auto* action = new QAction(icon(symbol), text, this);
    action->setObjectName(QLatin1String(name));
    action->setToolTip(QStringLiteral("%1 (%2)").arg(text, key));
    return action;
}

QToolButton* FilmTransport::addButton(QAction* action)
{
    auto* button = new QToolButton;
    button->setObjectName(action->objectName() + QStringLiteral(".button"));
    button->setDefaultAction(action);
    button->setAccessibleName(action->text());
    button->setIconSize({16, 16});
    button->setMinimumSize(26, 26);
    connect(action, &QAction::changed, button, [button, action] { button->setAccessibleName(action->text()); });
    return button;
}

void FilmTransport::makeSpeeds()
{
    auto* menu = new QMenu(m_speed);
    auto* group = new QActionGroup(menu);
    for (const double speed : speeds) {
        QAction* action = menu->addAction(speedText(speed));
        action->setObjectName(QStringLiteral("film.speed.%1").arg(int(speed * 100)));
        action->setCheckable(true);
        action->setChecked(speed == 1.0);
        action->setData(speed);
        group->addAction(action);
    }
    connect(group, &QActionGroup::triggered, this, [this](QAction* action) {
        m_player.setRate(action->data().toDouble());
        updateActions();
    });
    m_speed->setObjectName(QStringLiteral("film.speed"));
    m_speed->setMenu(menu);
    m_speed->setPopupMode(QToolButton::InstantPopup);
    m_speed->setMinimumSize(44, 26);
    m_speed->setToolTip(tr("Speed ([ slower, ] faster)"));
}

void FilmTransport::setTime(double seconds, double length)
{
    const bool hours = length >= 3600;
    m_time->setText(QStringLiteral("%1 / %2").arg(filmTime(seconds, 1, hours), filmTime(length, 0, hours)));
}

void FilmTransport::setMarksKnown(bool known)
{
    m_previous->setEnabled(known);
    m_next->setEnabled(known);
}

void FilmTransport::setPicturesKnown(bool known)
{
    m_find->setEnabled(known);
}

bool FilmTransport::follows() const
{
    return m_follow->isChecked();
}

void FilmTransport::togglePlay()
{
    if (m_player.state() == FilmPlayer::State::Playing)
        m_player.pause();
    else
        m_player.play();
}

void FilmTransport::changeSpeed(int direction)
{
    auto now = std::min_element(speeds.begin(), speeds.end(),
        [&](double a, double b) { return std::abs(a - m_player.rate()) < std::abs(b - m_player.rate()); });
    const auto at = std::clamp<std::ptrdiff_t>(now - speeds.begin() + direction, 0, std::ptrdiff_t(speeds.size()) - 1);
    const QList<QAction*> actions = m_speed->menu()->actions();
    if (m_speed->isEnabled()) actions[qsizetype(at)]->trigger();
}

void FilmTransport::toggleMuted()
{
    if (m_mute->isEnabled()) m_mute->toggle();
}

void FilmTransport::toggleFollow()
{
    m_follow->toggle();
}

void FilmTransport::updateActions()
{
    const bool playing = m_player.state() == FilmPlayer::State::Playing;
    const bool open = playing || m_player.state() == FilmPlayer::State::Paused;
    m_play->setIcon(icon(playing ? u"pause" : u"run"));
    m_play->setText(playing ? tr("Pause") : tr("Play"));
    m_play->setToolTip(QStringLiteral("%1 (%2)").arg(m_play->text(), tr("Space")));
    for (QAction* action : {m_play, m_back, m_forward}) action->setEnabled(open);
    const bool audible = open && m_player.hasSound() && FilmPlayer::hasLoudspeaker();
    m_mute->setEnabled(audible);
    m_mute->setIcon(icon(m_player.isMuted() ? u"muted" : u"sound"));
    m_mute->setToolTip(audible || !open ? QStringLiteral("%1 (%2)").arg(m_mute->text(), tr("M"))
            : m_player.hasSound()       ? tr("There is no loudspeaker on this computer")
                                        : tr("The film has no sound"));
    m_speed->setEnabled(open);
    m_speed->setText(speedText(m_player.rate()));
    m_speed->setAccessibleName(tr("Speed %1").arg(m_speed->text()));
}

}  // namespace pathloom
