// SPDX-License-Identifier: GPL-3.0-or-later
// Which devices a worker offers, for every wish and every machine.
#include "engine/core/isa.h"
#include "engine/model/device_choice.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

using testing::HasSubstr;

DeviceChoice chosen(const std::string& wish, const BackendReport& backend)
{
    return choose_device(parse_device(wish).value(), backend).value();
}
Error refused(const std::string& wish, const BackendReport& backend)
{
    return choose_device(parse_device(wish).value(), backend).error();
}

const BackendReport none{"there is no file pathloom-torch.so", {}, {}};
const BackendReport no_gpu{{}, "libtorch 1.13.1", {}};
const BackendReport old_and_new{{}, "libtorch 2.1.0", {false, true, true}};
const BackendReport old_only{{}, "libtorch 2.1.0", {false}};

TEST(Device, NamesAreParsedStrictly)
{
    EXPECT_EQ(parse_device("auto").value(), (DeviceWish{DeviceWish::Kind::Auto, {}}));
    EXPECT_EQ(parse_device("cpu").value(), (DeviceWish{DeviceWish::Kind::Cpu, {}}));
    EXPECT_EQ(parse_device("cuda").value(), (DeviceWish{DeviceWish::Kind::Cuda, {}}));
    EXPECT_EQ(parse_device("cuda:12").value(), (DeviceWish{DeviceWish::Kind::Cuda, 12}));
    for (const char* wrong : {"", "gpu", "cuda:", "cuda:-1", "cuda:1x", "cuda:99999999999", "CPU"})
        EXPECT_EQ(parse_device(wrong).error().code, ErrorCode::Usage) << wrong;
}

TEST(Device, AutoTakesTheFirstThatComputesEverythingARunMayAskFor)
{
    EXPECT_FALSE(chosen("auto", none).cuda);
    EXPECT_THAT(chosen("auto", none).reason, HasSubstr("pathloom-torch.so"));
    EXPECT_FALSE(chosen("auto", no_gpu).cuda);
    EXPECT_THAT(chosen("auto", no_gpu).reason, HasSubstr("libtorch 1.13.1 sees no CUDA device"));
    EXPECT_FALSE(chosen("auto", old_only).cuda);
    EXPECT_THAT(chosen("auto", old_only).reason, HasSubstr("bf16"));
    EXPECT_EQ(chosen("auto", old_and_new).cuda, 1);
    for (const auto& backend : {none, no_gpu, old_only, old_and_new}) EXPECT_TRUE(chosen("auto", backend).cpu);
}

TEST(Device, CpuStaysOnTheCpuWhateverIsThere)
{
    for (const auto& backend : {none, no_gpu, old_and_new}) {
        EXPECT_TRUE(chosen("cpu", backend).cpu);
        EXPECT_FALSE(chosen("cpu", backend).cuda);
    }
}

TEST(Device, CudaIsThatAloneOrAClearError)
{
    EXPECT_EQ(chosen("cuda", old_and_new).cuda, 1);
    EXPECT_FALSE(chosen("cuda", old_and_new).cpu);
    EXPECT_EQ(chosen("cuda:2", old_and_new).cuda, 2);
    EXPECT_THAT(refused("cuda", none).message, HasSubstr("pathloom-torch.so"));
    EXPECT_THAT(refused("cuda", no_gpu).message, HasSubstr("sees no CUDA device"));
    EXPECT_THAT(refused("cuda:3", old_and_new).message, HasSubstr("sees 3 CUDA devices; choose one from 0 to 2"));
    EXPECT_THAT(refused("cuda:0", old_and_new).message, HasSubstr("device 0 computes no bf16"));
    EXPECT_THAT(refused("cuda", old_only).message, HasSubstr("the device here computes no bf16"));
    for (const auto& backend : {none, no_gpu, old_only}) EXPECT_EQ(refused("cuda", backend).code, ErrorCode::Unsupported);
}

TEST(Device, TheInstructionSetAWorkerRegistersSaysWhatItOffers)
{
    EXPECT_EQ(worker_isa(true, false), cpu_isa());
    EXPECT_EQ(worker_isa(true, true), cpu_isa() + "+cuda");
    EXPECT_EQ(worker_isa(false, true), "cuda");
    EXPECT_TRUE(offers_device("avx512-bf16", "cpu"));
    EXPECT_FALSE(offers_device("avx512-bf16", "cuda"));
    EXPECT_TRUE(offers_device("avx2+cuda", "cpu"));
    EXPECT_TRUE(offers_device("avx2+cuda", "cuda"));
    EXPECT_FALSE(offers_device("cuda", "cpu"));
    EXPECT_TRUE(offers_device("cuda", "cuda"));
}

}  // namespace
}  // namespace pathloom
