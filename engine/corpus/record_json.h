// SPDX-License-Identifier: GPL-3.0-or-later
// Import requests and records as JSON: how the import helper and the engine talk.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/pipeline.h"

#include <string>

namespace pathloom {

std::string to_json(const ImportRequest& request);
Result<ImportRequest> parse_import_request(const std::string& json);

/// Everything but the document list, which is a blob (CorpusRecord::blobs.documents).
std::string to_json(const CorpusRecord& record);

}  // namespace pathloom
