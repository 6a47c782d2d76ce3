// SPDX-License-Identifier: GPL-3.0-or-later
// Calls of pathloom-probe: what belongs to the connection is taken out of them, the rest stays in order.
#include "engine/cli/probe_call.h"

#include <gtest/gtest.h>

namespace pathloom {
namespace {

using Words = std::vector<std::string>;

TEST(ProbeCall, TakesTheConnectionOutOfTheWords)
{
    const auto call = read_probe_call({"ctl", "--project", "P", "--json", "probe", "needle", "--corpus", "two", "--lengths",
        "1000", "--corpus=three", "--split", "test", "--engine=h:1", "--token-file", "t"});
    ASSERT_TRUE(call);
    EXPECT_EQ(call->verb, "probe");
    EXPECT_EQ(call->connection.project, "P");
    EXPECT_EQ(call->connection.engine, "h:1");
    EXPECT_EQ(call->connection.token_file, "t");
    EXPECT_EQ(call->corpora, (Words{"two", "three"}));
    EXPECT_EQ(call->split, "test");
    EXPECT_TRUE(call->json);
    EXPECT_EQ(call->words, (Words{"ctl", "--json", "probe", "needle", "--lengths", "1000"}));
    EXPECT_EQ(call->options_at, 4U);
}

TEST(ProbeCall, LeavesQuestionsAndOtherVerbsAlone)
{
    const auto ask = read_probe_call({"ctl", "ask", "--doc", "d", "--", "--corpus", "--json"});
    ASSERT_TRUE(ask);
    EXPECT_TRUE(ask->corpora.empty());
    EXPECT_FALSE(ask->json);
    EXPECT_EQ(ask->words, (Words{"ctl", "ask", "--doc", "d", "--", "--corpus", "--json"}));
    EXPECT_EQ(ask->options_at, 2U);
    EXPECT_FALSE(read_probe_call({"ctl", "--project", "probe", "run", "list"}));
    EXPECT_FALSE(read_probe_call({"ctl", "corpus", "show", "probe"}));
    EXPECT_FALSE(read_probe_call({"ctl"}));
    EXPECT_TRUE(read_probe_call({"ctl", "reader", "train", "r.json", "--project"}));  // refused later, by its own program
}

}  // namespace
}  // namespace pathloom
