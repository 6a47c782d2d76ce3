// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix that tasks have left in pieces, put together.
#pragma once

#include "engine/routing/router.h"
#include "engine/store/blobs.h"

namespace pathloom {

/// F32 tensor `tensor` [rows, columns] of each blob, one below the other. Corrupt when a blob is damaged or of another width.
Result<FeatureMatrix> read_matrix(const std::vector<std::string>& hashes, const char* tensor, BlobStore& blobs);

}  // namespace pathloom
