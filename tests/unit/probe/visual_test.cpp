// SPDX-License-Identifier: GPL-3.0-or-later
// Films as rows of a memory: written, found among all others, replaced picture by picture.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/rng.h"
#include "engine/probe/joint_answer.h"
#include "engine/probe/mixture.h"
#include "engine/probe/visual_grid.h"

#include "tests/samples/film.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

VisionModel untrained(double bias)
{
    VisionSpec spec;
    spec.width = 96;
    spec.height = 32;
    spec.stem = {8, 8, 8, 8};
    spec.d_model = 16;
    spec.key_dim = 16;
    spec.look_dim = 16;
    return {VisionNet(spec, first_vision_weights(spec, 1)), {bias, {1.0}}, "a reader", std::string(64, 'a')};
}

/// What is asked: any unit vector.
std::vector<float> asked(const VisionModel& model)
{
    std::vector<float> out(std::size_t(model.net.spec().key_dim), 0.0f);
    out[3] = 0.6f;
    out[7] = -0.8f;
    return out;
}

/// Rows of unit keys that do not meet the query, unit values and unit looks.
std::vector<float> strange_rows(const VisionModel& model, std::size_t count, std::uint64_t seed)
{
    Rng rng(seed);
    const std::vector<float> query = asked(model);
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
        const std::vector<float> query = asked(model);
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
        const VisualAnswer answer = ask_visual_memory(model, {asked(model), LineWords("what?")}, view, 1);
        EXPECT_EQ(answer.picture, second);
        EXPECT_EQ(answer.first, 5);
        EXPECT_EQ(answer.last, 8);
        EXPECT_NEAR(answer.logit, 7.0, 0.2);  // the scale and bias of first weights, for a cosine of 1
    }
    const MemoryView none = visual_view(haystack, timeline, 1000, 517, nullptr, int(tokens));
    EXPECT_EQ(none.rows(), std::int64_t(1000 * tokens));
    const VisualAnswer answer = ask_visual_memory(model, {asked(model), LineWords("what?")}, none, 1);
    EXPECT_EQ(answer.text, NoAnswer);
    EXPECT_LT(answer.logit, 0.0);
    model.gate.bias = -8.0;  // a gate above the evidence says none, too
    EXPECT_EQ(ask_visual_memory(
                  model, {asked(model), LineWords("what?")}, visual_view(haystack, timeline, 1000, 517, patch, int(tokens)), 1)
                  .text,
        NoAnswer);
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

/// Text and pictures under one question of the shipped reader.
class Joint : public testing::Test {
protected:
    test::TemporaryFolder folder;
    ReaderPackage reader = load_reader(reader_folder("shipped").value(), Precision::Fp32).value();
    VisionModel model = of_the_reader();
    std::string question = "What opens the vault in Lisbon?", prefix = "The vault in Lisbon opens with";

    VisionModel of_the_reader()
    {
        VisionSpec spec = untrained(0.0).net.spec();
        spec.key_dim = reader.model.spec().key_dim;
        spec.look_dim = 16;
        return {VisionNet(spec, first_vision_weights(spec, 1)), {0.0, {1.0}}, reader.hash, std::string(64, 'b')};
    }
    std::vector<float> query() { return frame_question(reader, model, question, prefix).value().query; }
    /// Two seconds of film; of the second picture some keys are nearly the question's query.
    MemoryView pictures(float cosine)
    {
        const VisionSpec& spec = model.net.spec();
        const auto tokens = std::size_t(spec.tokens()), width = std::size_t(spec.row_dim()), k = std::size_t(spec.key_dim);
        const std::vector<float> wanted = query();
        std::vector<float> rows(2 * tokens * width, 0.0f);
        for (std::size_t row = 0; row < 2 * tokens; ++row) {
            const bool there = row >= tokens + 5 && row < tokens + 9;
            for (std::size_t i = 0; i < k; ++i) rows[row * width + i] = wanted[i] * (there ? cosine : -0.5f);
            rows[row * width + k + row % k] = 1.0f;
        }
        KeyPatch patch;
        patch.keys.resize(2 * tokens * key_stride(width));
        patch.scales.resize(2 * tokens);
        patch.values.resize(2 * tokens);
        quantise_keys(rows, width, patch.keys.data(), patch.scales.data());
        MemoryView out;
        out.add(std::make_shared<const KeyPatch>(std::move(patch)));
        return out;
    }
    MemoryFile text(const std::string& words)
    {
        const MemoryIdentity identity = tokenize_document(reader, words).value();
        return MemoryFile::obtain(folder.path(), identity, key_source(reader, identity.tokens), [](auto, auto) {
            return true;
        }).value();
    }
    JointAnswer ask(const MemoryFile* file, const MemoryView& shown)
    {
        MemoryView view;
        if (file) view.add(*file, 0, file->rows());
        AnswerOptions options;
        options.rank = UsualRank;
        return ask_text_and_pictures(reader, view, model, shown, question, prefix, options).value();
    }
};

TEST_F(Joint, TheBetterEvidenceAnswers)
{
    const MemoryFile told = text("Many boats came. The vault in Lisbon opens with 7304918. It was late.\n"),
                     silent = text("Many boats came to the harbour, and it was late when they had gone again.\n");
    const JointAnswer by_text = ask(&told, pictures(-0.5f));
    EXPECT_FALSE(by_text.by_picture);
    EXPECT_NE(by_text.said().find("7304918"), std::string::npos) << by_text.said();
    EXPECT_LT(by_text.picture_found, 0.5);
    const JointAnswer by_picture = ask(&silent, pictures(0.9f));
    EXPECT_TRUE(by_picture.by_picture);
    EXPECT_EQ(by_picture.picture.picture, 1);
    EXPECT_EQ(by_picture.picture.first, 5);
    EXPECT_EQ(by_picture.picture.last, 8);
    EXPECT_EQ(by_picture.said(), by_picture.picture.text);
    EXPECT_GT(by_picture.picture_found, 0.9);
    const JointAnswer neither = ask(&silent, pictures(-0.5f));
    EXPECT_FALSE(neither.by_picture);
    EXPECT_EQ(neither.said(), NoAnswer);
    // A film without any text.
    EXPECT_TRUE(ask(nullptr, pictures(0.9f)).by_picture);
    EXPECT_EQ(ask(nullptr, pictures(-0.5f)).said(), NoAnswer);
    // Both answer: the surer one is heard.
    model.gate.weights[0] = 100.0;
    EXPECT_TRUE(ask(&told, pictures(0.9f)).by_picture);
    model.gate.weights[0] = 1e-6;
    EXPECT_FALSE(ask(&told, pictures(0.9f)).by_picture);
}

TEST_F(Joint, AnEncoderOfAnotherReadersQuestionsIsRefused)
{
    model.reader[0] = model.reader[0] == 'a' ? 'b' : 'a';
    const Error error = frame_question(reader, model, question, prefix).error();
    EXPECT_EQ(error.code, ErrorCode::Usage);
    EXPECT_NE(error.message.find("another reader"), std::string::npos);
    model.reader = reader.hash;
    EXPECT_EQ(frame_question(reader, model, "", "").error().code, ErrorCode::Usage);
}

TEST(PicturePlaces, AreCountedThroughFilmsThatHavePictures)
{
    const std::vector<std::size_t> rows{0, 3 * 64, 0, 2 * 64};
    EXPECT_EQ(picture_place(rows, 0, 64).film, 1U);
    EXPECT_EQ(picture_place(rows, 2, 64).second, 2);
    EXPECT_EQ(picture_place(rows, 3, 64).film, 3U);
    EXPECT_EQ(picture_place(rows, 4, 64).second, 1);
}

}  // namespace
}  // namespace pathloom
