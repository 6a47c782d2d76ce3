// SPDX-License-Identifier: GPL-3.0-or-later
// Line icons from resources/icons, drawn in the palette's colours each time, so a theme switch needs no new icons.
#pragma once

#include <QColor>
#include <QIcon>
#include <QStringList>
#include <QStringView>

namespace pathloom {

/// The icon `name` ("run", "stop", "zoom-fit" ...). Unknown names give a null icon and a warning.
QIcon icon(QStringView name);
/// The same in one fixed colour, for painting into a picture.
QPixmap iconPixmap(QStringView name, const QColor& color, int size, double devicePixelRatio);
/// Every icon there is, sorted.
QStringList iconNames();

}  // namespace pathloom
