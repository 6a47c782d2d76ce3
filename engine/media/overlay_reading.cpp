// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/overlay_reading.h"

#include "engine/media/by_seconds.h"
#include "engine/media/frame_reader.h"
#include "engine/media/picture_track.h"

#include <algorithm>

namespace pathloom {

Result<void> read_overlays(const std::filesystem::path& file, const std::string& language, double step,
    const std::vector<OverlayRequest>& requests, const std::function<bool(const OverlayReading&)>& sink)
{
    PATHLOOM_TRY(FrameReader frames, FrameReader::open(file));
    PATHLOOM_TRY(PictureText reader, PictureText::open(language));
    for (const std::size_t i : by_seconds(requests)) {
        const OverlayRequest& request = requests[i];
        PictureTrack track(std::move(reader));
        if (request.seconds >= step) {
            PATHLOOM_TRY([[maybe_unused]] const bool before, frames.go_to(request.seconds - step));
            track.pass_over(frames.picture(1, LeastLookHeight, MostLookHeight));
        }
        PATHLOOM_CHECK(frames.show(request.seconds));
        const Picture drawn = overlaid(frames.picture(3, LeastLookHeight, MostLookHeight), request.overlay);
        OverlayReading reading{i, request.seconds, track.look(grey_of(drawn))};
        reader = std::move(track).reader();
        if (!sink(reading)) return fail(ErrorCode::Cancelled, "stopped");
    }
    return {};
}

}  // namespace pathloom
