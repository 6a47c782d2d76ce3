// SPDX-License-Identifier: GPL-3.0-or-later
// Pseudo-gradients as blobs: written by the path's worker, read by the module's executor. No torch.
//   fp32, bf16         the column's tensors by name, F32 or BF16
//   int8, int4, int2   "codes" U8 [blocks, bytes] and "scales" BF16 [blocks], all tensors in a row, each from a new block on;
//                      metadata "codec" and "values"
#pragma once

#include "engine/model/codec.h"
#include "engine/store/safetensors.h"

#include <span>
#include <string>
#include <vector>

namespace pathloom {

/// `tensors` (F32, in the module's order) as they travel. With `lost`, it becomes what the codec took away, value by value in
/// that order: what error feedback adds next time. Failed when a value is not finite.
Result<std::vector<std::byte>> encode_delta(Codec codec, std::span<const TensorView> tensors, std::vector<float>* lost = nullptr);

/// Values of each tensor, in the order of the module's; they live as long as this and the blob.
struct DecodedDelta {
    std::vector<std::span<const float>> tensors;
    std::vector<float> storage;  ///< empty for fp32, which is read where it lies
};
/// Corrupt, beginning with `what`, when `blob` was written with another codec or for another module.
Result<DecodedDelta> decode_delta(
    Codec codec, const Safetensors& blob, const std::vector<TensorView>& module, const std::string& what);

/// The F32 tensor of `blob` that has the name and shape of `wanted`; Corrupt, beginning with `what`, otherwise.
Result<std::span<const float>> same_tensor(const Safetensors& blob, const TensorView& wanted, const std::string& what);

}  // namespace pathloom
