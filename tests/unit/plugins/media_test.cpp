// SPDX-License-Identifier: GPL-3.0-or-later
// Films: which picture is on screen when, what a file says of itself, and what is read from pictures, tracks and sound.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/media/frame_reader.h"
#include "engine/media/media_abilities.h"
#include "engine/media/media_facts.h"
#include "engine/media/overlay_reading.h"
#include "engine/media/picture_change.h"
#include "engine/media/picture_copy.h"
#include "engine/media/picture_search.h"
#include "engine/media/picture_track.h"
#include "engine/media/png.h"
#include "engine/media/sound_reader.h"
#include "engine/media/speech.h"
#include "engine/media/spoken_reading.h"
#include "engine/media/subtitle_tracks.h"
#include "engine/media/text_rows.h"
#include "engine/media/thumbnails.h"
#include "engine/media/voice.h"
#include "plugins/video/film_document.h"
#include "tests/samples/film.h"

#include <gmock/gmock.h>

#include <cmath>

namespace pathloom {
namespace {

using testing::HasSubstr;

class Films : public testing::Test {
protected:
    test::TemporaryFolder folder;
    std::filesystem::path make(const std::string& name, const test::FilmSpec& spec)
    {
        test::film(folder.path() / name, spec);
        return folder.path() / name;
    }
    std::filesystem::path put(const std::string& name, std::string_view bytes)
    {
        EXPECT_TRUE(write_file_atomic(folder.path() / name, bytes));
        return folder.path() / name;
    }
};

int grey_at(const FrameReader& frames, double x, double y)
{
    const Picture picture = frames.picture(1);
    return picture.bytes[std::size_t(y * picture.height) * picture.row_bytes() + std::size_t(x * picture.width)];
}

bool looks_like(const FrameReader& frames, int i)
{
    return std::abs(grey_at(frames, 0.5, 0.5) - test::light(i)) <= 6;
}

TEST_F(Films, EveryTimeShowsThePictureThatIsOnScreenThen)
{
    const std::vector<std::pair<const char*, int>> kinds{
        {"a.mkv", 7}, {"b.mkv", 10}, {"c.mkv", 250}, {"d.ts", 80}, {"e.mp4", 250}};
    for (const auto& [name, key_every] : kinds) {
        const auto file = make(name, {.seconds = 26.0, .key_every = key_every, .b_frames = 2});
        FrameReader frames = FrameReader::open(file).value();
        for (int second = 0; second < 26; ++second) {
            ASSERT_TRUE(frames.go_to(second).value());
            EXPECT_TRUE(looks_like(frames, second * 10)) << name << " at " << second;
            EXPECT_NEAR(frames.shown_at(), second, 1e-3);
        }
        EXPECT_LT(frames.decoded(), key_every > 10 ? 200 : 140);  // of 260
        EXPECT_FALSE(frames.go_to(26.0).value());
        for (const double there : {3.24, 25.95, 0.0, 14.07, 14.17}) {  // back, far ahead, between two pictures
            ASSERT_TRUE(frames.go_to(there).value()) << name << " at " << there;
            EXPECT_TRUE(looks_like(frames, int(there * 10 + 1e-6))) << name << " at " << there;
        }
    }
}

TEST_F(Films, APictureStaysOnScreenUntilTheNextComes)
{
    const auto file = make("a.mkv", {.times = {0.0, 0.5, 3.0, 3.04, 7.0}});
    FrameReader frames = FrameReader::open(file).value();
    const std::vector<int> expected{0, 1, 1, 2, 3, 3, 3, 4};
    for (int second = 0; second < 8; ++second) {
        ASSERT_TRUE(frames.go_to(second == 3 ? 3.02 : second).has_value());
        EXPECT_TRUE(looks_like(frames, expected[std::size_t(second)])) << second;
    }
    ASSERT_TRUE(frames.go_to(1.0).value());
    EXPECT_TRUE(frames.changed());
    ASSERT_TRUE(frames.go_to(2.0).value());
    EXPECT_FALSE(frames.changed());
}

TEST_F(Films, TurnedOnesStandUpright)
{
    for (const int degrees : {0, 90, 180, 270}) {
        const auto file = make(fmt::format("{}.mp4", degrees), {.seconds = 1.0, .rotation = degrees});
        const MediaFacts facts = media_facts(file).value();
        ASSERT_TRUE(facts.video);
        EXPECT_EQ(facts.video->rotation, degrees);
        EXPECT_EQ(facts.video->width, degrees % 180 == 0 ? 320 : 240);
        FrameReader frames = FrameReader::open(file).value();
        ASSERT_TRUE(frames.go_to(0.0).value());
        const Picture picture = frames.picture(1);
        EXPECT_EQ(picture.width, facts.video->width);
        EXPECT_EQ(picture.height, facts.video->height);
        // The white corner goes round clockwise.
        EXPECT_EQ(grey_at(frames, 0.03, 0.03) > 240, degrees == 0) << degrees;
        EXPECT_EQ(grey_at(frames, 0.97, 0.03) > 240, degrees == 90) << degrees;
        EXPECT_EQ(grey_at(frames, 0.97, 0.97) > 240, degrees == 180) << degrees;
        EXPECT_EQ(grey_at(frames, 0.03, 0.97) > 240, degrees == 270) << degrees;
    }
}

TEST_F(Films, SayWhatTheyAre)
{
    const auto file = make(
        "a.mkv", {.seconds = 4.0, .fps = 12.5, .cues = {{1.0, 2.0, "Hello"}}, .sound = std::vector<std::int16_t>(64000, 5)});
    const MediaFacts facts = media_facts(file).value();
    EXPECT_NEAR(facts.seconds, 4.0, 0.1);
    EXPECT_EQ(facts.video->codec, "mpeg4");
    EXPECT_NEAR(facts.video->fps, 12.5, 0.01);
    EXPECT_EQ(facts.audio->sample_rate, 16000);
    ASSERT_EQ(facts.subtitles.size(), 1U);
    EXPECT_EQ(facts.subtitles[0].language, "eng");
    EXPECT_TRUE(facts.subtitles[0].text);
    SoundReader sound = SoundReader::open(file, 1.0).value();
    std::size_t samples = 0;
    for (auto piece = sound.next(); !piece.empty(); piece = sound.next()) {
        samples += piece.size();
        EXPECT_EQ(piece[piece.size() / 2], 5);
    }
    EXPECT_NEAR(double(samples), 48000.0, 1700.0);
    EXPECT_NEAR(sound.seconds(), 4.0, 0.01);
}

TEST_F(Films, WhatIsNoneIsOneLine)
{
    const auto refused = [](const std::filesystem::path& file) {
        const auto done = read_film(
            file, {}, [](double, double) { return true; }, [](Segment&&) { return true; });
        return done ? Error{ErrorCode::Failed, "it was read"} : done.error();
    };
    EXPECT_EQ(refused(put("text.mp4", "this is no film at all, only words")).code, ErrorCode::Corrupt);
    const auto good = make("good.mp4", {.seconds = 2.0});
    const std::string bytes = read_file(good).value();
    EXPECT_EQ(refused(put("cut.mp4", bytes.substr(0, bytes.size() / 2))).code, ErrorCode::Corrupt);  // its index is at the end
    // A playlist opens nothing.
    const auto list = put("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + good.string() + "\n#EXT-X-ENDLIST\n");
    EXPECT_EQ(refused(list).code, ErrorCode::Corrupt);
    EXPECT_THAT(refused(good).message, HasSubstr("no text was found in its pictures"));
    const auto sound = make("sound.mkv", {.pictures = false, .sound = std::vector<std::int16_t>(16000, 9)});
    EXPECT_THAT(FrameReader::open(sound).error().message, HasSubstr("no video stream"));
    EXPECT_THAT(refused(sound).message, HasSubstr("--speech"));
    EXPECT_THAT(SoundReader::open(good).error().message, HasSubstr("no audio stream"));
    const auto foreign = read_film(
        good, {.language = "tlh"}, [](double, double) { return true; }, [](Segment&&) { return true; });
    EXPECT_THAT(foreign.error().message, HasSubstr("install tesseract-ocr-tlh"));
    EXPECT_EQ(PictureText::open("../eng").error().code, ErrorCode::Usage);
}

TEST_F(Films, AreDocumentsOnOneTimeline)
{
    const auto file = make("a.mkv",
        {.width = 640,
            .height = 360,
            .seconds = 9.0,
            .key_every = 25,
            .words = {{3.0, 6.0, "The harbour opens at 7304918"}, {6.0, 7.0, "Nobody sold the boat"}},
            .cues = {{1.0, 2.0, "<i>Hello</i>"}, {5.0, 6.0, "there"}}});
    put("a.de.srt", "1\n00:00:04,000 --> 00:00:05,000\nGuten Tag\n");
    put("another.srt", "1\n00:00:04,000 --> 00:00:05,000\nnot this\n");
    std::vector<Segment> segments;
    double reached = 0.0;
    const auto done = read_film(
        file, {},
        [&](double now, double) {
            reached = now;
            return true;
        },
        [&](Segment&& segment) {
            segments.push_back(std::move(segment));
            return true;
        });
    ASSERT_TRUE(done) << done.error().message;
    std::string told;
    for (const Segment& segment : segments)
        told += fmt::format("{:.0f} {}: {}", segment.where.seconds, segment.where.track, segment.text);
    EXPECT_EQ(told,
        "1 subtitles: Hello\n3 text in the picture: The harbour opens at 7304918\n4 subtitles: Guten Tag\n5 subtitles: there\n"
        "6 text in the picture: Nobody sold the boat\n");
    EXPECT_GT(segments[1].confidence, 0.6);
    EXPECT_EQ(segments[0].confidence, -1.0);
    EXPECT_NEAR(reached, 9.0, 0.2);
    const auto stopped = read_film(
        file, {}, [](double, double) { return false; }, [](Segment&&) { return true; });
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
}

TEST_F(Films, WordsDrawnOverOnePictureAreReadFromIt)
{
    const auto file = make("a.mkv", {.width = 640, .height = 360, .seconds = 4.0});
    std::vector<std::string> read(2);
    const std::vector<OverlayRequest> requests{
        {3.0, {"The secret word is \"lantern\"", 0.2, 0.9}}, {1.0, {"The secret word is \"velvet\""}}};
    const auto done = read_overlays(file, "eng", 1.0, requests, [&](const OverlayReading& one) {
        for (const PictureLine& line : one.lines) read[one.request] += line.text;
        return true;
    });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_THAT(read[0], HasSubstr("lantern"));
    EXPECT_THAT(read[1], HasSubstr("velvet"));
    EXPECT_FALSE(read_overlays(file, "eng", 1.0, {{9.0, {"late"}}}, [](const OverlayReading&) { return true; }));
}

TEST_F(Films, ThumbnailsAreSpreadEvenly)
{
    const auto file = make("a.mp4", {.seconds = 8.0});
    std::vector<Thumbnail> all;
    ASSERT_TRUE(make_thumbnails(file, 4, 60, [&](const Thumbnail& one) {
        all.push_back(one);
        return true;
    }));
    ASSERT_EQ(all.size(), 4U);
    for (int i = 0; i < 4; ++i) {
        const Thumbnail& one = all[std::size_t(i)];
        EXPECT_NEAR(one.seconds, 1.0 + 2.0 * i, 0.1);
        EXPECT_EQ(one.width, 80);
        EXPECT_EQ(one.height, 60);
        EXPECT_TRUE(one.png.starts_with("\x89PNG"));
    }
    EXPECT_NE(all[0].png, all[1].png);
}

TEST(PictureChange, GivesTheRowsThatChangedSinceTheyWereGiven)
{
    Picture picture{320, 180};
    picture.bytes.assign(320 * 180, 100);
    ChangeFinder finder;
    EXPECT_EQ(finder.changed(picture), std::vector<Band>{Band{}});
    EXPECT_TRUE(finder.changed(picture).empty());
    for (auto& byte : picture.bytes) byte = std::uint8_t(byte + 3);  // noise
    EXPECT_TRUE(finder.changed(picture).empty());
    for (int x = 100; x < 160; ++x)
        for (int y = 150; y < 158; ++y) picture.bytes[std::size_t(y * 320 + x)] = 250;
    const auto bands = finder.changed(picture);
    ASSERT_EQ(bands.size(), 1U);
    EXPECT_LE(bands[0].top, 150.0 / 180.0);
    EXPECT_GE(bands[0].bottom, 158.0 / 180.0);
    EXPECT_LT(bands[0].bottom - bands[0].top, 0.3);
    EXPECT_TRUE(finder.changed(picture).empty());
    for (auto& byte : picture.bytes) byte = std::uint8_t(255 - byte);
    EXPECT_EQ(finder.changed(picture), std::vector<Band>{Band{}});
}

TEST(TextRows, LettersStandOnALineLeavesDoNot)
{
    std::vector<Box> letters;
    for (int i = 0; i < 9; ++i) letters.push_back({40 + i * 22, i % 4 == 0 ? 92 : 100, 16, i % 4 == 0 ? 32 : 24});  // on 124
    letters.push_back({40 + 9 * 22, 100, 16, 33});  // with a tail
    letters.push_back({140, 20, 18, 18});  // far above
    const auto rows = letter_rows(letters);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].letters.size(), 10U);
    EXPECT_EQ(box_of(rows[0]), (Box{40, 92, 214, 41}));
    std::vector<Box> leaves;
    for (int i = 0; i < 12; ++i) leaves.push_back({40 + i * 22, 60 + (i * 53) % 160, 10 + (i * 7) % 13, 9 + (i * 11) % 25});
    EXPECT_TRUE(letter_rows(leaves).empty());
    EXPECT_TRUE(letter_rows({}).empty());
}

TEST(SubtitleTracks, EventsLoseTheirFieldsAndTags)
{
    EXPECT_EQ(words_of_event("0,0,Default,,0,0,0,,{\\an8}Hello, you\\Nthere"), "Hello, you\nthere\n");
    EXPECT_EQ(words_of_event("0,0,Default,,0,0,0,,{not a tag} a\\hb "), "{not a tag} a b\n");
    EXPECT_EQ(words_of_event("0,0,Default,,0,0,0,,{\\an8"), "");
}

TEST(Speech, IsUnderstood)
{
    const std::filesystem::path recording = "/usr/share/pocketsphinx/test/data/goforward.raw";
    if (!std::filesystem::exists(recording)) GTEST_SKIP() << "pocketsphinx-testdata is not installed";
    const std::string bytes = read_file(recording).value();
    std::vector<std::int16_t> sound(bytes.size() / 2);
    std::memcpy(sound.data(), bytes.data(), sound.size() * 2);
    sound.resize(sound.size() + 16000, 0);
    auto recogniser = SpeechRecogniser::open();
    ASSERT_TRUE(recogniser) << recogniser.error().message;
    std::vector<Utterance> said;
    for (std::size_t at = 0; at < sound.size(); at += 2048) {
        const std::size_t count = std::min<std::size_t>(2048, sound.size() - at);
        for (Utterance& one : recogniser->hear(std::span(sound).subspan(at, count), double(at + count) / SoundRate))
            said.push_back(std::move(one));
    }
    for (Utterance& one : recogniser->finish()) said.push_back(std::move(one));
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0].text, "go forward ten meters");
    EXPECT_LT(said[0].seconds, 1.0);
}

TEST(Voice, SaysTheSameEachTime)
{
    const auto man = spoken("the secret keyword is adjacent", VoiceOfMan).value();
    EXPECT_GT(man.size(), std::size_t(SoundRate));
    EXPECT_LT(man.size(), std::size_t(4 * SoundRate));
    EXPECT_EQ(spoken("the secret keyword is adjacent", VoiceOfMan).value(), man);
    EXPECT_NE(spoken("the secret keyword is adjacent", VoiceOfWoman).value(), man);
    EXPECT_EQ(spoken("word", "nobody").error().code, ErrorCode::Usage);
    EXPECT_EQ(spoken(" ", VoiceOfMan).error().code, ErrorCode::Usage);
}

TEST(SpokenReading, CutsWhereItIsQuietAndKeepsTheLevel)
{
    std::vector<std::int16_t> sound(3 * SoundRate);
    for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = std::int16_t(4000.0 * std::sin(double(i) * 0.3));
    std::fill(sound.begin() + 20000, sound.begin() + 24000, std::int16_t(10));
    EXPECT_NEAR(double(quiet_place(sound, 24000, SoundRate)), 22000.0, 1300.0);
    EXPECT_EQ(quiet_place(sound, 24000, 100), 24000U);  // no tenth of a second within reach
    EXPECT_NEAR(loudness(sound), 4000.0 / std::sqrt(2.0), 30.0);
    EXPECT_EQ(loudness({}), 0.0);
    EXPECT_NEAR(loudness(as_loud_as(sound, 500.0)), 500.0, 5.0);
    const auto loud = as_loud_as(sound, 60000.0);
    EXPECT_EQ(*std::ranges::max_element(loud), 32767);
}

TEST_F(Films, WordsSpokenIntoARecordingAreHeardInIt)
{
    if (!SpeechRecogniser::problem().empty()) GTEST_SKIP() << SpeechRecogniser::problem();
    test::FilmSpec spec{.seconds = 14.0, .pictures = false};
    while (spec.sound.size() < 14U * SoundRate) {
        const auto sentence = spoken("the people walked along the river until it was dark", VoiceOfWoman).value();
        spec.sound.insert(spec.sound.end(), sentence.begin(), sentence.end());
        spec.sound.insert(spec.sound.end(), SoundRate / 2, 0);
    }
    const auto file = make("talk.mkv", spec);
    // A recogniser mishears some words: of three, two are enough, and none may be heard where another was spoken.
    const std::vector<std::string> words{"captain", "mountain", "village"};
    std::vector<SpokenRequest> requests;
    for (std::size_t i = 0; i < words.size(); ++i)
        requests.push_back({2.5 + 3.0 * double(i), "rms", "the secret keyword is " + words[i]});
    std::vector<std::string> heard(words.size());
    std::vector<double> places;
    const auto done = read_spoken(file, requests, [&](const SpokenReading& one) {
        for (const Utterance& said : one.said) heard[one.request] += said.text + "\n";
        places.push_back(one.seconds);
        return true;
    });
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_EQ(places.size(), words.size());
    int understood = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        EXPECT_NEAR(places[i], requests[i].seconds, 1.01);
        for (std::size_t j = 0; j < words.size(); ++j) {
            const bool there = heard[i].find(words[j]) != std::string::npos;
            if (i == j) understood += there ? 1 : 0;
            if (i != j) EXPECT_FALSE(there) << heard[i];
        }
    }
    EXPECT_GE(understood, 2) << testing::PrintToString(heard);
    EXPECT_EQ(
        read_spoken(file, {{60.0, "rms", "late"}}, [](const SpokenReading&) { return true; }).error().code, ErrorCode::Usage);
}

TEST(MediaAbilities, AreWhatCanBeOpened)
{
    const MediaAbilities abilities = media_abilities();
    EXPECT_THAT(abilities.text_languages, testing::Contains("eng"));
    EXPECT_THAT(abilities.text_languages, testing::Not(testing::Contains("osd")));
    for (const std::string& language : abilities.text_languages) EXPECT_TRUE(PictureText::open(language)) << language;
    EXPECT_EQ(abilities.speech_problem.empty(), SpeechRecogniser::open().has_value());
}

/// A picture of waves and colours that no other seed has.
Picture pattern(unsigned seed, int width = 320, int height = 180)
{
    Picture out{width, height, 3};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (unsigned c = 0; c < 3; ++c) {
                const double u = double(x) / width, v = double(y) / height, k = 1.0 + double(seed * 7 % 5 + c);
                out.bytes.push_back(
                    std::uint8_t(128.0 + 60.0 * std::sin(k * 5.0 * u + seed) + 60.0 * std::cos(3.0 * v * k + 2.0 * seed)));
            }
    return out;
}

TEST(PictureMark, ACopyLooksLikeItsPictureAndLikeNoOther)
{
    std::vector<PictureMark> marks;
    for (unsigned seed = 0; seed < 20; ++seed) marks.push_back(mark_of(pattern(seed)));
    for (unsigned seed = 0; seed < 20; ++seed) {
        const CopyRecipe recipe = copy_recipe(seed);
        const Picture copy = copied(pattern(seed), recipe).value();
        EXPECT_LT(copy.width, 320);
        EXPECT_NE(copy.bytes, pattern(seed).bytes);
        const PictureMark mark = mark_of(copy);
        const auto nearest = std::ranges::min_element(marks, {}, [&](const PictureMark& one) { return difference(one, mark); });
        EXPECT_EQ(nearest, marks.begin() + seed);
        EXPECT_FALSE(is_cut(mark, marks[seed]));
        EXPECT_LT(difference(mark, marks[seed]), 0.2);
        EXPECT_EQ(parse_mark(to_hex(mark)), mark);
    }
    EXPECT_EQ(difference(marks[3], marks[3]), 0.0);
    EXPECT_TRUE(is_cut(marks[3], marks[4]));
    const PictureMark grey = mark_of(grey_of(pattern(3)));  // the same light, no colours
    EXPECT_TRUE(std::equal(grey.values.begin(), grey.values.begin() + PictureMark::Waves, marks[3].values.begin(),
        [](int a, int b) { return std::abs(a - b) <= 1; }));
    EXPECT_EQ(std::ranges::count(std::span(grey.values).subspan(PictureMark::Waves), 0), PictureMark::Colours);
    EXPECT_EQ(mark_of({}), PictureMark());
    EXPECT_EQ(mark_of(pattern(1, 3, 2)).values.size(), 95U);  // smaller than its grid
    EXPECT_FALSE(parse_mark("00"));
    EXPECT_FALSE(parse_mark(std::string(190, 'g')));
    EXPECT_EQ(copy_recipe(5).scale, copy_recipe(5).scale);
    EXPECT_NE(copy_recipe(5).scale, copy_recipe(6).scale);
}

TEST_F(Films, APictureIsFoundAtItsMoment)
{
    const auto film = make(
        "a.mp4", {.width = 320, .height = 180, .seconds = 20.0, .words = {{4.0, 5.0, "Harbour"}, {11.0, 12.0, "Market square"}}});
    FrameReader frames = FrameReader::open(film).value();
    ASSERT_TRUE(frames.go_to(11.0).value());
    const auto image = put("still.png", png(copied(frames.picture(3), copy_recipe(3)).value()));
    double reached = 0.0;
    const auto found = find_picture(film, image, 1.0, 3, [&](double done, double) {
        reached = done;
        return true;
    });
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 3U);
    EXPECT_EQ(found->front().seconds, 11.0);
    EXPECT_GT(std::abs((*found)[1].seconds - 11.0), 2.0);
    EXPECT_LE(found->front().difference, (*found)[1].difference);
    EXPECT_EQ(reached, 19.0);
    EXPECT_EQ(find_picture(film, image, 1.0, 3, [](double, double) { return false; }).error().code, ErrorCode::Cancelled);
    EXPECT_FALSE(find_picture(film, put("no.png", "no picture"), 1.0, 3, [](double, double) { return true; }));
    std::vector<std::size_t> order;
    ASSERT_TRUE(mark_copies(film, {{11.0, 3}, {4.0, 1}}, [&](std::size_t index, const PictureMark&) {
        order.push_back(index);
        return true;
    }));
    EXPECT_EQ(order, (std::vector<std::size_t>{1, 0}));
    EXPECT_EQ(
        mark_copies(film, {{99.0, 3}}, [](std::size_t, const PictureMark&) { return true; }).error().code, ErrorCode::Usage);
}

}  // namespace
}  // namespace pathloom
