// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/centroid_routers.h"

#include "engine/routing/features.h"
#include "engine/routing/kmeans.h"

#include <fmt/format.h>

#include <algorithm>

namespace pathloom {
namespace {

void add_views(const Centroids& c, const std::string& suffix, std::vector<TensorView>& tensors)
{
    tensors.push_back({"mean" + suffix, DType::F32, {c.columns()}, std::as_bytes(std::span(c.mean))});
    tensors.push_back({"centroids" + suffix, DType::F32, {c.count(), c.columns()}, std::as_bytes(std::span(c.values))});
}

/// Squared distance of normalised `z` to each centroid.
void distances(const Centroids& c, std::span<const float> z, std::span<float> out)
{
    thread_local std::vector<float> row;
    row.resize(z.size());
    normalise(z, c.mean, row);
    for (std::size_t k = 0; k < out.size(); ++k)
        out[k] = squared_distance(c.values.data() + k * std::size_t(c.columns()), row.data(), c.columns());
}

class KMeansRouter final : public Router {
public:
    explicit KMeansRouter(Centroids centroids)
        : m_centroids(std::move(centroids))
    {
    }
    [[nodiscard]] std::string kind() const override { return "kmeans"; }
    [[nodiscard]] int cells() const override { return m_centroids.count(); }
    [[nodiscard]] int feature_columns() const override { return m_centroids.columns(); }
    [[nodiscard]] const Centroids& centroids() const { return m_centroids; }

protected:
    void raw_score(std::span<const float> z, std::int32_t, std::span<float> out) const override
    {
        distances(m_centroids, z, out);
        for (float& x : out) x = -x;
    }
    void describe(std::vector<TensorView>& tensors, std::map<std::string, std::string>& metadata) const override
    {
        add_views(m_centroids, "", tensors);
        metadata["cells"] = std::to_string(cells());
        metadata["normalise"] = "centre,l2";
    }

private:
    Centroids m_centroids;
};

class ProductRouter final : public Router {
public:
    ProductRouter(Centroids first, Centroids second)
        : m_first(std::move(first))
        , m_second(std::move(second))
    {
    }
    [[nodiscard]] std::string kind() const override { return "product-kmeans"; }
    [[nodiscard]] int cells() const override { return m_first.count() * m_second.count(); }
    [[nodiscard]] int feature_columns() const override { return m_first.columns() + m_second.columns(); }

protected:
    void raw_score(std::span<const float> z, std::int32_t, std::span<float> out) const override
    {
        std::vector<float> first(std::size_t(m_first.count())), second(std::size_t(m_second.count()));
        distances(m_first, z.first(std::size_t(m_first.columns())), first);
        distances(m_second, z.subspan(std::size_t(m_first.columns())), second);
        for (std::size_t i = 0; i < first.size(); ++i)
            for (std::size_t j = 0; j < second.size(); ++j) out[i * second.size() + j] = -(first[i] + second[j]);
    }
    void describe(std::vector<TensorView>& tensors, std::map<std::string, std::string>& metadata) const override
    {
        add_views(m_first, ".0", tensors);
        add_views(m_second, ".1", tensors);
        metadata["cells"] = std::to_string(cells());
        metadata["normalise"] = "centre,l2";
    }

private:
    Centroids m_first, m_second;
};

Result<Centroids> read_centroids(const Safetensors& blob, const std::string& suffix)
{
    PATHLOOM_TRY(const TensorView* mean, blob.expect("mean" + suffix, DType::F32));
    PATHLOOM_TRY(const TensorView* centroids, blob.expect("centroids" + suffix, DType::F32));
    if (mean->shape.size() != 1 || mean->shape[0] < 1 || centroids->shape.size() != 2 || centroids->shape[0] < 1
        || centroids->shape[1] != mean->shape[0]) {
        return fail(ErrorCode::Corrupt,
            "the router blob's tensors 'mean{}' and 'centroids{}' do not fit together; fit the router again", suffix, suffix);
    }
    const auto m = mean->as<float>();
    const auto c = centroids->as<float>();
    return Centroids{std::vector<float>(m.begin(), m.end()), std::vector<float>(c.begin(), c.end())};
}

}  // namespace

Result<Centroids> fit_centroids(const FeatureMatrix& train, int clusters, std::uint64_t seed)
{
    PATHLOOM_CHECK(check_finite(train));
    if (train.rows < clusters || train.columns < 1) {
        PATHLOOM_TRY([[maybe_unused]] const KMeans refused, fit_kmeans(train, clusters, seed));
    }
    Centroids out;
    out.mean = column_means(train);
    PATHLOOM_TRY(KMeans fit, fit_kmeans(normalised(train, out.mean), clusters, seed));
    out.values = std::move(fit.centroids);
    return out;
}

std::unique_ptr<Router> make_kmeans_router(Centroids centroids)
{
    return std::make_unique<KMeansRouter>(std::move(centroids));
}

std::unique_ptr<Router> make_product_router(Centroids first, Centroids second)
{
    return std::make_unique<ProductRouter>(std::move(first), std::move(second));
}

std::vector<float> cell_centroids(const Router& router)
{
    const auto* kmeans = dynamic_cast<const KMeansRouter*>(&router);
    return kmeans ? kmeans->centroids().values : std::vector<float>();
}

Result<std::unique_ptr<Router>> placed(const Router& router, std::span<const int> place)
{
    const auto* kmeans = dynamic_cast<const KMeansRouter*>(&router);
    if (!kmeans || int(place.size()) != kmeans->cells())
        return fail(ErrorCode::Usage, "only a k-means router can be laid out anew, cell by cell");
    Centroids moved = kmeans->centroids();
    const auto d = std::ptrdiff_t(moved.columns());
    for (std::size_t cell = 0; cell < place.size(); ++cell)
        std::copy_n(kmeans->centroids().values.begin() + std::ptrdiff_t(cell) * d, d, moved.values.begin() + place[cell] * d);
    return make_kmeans_router(std::move(moved));
}

Result<std::unique_ptr<Router>> load_kmeans_router(const Safetensors& blob)
{
    PATHLOOM_TRY(Centroids centroids, read_centroids(blob, ""));
    return make_kmeans_router(std::move(centroids));
}

Result<std::unique_ptr<Router>> load_product_router(const Safetensors& blob)
{
    PATHLOOM_TRY(Centroids first, read_centroids(blob, ".0"));
    PATHLOOM_TRY(Centroids second, read_centroids(blob, ".1"));
    if (std::int64_t(first.count()) * second.count() > 65536)
        return fail(
            ErrorCode::Corrupt, "the router blob claims {} x {} cells; fit the router again", first.count(), second.count());
    return make_product_router(std::move(first), std::move(second));
}

}  // namespace pathloom
