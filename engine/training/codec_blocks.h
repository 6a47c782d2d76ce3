// SPDX-License-Identifier: GPL-3.0-or-later
// The inner loops of the codecs: fp32 to codes and back, block by block, the same bytes on every CPU.
#pragma once

#include "engine/model/codec.h"

#include <cstddef>
#include <cstdint>

namespace pathloom {

/// Integer codecs. Each block of codec_block values has one bfloat16 scale s, rounded up, and codes:
///   int8, int4   x ~ q s with q = -127 .. 127 or -7 .. 7, so s = max |x| / 127 or / 7
///   int2         x ~ (q + 1/2) s with q = -2 .. 1, so s = max |x| / 2: four levels, none of them zero
/// |x - decoded| is at most s / 2 up to rounding. s is at least 2^-100 unless the block is all zero: then s = 0 and it decodes to
/// zeros. Codes are stored as q + 8 (int4: values j and j + 32 in byte j) and q + 2 (int2: j, j + 16, j + 32, j + 48).
/// `codes` has codec_block_bytes() a block. False when a value is not finite or 2^127 and more; the output is then of no use.
bool encode_blocks(Codec codec, const float* x, std::size_t n, std::uint8_t* codes, std::uint16_t* scales);
void decode_blocks(Codec codec, const std::uint8_t* codes, const std::uint16_t* scales, std::size_t n, float* y);

/// bfloat16, rounded to nearest even. False when a value is not finite, or rounds to infinity.
bool encode_bf16(const float* x, std::size_t n, std::uint16_t* codes);
void decode_bf16(const std::uint16_t* codes, std::size_t n, float* y);

}  // namespace pathloom
