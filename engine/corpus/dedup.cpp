// SPDX-License-Identifier: GPL-3.0-or-later
// Exact and near-duplicate documents found; the earlier one of a pair is kept.
#include "engine/corpus/dedup.h"

#include "engine/core/hash.h"
#include "engine/core/rng.h"
#include "engine/corpus/text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace pathloom {

namespace {

constexpr std::size_t bands = 16;
constexpr std::size_t band_rows = 4;
constexpr std::size_t values = bands * band_rows;
constexpr std::size_t words_a_shingle = 5;
constexpr std::size_t characters_a_shingle = 8;

using Signature = std::array<std::uint32_t, values>;

constexpr bool is_cjk(std::uint32_t c)
{
    return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff)
        || (c >= 0x20000 && c <= 0x3ffff);
}

/// Whether words cannot be told by blanks: half of the first letters outside ASCII-punctuation are Han or Kana.
bool is_mostly_cjk(std::string_view text)
{
    std::size_t cjk = 0;
    std::size_t letters = 0;
    for (std::size_t offset = 0, seen = 0; offset < text.size() && seen < 4000; ++seen) {
        const std::uint32_t c = next_code_point(text, offset);
        const bool letter = c >= 0x80 || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        letters += letter;
        cjk += is_cjk(c);
    }
    return cjk * 2 > letters;
}

/// One hash a unit: words, or characters without blanks.
std::vector<std::uint64_t> units_of(std::string_view text, bool characters)
{
    std::vector<std::uint64_t> units;
    if (characters) {
        for (std::size_t offset = 0; offset < text.size();)
            if (const std::uint32_t c = next_code_point(text, offset); c >= 0x80 || !is_blank(char(c))) units.push_back(mix(c));
        return units;
    }
    for (std::size_t begin = 0; begin < text.size();) {
        while (begin < text.size() && is_blank(text[begin])) ++begin;
        std::size_t end = begin;
        while (end < text.size() && !is_blank(text[end])) ++end;
        if (end > begin) units.push_back(text_key(text.substr(begin, end - begin)));
        begin = end;
    }
    return units;
}

/// The constants of the 64 hash functions x -> a x + b (mod 2^32), a odd.
struct HashFamily {
    std::array<std::uint32_t, values> a{};
    std::array<std::uint32_t, values> b{};
    explicit HashFamily(std::uint64_t seed)
    {
        Rng rng(mix(seed, text_key("minhash")));
        for (std::size_t i = 0; i < values; ++i) {
            a[i] = std::uint32_t(rng.next()) | 1U;
            b[i] = std::uint32_t(rng.next());
        }
    }
    [[nodiscard]] Signature signature(std::span<const std::uint32_t> shingles) const
    {
        Signature least;
        least.fill(std::numeric_limits<std::uint32_t>::max());
        for (const std::uint32_t x : shingles)
            for (std::size_t i = 0; i < values; ++i) least[i] = std::min(least[i], a[i] * x + b[i]);
        return least;
    }
};

std::uint64_t band_key(const Signature& signature, std::size_t band)
{
    const std::uint32_t* row = signature.data() + band * band_rows;
    return mix(band, row[0], row[1], row[2], row[3]);
}

/// Kept documents by band, searched for a near duplicate of a new one.
class NearIndex {
public:
    NearIndex(std::span<const std::string_view> texts, std::uint64_t seed)
        : m_texts(texts)
        , m_family(seed)
    {
    }

    /// Whether a kept document is a near duplicate; if none is, `index` is kept from now on.
    bool seen(std::size_t index)
    {
        const std::vector<std::uint32_t> shingles = shingles_of(m_texts[index]);
        const Signature signature = m_family.signature(shingles);
        std::vector<std::size_t> candidates;
        for (std::size_t band = 0; band < bands; ++band)
            if (const auto bucket = m_buckets.find(band_key(signature, band)); bucket != m_buckets.end())
                candidates.insert(candidates.end(), bucket->second.begin(), bucket->second.end());
        std::sort(candidates.begin(), candidates.end());
        candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
        for (const std::size_t slot : candidates)
            if (is_near(m_kept[slot], signature, shingles)) return true;
        for (std::size_t band = 0; band < bands; ++band)
            m_buckets[band_key(signature, band)].push_back(std::uint32_t(m_kept.size()));
        m_kept.push_back({index, shingles.size(), signature});
        return false;
    }

private:
    struct Kept {
        std::size_t index;
        std::size_t shingles;
        Signature signature;
    };

    [[nodiscard]] bool is_near(const Kept& kept, const Signature& signature, std::span<const std::uint32_t> shingles) const
    {
        const double smaller = double(std::min(kept.shingles, shingles.size()));
        const double larger = double(std::max(kept.shingles, shingles.size()));
        if (smaller < near_duplicate_jaccard * larger) return false;  // the sizes alone rule it out
        // At Jaccard 0.8 the share of equal values is 0.8 +- 0.05; half of them is six deviations below.
        std::size_t equal = 0;
        for (std::size_t i = 0; i < values; ++i) equal += kept.signature[i] == signature[i];
        if (equal * 2 < values) return false;
        return jaccard(shingles_of(m_texts[kept.index]), shingles) >= near_duplicate_jaccard;
    }

    std::span<const std::string_view> m_texts;
    HashFamily m_family;
    std::vector<Kept> m_kept;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> m_buckets;  // only looked up, never iterated
};

}  // namespace

std::vector<std::uint32_t> shingles_of(std::string_view text)
{
    const bool characters = is_mostly_cjk(text);
    const std::vector<std::uint64_t> units = units_of(text, characters);
    const std::size_t width = std::min(units.size(), characters ? characters_a_shingle : words_a_shingle);
    std::vector<std::uint32_t> shingles;
    if (width == 0) return shingles;
    shingles.reserve(units.size() - width + 1);
    for (std::size_t i = 0; i + width <= units.size(); ++i) {
        std::uint64_t key = width;
        for (std::size_t k = 0; k < width; ++k) key = mix(key ^ units[i + k]);
        shingles.push_back(std::uint32_t(key >> 32));
    }
    std::sort(shingles.begin(), shingles.end());
    shingles.erase(std::unique(shingles.begin(), shingles.end()), shingles.end());
    return shingles;
}

double jaccard(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b)
{
    std::size_t common = 0;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        common += a[i] == b[j];
        const bool step_a = a[i] <= b[j];
        const bool step_b = b[j] <= a[i];
        i += step_a;
        j += step_b;
    }
    const std::size_t all = a.size() + b.size() - common;
    return all == 0 ? 1.0 : double(common) / double(all);
}

Result<Deduplicated> find_duplicates(
    std::span<const std::string_view> texts, std::uint64_t seed, const std::function<bool(std::int64_t, std::int64_t)>& progress)
{
    Deduplicated result;
    std::unordered_set<std::string> hashes;
    NearIndex index(texts, seed);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (progress && i % 64 == 0 && !progress(std::int64_t(i), std::int64_t(texts.size())))
            return fail(ErrorCode::Cancelled, "stopped while looking for duplicates");
        if (!hashes.insert(sha256_hex(whitespace_folded(texts[i]))).second)
            ++result.exact_duplicates;
        else if (index.seen(i))
            ++result.near_duplicates;
        else
            result.kept.push_back(i);
    }
    return result;
}

}  // namespace pathloom
