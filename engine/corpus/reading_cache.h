// SPDX-License-Identifier: GPL-3.0-or-later
// What pathloom-read said of a film, kept in the user's cache: reading one takes minutes, asking it seconds.
#pragma once

#include "engine/corpus/read_options.h"
#include "engine/corpus/segment.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace pathloom {

/// Of one file, as it is now and read with these options. Nothing is kept of a file that is read without signs of progress: that
/// is fast. A cache that cannot be written is no error.
class ReadingCache {
public:
    ReadingCache(const std::filesystem::path& file, const ReadOptions& options);
    /// Adds the segments of a finished reading to `out`; false when there is none.
    bool take_finished(DocumentText& out);
    /// Adds those of the part that was read, when a reading was stopped, and says up to where (seconds); 0: there is none.
    double take_part(DocumentText& out);
    /// A segment's line, and how far the film is read: what was added before it is kept even if the reading stops.
    void add(std::string_view line);
    void reached(double seconds);
    /// The reading is whole.
    void finish();

private:
    void write(std::string_view text);
    std::filesystem::path m_done, m_part;  ///< empty: nothing is kept
    std::string m_waiting;  ///< lines since the last sign
    std::ofstream m_out;
    bool m_signs = false;
};

}  // namespace pathloom
