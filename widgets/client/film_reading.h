// SPDX-License-Identifier: GPL-3.0-or-later
// How films are read: what the user chose, as requests and settings say it.
#pragma once

#include <QJsonObject>
#include <QMetaType>
#include <QStringList>

namespace pathloom {

namespace v1 {
class FilmReading;
}

struct FilmReading {
    double framesPerSecond = 1;  ///< pictures looked at for text
    bool pictureText = true;
    QStringList languages{QStringLiteral("eng")};  ///< of that text, Tesseract's names; never empty
    bool speech = false;
    bool pictures = false;  ///< the probe asks what films show, too: a frame encoder's tokens of each second
    bool operator==(const FilmReading&) const = default;
};

/// {"fps", "picture_text", "text_language", "speech", "pictures"}, as pathloom-probe takes it; what is missing or no value is as
/// usual.
QJsonObject toJson(const FilmReading& reading);
FilmReading toFilmReading(const QJsonObject& json);
/// As the engine takes it.
void fill(v1::FilmReading& message, const FilmReading& reading);

}  // namespace pathloom

Q_DECLARE_METATYPE(pathloom::FilmReading)
