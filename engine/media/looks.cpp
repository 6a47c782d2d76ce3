// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/looks.h"

#include "engine/media/by_seconds.h"
#include "engine/media/frame_reader.h"
#include "engine/media/picture_copy.h"
#include "engine/media/picture_track.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

Picture reduced(const Picture& grey, const LookSize& size)
{
    const int width = size.width > 0 ? size.width : int(std::lround(double(grey.width) * size.height / std::max(1, grey.height)));
    return resized(grey, std::max(1, width), size.height);
}

/// The present picture as words are drawn on it and copies made of it.
Result<Picture> colours_of(const FrameReader& frames, double seconds)
{
    Picture rgb = frames.picture(3, LeastLookHeight, MostLookHeight);
    if (rgb.bytes.empty()) return fail(ErrorCode::Corrupt, "has a picture at {:.0f} s that cannot be converted", seconds);
    return rgb;
}

/// The pictures at the requests' seconds as `changed` makes them, in the order of their seconds.
template <class Request, class Change>
Result<void> look_at_requests(const std::filesystem::path& file, const LookSize& size, const std::vector<Request>& requests,
    const std::function<bool(const Look&)>& sink, const Change& changed)
{
    PATHLOOM_TRY(FrameReader frames, FrameReader::open(file));
    for (const std::size_t i : by_seconds(requests)) {
        PATHLOOM_CHECK(frames.show(requests[i].seconds));
        PATHLOOM_TRY(const Picture rgb, colours_of(frames, requests[i].seconds));
        PATHLOOM_TRY(const Picture now, changed(rgb, requests[i]));
        if (!sink({i, requests[i].seconds, reduced(grey_of(now), size)})) return fail(ErrorCode::Cancelled, "stopped");
    }
    return {};
}

}  // namespace

Result<void> look_at_film(const std::filesystem::path& file, const LookSize& size, double from, double step, std::size_t count,
    const std::function<bool(const Look&)>& sink)
{
    PATHLOOM_TRY(FrameReader frames, FrameReader::open(file));
    for (std::size_t i = 0; count == 0 || i < count; ++i) {
        const double seconds = from + step * double(i);
        PATHLOOM_TRY(const bool there, frames.go_to(seconds));
        if (!there && count == 0 && i > 0) break;
        PATHLOOM_TRY(const Picture rgb, colours_of(frames, seconds));
        if (!sink({i, seconds, reduced(grey_of(rgb), size)})) return fail(ErrorCode::Cancelled, "stopped");
    }
    return {};
}

Result<void> look_at_overlays(const std::filesystem::path& file, const LookSize& size,
    const std::vector<OverlayRequest>& requests, const std::function<bool(const Look&)>& sink)
{
    return look_at_requests(file, size, requests, sink,
        [](const Picture& rgb, const OverlayRequest& request) -> Result<Picture> { return overlaid(rgb, request.overlay); });
}

Result<void> look_at_copies(const std::filesystem::path& file, const LookSize& size, const std::vector<CopyRequest>& requests,
    const std::function<bool(const Look&)>& sink)
{
    return look_at_requests(file, size, requests, sink,
        [](const Picture& rgb, const CopyRequest& request) { return copied(rgb, copy_recipe(request.seed)); });
}

}  // namespace pathloom
