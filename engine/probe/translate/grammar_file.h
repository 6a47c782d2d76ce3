// SPDX-License-Identifier: GPL-3.0-or-later
// A grammar as people have it: text and Markdown as they are, PDF, HTML, EPUB and the like through the importers.
#pragma once

#include "engine/probe/translate/pack_maker.h"

#include <functional>

namespace pathloom {

class GrammarFiles {
public:
    /// The text of `file`; nothing for an empty path. A file that was read last and has not changed is not read again. As
    /// read_utf8() for text and Markdown, as read_document() for other formats; Cancelled once `stopped` says so.
    Result<GrammarText> read(const std::filesystem::path& file, const std::function<bool()>& stopped);

private:
    std::filesystem::path m_file;
    std::filesystem::file_time_type m_changed;
    GrammarText m_last;
};

}  // namespace pathloom
