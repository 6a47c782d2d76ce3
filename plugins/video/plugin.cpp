// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/api/document_importer.h"
#include "plugins/api/media_reader.h"
#include "plugins/video/film_document.h"

#include <QObject>

namespace pathloom {

class VideoImporter : public QObject, public DocumentImporter, public MediaReader {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID PATHLOOM_IMPORTER_IID FILE "video.json")
    Q_INTERFACES(pathloom::DocumentImporter pathloom::MediaReader)

public:
    [[nodiscard]] Result<void> read(const ImportSource& source, const SegmentSink& sink) const override
    {
        return read_film(source.file, source.options, source.progress, sink);
    }
    [[nodiscard]] Result<MediaFacts> facts(const std::filesystem::path& file) const override { return media_facts(file); }
    [[nodiscard]] MediaAbilities abilities() const override { return media_abilities(); }
    [[nodiscard]] Result<void> thumbnails(const std::filesystem::path& file, int count, int height,
        const std::function<bool(const Thumbnail&)>& sink) const override
    {
        return make_thumbnails(file, count, height, sink);
    }
    [[nodiscard]] Result<void> overlays(const std::filesystem::path& file, const ReadOptions& options,
        const std::vector<OverlayRequest>& requests, const std::function<bool(const OverlayReading&)>& sink) const override
    {
        return read_overlays(file, options.language, 1.0 / options.frames_per_second, requests, sink);
    }
    [[nodiscard]] Result<void> spoken(const std::filesystem::path& file, const std::vector<SpokenRequest>& requests,
        const std::function<bool(const SpokenReading&)>& sink) const override
    {
        return read_spoken(file, requests, sink);
    }
    [[nodiscard]] Result<void> marks(
        const std::filesystem::path& file, double rate, const std::function<bool(const MarkedMoment&)>& sink) const override
    {
        return mark_film(file, rate, sink);
    }
    [[nodiscard]] Result<void> copies(const std::filesystem::path& file, const std::vector<CopyRequest>& requests,
        const std::function<bool(std::size_t index, const PictureMark&)>& sink) const override
    {
        return mark_copies(file, requests, sink);
    }
    [[nodiscard]] Result<std::vector<FoundMoment>> find(const std::filesystem::path& film, const std::filesystem::path& image,
        double rate, std::size_t count, const std::function<bool(double done, double total)>& progress) const override
    {
        return find_picture(film, image, rate, count, progress);
    }
    [[nodiscard]] Result<void> looks(const std::filesystem::path& file, const LookSize& size, const ReadOptions& options,
        std::size_t count, const std::vector<OverlayRequest>& overlays, const std::vector<CopyRequest>& copies,
        const std::function<bool(const Look&)>& sink) const override
    {
        if (!overlays.empty()) return look_at_overlays(file, size, overlays, sink);
        if (!copies.empty()) return look_at_copies(file, size, copies, sink);
        return look_at_film(file, size, options.from, 1.0 / options.frames_per_second, count, sink);
    }
};

}  // namespace pathloom

#include "plugin.moc"
