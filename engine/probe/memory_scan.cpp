// SPDX-License-Identifier: GPL-3.0-or-later
// int8 products are whole numbers, so every instruction set gives the same score bits; only speed differs.
#include "engine/probe/memory_scan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

#if defined(__x86_64__) && defined(__GNUC__)
#define PATHLOOM_SCAN_X86 1
#include <immintrin.h>
#endif

namespace pathloom {

namespace {

constexpr std::size_t BlockRows = 512;

using DotBlock
    = void (*)(const std::int8_t* keys, std::size_t stride, std::size_t rows, const std::int8_t* query, std::int32_t* out);

void dot_portable(const std::int8_t* keys, std::size_t stride, std::size_t rows, const std::int8_t* query, std::int32_t* out)
{
    for (std::size_t r = 0; r < rows; ++r) {
        const std::int8_t* key = keys + r * stride;
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < stride; ++i) sum += std::int32_t(key[i]) * std::int32_t(query[i]);
        out[r] = sum;
    }
}

#ifdef PATHLOOM_SCAN_X86
__attribute__((target("avx2"))) void dot_avx2(
    const std::int8_t* keys, std::size_t stride, std::size_t rows, const std::int8_t* query, std::int32_t* out)
{
    for (std::size_t r = 0; r < rows; ++r) {
        const std::int8_t* key = keys + r * stride;
        __m256i sum = _mm256_setzero_si256();
        for (std::size_t i = 0; i < stride; i += 16) {
            const __m256i k = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(key + i)));
            const __m256i q = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(query + i)));
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(k, q));
        }
        __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
        half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
        out[r] = _mm_cvtsi128_si32(half);
    }
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) void dot_vnni(
    const std::int8_t* keys, std::size_t stride, std::size_t rows, const std::int8_t* query, std::int32_t* out)
{
    // The instruction multiplies unsigned by signed bytes: keys are moved up by 128 and the surplus is taken off again.
    const __m512i flip = _mm512_set1_epi8(char(0x80));
    std::int32_t surplus = 0;
    for (std::size_t i = 0; i < stride; ++i) surplus += 128 * std::int32_t(query[i]);
    for (std::size_t r = 0; r < rows; ++r) {
        const std::int8_t* key = keys + r * stride;
        __m512i sum = _mm512_setzero_si512();
        for (std::size_t i = 0; i < stride; i += 64) {
            const __m512i k = _mm512_xor_si512(_mm512_loadu_si512(key + i), flip);
            sum = _mm512_dpbusd_epi32(sum, k, _mm512_loadu_si512(query + i));
        }
        out[r] = _mm512_reduce_add_epi32(sum) - surplus;
    }
}
#endif

DotBlock kernel(ScanTarget target)
{
#ifdef PATHLOOM_SCAN_X86
    if ((target == ScanTarget::Best || target == ScanTarget::Avx512Vnni) && scan_supported(ScanTarget::Avx512Vnni))
        return dot_vnni;
    if ((target == ScanTarget::Best || target == ScanTarget::Avx2) && scan_supported(ScanTarget::Avx2)) return dot_avx2;
#endif
    (void)target;
    return dot_portable;
}

bool better(const ScanHit& a, const ScanHit& b)
{
    return a.score > b.score || (a.score == b.score && a.row < b.row);
}

/// Keeps the best `limit` hits of a stream.
class Best {
public:
    explicit Best(std::size_t limit)
        : m_limit(limit)
    {
        m_hits.reserve(limit * 4);
    }
    [[nodiscard]] float floor() const { return m_floor; }
    void add(std::int64_t row, float score)
    {
        m_hits.push_back({row, score});
        if (m_hits.size() >= m_limit * 4) cut();
    }
    std::vector<ScanHit> take()
    {
        cut();
        return std::move(m_hits);
    }

private:
    void cut()
    {
        if (m_hits.size() <= m_limit) return;
        std::nth_element(m_hits.begin(), m_hits.begin() + std::ptrdiff_t(m_limit) - 1, m_hits.end(), better);
        m_hits.resize(m_limit);
        m_floor = m_hits.back().score;  // equal scores further on lose: they come later
    }
    std::size_t m_limit;
    std::vector<ScanHit> m_hits;
    float m_floor = -1e30f;
};

/// Rows [begin, end) of all runs.
std::vector<ScanHit> scan_range(std::span<const KeyRun> runs, std::size_t stride, std::size_t begin, std::size_t end,
    const std::int8_t* query, DotBlock dots, std::size_t limit)
{
    Best best(limit);
    std::array<std::int32_t, BlockRows> products{};
    std::array<float, BlockRows> scores{};
    std::size_t first = 0;
    for (const KeyRun& run : runs) {
        const std::size_t from = std::max(begin, first), to = std::min(end, first + run.rows);
        for (std::size_t row = from; row < to; row += BlockRows) {
            const std::size_t n = std::min(BlockRows, to - row), at = row - first;
            dots(run.keys + at * stride, stride, n, query, products.data());
            for (std::size_t i = 0; i < n; ++i) scores[i] = float(products[i]) * (float(run.scales[at + i]) * KeyScaleUnit);
            const float floor = best.floor();
            for (std::size_t i = 0; i < n; ++i) {
                if (scores[i] > floor) best.add(std::int64_t(row + i), scores[i]);
            }
        }
        first += run.rows;
    }
    return best.take();
}

float exact_score(std::span<const KeyRun> runs, std::size_t stride, std::int64_t row, std::span<const float> query)
{
    auto at = std::size_t(row);
    for (const KeyRun& run : runs) {
        if (at >= run.rows) {
            at -= run.rows;
            continue;
        }
        const std::int8_t* key = run.keys + at * stride;
        double sum = 0.0;  // one order of summation everywhere
        for (std::size_t i = 0; i < query.size(); ++i) sum += double(query[i]) * double(key[i]);
        return float(sum * double(float(run.scales[at]) * KeyScaleUnit));
    }
    return 0.0f;
}

}  // namespace

void quantise_keys(std::span<const float> keys, std::size_t key_dim, std::int8_t* out, std::uint16_t* scales)
{
    const std::size_t stride = key_stride(key_dim), rows = keys.size() / key_dim;
    for (std::size_t r = 0; r < rows; ++r) {
        const float* key = keys.data() + r * key_dim;
        float top = 0.0f;
        for (std::size_t i = 0; i < key_dim; ++i) top = std::max(top, std::abs(key[i]));
        const float units = std::min(65535.0f, std::max(1.0f, std::ceil(top / (127.0f * KeyScaleUnit))));
        scales[r] = std::uint16_t(units);
        const float inverse = 1.0f / (units * KeyScaleUnit);
        for (std::size_t i = 0; i < stride; ++i) {
            const float x = i < key_dim ? std::nearbyint(key[i] * inverse) : 0.0f;
            out[r * stride + i] = std::int8_t(std::clamp(x, -127.0f, 127.0f));
        }
    }
}

bool scan_supported(ScanTarget target)
{
#ifdef PATHLOOM_SCAN_X86
    if (target == ScanTarget::Avx2) return __builtin_cpu_supports("avx2");
    if (target == ScanTarget::Avx512Vnni)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
#else
    if (target == ScanTarget::Avx2 || target == ScanTarget::Avx512Vnni) return false;
#endif
    return true;
}

std::string_view scan_target_name()
{
    if (scan_supported(ScanTarget::Avx512Vnni)) return "avx512-vnni";
    if (scan_supported(ScanTarget::Avx2)) return "avx2";
    return "portable";
}

std::vector<ScanHit> scan_keys(
    std::span<const KeyRun> runs, std::span<const float> query, std::size_t key_dim, const ScanOptions& options)
{
    const std::size_t stride = key_stride(key_dim);
    std::size_t rows = 0;
    for (const KeyRun& run : runs) rows += run.rows;
    std::vector<std::int8_t> small(stride, 0);
    float top = 1e-12f;
    for (const float x : query) top = std::max(top, std::abs(x));
    for (std::size_t i = 0; i < key_dim; ++i) small[i] = std::int8_t(std::nearbyint(query[i] * (127.0f / top)));

    const std::size_t limit = std::max(options.top, options.rescored);
    const DotBlock dots = kernel(options.target);
    const auto threads = std::size_t(rows < 65536 ? 1 : std::max(1, options.threads));
    std::vector<std::vector<ScanHit>> parts(threads);
    const auto work = [&](std::size_t t) {
        parts[t] = scan_range(runs, stride, rows * t / threads, rows * (t + 1) / threads, small.data(), dots, limit);
    };
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
    work(0);
    others.clear();

    std::vector<ScanHit> hits;
    for (const auto& part : parts) hits.insert(hits.end(), part.begin(), part.end());
    std::sort(hits.begin(), hits.end(), better);
    hits.resize(std::min(hits.size(), limit));
    for (ScanHit& hit : hits) hit.score = exact_score(runs, stride, hit.row, query);
    std::sort(hits.begin(), hits.end(), better);
    hits.resize(std::min(hits.size(), options.top));
    return hits;
}

}  // namespace pathloom
