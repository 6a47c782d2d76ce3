// SPDX-License-Identifier: GPL-3.0-or-later
// The documents of a call: files and folders in any format, and the places their text came from.
#pragma once

#include "engine/corpus/reader_process.h"
#include "engine/corpus/segment.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pathloom {

struct ProbeDocument {
    std::filesystem::path file;
    DocumentText content;
    int pictures = 0;  ///< seconds of film whose pictures are asked, too
};

/// One of any format, as read_document(). With `pictures` a film's seconds are counted, and one without any text is its name.
Result<ProbeDocument> read_probe_document(const std::filesystem::path& file, const ReadLimits& limits, bool pictures);

/// Files and folders read one after the other. In folders a file of an unknown kind, or without text, is skipped and
/// `skipped` told in one line; a file that was named must be readable. Usage when nothing is left or all together is too large.
Result<std::vector<ProbeDocument>> read_probe_documents(const std::vector<std::filesystem::path>& paths, const ReadLimits& limits,
    bool pictures, const std::function<void(const std::string&)>& skipped);

/// All texts with a blank line between them.
std::string joined_text(const std::vector<ProbeDocument>& documents);

}  // namespace pathloom
