// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/picture_search.h"

#include "engine/media/by_seconds.h"
#include "engine/media/frame_reader.h"
#include "engine/media/picture_copy.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr double apart = 2.0;  // seconds between two answers

}  // namespace

Result<void> mark_film(const std::filesystem::path& file, double rate, const std::function<bool(const MarkedMoment&)>& sink)
{
    PATHLOOM_TRY(FrameReader frames, FrameReader::open(file));
    PictureMark mark;
    for (std::int64_t i = 0;; ++i) {
        const double seconds = double(i) / rate;
        PATHLOOM_TRY(const bool there, frames.go_to(seconds));
        if (!there && i > 0) return {};
        if (frames.changed() || i == 0) mark = mark_of(frames.picture(3, 0, MarkHeight));
        if (!sink({seconds, mark})) return fail(ErrorCode::Cancelled, "stopped");
    }
}

Result<void> mark_copies(const std::filesystem::path& file, const std::vector<CopyRequest>& requests,
    const std::function<bool(std::size_t index, const PictureMark&)>& sink)
{
    PATHLOOM_TRY(FrameReader frames, FrameReader::open(file));
    for (const std::size_t i : by_seconds(requests)) {
        PATHLOOM_CHECK(frames.show(requests[i].seconds));
        PATHLOOM_TRY(const Picture copy, copied(frames.picture(3), copy_recipe(requests[i].seed)));
        if (!sink(i, mark_of(copy))) return fail(ErrorCode::Cancelled, "stopped");
    }
    return {};
}

Result<std::vector<FoundMoment>> find_picture(const std::filesystem::path& film, const std::filesystem::path& image, double rate,
    std::size_t count, const std::function<bool(double done, double total)>& progress)
{
    PATHLOOM_TRY(FrameReader opened, FrameReader::open(image));
    PATHLOOM_TRY([[maybe_unused]] const bool there, opened.go_to(0.0));
    const PictureMark wanted = mark_of(opened.picture(3, 0, MarkHeight));
    PATHLOOM_TRY(const FrameReader frames, FrameReader::open(film));
    std::vector<FoundMoment> all;
    PATHLOOM_CHECK(mark_film(film, rate, [&](const MarkedMoment& one) {
        all.push_back({one.seconds, difference(one.mark, wanted)});
        return progress(one.seconds, frames.duration());
    }));
    std::ranges::stable_sort(all, {}, &FoundMoment::difference);
    std::vector<FoundMoment> out;
    for (const FoundMoment& one : all) {
        if (out.size() == count) break;
        if (std::ranges::all_of(out, [&](const FoundMoment& other) { return std::abs(other.seconds - one.seconds) > apart; }))
            out.push_back(one);
    }
    return out;
}

}  // namespace pathloom
