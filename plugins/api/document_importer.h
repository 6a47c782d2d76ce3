// SPDX-License-Identifier: GPL-3.0-or-later
// What an importer plugin is. Its metadata says what it reads, so that pathloom-read can choose without loading it:
// {"id": "pdf", "name": "PDF", "apiVersion": 2, "extensions": [".pdf"], "magic": ["%PDF-"]}
// "byPath": true for files that are too large to be mapped: `bytes` is then empty and there is no limit of size; the limit of
// computing holds between two signs of progress.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/read_options.h"
#include "engine/corpus/segment.h"

#include <QtPlugin>

#include <filesystem>
#include <functional>
#include <string_view>

namespace pathloom {

inline constexpr int ImporterApiVersion = 2;

struct ImportSource {
    std::filesystem::path file;
    std::string_view bytes;  ///< the whole file, unless the importer reads by path
    ReadOptions options;
    /// A sign of life from importers that read by path: how much of `total` is done, in units of their own. False: stop.
    std::function<bool(double done, double total)> progress;
};

class DocumentImporter {
public:
    virtual ~DocumentImporter() = default;
    /// Gives a whole file's segments in order. Corrupt or Usage in one line, without the file's name, when it cannot be read.
    [[nodiscard]] virtual Result<void> read(const ImportSource& source, const SegmentSink& sink) const = 0;
};

}  // namespace pathloom

#define PATHLOOM_IMPORTER_IID "org.pathloom.DocumentImporter/2"
Q_DECLARE_INTERFACE(pathloom::DocumentImporter, PATHLOOM_IMPORTER_IID)
