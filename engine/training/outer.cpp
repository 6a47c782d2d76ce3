// SPDX-License-Identifier: GPL-3.0-or-later
// Combine pseudo-gradients and take the outer step, tensor by tensor over mmapped blobs.
#include "engine/training/outer.h"

#include "engine/model/kernels/simd.h"
#include "engine/store/safetensors.h"
#include "engine/training/codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace pathloom {
namespace {

constexpr std::size_t Lanes = 8;

// Sum of squares in eight fixed lanes: vectorises without reordering, so every CPU gives the same bits.
PATHLOOM_CLONES double square_sum(const float* __restrict x, std::size_t n)
{
    std::array<double, Lanes> lane{};
    const std::size_t whole = n - n % Lanes;
    for (std::size_t i = 0; i < whole; i += Lanes) {
        for (std::size_t j = 0; j < Lanes; ++j) lane[j] += double(x[i + j]) * double(x[i + j]);
    }
    for (std::size_t i = whole; i < n; ++i) lane[i - whole] += double(x[i]) * double(x[i]);
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

PATHLOOM_CLONES double square_sum(const double* __restrict x, std::size_t n)
{
    std::array<double, Lanes> lane{};
    const std::size_t whole = n - n % Lanes;
    for (std::size_t i = 0; i < whole; i += Lanes) {
        for (std::size_t j = 0; j < Lanes; ++j) lane[j] += x[i + j] * x[i + j];
    }
    for (std::size_t i = whole; i < n; ++i) lane[i - whole] += x[i] * x[i];
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

PATHLOOM_CLONES double dot(const float* __restrict x, const float* __restrict y, std::size_t n)
{
    std::array<double, Lanes> lane{};
    for (std::size_t i = 0; i < n; i += Lanes) {  // sketches: n is a multiple of Lanes
        for (std::size_t j = 0; j < Lanes; ++j) lane[j] += double(x[i + j]) * double(y[i + j]);
    }
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/// Adds +x or -x to bucket (offset + i) mod SketchSize. The signs are those of a hash, so what shares a bucket cancels on average
/// and the dot product of two sketches is that of the vectors, give or take (Charikar et al. 2002).
PATHLOOM_CLONES void add_to_sketch(
    const float* __restrict x, std::size_t n, std::size_t offset, std::uint64_t salt, float* __restrict sketch)
{
    static_assert(SketchSize % 64 == 0);
    for (std::size_t begin = 0; begin < n; begin += 64) {
        std::uint64_t bits = (begin / 64 + 1) * 0x9e3779b97f4a7c15U + (salt << 40);  // splitmix64
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
        bits ^= bits >> 31;
        const std::size_t count = std::min<std::size_t>(64, n - begin), first = (offset + begin) % SketchSize;
        if (count == 64 && first + 64 <= SketchSize) {
            for (std::size_t j = 0; j < 64; ++j) sketch[first + j] += (bits >> j) & 1U ? x[begin + j] : -x[begin + j];
        } else {
            for (std::size_t j = 0; j < count; ++j)
                sketch[(first + j) % SketchSize] += (bits >> j) & 1U ? x[begin + j] : -x[begin + j];
        }
    }
}

PATHLOOM_CLONES void accumulate(const float* __restrict delta, std::size_t n, float weight, double unit,
    float* __restrict gradient, double* __restrict direction)
{
    for (std::size_t i = 0; i < n; ++i) {
        gradient[i] += weight * delta[i];
        direction[i] += unit * double(delta[i]);
    }
}

PATHLOOM_CLONES void plain_step(float* __restrict theta, const float* __restrict gradient, std::size_t n, float lr)
{
    for (std::size_t i = 0; i < n; ++i) theta[i] -= lr * gradient[i];
}

PATHLOOM_CLONES void nesterov_step(
    float* __restrict theta, const float* __restrict gradient, float* __restrict buffer, std::size_t n, float lr, float momentum)
{
    for (std::size_t i = 0; i < n; ++i) {
        buffer[i] = momentum * buffer[i] + gradient[i];
        theta[i] -= lr * (gradient[i] + momentum * buffer[i]);
    }
}

std::vector<std::byte> write_like(const Safetensors& module, const std::vector<std::vector<float>>& values)
{
    std::vector<TensorView> views = module.tensors();
    for (std::size_t t = 0; t < views.size(); ++t) views[t].data = std::as_bytes(std::span(values[t]));
    return write_safetensors(views, module.metadata());
}

}  // namespace

std::vector<double> combine_weights(const OuterSpec& outer, std::span<const std::int64_t> shard_sizes, std::int64_t total)
{
    const auto n = shard_sizes.size();
    const std::int64_t own = std::accumulate(shard_sizes.begin(), shard_sizes.end(), std::int64_t(0));
    const std::int64_t denominator = outer.combine == "raw-alpha" ? total : own;
    // Shards without a single sequence say nothing about weights: fall back to the mean.
    const bool mean = outer.combine == "mean" || denominator <= 0;
    std::vector<double> weights(n);
    for (std::size_t i = 0; i < n; ++i) {
        weights[i] = mean ? 1.0 / double(n) : double(shard_sizes[i]) / double(denominator);
        if (outer.sqrt_paths) weights[i] *= std::sqrt(double(n));
    }
    return weights;
}

struct OuterSum::Impl {
    struct Slot {
        Expected expected;
        bool in = false;
        double norm = 0.0;
        std::filesystem::path early;  ///< its file, until its turn comes
        std::vector<float> sketch;  ///< [SketchSize]; empty when nobody is to compare it
    };
    Safetensors module;
    Codec codec = Codec::Fp32;
    std::vector<Slot> slots;  ///< in the order of the sum
    std::size_t summed = 0;  ///< slots that are part of the sums
    std::vector<std::size_t> offsets;  ///< of each tensor in the flat sums
    std::vector<float> gradient;
    std::vector<double> direction;  ///< sum of unit pseudo-gradients: its length gives the mean pairwise cosine

    Slot* find(int path)
    {
        const auto found = std::ranges::find(slots, path, [](const Slot& slot) { return slot.expected.path; });
        return found == slots.end() ? nullptr : &*found;
    }
    [[nodiscard]] Result<DecodedDelta> read(const Safetensors& blob, int path) const
    {
        return decode_delta(codec, blob, module.tensors(), fmt::format("pseudo-gradient of path {}", path));
    }
    [[nodiscard]] bool compares() const { return slots.size() > 1 && slots.size() <= MostCosinePaths; }
    [[nodiscard]] std::vector<float> cosines() const
    {
        std::vector<float> out;
        for (std::size_t a = 0; compares() && a < slots.size(); ++a) {
            for (std::size_t b = a + 1; b < slots.size(); ++b) {
                const double norms = slots[a].norm * slots[b].norm;
                const double cosine = norms > 0.0 ? dot(slots[a].sketch.data(), slots[b].sketch.data(), SketchSize) / norms : 0.0;
                out.push_back(float(std::clamp(cosine, -1.0, 1.0)));
            }
        }
        return out;
    }
    void accumulate(const Slot& slot, std::span<const std::span<const float>> tensors)
    {
        const double unit = slot.norm > 0.0 ? 1.0 / slot.norm : 0.0;
        for (std::size_t t = 0; t < tensors.size(); ++t) {
            pathloom::accumulate(tensors[t].data(), tensors[t].size(), float(slot.expected.weight), unit,
                gradient.data() + offsets[t], direction.data() + offsets[t]);
        }
        ++summed;
    }
    /// Early arrivals whose turn has come.
    Result<void> catch_up()
    {
        for (; summed < slots.size() && slots[summed].in;) {
            Slot& slot = slots[summed];
            PATHLOOM_TRY(const Safetensors blob, Safetensors::open(slot.early));
            PATHLOOM_TRY(const DecodedDelta delta, read(blob, slot.expected.path));
            accumulate(slot, delta.tensors);
            slot.early.clear();
        }
        return {};
    }
};

OuterSum::OuterSum(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}
OuterSum::OuterSum(OuterSum&&) noexcept = default;
OuterSum& OuterSum::operator=(OuterSum&&) noexcept = default;
OuterSum::~OuterSum() = default;

Result<OuterSum> OuterSum::open(const std::filesystem::path& module, std::vector<Expected> expected, const std::string& codec)
{
    if (expected.empty())
        return fail(ErrorCode::Usage, "an outer step of {} needs at least one contribution", module.filename().string());
    auto impl = std::make_unique<Impl>();
    PATHLOOM_TRY(impl->codec, parse_codec(codec));
    PATHLOOM_TRY(impl->module, Safetensors::open(module));
    std::size_t size = 0;
    for (const TensorView& tensor : impl->module.tensors()) {
        if (tensor.dtype != DType::F32)
            return fail(ErrorCode::Corrupt, "module tensor '{}' is {}, must be F32", tensor.name, dtype_name(tensor.dtype));
        impl->offsets.push_back(size);
        size += tensor.as<float>().size();
    }
    for (const Expected& one : expected) impl->slots.push_back({one, false, 0.0, {}, {}});
    impl->gradient.assign(size, 0.0f);
    impl->direction.assign(size, 0.0);
    return OuterSum(std::move(impl));
}

Result<void> OuterSum::add(int path, const std::filesystem::path& delta)
{
    Impl::Slot* slot = m_impl->find(path);
    if (!slot) return fail(ErrorCode::Usage, "path {} does not run through this module", path);
    if (slot->in) return {};
    PATHLOOM_TRY(const Safetensors blob, Safetensors::open(delta));
    PATHLOOM_TRY(const DecodedDelta decoded, m_impl->read(blob, path));
    const auto& tensors = decoded.tensors;
    double squares = 0.0;
    for (const auto& values : tensors) squares += square_sum(values.data(), values.size());
    if (!std::isfinite(squares)) {
        return fail(
            ErrorCode::Corrupt, "the pseudo-gradient of path {} is not finite; lower training.lr or set training.clip", path);
    }
    if (m_impl->compares()) {
        slot->sketch.assign(SketchSize, 0.0f);
        for (std::size_t t = 0; t < tensors.size(); ++t)
            add_to_sketch(tensors[t].data(), tensors[t].size(), m_impl->offsets[t], t, slot->sketch.data());
    }
    slot->norm = std::sqrt(squares);
    slot->in = true;
    if (slot != &m_impl->slots[m_impl->summed]) {
        slot->early = delta;
        return {};
    }
    m_impl->accumulate(*slot, tensors);
    return m_impl->catch_up();
}

bool OuterSum::has(int path) const
{
    const Impl::Slot* slot = m_impl->find(path);
    return slot && slot->in;
}

bool OuterSum::complete() const
{
    return m_impl->summed == m_impl->slots.size();
}

Result<OuterResult> OuterSum::step(const OuterSpec& outer, const std::optional<std::filesystem::path>& momentum) const
{
    const bool nesterov = outer.optimizer == "nesterov";
    if (!nesterov && outer.optimizer != "sgd" && outer.optimizer != "fedavg" && outer.optimizer != "none") {
        return fail(ErrorCode::Usage, "outer.optimizer must be nesterov, sgd, fedavg or none, got '{}'", outer.optimizer);
    }
    if (!complete())
        return fail(
            ErrorCode::Usage, "an outer step needs all {} contributions, {} are in", m_impl->slots.size(), m_impl->summed);
    std::optional<Safetensors> before;
    if (nesterov && momentum) {
        PATHLOOM_TRY(before, Safetensors::open(*momentum));
    }
    const auto& tensors = m_impl->module.tensors();
    OuterResult result;
    std::vector<std::vector<float>> theta, buffers;
    double gradient_squares = 0.0, direction_squares = 0.0;
    for (std::size_t t = 0; t < tensors.size(); ++t) {
        const auto old = tensors[t].as<float>();
        const std::size_t n = old.size();
        const float* gradient = m_impl->gradient.data() + m_impl->offsets[t];
        gradient_squares += square_sum(gradient, n);
        direction_squares += square_sum(m_impl->direction.data() + m_impl->offsets[t], n);
        theta.emplace_back(old.begin(), old.end());
        if (nesterov) {
            buffers.emplace_back(n, 0.0f);
            if (before) {
                PATHLOOM_TRY(const auto values, same_tensor(*before, tensors[t], "outer momentum"));
                std::ranges::copy(values, buffers.back().begin());
            }
            nesterov_step(theta.back().data(), gradient, buffers.back().data(), n, float(outer.lr), float(outer.momentum));
        } else {
            plain_step(theta.back().data(), gradient, n, outer.optimizer == "sgd" ? float(outer.lr) : 1.0f);
        }
    }
    for (const Impl::Slot& slot : m_impl->slots) result.path_norms.push_back(slot.norm);
    result.gradient_norm = std::sqrt(gradient_squares);
    if (const auto n = double(m_impl->slots.size()); n > 1) {
        const auto moving = double(std::ranges::count_if(result.path_norms, [](double norm) { return norm > 0.0; }));
        result.mean_cosine = std::clamp((direction_squares - moving) / (n * (n - 1.0)), -1.0, 1.0);
    }
    result.path_cosines = m_impl->cosines();
    result.module = write_like(m_impl->module, theta);
    if (nesterov) result.momentum = write_like(m_impl->module, buffers);
    return result;
}

Result<OuterResult> outer_step(const OuterSpec& outer, const std::filesystem::path& module,
    const std::optional<std::filesystem::path>& momentum, std::span<const Contribution> contributions)
{
    std::vector<OuterSum::Expected> expected;
    for (const Contribution& one : contributions) expected.push_back({one.path, one.weight});
    PATHLOOM_TRY(OuterSum sum, OuterSum::open(module, std::move(expected), outer.codec));
    for (const Contribution& one : contributions) PATHLOOM_CHECK(sum.add(one.path, one.delta));
    return sum.step(outer, momentum);
}

}  // namespace pathloom
