// SPDX-License-Identifier: GPL-3.0-or-later
// What an importer of films can do beside giving their text. An importer plugin may implement it too ("media": true in its
// metadata); pathloom-read then answers --media, --thumbnails, --overlay, --look,
// --spoken, --marks, --copy, --find and --abilities.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/read_options.h"
#include "engine/media/looks.h"
#include "engine/media/media_abilities.h"
#include "engine/media/media_facts.h"
#include "engine/media/overlay_reading.h"
#include "engine/media/picture_search.h"
#include "engine/media/spoken_reading.h"
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
    [[nodiscard]] virtual MediaAbilities abilities() const = 0;
    /// As make_thumbnails().
    [[nodiscard]] virtual Result<void> thumbnails(
        const std::filesystem::path& file, int count, int height, const std::function<bool(const Thumbnail&)>& sink) const = 0;
    /// As read_overlays().
    [[nodiscard]] virtual Result<void> overlays(const std::filesystem::path& file, const ReadOptions& options,
        const std::vector<OverlayRequest>& requests, const std::function<bool(const OverlayReading&)>& sink) const = 0;
    /// As read_spoken().
    [[nodiscard]] virtual Result<void> spoken(const std::filesystem::path& file, const std::vector<SpokenRequest>& requests,
        const std::function<bool(const SpokenReading&)>& sink) const = 0;
    /// As mark_film(), mark_copies() and find_picture().
    [[nodiscard]] virtual Result<void> marks(
        const std::filesystem::path& file, double rate, const std::function<bool(const MarkedMoment&)>& sink) const = 0;
    [[nodiscard]] virtual Result<void> copies(const std::filesystem::path& file, const std::vector<CopyRequest>& requests,
        const std::function<bool(std::size_t index, const PictureMark&)>& sink) const = 0;
    [[nodiscard]] virtual Result<std::vector<FoundMoment>> find(const std::filesystem::path& film,
        const std::filesystem::path& image, double rate, std::size_t count,
        const std::function<bool(double done, double total)>& progress) const = 0;
    /// As look_at_overlays() or look_at_copies() when there are such requests, else as look_at_film().
    [[nodiscard]] virtual Result<void> looks(const std::filesystem::path& file, const LookSize& size, const ReadOptions& options,
        std::size_t count, const std::vector<OverlayRequest>& overlays, const std::vector<CopyRequest>& copies,
        const std::function<bool(const Look&)>& sink) const = 0;
};

}  // namespace pathloom

#define PATHLOOM_MEDIA_READER_IID "org.pathloom.MediaReader/3"
Q_DECLARE_INTERFACE(pathloom::MediaReader, PATHLOOM_MEDIA_READER_IID)
