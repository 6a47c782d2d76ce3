// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/device_choice.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace pathloom {

namespace {

/// Why there is no CUDA device at all; empty = there is one.
std::string none_because(const BackendReport& backend)
{
    if (!backend.problem.empty()) return backend.problem;
    if (backend.cuda.empty()) return backend.version + " sees no CUDA device";
    return {};
}

}  // namespace

Result<DeviceWish> parse_device(const std::string& text)
{
    if (text == "auto") return DeviceWish{DeviceWish::Kind::Auto, {}};
    if (text == "cpu") return DeviceWish{DeviceWish::Kind::Cpu, {}};
    if (text == "cuda") return DeviceWish{DeviceWish::Kind::Cuda, {}};
    constexpr std::string_view numbered = "cuda:";
    if (text.starts_with(numbered)) {
        int index = -1;
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + numbered.size(), end, index);
        if (parsed.ec == std::errc() && parsed.ptr == end && index >= 0) return DeviceWish{DeviceWish::Kind::Cuda, index};
    }
    return fail(ErrorCode::Usage, "--device must be auto, cpu, cuda or cuda:N, got '{}'", text);
}

Result<DeviceChoice> choose_device(const DeviceWish& wish, const BackendReport& backend)
{
    if (wish.kind == DeviceWish::Kind::Cpu) return DeviceChoice{true, {}, "cpu, as asked"};
    const std::string none = none_because(backend);
    const auto first = std::ranges::find(backend.cuda, true);
    if (wish.kind == DeviceWish::Kind::Auto) {
        if (!none.empty()) return DeviceChoice{true, {}, "cpu: " + none};
        if (first == backend.cuda.end()) return DeviceChoice{true, {}, "cpu: no CUDA device here computes in bf16"};
        const int index = int(first - backend.cuda.begin());
        return DeviceChoice{true, index, fmt::format("cpu and cuda:{} ({})", index, backend.version)};
    }
    const char* instead
        = "start the worker with --device auto or cpu, or install a libtorch with CUDA and build Pathloom with it";
    if (!none.empty()) return fail(ErrorCode::Unsupported, "--device cuda: {}; {}", none, instead);
    if (wish.index && *wish.index >= int(backend.cuda.size()))
        return fail(ErrorCode::Unsupported, "--device cuda:{}: {} sees {} CUDA device{}; choose one from 0 to {}", *wish.index,
            backend.version, backend.cuda.size(), backend.cuda.size() == 1 ? "" : "s", backend.cuda.size() - 1);
    if (wish.index ? !backend.cuda[std::size_t(*wish.index)] : first == backend.cuda.end())
        return fail(ErrorCode::Unsupported, "--device cuda: {} computes no bf16 (compute capability 8 does); {}",
            wish.index ? fmt::format("device {}", *wish.index) : std::string("the device here"), instead);
    const int index = wish.index ? *wish.index : int(first - backend.cuda.begin());
    return DeviceChoice{false, index, fmt::format("cuda:{} alone ({})", index, backend.version)};
}

}  // namespace pathloom
