// SPDX-License-Identifier: GPL-3.0-or-later
// Exact search of int8 keys: every key is scored, the best are rescored in fp32. The same result on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pathloom {

/// A scale is a whole number of these: finer than fp16 over the range unit keys need, and a plain conversion everywhere.
inline constexpr float KeyScaleUnit = 0x1.0p-22f;

/// Bytes from one key to the next: keys are padded with zeros to whole 64-byte lines.
constexpr std::size_t key_stride(std::size_t key_dim)
{
    return (key_dim + 63) / 64 * 64;
}

/// Unit keys [rows, key_dim] as int8 rows of key_stride and one scale each.
void quantise_keys(std::span<const float> keys, std::size_t key_dim, std::int8_t* out, std::uint16_t* scales);

/// A run of memory rows, wherever they lie.
struct KeyRun {
    const std::int8_t* keys = nullptr;  ///< [rows, key_stride]
    const std::uint16_t* scales = nullptr;  ///< [rows]
    std::size_t rows = 0;
};

struct ScanHit {
    std::int64_t row = 0;  ///< counted over all runs
    float score = 0.0f;  ///< cosine: fp32 query times the dequantised key
    bool operator==(const ScanHit&) const = default;
};

enum class ScanTarget { Best, Portable, Avx2, Avx512Vnni };
/// Whether this machine can run it (Best and Portable always).
bool scan_supported(ScanTarget target);
std::string_view scan_target_name();  ///< what Best stands for here

struct ScanOptions {
    std::size_t top = 16;  ///< hits wanted
    std::size_t rescored = 256;  ///< best int8 scores that are rescored in fp32
    int threads = 2;
    ScanTarget target = ScanTarget::Best;
};

/// The `top` rows nearest to the unit `query` [key_dim], best first, ties to the earlier row. Fewer when there are fewer rows.
std::vector<ScanHit> scan_keys(
    std::span<const KeyRun> runs, std::span<const float> query, std::size_t key_dim, const ScanOptions& options);

}  // namespace pathloom
