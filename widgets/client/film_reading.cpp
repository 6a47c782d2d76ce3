// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/client/film_reading.h"

#include "pathloom/v1/engine.pb.h"

namespace pathloom {

QJsonObject toJson(const FilmReading& reading)
{
    return {{QStringLiteral("fps"), reading.framesPerSecond}, {QStringLiteral("picture_text"), reading.pictureText},
        {QStringLiteral("text_language"), reading.languages.join(QLatin1Char('+'))}, {QStringLiteral("speech"), reading.speech},
        {QStringLiteral("pictures"), reading.pictures}};
}

FilmReading toFilmReading(const QJsonObject& json)
{
    FilmReading out;
    if (const double fps = json.value(QLatin1String("fps")).toDouble(); fps >= 0.001 && fps <= 60) out.framesPerSecond = fps;
    out.pictureText = json.value(QLatin1String("picture_text")).toBool(out.pictureText);
    const QStringList languages
        = json.value(QLatin1String("text_language")).toString().split(QLatin1Char('+'), Qt::SkipEmptyParts);
    if (!languages.isEmpty()) out.languages = languages;
    out.speech = json.value(QLatin1String("speech")).toBool(out.speech);
    out.pictures = json.value(QLatin1String("pictures")).toBool(out.pictures);
    return out;
}

void fill(v1::FilmReading& message, const FilmReading& reading)
{
    message.set_frames_per_second(reading.framesPerSecond);
    message.set_leave_picture_text(!reading.pictureText);
    message.set_text_language(reading.languages.join(QLatin1Char('+')).toStdString());
    message.set_speech(reading.speech);
}

}  // namespace pathloom
