// SPDX-License-Identifier: GPL-3.0-or-later
// Films as rows of a memory: written, found among all others, replaced picture by picture.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/rng.h"
#include "engine/probe/mixture.h"
#include "engine/probe/visual_grid.h"

#include "tests/samples/film.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

VisionModel untrained(double gate)
{
    VisionSpec spec;
    spec.width = 96;
    spec.height = 32;
    spec.stem = {8, 8, 8, 8};
    spec.d_model = 16;
    spec.key_dim = 16;
    spec.look_dim = 16;
    return {VisionNet(spec, first_vision_weights(spec, 1)), gate, std::string(64, 'a')};
}

/// Rows of unit keys that do not meet the query, unit values and unit looks.
std::vector<float> strange_rows(const VisionModel& model, std::size_t count, std::uint64_t seed)
{
    Rng rng(seed);
    const std::vector<float> query = model.net.query();
    const std::size_t k = query.size();
    std::vector<float> rows(count * 3 * k);  // looks are as wide here
    for (std::size_t part = 0; part < 3 * count; ++part) {
        float* const x = &rows[part * k];
        double along = 0.0, sum = 0.0;
        for (std::size_t i = 0; i < k; ++i) along += double(x[i] = float(rng.normal())) * double(query[i]);
        for (std::size_t i = 0; i < k && part % 3 == 0; ++i) x[i] -= float(along) * query[i];
        for (std::size_t i = 0; i < k; ++i) sum += double(x[i]) * double(x[i]);
        for (std::size_t i = 0; i < k; ++i) x[i] /= float(std::sqrt(sum));
    }
    return rows;
}

class VisualMemory : public testing::Test {
protected:
    test::TemporaryFolder folder;
    VisionModel model = untrained(0.0);
    std::size_t tokens = std::size_t(model.net.spec().tokens()), width = std::size_t(model.net.spec().row_dim());

    MemoryFile film_of(const char* name, int seconds, std::uint64_t seed)
    {
        const auto file = folder.path() / name;
        EXPECT_TRUE(write_file_atomic(file, std::string(name)));
        const MemoryIdentity identity = visual_identity(model, file, seconds).value();
        EXPECT_EQ(identity.rows(), std::size_t(seconds) * tokens);
        const std::vector<float> all = strange_rows(model, identity.rows(), seed);
        const KeySource source = [&](std::size_t first, std::size_t count, std::vector<float>& rows) -> Result<void> {
            rows.assign(all.begin() + std::ptrdiff_t(first * width), all.begin() + std::ptrdiff_t((first + count) * width));
            return {};
        };
        return MemoryFile::obtain(folder.path() / "memories", identity, source, [](auto, auto) { return true; }).value();
    }
    /// A picture that asks to be read: some keys are the query itself.
    std::shared_ptr<const KeyPatch> needle()
    {
        std::vector<float> rows = strange_rows(model, tokens, 9);
        const std::vector<float> query = model.net.query();
        for (const std::size_t t : {5U, 6U, 7U, 8U}) std::ranges::copy(query, rows.begin() + std::ptrdiff_t(t * width));
        KeyPatch out;
        out.keys.resize(tokens * key_stride(width));
        out.scales.resize(tokens);
        out.values.resize(tokens);
        quantise_keys(rows, width, out.keys.data(), out.scales.data());
        return std::make_shared<const KeyPatch>(std::move(out));
    }
};

TEST_F(VisualMemory, HoldsKeysAndValuesSideBySide)
{
    const MemoryFile memory = film_of("a.mkv", 3, 1);
    EXPECT_EQ(memory.rows(), 3 * tokens);
    EXPECT_EQ(memory.key_dim(), width);
    const std::vector<float> written = strange_rows(model, 3 * tokens, 1);
    const KeyRun run = memory.run(0, memory.rows());
    for (std::size_t row = 0; row < memory.rows(); ++row)
        for (std::size_t i = 0; i < width; ++i)
            ASSERT_NEAR(float(run.keys[row * key_stride(width) + i]) * float(run.scales[row]) * KeyScaleUnit,
                written[row * width + i], 0.01);
    EXPECT_EQ(memory.bytes()[tokens + 3], 1U);  // second
    EXPECT_EQ(memory.tokens()[tokens + 3], 3U);  // place in the picture
    EXPECT_EQ(film_of("a.mkv", 3, 1).encoded_now(), 0U);  // found by content
}

TEST_F(VisualMemory, AnotherFilmOrEncoderIsAnotherMemory)
{
    ASSERT_TRUE(write_file_atomic(folder.path() / "a", "one"));
    ASSERT_TRUE(write_file_atomic(folder.path() / "b", "two"));
    const auto name
        = [&](const char* file, int seconds) { return visual_identity(model, folder.path() / file, seconds).value().name(); };
    EXPECT_NE(name("a", 2), name("b", 2));
    EXPECT_NE(name("a", 2), name("a", 3));
    const std::string before = name("a", 2);
    model.hash[0] = 'b';
    EXPECT_NE(name("a", 2), before);
    EXPECT_EQ(visual_identity(model, folder.path() / "c", 2).error().code, ErrorCode::NotFound);
}

TEST_F(VisualMemory, FindsTheOnePictureThatAnswers)
{
    VisualHaystack haystack;
    haystack.films.push_back(film_of("a.mkv", 300, 1));
    haystack.films.push_back(film_of("b.mkv", 200, 2));
    const Timeline timeline({{"a.mkv", 300, {}}, {"b.mkv", 200, {}}});
    const auto patch = needle();
    for (const int second : {0, 299, 300, 517, 999}) {
        const MemoryView view = visual_view(haystack, timeline, 1000, second, patch, int(tokens));
        ASSERT_EQ(view.rows(), std::int64_t(1000 * tokens));
        EXPECT_EQ(view.row(std::int64_t(second) * std::int64_t(tokens), width).keys, patch->keys.data());
        const VisualAnswer answer = ask_visual_memory(model, view, 1);
        EXPECT_EQ(answer.picture, second);
        EXPECT_EQ(answer.first, 5);
        EXPECT_EQ(answer.last, 8);
        EXPECT_NEAR(answer.evidence, 7.0, 0.2);  // the scale and bias of first weights, for a cosine of 1
    }
    const MemoryView none = visual_view(haystack, timeline, 1000, 517, nullptr, int(tokens));
    EXPECT_EQ(none.rows(), std::int64_t(1000 * tokens));
    const VisualAnswer answer = ask_visual_memory(model, none, 1);
    EXPECT_EQ(answer.text, NoAnswer);
    EXPECT_LT(answer.evidence, 0.0);
    model.gate = 8.0;  // a gate above the evidence says none, too
    EXPECT_EQ(ask_visual_memory(model, visual_view(haystack, timeline, 1000, 517, patch, int(tokens)), 1).text, NoAnswer);
}

TEST_F(VisualMemory, APicturesPatchIsWhatItsFileWouldHold)
{
    Picture picture{96, 32, 1};
    Rng rng(4);
    for (int i = 0; i < 96 * 32; ++i) picture.bytes.push_back(std::uint8_t(rng.below(256)));
    const auto patch = frame_patch(model.net, picture);
    EXPECT_EQ(patch->scales.size(), tokens);
    const std::vector<float> rows = frame_rows(model.net, picture);
    for (std::size_t i = 0; i < width; ++i)
        EXPECT_NEAR(
            float(patch->keys[3 * key_stride(width) + i]) * float(patch->scales[3]) * KeyScaleUnit, rows[3 * width + i], 0.01);
}

TEST_F(VisualMemory, SaysHowMuchItsPicturesLookLikeAnother)
{
    const MemoryFile memory = film_of("a.mkv", 20, 1);
    MemoryView view;
    view.add(memory, 0, memory.rows());
    const std::vector<float> rows = strange_rows(model, 20 * tokens, 1);
    const auto wanted = unit_looks(model.net.spec(), std::span(rows).subspan(13 * tokens * width, tokens * width));
    const std::vector<double> alike = picture_likeness(model.net.spec(), view, wanted);
    ASSERT_EQ(alike.size(), 20U);
    EXPECT_NEAR(alike[13], 1.0, 0.01);
    for (std::size_t i = 0; i < alike.size(); ++i)
        if (i != 13) EXPECT_LT(alike[i], 0.6);
}

TEST_F(VisualMemory, FindsTheMomentOfACopyAmongFilms)
{
    // Each second shows other words than the rest.
    std::vector<FilmText> films;
    for (const char* name : {"a.mkv", "b.mkv"}) {
        test::FilmSpec spec{.width = 384, .height = 128, .seconds = 12.0};
        for (int s = 0; s < 12; ++s)
            spec.words.push_back(
                {double(s), s + 1.0, std::string(std::size_t(1 + (s * 5 + (name[0] == 'b' ? 7 : 0)) % 19), name[0])});
        test::film(folder.path() / name, spec);
        films.push_back({folder.path() / name, 12, {}});
    }
    const Timeline timeline(std::move(films));
    const auto all = [](std::size_t, std::size_t) { return true; };
    const VisualHaystack haystack = encode_films(model, timeline, folder.path() / "memories", {}, all).value();
    std::vector<FilmMarks> marks;
    for (const FilmText& film : timeline.films()) marks.push_back(read_film_marks(film.file, 1.0, {}).value());
    FrameGridRequest request;
    request.lengths = {24};
    std::vector<FrameCell> cells = plan_frame_grid(timeline, request).value();
    ASSERT_EQ(cells.size(), 10U);
    ASSERT_TRUE(find_by_looks(model, haystack, timeline, marks, {}, cells));
    const auto found = std::ranges::count(cells, true, &FrameCell::found);
    EXPECT_GE(found, 9);  // even first weights tell them apart; chance finds one
    for (const FrameCell& cell : cells) EXPECT_LT(cell.difference, 0.5);
}

}  // namespace
}  // namespace pathloom
