// SPDX-License-Identifier: GPL-3.0-or-later
// What all routers have in common, and the choice between them.
#include "engine/routing/router.h"

#include "engine/routing/centroid_routers.h"
#include "engine/routing/features.h"
#include "engine/routing/linear_router.h"
#include "engine/routing/plain_routers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <stdexcept>

namespace pathloom {
namespace {

template <class T>
Result<T> number(const std::map<std::string, std::string>& metadata, const std::string& key)
{
    const auto found = metadata.find(key);
    const std::string text = found == metadata.end() ? std::string() : found->second;
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(ErrorCode::Corrupt, "the router blob's '{}' is '{}', must be a number", key, text);
    }
    return value;
}

using Make = std::unique_ptr<Router> (*)(int, std::uint64_t);

Result<std::unique_ptr<Router>> load_seeded(const Safetensors& blob, Make make)
{
    PATHLOOM_TRY(const int cells, number<int>(blob.metadata(), "cells"));
    PATHLOOM_TRY(const std::uint64_t seed, number<std::uint64_t>(blob.metadata(), "seed"));
    if (cells < 1 || cells > 65536) return fail(ErrorCode::Corrupt, "the router blob has {} cells", cells);
    return make(cells, seed);
}

Result<std::unique_ptr<Router>> load_kind(const std::string& kind, const Safetensors& blob)
{
    if (kind == "kmeans") return load_kmeans_router(blob);
    if (kind == "product-kmeans") return load_product_router(blob);
    if (kind == "discriminative") return load_linear_router(blob);
    if (kind == "none") return make_no_router();
    if (kind == "random") return load_seeded(blob, make_random_router);
    if (kind == "round-robin") return load_seeded(blob, make_round_robin_router);
    return fail(ErrorCode::Unsupported, "router kind '{}' is not known to this version", kind);
}

/// Two factors of n as close as they get, the smaller first; 0 for a prime.
int even_factor(int n)
{
    for (int a = int(std::sqrt(double(n))); a >= 2; --a)
        if (n % a == 0) return a;
    return 0;
}

}  // namespace

void Router::score(std::span<const float> z, std::int32_t sequence_id, std::span<float> out) const
{
    if (feature_columns() > 0 && int(z.size()) != feature_columns())
        throw std::logic_error("features of another model given to a router");
    raw_score(z, sequence_id, out);
    for (std::size_t cell = 0; cell < m_bias.size(); ++cell) out[cell] += m_bias[cell];
}

std::vector<int> Router::assign(const FeatureMatrix& z, std::span<const std::int32_t> sequence_ids) const
{
    return best(z, sequence_ids, 1);
}

std::vector<int> Router::best(const FeatureMatrix& z, std::span<const std::int32_t> sequence_ids, int n) const
{
    std::vector<float> scores(static_cast<std::size_t>(cells()), 0.0f);
    std::vector<int> order(scores.size());
    std::vector<int> out;
    out.reserve(sequence_ids.size() * std::size_t(n));
    for (std::size_t i = 0; i < sequence_ids.size(); ++i) {
        score(feature_columns() > 0 ? z.row(std::int64_t(i)) : std::span<const float>(), sequence_ids[i], scores);
        if (n == 1) {
            out.push_back(int(std::ranges::max_element(scores) - scores.begin()));
            continue;
        }
        std::iota(order.begin(), order.end(), 0);
        std::partial_sort(order.begin(), order.begin() + n, order.end(), [&](int a, int b) {
            const float left = scores[std::size_t(a)], right = scores[std::size_t(b)];
            return left != right ? left > right : a < b;
        });
        out.insert(out.end(), order.begin(), order.begin() + n);
    }
    return out;
}

void Router::set_bias(std::vector<float> bias)
{
    if (!bias.empty() && int(bias.size()) != cells()) throw std::logic_error("a router's bias must have one number a cell");
    m_bias = std::move(bias);
}

std::vector<std::byte> Router::serialise() const
{
    std::vector<TensorView> tensors;
    std::map<std::string, std::string> metadata{{"kind", kind()}};
    describe(tensors, metadata);
    if (!m_bias.empty()) tensors.push_back({"bias", DType::F32, {cells()}, std::as_bytes(std::span(m_bias))});
    return write_safetensors(tensors, metadata);
}

Result<std::unique_ptr<Router>> fit_router(
    const std::string& kind, const FeatureMatrix& train, int cells, std::uint64_t seed, int split)
{
    if (cells < 1) return fail(ErrorCode::Usage, "a router needs at least 1 cell, got {}", cells);
    if (kind == "kmeans") {
        PATHLOOM_TRY(Centroids centroids, fit_centroids(train, cells, seed));
        return make_kmeans_router(std::move(centroids));
    }
    if (kind == "product-kmeans") {
        if (split < 1 || cells % split != 0 || train.columns < 2)
            return fail(
                ErrorCode::Usage, "product k-means needs cells = a x b with a and b at least 2, got {} cells; use kmeans", cells);
        const int half = train.columns / 2;
        PATHLOOM_TRY(Centroids first, fit_centroids(columns_of(train, 0, half), split, seed));
        PATHLOOM_TRY(Centroids second, fit_centroids(columns_of(train, half, train.columns - half), cells / split, seed + 1));
        return make_product_router(std::move(first), std::move(second));
    }
    if (kind == "random") return make_random_router(cells, seed);
    if (kind == "round-robin") return make_round_robin_router(cells, seed);
    if (kind == "none") {
        if (cells != 1)
            return fail(ErrorCode::Usage, "routing.router none serves 1 cell, this topology has {}; use kmeans or random", cells);
        return make_no_router();
    }
    return fail(ErrorCode::Usage, "routing.router must be kmeans, product-kmeans, random, round-robin or none, got '{}'", kind);
}

Result<std::unique_ptr<Router>> load_router(std::span<const std::byte> safetensors)
{
    PATHLOOM_TRY(const Safetensors blob, Safetensors::parse(safetensors));
    const auto found = blob.metadata().find("kind");
    PATHLOOM_TRY(auto router, load_kind(found == blob.metadata().end() ? std::string() : found->second, blob));
    if (blob.find("bias")) {
        PATHLOOM_TRY(const TensorView* bias, blob.expect("bias", DType::F32));
        const auto values = bias->as<float>();
        if (int(values.size()) != router->cells())
            return fail(ErrorCode::Corrupt, "the router blob has {} biases for {} cells; fit the router again", values.size(),
                router->cells());
        router->set_bias({values.begin(), values.end()});
    }
    return router;
}

int product_split(std::span<const int> modules)
{
    std::vector<int> wide;
    for (const int m : modules)
        if (m > 1) wide.push_back(m);
    if (wide.size() == 1) return even_factor(wide[0]);
    int best = 0;
    double best_ratio = 0;
    std::int64_t cells = 1;
    for (const int m : wide) cells *= m;
    std::int64_t first = 1;
    for (std::size_t level = 0; level + 1 < wide.size(); ++level) {
        first *= wide[level];
        const double ratio = double(std::min(first, cells / first)) / double(std::max(first, cells / first));
        if (ratio > best_ratio) {
            best_ratio = ratio;
            best = int(first);
        }
    }
    return best;
}

bool router_needs_features(const std::string& kind)
{
    return kind == "kmeans" || kind == "product-kmeans" || kind == "discriminative";
}

}  // namespace pathloom
