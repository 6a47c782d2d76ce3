// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/feature_blobs.h"

#include "engine/store/safetensors.h"

namespace pathloom {

Result<FeatureMatrix> read_matrix(const std::vector<std::string>& hashes, const char* tensor, BlobStore& blobs)
{
    FeatureMatrix all;
    for (const std::string& hash : hashes) {
        PATHLOOM_TRY(const auto path, blobs.verified(hash));
        PATHLOOM_TRY(const auto file, Safetensors::open(path));
        PATHLOOM_TRY(const TensorView* part, file.expect(tensor, DType::F32));
        if (part->shape.size() != 2 || (all.columns > 0 && part->shape[1] != all.columns))
            return fail(
                ErrorCode::Corrupt, "tensor '{}' of blob {} is not a matrix like the others; start the run anew", tensor, hash);
        const auto values = part->as<float>();
        all.values.insert(all.values.end(), values.begin(), values.end());
        all.rows += part->shape[0];
        all.columns = int(part->shape[1]);
    }
    return all;
}

}  // namespace pathloom
