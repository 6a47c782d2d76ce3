// SPDX-License-Identifier: GPL-3.0-or-later
// Training from a recipe: the same bytes after a stop, and clear refusals. The pictures come from films through pathloom-read.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/vision/film_pictures.h"
#include "engine/vision/vision_model.h"
#include "engine/vision/vision_training.h"
#include "support.h"
#include "tests/samples/film.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

using testing::HasSubstr;

constexpr const char* small_recipe = R"({"name": "small", "films": ["a.mkv"], "rows": 64, "valid_every": 3,
    "model": {"width": 96, "height": 32, "stem": [8, 8, 8, 8], "fine_blocks": 1, "d_model": 16, "blocks": 2, "key_dim": 16, "look_dim": 8},
    "overlays": {"strip": 32, "strips": 2, "wholes": 1}, "scenes": {"every": 2, "pairs": 3},
    "training": {"steps": 6, "warmup": 2, "place_steps": 3, "checkpoint_every": 2, "report_every": 1, "validate_every": 3,
                 "validation": 4, "gate_pictures": 4}})";

class VisionTraining : public testing::Test {
protected:
    test::TemporaryFolder folder;
    VisionTrainingRequest request{folder.path() / "recipe.json", folder.path(), folder.path() / "out", 0, test::short_line,
        [](const std::string& prompt) -> Result<std::vector<float>> { return test::query_of(prompt, 16); }, "a reader", "texts",
        {}};
    void SetUp() override
    {
        test::film(folder.path() / "a.mkv", {.width = 128, .height = 64, .seconds = 7.0});
        ASSERT_TRUE(write_file_atomic(request.recipe_file, small_recipe));
    }
    static bool on(const VisionProgress&) { return true; }
    std::string bytes(const char* name) { return read_file(request.out / name).value(); }
};

TEST_F(VisionTraining, AStoppedOneEndsWithTheSameBytes)
{
    const auto whole = train_vision(request, on);
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_TRUE(whole->finished);
    const std::string model = bytes("model.safetensors"), log = bytes("training.jsonl");
    const auto made = load_vision(request.out);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->reader, "a reader");
    EXPECT_THAT(log, HasSubstr("\"scenes\":"));
    EXPECT_THAT(bytes("recipe.json"), HasSubstr("\"matched\":"));

    request.out = folder.path() / "again";
    request.stop_after = 3;
    ASSERT_TRUE(train_vision(request, on));
    const auto unfinished = load_vision(request.out);
    ASSERT_TRUE(unfinished);
    EXPECT_GT(unfinished->gate.logit({0.5}), 0.0);  // it can be asked already
    EXPECT_LT(unfinished->gate.logit({-0.5}), 0.0);
    request.stop_after = 0;
    int seen = 0;
    const auto cancelled = train_vision(request, [&](const VisionProgress& p) { return seen = p.step, p.step < 5; });
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(seen, 5);
    ASSERT_TRUE(train_vision(request, on));
    EXPECT_EQ(bytes("model.safetensors"), model);
    EXPECT_EQ(bytes("training.jsonl"), log);
}

TEST_F(VisionTraining, LettersKeepTheirBitsWhetherLooksAreTrainedOrNot)
{
    ASSERT_TRUE(train_vision(request, on));
    std::string seldom = small_recipe;
    seldom.replace(seldom.find("\"every\": 2"), 10, "\"every\": 99");
    ASSERT_TRUE(write_file_atomic(request.recipe_file, seldom));
    const auto first = load_vision(request.out);
    request.out = folder.path() / "seldom";
    ASSERT_TRUE(train_vision(request, on));
    const auto second = load_vision(request.out);
    ASSERT_TRUE(first && second);
    for (const VisionTensor& tensor : first->net.layout().tensors()) {
        const auto part = [&](const VisionModel& model) { return model.net.parameters().subspan(tensor.offset, tensor.size); };
        EXPECT_EQ(std::ranges::equal(part(*first), part(*second)), tensor.name != "look") << tensor.name;
    }
}

TEST_F(VisionTraining, RefusesAnotherRecipesFolderAndMissingFilms)
{
    request.stop_after = 1;
    ASSERT_TRUE(train_vision(request, on));
    std::string other = small_recipe;
    other.replace(other.find("\"steps\": 6"), 10, "\"steps\": 9");
    ASSERT_TRUE(write_file_atomic(request.recipe_file, other));
    EXPECT_EQ(train_vision(request, on).error().code, ErrorCode::Exists);
    request.pictures = folder.path() / "nowhere";
    const Error missing = train_vision(request, on).error();
    EXPECT_EQ(missing.code, ErrorCode::NotFound);
    EXPECT_THAT(missing.message, HasSubstr("a.mkv"));
}

TEST_F(VisionTraining, AnotherReaderIsAnotherTraining)
{
    request.stop_after = 1;
    ASSERT_TRUE(train_vision(request, on));
    request.reader = "another";
    EXPECT_EQ(train_vision(request, on).error().code, ErrorCode::Exists);
    request.out = folder.path() / "other";
    request.query = [](const std::string& prompt) -> Result<std::vector<float>> { return test::query_of(prompt, 24); };
    const Error error = train_vision(request, on).error();
    EXPECT_EQ(error.code, ErrorCode::Usage);
    EXPECT_THAT(error.message, HasSubstr("24 numbers"));
    request.query = [](const std::string&) -> Result<std::vector<float>> { return fail(ErrorCode::Failed, "no query today"); };
    EXPECT_EQ(train_vision(request, on).error().message, "no query today");
}

TEST_F(VisionTraining, GoesOnFromAnotherEncoderOfTheSameSizes)
{
    ASSERT_TRUE(train_vision(request, on));
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = small_recipe;
        text.replace(text.find(from), from.size(), to);
        return write_file_atomic(request.recipe_file, text);
    };
    const std::string first = bytes("model.safetensors");
    const auto start = [](const std::string& more) { return "\"start\": \"out\", " + more; };
    request.out = folder.path() / "further";
    ASSERT_TRUE(with("\"rows\"", start("\"rows\"")));
    ASSERT_TRUE(train_vision(request, on));
    EXPECT_NE(bytes("model.safetensors"), first);
    EXPECT_THAT(bytes("recipe.json"), HasSubstr("start_sha256"));
    request.out = folder.path() / "wider";
    ASSERT_TRUE(with("\"d_model\": 16", "\"d_model\": 24"));
    std::string text = read_file(request.recipe_file).value();
    text.insert(1, "\"start\": \"out\", ");
    ASSERT_TRUE(write_file_atomic(request.recipe_file, text));
    EXPECT_THAT(train_vision(request, on).error().message, HasSubstr("other sizes"));
}

TEST(VisionRecipe, SaysWhatIsWrongWithIt)
{
    EXPECT_TRUE(parse_vision_recipe(small_recipe));
    const auto problem = [](const std::string& from, const std::string& to) {
        std::string text = small_recipe;
        text.replace(text.find(from), from.size(), to);
        const auto parsed = parse_vision_recipe(text);
        return parsed ? std::string("accepted") : parsed.error().message;
    };
    EXPECT_THAT(problem("\"warmup\"", "\"warm\""), HasSubstr("unknown setting training.warm"));
    EXPECT_THAT(problem("\"width\": 96", "\"width\": 100"), HasSubstr("width"));
    EXPECT_THAT(problem("\"stem\": [8, 8, 8, 8]", "\"stem\": [8, 8]"), HasSubstr("model.stem has the wrong type"));
    EXPECT_THAT(problem("[\"a.mkv\"]", "[]"), HasSubstr("films"));
    EXPECT_THAT(problem("\"steps\": 6", "\"steps\": 0"), HasSubstr("training.steps"));
    EXPECT_FALSE(parse_vision_recipe("[]"));
}

TEST_F(VisionTraining, FilmsGiveTheirPicturesPlainAndDrawn)
{
    const auto film = folder.path() / "a.mkv";
    std::vector<Picture> plain, drawn(2);
    ASSERT_TRUE(film_pictures(film, 96, 32, 2, 3, {}, [&](std::size_t index, const Picture& grey) -> Result<void> {
        EXPECT_EQ(index, plain.size());
        plain.push_back(grey);
        return {};
    }));
    ASSERT_EQ(plain.size(), 3U);
    EXPECT_EQ(plain[0].width, 96);
    EXPECT_EQ(plain[0].height, 32);
    EXPECT_NE(plain[0].bytes, plain[1].bytes);
    const std::vector<PictureWords> words{{4.0, 0.5, 0.5, "late"}, {2.0, 0.5, 0.9, "early"}};
    ASSERT_TRUE(drawn_pictures(film, 96, 32, words, {}, [&](std::size_t index, const Picture& grey) -> Result<void> {
        drawn.at(index) = grey;
        return {};
    }));
    const auto rows_changed = [&](std::size_t with, std::size_t without) {
        int least = 99, most = -1;
        for (int y = 0; y < 32; ++y)
            for (int x = 0; x < 96; ++x)
                if (drawn[with].bytes[std::size_t(y * 96 + x)] != plain[without].bytes[std::size_t(y * 96 + x)]) {
                    least = std::min(least, y);
                    most = y;
                }
        return std::pair(least, most);
    };
    EXPECT_GT(rows_changed(1, 0).first, 16);  // nine tenths down
    EXPECT_LT(rows_changed(0, 2).second - rows_changed(0, 2).first, 8);
    EXPECT_EQ(drawn_pictures(film, 96, 32, std::vector<PictureWords>{{900.0, 0.0, 0.0, "x"}}, {},
                  [](auto, const auto&) -> Result<void> { return {}; })
                  .error()
                  .code,
        ErrorCode::Usage);
}

}  // namespace
}  // namespace pathloom
