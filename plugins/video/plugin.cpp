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
    [[nodiscard]] Result<void> looks(const std::filesystem::path& file, const LookSize& size, const ReadOptions& options,
        std::size_t count, const std::vector<OverlayRequest>& requests,
        const std::function<bool(const Look&)>& sink) const override
    {
        if (!requests.empty()) return look_at_overlays(file, size, requests, sink);
        return look_at_film(file, size, options.from, 1.0 / options.frames_per_second, count, sink);
    }
};

}  // namespace pathloom

#include "plugin.moc"
