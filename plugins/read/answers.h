// SPDX-License-Identifier: GPL-3.0-or-later
// What pathloom-read does for a call: each prints JSON lines on stdout as it goes. Errors are without the file's name.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/read_options.h"
#include "engine/media/looks.h"
#include "engine/media/overlay_reading.h"
#include "engine/media/picture_search.h"
#include "engine/media/spoken_reading.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

struct ReadCall {
    std::string file;
    bool list = false, media = false, abilities = false;
    int thumbnails = 0, thumbnail_height = 72;
    std::vector<OverlayRequest> overlays;
    std::vector<SpokenRequest> spoken;
    bool marks = false;
    std::vector<CopyRequest> copies;
    std::string find;  ///< a file with an image
    LookSize look;  ///< a height: pictures themselves are wanted
    std::size_t look_count = 0;  ///< 0: to the end of the film
    unsigned long megabytes = 2048;
    unsigned long seconds = 120;  ///< of computing; for importers that read by path, between two signs of progress
    ReadOptions options;
};

/// A line on stdout; false when nobody reads it any more.
bool print_line(const std::string& line);

/// The importers there are.
bool print_importers();
/// Segments, then {"end": N}.
Result<void> print_document(const ReadCall& call);
/// {"abilities": {...}}: what there are models for.
Result<void> print_abilities();
/// {"media": {...}}
Result<void> print_media(const ReadCall& call);
/// {"thumbnail": {...}} each, then {"end": N}.
Result<void> print_thumbnails(const ReadCall& call);

/// {"overlay": {...}} each, by their seconds, then {"end": N}.
Result<void> print_overlays(const ReadCall& call);

/// {"spoken": {...}} each, by their seconds, then {"end": N}.
Result<void> print_spoken(const ReadCall& call);

/// {"mark": {...}} each, in between signs of progress, then {"end": N}.
Result<void> print_marks(const ReadCall& call);
/// {"mark": {...}} each with its index, by their seconds, then {"end": N}.
Result<void> print_copies(const ReadCall& call);
/// Signs of progress, {"moment": {...}} the likeliest first, then {"end": N}.
Result<void> print_found(const ReadCall& call);

/// "SECONDS,SEED" as a request; nothing when it is none.
std::optional<CopyRequest> parse_copy(std::string_view text);
/// "SECONDS,VOICE,TEXT" as a request; nothing when it is none.
std::optional<SpokenRequest> parse_spoken(std::string_view text);
/// A sign of progress and {"look": {...}} each, with the words of the overlays when there are any, then {"end": N}.
Result<void> print_looks(const ReadCall& call);

/// "WIDTHxHEIGHT" as a size, 0 as the width: by the film's; nothing when it is none.
std::optional<LookSize> parse_look(std::string_view text);

/// "SECONDS,X,Y,TEXT" as a request; nothing when it is none.
std::optional<OverlayRequest> parse_overlay(std::string_view text);

}  // namespace pathloom
