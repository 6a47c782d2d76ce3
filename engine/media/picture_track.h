// SPDX-License-Identifier: GPL-3.0-or-later
// The text of a film's pictures, looked at one after the other: only what changed is read, and what stays is said once.
#pragma once

#include "engine/media/picture_change.h"
#include "engine/media/picture_text.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pathloom {

inline constexpr const char* PictureTextTrack = "text in the picture";
/// Heights of the pictures to be looked at, for FrameReader::picture().
inline constexpr int LeastLookHeight = 720, MostLookHeight = 1080;

/// A picture made smaller by the mean of its pixels, to `height` rows; as it is when it has no more.
Picture shrunk(const Picture& grey, int height);

class PictureTrack {
public:
    explicit PictureTrack(PictureText reader)
        : m_reader(std::move(reader))
    {
    }
    /// The lines of a grey picture that were not in one of the 60 pictures before, from the top.
    std::vector<PictureLine> look(const Picture& grey);
    /// The same picture, but nothing is read: what it shows counts as known.
    void pass_over(const Picture& grey) { m_changes.changed(shrunk(grey, ChangeHeight)); }
    /// What it reads with, to go on with elsewhere.
    [[nodiscard]] PictureText reader() && { return std::move(m_reader); }
    /// How many pictures were read at least in part, of those looked at.
    [[nodiscard]] std::int64_t read() const { return m_read; }
    [[nodiscard]] std::int64_t looked() const { return m_looked; }

private:
    PictureText m_reader;
    ChangeFinder m_changes;
    std::map<std::string, std::int64_t> m_recent;  ///< letters of a line, and the look it was read in last
    std::int64_t m_looked = 0, m_read = 0;
};

}  // namespace pathloom
