// SPDX-License-Identifier: GPL-3.0-or-later
// What an importer plugin is. Its metadata says what it reads, so that pathloom-read can choose without loading it:
// {"id": "pdf", "name": "PDF", "apiVersion": 1, "extensions": [".pdf"], "magic": ["%PDF-"]}
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/segment.h"

#include <QtPlugin>

#include <string_view>

namespace pathloom {

inline constexpr int ImporterApiVersion = 1;

class DocumentImporter {
public:
    virtual ~DocumentImporter() = default;
    /// Gives a whole file's segments in order. Corrupt or Usage in one line, without the file's name, when it cannot be read.
    [[nodiscard]] virtual Result<void> read(std::string_view bytes, const SegmentSink& sink) const = 0;
};

}  // namespace pathloom

#define PATHLOOM_IMPORTER_IID "org.pathloom.DocumentImporter/1"
Q_DECLARE_INTERFACE(pathloom::DocumentImporter, PATHLOOM_IMPORTER_IID)
