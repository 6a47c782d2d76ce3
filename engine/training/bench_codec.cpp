// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/bench_codec.h"

#include "engine/core/isa.h"
#include "engine/core/rng.h"
#include "engine/model/kernels/targets.h"
#include "engine/training/codec.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>

namespace pathloom {
namespace {

Result<double> median_seconds(int repeats, const std::function<Result<void>()>& work)
{
    std::vector<double> seconds;
    for (int i = 0; i < repeats; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        PATHLOOM_CHECK(work());
        seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return median(seconds);
}

}  // namespace

Result<BenchReport> bench_codec(std::int64_t parameters, int repeats)
{
    Rng rng(1);
    std::vector<float> values(static_cast<std::size_t>(parameters));
    for (float& x : values) x = float(1e-3 * rng.normal());
    const std::vector<TensorView> tensors{{"delta", DType::F32, {parameters}, std::as_bytes(std::span(values))}};
    const double gigabytes = 4e-9 * double(parameters);
    nlohmann::json document{{"bench", "codec"}, {"isa", cpu_isa()}, {"parameters", parameters}, {"repeats", repeats},
        {"rows", nlohmann::json::array()}};
    BenchReport report;
    report.table
        = fmt::format("{:<8} {:<14} {:>16} {:>16} {:>14}\n", "codec", "target", "encode GB/s", "decode GB/s", "bytes/value");
    for (const std::string& target : simd_targets()) {
        use_simd_target(target);
        for (std::size_t c = 1; c < codec_names.size(); ++c) {
            const auto codec = Codec(c);
            std::vector<std::byte> bytes;
            PATHLOOM_TRY(const double encode, median_seconds(repeats, [&]() -> Result<void> {
                PATHLOOM_TRY(bytes, encode_delta(codec, tensors));
                return {};
            }));
            PATHLOOM_TRY(const Safetensors blob, Safetensors::parse(bytes));
            PATHLOOM_TRY(const double decode, median_seconds(repeats, [&]() -> Result<void> {
                PATHLOOM_TRY(const DecodedDelta delta, decode_delta(codec, blob, tensors, "the pseudo-gradient"));
                return {};
            }));
            const double size = double(bytes.size()) / double(parameters);
            document["rows"].push_back({{"codec", codec_name(codec)}, {"target", target}, {"encode_gb_s", gigabytes / encode},
                {"decode_gb_s", gigabytes / decode}, {"bytes_per_value", size}});
            report.table += fmt::format("{:<8} {:<14} {:>16.2f} {:>16.2f} {:>14.3f}\n", codec_name(codec), target,
                gigabytes / encode, gigabytes / decode, size);
        }
    }
    use_simd_target(simd_targets().front());
    report.json = document.dump();
    return report;
}

}  // namespace pathloom
