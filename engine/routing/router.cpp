// SPDX-License-Identifier: GPL-3.0-or-later
// The routers of the foundation: k-means on prefix features, random, none; and their blobs.
#include "engine/routing/router.h"

#include "engine/core/rng.h"
#include "engine/routing/kmeans.h"
#include "engine/store/safetensors.h"

#include <charconv>
#include <cmath>
#include <map>
#include <stdexcept>

namespace pathloom {
namespace {

// Hidden states share one large component that says nothing about the text; without it the directions spread.
// `out` = (z - mean) / |z - mean|, a row of zeros when nothing is left.
void normalise(std::span<const float> z, std::span<const float> mean, std::span<float> out)
{
    double squares = 0.0;
    for (std::size_t j = 0; j < z.size(); ++j) {
        out[j] = z[j] - mean[j];
        squares += double(out[j]) * double(out[j]);
    }
    const double scale = squares > 0.0 ? 1.0 / std::sqrt(squares) : 0.0;
    for (float& x : out) x = float(double(x) * scale);
}

std::vector<float> column_means(const FeatureMatrix& z)
{
    std::vector<double> sum(std::size_t(z.columns), 0.0);
    for (std::int64_t i = 0; i < z.rows; ++i) {
        const auto row = z.row(i);
        for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += double(row[j]);
    }
    std::vector<float> mean(sum.size());
    for (std::size_t j = 0; j < sum.size(); ++j) mean[j] = float(sum[j] / double(z.rows));
    return mean;
}

std::vector<std::byte> small_blob(const std::string& kind, int cells, std::uint64_t seed)
{
    return write_safetensors({}, {{"cells", std::to_string(cells)}, {"kind", kind}, {"seed", std::to_string(seed)}});
}

class NoRouter final : public Router {
public:
    [[nodiscard]] std::string kind() const override { return "none"; }
    [[nodiscard]] int cells() const override { return 1; }
    [[nodiscard]] std::vector<int> assign(const FeatureMatrix&, std::span<const std::int32_t> ids) const override
    {
        return std::vector<int>(ids.size(), 0);
    }
    [[nodiscard]] std::vector<std::byte> serialise() const override { return small_blob("none", 1, 0); }
};

class RandomRouter final : public Router {
public:
    RandomRouter(int cells, std::uint64_t seed)
        : m_cells(cells)
        , m_seed(seed)
    {
    }
    [[nodiscard]] std::string kind() const override { return "random"; }
    [[nodiscard]] int cells() const override { return m_cells; }
    [[nodiscard]] std::vector<int> assign(const FeatureMatrix&, std::span<const std::int32_t> ids) const override
    {
        std::vector<int> out;
        out.reserve(ids.size());
        for (const std::int32_t id : ids) {
            out.push_back(int(Rng(mix(m_seed, std::uint64_t(std::uint32_t(id)))).below(std::uint64_t(m_cells))));
        }
        return out;
    }
    [[nodiscard]] std::vector<std::byte> serialise() const override { return small_blob("random", m_cells, m_seed); }

private:
    int m_cells;
    std::uint64_t m_seed;
};

class KMeansRouter final : public Router {
public:
    KMeansRouter(std::vector<float> mean, std::vector<float> centroids)
        : m_mean(std::move(mean))
        , m_centroids(std::move(centroids))
    {
    }
    [[nodiscard]] std::string kind() const override { return "kmeans"; }
    [[nodiscard]] int cells() const override { return int(m_centroids.size() / m_mean.size()); }
    [[nodiscard]] std::vector<int> assign(const FeatureMatrix& z, std::span<const std::int32_t>) const override
    {
        if (z.columns != int(m_mean.size())) throw std::logic_error("features of another model given to a k-means router");
        std::vector<float> row(m_mean.size());
        std::vector<int> out;
        out.reserve(std::size_t(z.rows));
        for (std::int64_t i = 0; i < z.rows; ++i) {
            normalise(z.row(i), m_mean, row);
            out.push_back(nearest_centroid(m_centroids, z.columns, row.data()));
        }
        return out;
    }
    [[nodiscard]] std::vector<std::byte> serialise() const override
    {
        const auto d = std::int64_t(m_mean.size());
        const TensorView views[] = {{"mean", DType::F32, {d}, std::as_bytes(std::span(m_mean))},
            {"centroids", DType::F32, {cells(), d}, std::as_bytes(std::span(m_centroids))}};
        return write_safetensors(views, {{"cells", std::to_string(cells())}, {"kind", "kmeans"}, {"normalise", "centre,l2"}});
    }

private:
    std::vector<float> m_mean, m_centroids;
};

Result<std::unique_ptr<Router>> fit_kmeans_router(const FeatureMatrix& train, int cells, std::uint64_t seed)
{
    for (const float x : train.values) {
        if (!std::isfinite(x))
            return fail(ErrorCode::Failed, "a prefix feature is not finite: the warm start diverged; lower training.lr");
    }
    if (train.rows < cells || train.columns < 1) {
        PATHLOOM_TRY([[maybe_unused]] const KMeans refused, fit_kmeans(train, cells, seed));
    }
    std::vector<float> mean = column_means(train);
    FeatureMatrix rows{std::vector<float>(train.values.size()), train.rows, train.columns};
    for (std::int64_t i = 0; i < train.rows; ++i) {
        const auto at = std::size_t(i) * std::size_t(train.columns);
        normalise(train.row(i), mean, std::span(rows.values).subspan(at, std::size_t(train.columns)));
    }
    PATHLOOM_TRY(KMeans fit, fit_kmeans(rows, cells, seed));
    return std::make_unique<KMeansRouter>(std::move(mean), std::move(fit.centroids));
}

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

Result<std::unique_ptr<Router>> load_kmeans_router(const Safetensors& blob)
{
    PATHLOOM_TRY(const TensorView* mean, blob.expect("mean", DType::F32));
    PATHLOOM_TRY(const TensorView* centroids, blob.expect("centroids", DType::F32));
    if (mean->shape.size() != 1 || mean->shape[0] < 1 || centroids->shape.size() != 2 || centroids->shape[0] < 1
        || centroids->shape[1] != mean->shape[0]) {
        return fail(
            ErrorCode::Corrupt, "the router blob's tensors 'mean' and 'centroids' do not fit together; fit the router again");
    }
    const auto m = mean->as<float>();
    const auto c = centroids->as<float>();
    return std::make_unique<KMeansRouter>(std::vector<float>(m.begin(), m.end()), std::vector<float>(c.begin(), c.end()));
}

}  // namespace

Result<std::unique_ptr<Router>> fit_router(const std::string& kind, const FeatureMatrix& train, int cells, std::uint64_t seed)
{
    if (cells < 1) return fail(ErrorCode::Usage, "a router needs at least 1 cell, got {}", cells);
    if (kind == "kmeans") return fit_kmeans_router(train, cells, seed);
    if (kind == "random") return std::make_unique<RandomRouter>(cells, seed);
    if (kind == "none") {
        if (cells != 1)
            return fail(ErrorCode::Usage, "routing.router none serves 1 cell, this topology has {}; use kmeans or random", cells);
        return std::make_unique<NoRouter>();
    }
    return fail(ErrorCode::Usage, "routing.router must be kmeans, random or none, got '{}'", kind);
}

Result<std::unique_ptr<Router>> load_router(std::span<const std::byte> safetensors)
{
    PATHLOOM_TRY(const Safetensors blob, Safetensors::parse(safetensors));
    const auto found = blob.metadata().find("kind");
    const std::string kind = found == blob.metadata().end() ? std::string() : found->second;
    if (kind == "kmeans") return load_kmeans_router(blob);
    if (kind == "none") return std::make_unique<NoRouter>();
    if (kind == "random") {
        PATHLOOM_TRY(const int cells, number<int>(blob.metadata(), "cells"));
        PATHLOOM_TRY(const std::uint64_t seed, number<std::uint64_t>(blob.metadata(), "seed"));
        if (cells < 1) return fail(ErrorCode::Corrupt, "the router blob has {} cells", cells);
        return std::make_unique<RandomRouter>(cells, seed);
    }
    return fail(ErrorCode::Unsupported, "router kind '{}' is not known to this version", kind);
}

bool router_needs_features(const std::string& kind)
{
    return kind == "kmeans";
}

}  // namespace pathloom
