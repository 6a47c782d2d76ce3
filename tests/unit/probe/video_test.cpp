// SPDX-License-Identifier: GPL-3.0-or-later
// The film probe's plan and text; films themselves are tested where they are read.
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/probe/video_grid.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <ranges>
#include <set>

namespace pathloom {
namespace {

Timeline two_films()
{
    return Timeline(
        {{"/films/a.mp4", 3, {{0.5, "one\n"}, {2.0, "two\n"}}}, {"/films/b.mp4", 2, {{1.9, "three\n"}, {2.4, "late\n"}}}});
}

TEST(Timeline, FilmsFollowOneAnotherAndBeginAgain)
{
    const Timeline films = two_films();
    EXPECT_EQ(films.seconds(), 5);
    EXPECT_EQ(films.at(3).film, 1U);
    EXPECT_EQ(films.at(3).second, 0);
    EXPECT_EQ(films.at(12).film, 0U);
    EXPECT_EQ(films.at(12).second, 2);
    const Timeline::Text text = films.text(7);
    EXPECT_EQ(text.text, "a.mp4\none\ntwo\nb.mp4\nthree\nlate\na.mp4\none\n");
    ASSERT_EQ(text.ends.size(), 7U);
    EXPECT_EQ(text.text.substr(0, text.ends[0]), "a.mp4\none\n");
    EXPECT_EQ(text.text.substr(0, text.ends[2]), "a.mp4\none\ntwo\n");
    EXPECT_EQ(text.ends[6], text.text.size());
}

TEST(VideoGrid, IsDrawnFromTheSeedAndCoversEveryShare)
{
    VideoGridRequest request{{10, 600}, 10, false, 7, {"lantern", "velvet", "anchor"}, {}};
    const auto cells = plan_video_grid(two_films(), request).value();
    ASSERT_EQ(cells.size(), 20U);
    for (int d = 0; d < 10; ++d) {
        EXPECT_EQ(cells[std::size_t(d)].second, d);
        const VideoCell& cell = cells[std::size_t(10 + d)];
        EXPECT_GE(cell.second, d * 60);
        EXPECT_LT(cell.second, d * 60 + 60);
        EXPECT_EQ(cell.drawn.text, "The secret word is \"" + cell.word + "\"");
        EXPECT_EQ(cell.drawn.second, two_films().at(cell.second).second);
        EXPECT_TRUE(cell.repeated);
    }
    EXPECT_EQ(plan_video_grid(two_films(), request).value()[13].word, cells[13].word);
    request.seed = 8;
    const auto others = plan_video_grid(two_films(), request).value();
    EXPECT_TRUE(std::ranges::any_of(
        std::views::iota(0, 20), [&](int i) { return others[std::size_t(i)].second != cells[std::size_t(i)].second; }));
    request.lengths = {9};
    EXPECT_EQ(plan_video_grid(two_films(), request).error().code, ErrorCode::Usage);
    request.words.clear();
    EXPECT_EQ(plan_video_grid(two_films(), request).error().code, ErrorCode::Usage);
}

TEST(VideoGrid, ShipsAThousandWords)
{
    const auto words = word_list(read_file(resource_path("probes/words.txt").value()).value());
    EXPECT_EQ(words.size(), 1000U);
    EXPECT_EQ(std::set<std::string>(words.begin(), words.end()).size(), words.size());
    EXPECT_TRUE(std::ranges::all_of(words, [](const std::string& word) {
        return word.size() >= 5 && word.size() <= 8 && std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
    }));
}

}  // namespace
}  // namespace pathloom
