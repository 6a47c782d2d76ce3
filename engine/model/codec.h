// SPDX-License-Identifier: GPL-3.0-or-later
// How pseudo-gradients travel (model.md "Outer step, per module"): names and sizes. The arithmetic is in engine/training/codec.h.
#pragma once

#include "engine/core/result.h"
#include "engine/model/topology.h"

#include <array>
#include <cstdint>
#include <string>

namespace pathloom {

enum class Codec { Fp32, Bf16, Int8, Int4, Int2 };

/// As `outer.codec` spells them, in the order of the enumeration.
inline constexpr std::array<const char*, 5> codec_names{"fp32", "bf16", "int8", "int4", "int2"};
inline const char* codec_name(Codec codec)
{
    return codec_names[std::size_t(codec)];
}
/// Unsupported for a name this program does not know; "" is fp32.
Result<Codec> parse_codec(const std::string& name);

/// Values that share a scale in the integer codecs. Each tensor starts a new block, and its last block is padded.
inline constexpr int codec_block = 64;
/// Bytes of the codes of one block: 64, 32 or 16; 0 for fp32 and bf16.
int codec_block_bytes(Codec codec);
/// Payload of a tensor of `values` numbers.
std::int64_t codec_bytes(Codec codec, std::int64_t values);
/// Payload of a column's pseudo-gradient.
std::int64_t column_delta_bytes(const ModelSpec& model, const Column& column, Codec codec);

}  // namespace pathloom
