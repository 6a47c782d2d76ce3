// SPDX-License-Identifier: GPL-3.0-or-later
// Re-routing over made-up window scores: finds the path that each stretch of text needs, and never beats the oracle.
#include "engine/routing/reroute.h"
#include "tests/unit/routing/features_data.h"

#include <gtest/gtest.h>

#include <numeric>

namespace pathloom {
namespace {

/// Sequences of 8 windows whose topic changes after every `stay` windows; path k loses 1 a token on topic k and 2 on others. The
/// feature of a window tells its topic. Every fifth sequence ends early.
WindowTable topics(int rows, int cells, int stay, std::uint64_t seed)
{
    Rng rng(seed);
    WindowTable table;
    table.windows = 8;
    table.columns = cells;
    table.nll.resize(std::size_t(cells));
    for (int row = 0; row < rows; ++row) {
        table.rows.push_back(row);
        int topic = 0;
        for (int w = 0; w < 8; ++w) {
            if (w % stay == 0) topic = int(rng.below(std::uint64_t(cells)));
            const int tokens = row % 5 == 4 && w >= 5 ? 0 : row % 5 == 4 && w == 4 ? 7 : smallest_window;
            table.tokens.push_back(tokens);
            for (int cell = 0; cell < cells; ++cell)
                table.nll[std::size_t(cell)].push_back(float(tokens) * (cell == topic ? 1.0f : 2.0f));
            for (int j = 0; j < cells; ++j) table.z.push_back(float((j == topic ? 1.0 : 0.0) + 0.05 * rng.normal()));
        }
    }
    return table;
}

double loss(const WindowTable& table, const Route& route)
{
    double nll = 0, tokens = 0;
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        for (int w = 0; w < table.windows; ++w) {
            const std::size_t i = row * std::size_t(table.windows) + std::size_t(w);
            if (table.tokens[i] == 0) continue;
            const int cell = route.cells[row * std::size_t(route.chunks) + std::size_t(w / route.chunk)];
            EXPECT_GE(cell, 0) << "a chunk with tokens has a path";
            nll += double(table.nll[std::size_t(cell)][i]);
            tokens += table.tokens[i];
        }
    return nll / tokens;
}

TEST(Reroute, ATokenRoutersScoresDecideEachChunk)
{
    const WindowTable table = topics(40, 4, 4, 3);
    const std::vector<std::int32_t> ahead = look_ahead(table);
    ASSERT_EQ(ahead.size(), 40U * 8U);
    std::vector<float> scores(ahead.size() * 4, 0.0f);
    for (std::size_t i = 0; i < ahead.size(); ++i) {
        const bool follows = i % 8 + 1 < 8 && table.tokens[i + 1] > 0;
        EXPECT_EQ(ahead[i] >= 0, follows) << i;
        if (follows) scores[i * 4 + std::size_t(ahead[i])] = 1.0f;
    }
    const std::vector<int> first(40, 0);
    for (const int chunk : {4, 2, 1}) {
        const Route route = reroute(table, chunk, first, scores);
        for (std::size_t row = 0; row < 40; ++row)
            for (int c = 0; c < route.chunks; ++c) {
                const int cell = route.cells[row * std::size_t(route.chunks) + std::size_t(c)];
                const bool read = table.tokens[row * 8 + std::size_t(c * chunk)] > 0;
                EXPECT_EQ(cell, !read ? -1 : c == 0 ? 0 : ahead[row * 8 + std::size_t(c * chunk - 1)]);
            }
    }
    // The last topic of a sequence is the best for all that is left of it.
    for (std::size_t row = 0; row < 40; ++row)
        if (row % 5 != 4)
            for (std::size_t w = 4; w < 7; ++w) EXPECT_EQ(ahead[row * 8 + w], ahead[row * 8 + 3]);
}

TEST(Reroute, FollowsTopicsThatStay)
{
    const WindowTable table = topics(300, 4, 4, 1), unseen = topics(300, 4, 4, 2);
    const std::vector<int> first(300, 0);
    const std::vector<bool> all(300, true);
    std::vector<double> losses{loss(unseen, route_once(unseen, first))};
    for (const int chunk : {4, 2, 1}) {
        const auto router = fit_chunk_router(table, chunk, all).value();
        const Route route = reroute(unseen, chunk, first, *router);
        losses.push_back(loss(unseen, route));
        EXPECT_GE(losses.back(), loss(unseen, oracle(unseen, chunk))) << chunk;
        for (std::size_t row = 0; row < 300; ++row)
            EXPECT_EQ(route.cells[row * std::size_t(route.chunks)], 0) << "the prefix routes the first chunk";
        EXPECT_EQ(fit_chunk_router(table, chunk, all).value()->serialise(), router->serialise());
    }
    EXPECT_NEAR(losses[0], 1.75, 0.05) << "a path chosen once is right a quarter of the time";
    EXPECT_LT(losses[2], losses[0] - 0.1);
    EXPECT_LT(losses[3], losses[2]) << "topics stay for four windows: looking after each of them is better";
}

TEST(Reroute, TheOracleIsMonotoneInItsChunks)
{
    const WindowTable table = topics(100, 3, 1, 3);
    double before = loss(table, oracle(table, 0));
    for (const int chunk : {8, 4, 2, 1}) {
        const double now = loss(table, oracle(table, chunk));
        EXPECT_LE(now, before + 1e-12);
        before = now;
    }
    EXPECT_NEAR(before, 1.0, 1e-6);
    EXPECT_NEAR(loss(table, oracle(table, 8)), loss(table, oracle(table, 0)), 1e-12);
}

TEST(Reroute, ChunksWithoutTokensHaveNoPath)
{
    const WindowTable table = topics(10, 2, 2, 4);
    const Route route = oracle(table, 2);
    EXPECT_EQ(route.chunks, 4);
    EXPECT_EQ(route.cells[4 * 4 + 3], -1);
    EXPECT_GE(route.cells[4 * 4 + 2], 0);
    EXPECT_EQ(route_once(table, std::vector<int>(10, 1)).cells, std::vector<int>(10, 1));
}

TEST(Reroute, RefusesWhatCannotBeFitted)
{
    const WindowTable table = topics(10, 2, 2, 4);
    const auto refused = fit_chunk_router(table, 8, std::vector<bool>(10, true));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Usage);
    EXPECT_NE(refused.error().message.find("two chunks of 128 scored tokens"), std::string::npos) << refused.error().message;
    EXPECT_FALSE(fit_chunk_router(table, 1, std::vector<bool>(10, false)));
}

TEST(WindowTable, PartsJoinAndMismatchesAreSeen)
{
    WindowTable a = topics(6, 2, 2, 1);
    const WindowTable b = topics(4, 2, 2, 2);
    const WindowTable both = joined(a, b).value();
    EXPECT_EQ(both.rows.size(), 10u);
    EXPECT_TRUE(both.check());
    EXPECT_EQ(joined(WindowTable(), b).value().tokens, b.tokens);
    EXPECT_EQ(joined(a, topics(4, 3, 2, 2)).error().code, ErrorCode::Corrupt);
    a.nll[1].pop_back();
    EXPECT_EQ(a.check().error().code, ErrorCode::Corrupt);
}

}  // namespace
}  // namespace pathloom
