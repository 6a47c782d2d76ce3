// SPDX-License-Identifier: GPL-3.0-or-later
// Module executors over a real blob store: what is added early is only a head start.
#include "engine/server/module_executors.h"
#include "engine/server/work_pool.h"
#include "engine/store/safetensors.h"
#include "tests/unit/temporary_folder.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <future>

namespace pathloom {
namespace {

struct Executors : testing::Test {
    test::TemporaryFolder folder;
    BlobStore blobs = BlobStore::open(folder.path()).value();
    std::deque<std::function<void()>> jobs;  ///< run by hand, in order
    ModuleExecutors::Post post = [this](std::function<void()> job) { jobs.push_back(std::move(job)); };

    std::string put(float value)
    {
        const std::vector<float> values(1000, value);
        const TensorView view{"w", DType::F32, {1000}, std::as_bytes(std::span(values))};
        return blobs.put(write_safetensors({&view, 1})).value();
    }
    OuterJob job(const std::vector<float>& deltas)
    {
        OuterJob job;
        job.step = {false, 3, 0};
        job.module_hash = put(1.0F);
        for (std::size_t i = 0; i < deltas.size(); ++i) {
            job.paths.push_back(int(i));
            job.deltas.push_back(deltas[i] == 0.0F ? std::string() : put(deltas[i]));
            job.weights.push_back(0.25 + 0.1 * double(i));
        }
        return job;
    }
    void run_jobs()
    {
        for (; !jobs.empty(); jobs.pop_front()) jobs.front()();
    }
};

TEST_F(Executors, AHeadStartChangesNoBit)
{
    ModuleExecutors with(blobs, post, 1 << 30);
    ModuleExecutors without(blobs, post, 0);
    for (const auto& early : std::vector<std::vector<float>>{{0, 0, 0.3F, 0}, {0, 0.2F, 0.3F, 0}, {0.1F, 0.2F, 0.3F, 0}}) {
        with.arrived(1, job(early));
        without.arrived(1, job(early));
        run_jobs();
    }
    EXPECT_GT(with.held_bytes(), 12000U);
    EXPECT_EQ(without.held_bytes(), 0U) << "no memory for sums";
    const OuterJob whole = job({0.1F, 0.2F, 0.3F, 0.4F});
    const OuterDone a = with.step(1, whole).value();
    const OuterDone b = without.step(1, whole).value();
    EXPECT_EQ(a.module_hash, b.module_hash);
    EXPECT_EQ(a.momentum_hash, b.momentum_hash);
    EXPECT_EQ(a.path_norms, b.path_norms);
    EXPECT_EQ(with.held_bytes(), 0U) << "a sum goes with its step";
    EXPECT_TRUE(blobs.verified(a.module_hash));
}

TEST_F(Executors, ADamagedContributionIsNamedWhenTheModuleSteps)
{
    ModuleExecutors executors(blobs, post, 1 << 30);
    OuterJob early = job({0.1F, 0, 0});
    early.deltas[0] = std::string(64, 'a');  // not there (yet)
    executors.arrived(1, early);
    run_jobs();
    OuterJob whole = job({0.1F, 0.2F, 0.3F});
    whole.deltas[1] = std::string(64, 'b');
    const auto failed = executors.step(1, whole);
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find(whole.deltas[1]), std::string::npos) << failed.error().message;
    EXPECT_TRUE(executors.step(1, job({0.1F, 0.2F, 0.3F}))) << "with the blob back it goes on";
}

TEST_F(Executors, ForgetsARunThatGoesNoFurther)
{
    ModuleExecutors executors(blobs, post, 1 << 30);
    executors.arrived(1, job({0.1F, 0}));
    executors.arrived(2, job({0.1F, 0}));
    run_jobs();
    const auto both = executors.held_bytes();
    executors.forget(1);
    EXPECT_EQ(executors.held_bytes(), both / 2);
    EXPECT_TRUE(executors.step(1, job({0.1F, 0.2F}))) << "taken anew";
}

TEST_F(Executors, ManyThreadsAndArrivalsGiveTheSameBits)
{
    const OuterJob whole = job({0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F});
    const OuterDone quiet = ModuleExecutors(blobs, post, 0).step(1, whole).value();
    for (int trial = 0; trial < 10; ++trial) {
        WorkPool pool(4);
        ModuleExecutors executors(
            blobs, [&](std::function<void()> one) { pool.post(std::move(one)); }, 1 << 30);
        OuterJob so_far = whole;
        so_far.deltas.assign(so_far.deltas.size(), {});
        for (std::size_t i = 0; i < whole.paths.size(); ++i) {
            const std::size_t arriving = (i * 5 + std::size_t(trial)) % whole.paths.size();
            so_far.deltas[arriving] = whole.deltas[arriving];
            executors.arrived(1, so_far);
        }
        std::promise<Result<OuterDone>> done;
        pool.post([&] { done.set_value(executors.step(1, whole)); });
        const auto result = done.get_future().get();
        ASSERT_TRUE(result);
        EXPECT_EQ(result->module_hash, quiet.module_hash);
        EXPECT_EQ(result->momentum_hash, quiet.momentum_hash);
        pool.stop();
    }
}

}  // namespace
}  // namespace pathloom
