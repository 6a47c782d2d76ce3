// SPDX-License-Identifier: GPL-3.0-or-later
// Looks: what they are trained on, their slopes, and that they leave the letters alone.
#include "../temporary_folder.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/vision/film_pictures.h"
#include "engine/vision/scene_features.h"
#include "engine/vision/scene_pairs.h"
#include "engine/vision/vision_loss.h"
#include "support.h"
#include "tests/samples/film.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

namespace pathloom {
namespace {

using testing::HasSubstr;

VisionNet looking_net()
{
    return VisionNet(test::small_encoder(), first_vision_weights(test::small_encoder(), 2));
}

/// Pictures of soft shapes that differ: waves of their own length and slope.
std::vector<Picture> waves(int count)
{
    std::vector<Picture> out;
    for (int i = 0; i < count; ++i) {
        Picture picture{192, 64, 1};
        for (int y = 0; y < 64; ++y)
            for (int x = 0; x < 192; ++x)
                picture.bytes.push_back(std::uint8_t(
                    128 + 60 * std::sin(0.02 * (i + 1) * x + 0.5 * i) + 50 * std::cos(0.05 * (count - i) * y + 0.01 * i * x)));
        out.push_back(std::move(picture));
    }
    return out;
}

TEST(ScenePairs, AreAPureFunctionOfTheirNumber)
{
    const auto pictures = waves(6);
    const SceneSpec spec{1, 4, 0.5, 20.0};
    const ScenePairs pairs(pictures, test::small_encoder(), spec, 5);
    EXPECT_EQ(pairs.batch(3), pairs.batch(3));
    EXPECT_NE(pairs.batch(3), pairs.batch(4));
    EXPECT_EQ(pairs.batch(0).size(), std::size_t(2 * 4 * 96 * 32));
    EXPECT_EQ(ScenePairs(std::span(pictures).first(2), test::small_encoder(), spec, 5).pairs(), 2);
    EXPECT_THAT(validate(SceneSpec{0, 4, 0.5, 20.0}).error().message, HasSubstr("every"));
    EXPECT_THAT(validate(SceneSpec{1, 4, 1.5, 20.0}).error().message, HasSubstr("neighbours"));
}

TEST(ScenePairs, NeighboursOfOneShotStandInForCopies)
{
    const auto shapes = waves(2);
    // Two shots of two pictures each: every copy but the last is of the next picture, where there is no cut between.
    const std::vector<Picture> film{shapes[0], shapes[0], shapes[1], shapes[1]};
    const auto light = [](const std::vector<float>& batch, std::size_t i) {
        const auto picture = std::span(batch).subspan(i * 96 * 32, 96 * 32);
        return std::accumulate(picture.begin(), picture.end(), 0.0) / (96 * 32);
    };
    std::vector<Picture> darker = film;
    for (const std::size_t i : {1U, 3U})
        for (std::uint8_t& value : darker[i].bytes) value = std::uint8_t(value / 2);
    const ScenePairs next(darker, test::small_encoder(), {1, 4, 1.0, 20.0}, 3),
        same(darker, test::small_encoder(), {1, 4, 0.0, 20.0}, 3);
    const auto a = next.batch(0), b = same.batch(0);
    int replaced = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const bool lit = light(a, i) > light(b, 4 + i) - 0.5 && light(b, i) > -0.6;  // the first of its shot
        if (!lit) continue;
        EXPECT_LT(light(a, 4 + i), light(b, 4 + i) - 0.3) << i;
        ++replaced;
    }
    EXPECT_EQ(replaced, 2);
}

TEST(SceneFeatures, DoNotChangeWhenThePictureIsLighter)
{
    const VisionSpec spec = test::small_encoder();
    std::vector<float> picture(96 * 32), none(4 * 48 * 8, 0.25f), once, again;
    for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = float(std::sin(0.01 * double(i * i % 977)));
    scene_features(spec, 1, 32, picture, none, once);
    EXPECT_EQ(once.size(), std::size_t(spec.tokens()) * std::size_t(look_inputs(spec)));
    for (float& light : picture) light = 1.3f * light + 0.4f;
    scene_features(spec, 1, 32, picture, none, again);
    for (std::size_t i = 0; i < once.size(); ++i) ASSERT_NEAR(once[i], again[i], 1e-3);
    // Beyond the sides there is nothing; within, the bands' means are those of the features.
    EXPECT_EQ(once[0], 0.0f);
    const std::size_t strip = std::size_t(look_inputs(spec)) / (2 * LookReach + 1);
    EXPECT_NEAR(once[LookReach * strip], 0.25f, 1e-5);
}

TEST(Looks, GradientsAreTheLossesSlopesAndOfNothingElse)
{
    const ComputeThreads one(1);
    VisionNet net = looking_net();
    const auto pictures = waves(5);
    const ScenePairs pairs(pictures, net.spec(), {1, 3, 0.5, 6.0}, 1);
    const std::vector<float> batch = pairs.batch(0);
    std::vector<float> slopes, unused;
    const auto loss = [&](std::vector<float>& down) {
        return scene_loss(unit_looks(net.spec(), net.forward(batch, 6, 32).rows), 3, net.spec().tokens(), 6.0, down);
    };
    loss(slopes);
    net.backward_looks(slopes);
    const std::vector<float> gradients(net.gradients().begin(), net.gradients().end());
    for (const VisionTensor& tensor : net.layout().tensors()) {
        if (tensor.name == "look") continue;
        for (std::size_t i = 0; i < tensor.size; ++i) ASSERT_EQ(gradients[tensor.offset + i], 0.0f) << tensor.name;
    }
    const std::size_t look = net.layout().at("look");
    Rng rng(7);
    double apart = 0.0, size = 1e-6;
    for (int k = 0; k < 24; ++k) {
        const std::size_t i = look + std::size_t(rng.below(std::size_t(look_inputs(net.spec())) * 8));
        float& value = net.parameters()[i];
        const float kept = value, step = 4e-3f;
        value = kept + step;
        const double above = loss(unused);
        value = kept - step;
        const double below = loss(unused);
        value = kept;
        const double slope = (above - below) / (2.0 * step);
        apart += std::abs(slope - gradients[i]);
        size += std::abs(slope);
    }
    EXPECT_LT(apart / size, 0.05);
}

TEST(Looks, LearnToFindCopies)
{
    const ComputeThreads one(1);
    VisionNet net = looking_net();
    const auto pictures = waves(12);
    const ScenePairs pairs(pictures, net.spec(), {1, 8, 0.0, 20.0}, 1);
    std::vector<float> m(net.parameters().size(), 0.0f), v(m.size(), 0.0f), slopes;
    double first = 0.0, last = 0.0;
    for (int step = 0; step < 40; ++step) {
        const std::vector<float> batch = pairs.batch(std::uint64_t(step));
        const double loss
            = scene_loss(unit_looks(net.spec(), net.forward(batch, 16, 32).rows), 8, net.spec().tokens(), 20.0, slopes);
        (step < 5 ? first : last) += step < 5 || step >= 35 ? loss : 0.0;
        net.backward_looks(slopes);
        adamw_update({4e-3, 0.9, 0.98, 1e-8, 0.0, step + 1, 1.0}, net.parameters(), net.gradients(), m, v);
    }
    EXPECT_LT(last, 0.7 * first);
    int matched = 0;
    std::vector<std::vector<float>> all;
    const auto looks
        = [&](const std::vector<float>& picture) { return unit_looks(net.spec(), net.forward(picture, 1, 32).rows); };
    for (std::size_t i = 0; i < pictures.size(); ++i) all.push_back(looks(pairs.plain(i)));
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        const auto wanted = looks(pairs.copy(i, 100 + i));
        const auto best = std::ranges::max_element(
            all, {}, [&](const std::vector<float>& each) { return likeness(each, wanted, net.spec().tokens()); });
        matched += best == all.begin() + std::ptrdiff_t(i) ? 1 : 0;
    }
    EXPECT_GE(matched, 11);
    // A picture is as alike to itself as can be.
    EXPECT_NEAR(likeness(all[3], all[3], net.spec().tokens()), 1.0, 1e-4);
}

TEST(FilmPictures, GivesCopiesOfPictures)
{
    test::TemporaryFolder folder;
    const auto film = folder.path() / "a.mkv";
    test::film(film, {.width = 128, .height = 64, .seconds = 5.0});
    const std::vector<CopyRequest> copies{{3.0, 1}, {1.0, 2}, {3.0, 1}};
    std::vector<Picture> out(3);
    ASSERT_TRUE(copied_pictures(film, 96, 32, copies, {}, [&](std::size_t index, const Picture& grey) -> Result<void> {
        out[index] = grey;
        return {};
    }));
    for (const Picture& one : out) EXPECT_EQ(one.bytes.size(), 96U * 32U);
    EXPECT_EQ(out[0].bytes, out[2].bytes);
    EXPECT_NE(out[0].bytes, out[1].bytes);
    EXPECT_EQ(
        copied_pictures(film, 96, 32, std::vector<CopyRequest>{{900.0, 1}}, {}, [](auto, const auto&) { return Result<void>{}; })
            .error()
            .code,
        ErrorCode::Usage);
}

}  // namespace
}  // namespace pathloom
