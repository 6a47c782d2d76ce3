// SPDX-License-Identifier: GPL-3.0-or-later
// What an importer of films can do beside giving their text. An importer plugin may implement it too ("media": true in its
// metadata); pathloom-read then answers --media, --thumbnails, --overlay and --look.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/read_options.h"
#include "engine/media/looks.h"
#include "engine/media/media_facts.h"
#include "engine/media/overlay_reading.h"
#include "engine/media/thumbnails.h"

#include <QtPlugin>

#include <filesystem>
#include <functional>

namespace pathloom {

class MediaReader {
public:
    virtual ~MediaReader() = default;
    /// Errors without the file's name, as everywhere in importers.
    [[nodiscard]] virtual Result<MediaFacts> facts(const std::filesystem::path& file) const = 0;
    /// As make_thumbnails().
    [[nodiscard]] virtual Result<void> thumbnails(
        const std::filesystem::path& file, int count, int height, const std::function<bool(const Thumbnail&)>& sink) const = 0;
    /// As read_overlays().
    [[nodiscard]] virtual Result<void> overlays(const std::filesystem::path& file, const ReadOptions& options,
        const std::vector<OverlayRequest>& requests, const std::function<bool(const OverlayReading&)>& sink) const = 0;
    /// As look_at_overlays() when there are requests, else as look_at_film().
    [[nodiscard]] virtual Result<void> looks(const std::filesystem::path& file, const LookSize& size, const ReadOptions& options,
        std::size_t count, const std::vector<OverlayRequest>& requests, const std::function<bool(const Look&)>& sink) const = 0;
};

}  // namespace pathloom

#define PATHLOOM_MEDIA_READER_IID "org.pathloom.MediaReader/1"
Q_DECLARE_INTERFACE(pathloom::MediaReader, PATHLOOM_MEDIA_READER_IID)
