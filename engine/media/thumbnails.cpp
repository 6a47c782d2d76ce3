// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/thumbnails.h"

#include "engine/media/frame_reader.h"
#include "engine/media/png.h"

namespace pathloom {

Result<void> make_thumbnails(
    const std::filesystem::path& file, int count, int height, const std::function<bool(const Thumbnail&)>& sink)
{
    PATHLOOM_TRY(FrameReader frames, FrameReader::open(file));
    const double duration = frames.duration();
    for (int i = 0; i < count; ++i) {
        const double seconds = duration * (i + 0.5) / count;
        PATHLOOM_TRY([[maybe_unused]] const bool there, frames.go_to(seconds));  // a film that ends early shows its last picture
        const Picture picture = frames.picture(3, 0, height);
        if (!sink({seconds, picture.width, picture.height, png(picture)})) return fail(ErrorCode::Cancelled, "stopped");
    }
    return {};
}

}  // namespace pathloom
