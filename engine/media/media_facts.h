// SPDX-License-Identifier: GPL-3.0-or-later
// What a film or a recording says of itself.
#pragma once

#include "engine/core/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

struct VideoFacts {
    std::string codec;  ///< FFmpeg's name: "h264"
    int width = 0, height = 0;  ///< as seen: turned already
    double fps = 0.0;  ///< mean over the film; 0 when it does not say
    int rotation = 0;  ///< degrees clockwise the stored pictures are turned by to be seen: 0, 90, 180, 270
};

struct AudioFacts {
    std::string codec;
    int sample_rate = 0;  ///< Hz
    int channels = 0;
};

struct SubtitleFacts {
    std::string codec, language, title;  ///< language as the file writes it ("eng"), "" when it does not
    bool text = false;  ///< words; false: pictures of words
};

struct MediaFacts {
    double seconds = 0.0;  ///< 0 when it does not say
    std::optional<VideoFacts> video;  ///< a cover in a sound file is none
    std::optional<AudioFacts> audio;
    std::vector<SubtitleFacts> subtitles;  ///< tracks inside the file
};

/// Usage when the file is no film and no recording, Corrupt when it is damaged; one line without the file's name.
Result<MediaFacts> media_facts(const std::filesystem::path& file);

}  // namespace pathloom
