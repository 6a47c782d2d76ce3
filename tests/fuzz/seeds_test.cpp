// SPDX-License-Identifier: GPL-3.0-or-later
// A fuzz target learns nothing from a seed its reader refuses.
#include "engine/cluster/task_key.h"
#include "engine/corpus/jsonl.h"
#include "engine/model/spec.h"
#include "engine/store/safetensors.h"
#include "plugins/openai/openai_reply.h"
#include "tests/fuzz/targets.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pathloom::fuzz {
namespace {

TEST(FuzzTargets, SeedsAreGoodInputs)
{
    const auto seed = [](std::string_view target, std::size_t index = 0) {
        return std::ranges::find(targets(), target, &Target::name)->seeds.at(index);
    };
    const std::string tensors = seed("safetensors");
    EXPECT_EQ(Safetensors::parse(std::as_bytes(std::span(tensors)))->tensors().size(), 4U);
    std::vector<std::string> texts;
    for_each_line(seed("jsonl"), [&](std::int64_t, std::string_view line) { texts.push_back(parse_record(line)->text); });
    EXPECT_EQ(texts.size(), 2U);
    EXPECT_TRUE(parse_run_spec(seed("run_spec")) && parse_run_spec(seed("run_spec", 1)));
    EXPECT_EQ(read_openai_reply(200, seed("openai")).text, "It is 7.");
    EXPECT_EQ(read_openai_reply(404, seed("openai", 1)).text, "status 404: no such model");
    EXPECT_TRUE(parse_task_id(seed("task_id")) && parse_task_id(seed("task_id", 1)));
}

}  // namespace
}  // namespace pathloom::fuzz
