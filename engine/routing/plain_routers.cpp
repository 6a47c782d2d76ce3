// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/plain_routers.h"

#include "engine/core/rng.h"

#include <numeric>

namespace pathloom {
namespace {

/// The chosen cell scores 1, the others what a hash says below that: so "the n best" is a choice of n different cells too.
void score_choice(int chosen, std::uint64_t key, std::span<float> out)
{
    for (std::size_t cell = 0; cell < out.size(); ++cell)
        out[cell] = int(cell) == chosen ? 1.0f : float(0.9 * Rng(mix(key, cell)).uniform());
}

class NoRouter final : public Router {
public:
    [[nodiscard]] std::string kind() const override { return "none"; }
    [[nodiscard]] int cells() const override { return 1; }

protected:
    void raw_score(std::span<const float>, std::int32_t, std::span<float> out) const override { out[0] = 0.0f; }
    void describe(std::vector<TensorView>&, std::map<std::string, std::string>& metadata) const override
    {
        metadata["cells"] = "1";
        metadata["seed"] = "0";
    }
};

class SeededRouter : public Router {
public:
    SeededRouter(int cells, std::uint64_t seed)
        : m_cells(cells)
        , m_seed(seed)
    {
    }
    [[nodiscard]] int cells() const override { return m_cells; }

protected:
    void describe(std::vector<TensorView>&, std::map<std::string, std::string>& metadata) const override
    {
        metadata["cells"] = std::to_string(m_cells);
        metadata["seed"] = std::to_string(m_seed);
    }
    int m_cells;
    std::uint64_t m_seed;
};

class RandomRouter final : public SeededRouter {
public:
    using SeededRouter::SeededRouter;
    [[nodiscard]] std::string kind() const override { return "random"; }

protected:
    void raw_score(std::span<const float>, std::int32_t id, std::span<float> out) const override
    {
        const std::uint64_t key = mix(m_seed, std::uint64_t(std::uint32_t(id)));
        score_choice(int(Rng(key).below(std::uint64_t(m_cells))), key, out);
    }
};

class RoundRobinRouter final : public SeededRouter {
public:
    using SeededRouter::SeededRouter;
    [[nodiscard]] std::string kind() const override { return "round-robin"; }

protected:
    void raw_score(std::span<const float>, std::int32_t id, std::span<float> out) const override
    {
        // Each round deals in its own order, so that a corpus with a period of `cells` sequences is mixed all the same.
        const auto n = std::uint64_t(m_cells), number = std::uint64_t(std::uint32_t(id));
        std::vector<int> order(std::size_t(m_cells), 0);
        std::iota(order.begin(), order.end(), 0);
        Rng(mix(m_seed, 0x726f756eU, number / n)).shuffle(std::span(order));
        score_choice(order[std::size_t(number % n)], mix(m_seed, number), out);
    }
};

}  // namespace

std::unique_ptr<Router> make_no_router()
{
    return std::make_unique<NoRouter>();
}

std::unique_ptr<Router> make_random_router(int cells, std::uint64_t seed)
{
    return std::make_unique<RandomRouter>(cells, seed);
}

std::unique_ptr<Router> make_round_robin_router(int cells, std::uint64_t seed)
{
    return std::make_unique<RoundRobinRouter>(cells, seed);
}

}  // namespace pathloom
