// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/media_abilities.h"

#include "engine/media/picture_text.h"
#include "engine/media/speech.h"

namespace pathloom {

MediaAbilities media_abilities()
{
    return {PictureText::languages(), SpeechRecogniser::problem()};
}

}  // namespace pathloom
