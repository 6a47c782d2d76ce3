// SPDX-License-Identifier: GPL-3.0-or-later
// The film probe's plan and text; films themselves are tested where they are read.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/probe/frame_grid.h"
#include "engine/probe/transcribed.h"
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

TEST(VideoGrid, SpeaksTheWordWithAVoiceOfTheSeed)
{
    VideoGridRequest request{{600}, 10, false, 7, {"lantern", "velvet", "anchor"}, {}, NeedleKind::Spoken};
    const auto cells = plan_video_grid(two_films(), request).value();
    std::set<std::string> voices;
    for (const VideoCell& cell : cells) {
        EXPECT_EQ(cell.spoken.text, "the secret keyword is " + cell.word);
        EXPECT_EQ(cell.spoken.second, cell.place.second);
        EXPECT_TRUE(cell.drawn.text.empty());
        voices.insert(cell.spoken.voice);
    }
    EXPECT_EQ(voices, (std::set<std::string>{"rms", "slt"}));
    EXPECT_NE(std::string(secret_of(NeedleKind::Spoken).question), secret_of(NeedleKind::Drawn).question);
}

TEST(Transcribed, ListsNameFilesAndWords)
{
    const test::TemporaryFolder folder;
    const auto list = folder.path() / "list.tsv";
    ASSERT_TRUE(write_file_atomic(list, "a.wav\tGo forward, ten metres.\n\nsub/b.wav\tdon't\n"));
    const auto read = read_transcribed(list).value();
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[0].file, folder.path() / "a.wav");
    EXPECT_EQ(read[1].file, folder.path() / "sub/b.wav");
    EXPECT_EQ(plain_words(read[0].words), "go forward ten metres");
    EXPECT_EQ(plain_words(" Don't -- STOP 2! "), "don't stop 2");
    ASSERT_TRUE(write_file_atomic(list, "a.wav\tgo\nb.wav go\n"));
    EXPECT_THAT(read_transcribed(list).error().message, testing::HasSubstr("list.tsv:2"));
    ASSERT_TRUE(write_file_atomic(list, "\n"));
    EXPECT_EQ(read_transcribed(list).error().code, ErrorCode::Usage);
}

TEST(FrameGrid, TheNearestMarkWithinTheLengthIsTheAnswer)
{
    const Timeline films({{"/films/a.mp4", 12, {}}, {"/films/b.mp4", 12, {}}});
    // Each second looks like no other, but for 5 and 6 of the first film, which hardly differ, and b's 3, which is a's 2.
    std::vector<FilmMarks> marks(2);
    for (int f = 0; f < 2; ++f)
        for (int s = 0; s < 12; ++s) {
            PictureMark mark;
            mark.values[std::size_t(f * 24 + s)] = 127;
            marks[std::size_t(f)].seconds.push_back(s);
            marks[std::size_t(f)].marks.push_back(mark);
        }
    marks[0].marks[6] = marks[0].marks[5];
    marks[0].marks[6].values[40] = 20;
    marks[0].marks[7] = marks[0].marks[6];
    marks[0].marks[7].values[41] = 20;
    marks[1].marks[3] = marks[0].marks[2];
    const auto ask = [&](int second, int length, const PictureMark& wanted) {
        FrameCell cell;
        cell.length = length;
        cell.second = second;
        cell.place = films.at(second);
        cell.wanted = wanted;
        std::vector<FrameCell> cells{cell};
        find_by_marks(films, marks, cells);
        return cells.front();
    };
    EXPECT_TRUE(ask(9, 24, marks[0].marks[9]).found);
    const FrameCell other = ask(15, 24, marks[1].marks[3]);  // the first film has it too
    EXPECT_FALSE(other.found || other.same_shot);
    EXPECT_EQ(other.found_film, 0U);
    EXPECT_TRUE(ask(6, 24, marks[0].marks[5]).found);  // a second away
    const FrameCell shot = ask(5, 24, marks[0].marks[7]);
    EXPECT_FALSE(shot.found);
    EXPECT_TRUE(shot.same_shot);
    const FrameCell cut = ask(2, 24, marks[0].marks[9]);
    EXPECT_FALSE(cut.found || cut.same_shot);
    EXPECT_FALSE(ask(2, 6, marks[0].marks[9]).found_second == 9.0);  // beyond the length
    FrameGridRequest request{{24, 48}, 10, 1.0, 3};
    const auto cells = plan_frame_grid(films, request).value();
    ASSERT_EQ(cells.size(), 20U);
    EXPECT_FALSE(cells[0].repeated);
    EXPECT_TRUE(cells[19].repeated);
    EXPECT_NE(cells[0].seed, cells[10].seed);
    request.lengths = {9};
    EXPECT_EQ(plan_frame_grid(films, request).error().code, ErrorCode::Usage);
}

}  // namespace
}  // namespace pathloom
