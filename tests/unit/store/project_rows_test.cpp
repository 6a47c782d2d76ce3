// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of a project: what goes in comes out, what must count once counts once, garbage goes and nothing else.
#include "engine/core/hash.h"
#include "engine/store/project.h"
#include "tests/unit/temporary_folder.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

class Rows : public testing::Test {
protected:
    void SetUp() override
    {
        open();
        m_run = m_project->insert_run({0, "first", "sample-2x2", "{}", 1, "", "warm", 0, 10, 0}).value();
    }
    void open()
    {
        m_project.reset();
        auto project = Project::open_or_create(m_folder.path());
        ASSERT_TRUE(project) << project.error().message;
        m_project = std::move(*project);
    }
    std::string blob(const std::string& text) { return m_project->blobs().put(std::as_bytes(std::span(text))).value(); }

    test::TemporaryFolder m_folder;
    std::unique_ptr<Project> m_project;
    std::int64_t m_run = 0;
};

TEST_F(Rows, Runs)
{
    EXPECT_EQ(m_run, 1);
    const std::int64_t second = m_project->insert_run({0, "second", "", "{}", 1, "", "", m_run, 20, 0}).value();
    RunRow row = m_project->find_run(second).value().value();
    EXPECT_EQ(row.cloned_from, m_run);
    row.state = 3;
    row.reason = "because";
    row.stage = "test";
    row.finished_ms = 99;
    ASSERT_TRUE(m_project->update_run(row));
    open();
    const auto rows = m_project->runs().value();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].name, "first");
    EXPECT_EQ(rows[0].preset, "sample-2x2");
    EXPECT_EQ(rows[1].state, 3);
    EXPECT_EQ(rows[1].reason, "because");
    EXPECT_EQ(rows[1].stage, "test");
    EXPECT_EQ(rows[1].finished_ms, 99);
    EXPECT_FALSE(m_project->find_run(77).value());
    row.id = 77;
    EXPECT_EQ(m_project->update_run(row).error().code, ErrorCode::NotFound);
}

TEST_F(Rows, AssetsAreReplaced)
{
    ASSERT_TRUE(m_project->set_asset(m_run, "b", "1"));
    ASSERT_TRUE(m_project->set_asset(m_run, "a", ""));
    ASSERT_TRUE(m_project->set_asset(m_run, "b", "2"));
    EXPECT_THAT(m_project->assets(m_run).value(), testing::ElementsAre(testing::Pair("a", ""), testing::Pair("b", "2")));
    EXPECT_TRUE(m_project->assets(5).value().empty());
}

TEST_F(Rows, OfARunThatDoesNotExistAreRefused)
{
    EXPECT_FALSE(m_project->set_asset(99, "a", "b"));
    EXPECT_FALSE(m_project->insert_contribution(99, {}));
}

TEST_F(Rows, ModuleVersions)
{
    for (int version = 0; version < 4; ++version)
        ASSERT_TRUE(m_project->insert_module_version(
            m_run, {"train", "level0.1", version, "h" + std::to_string(version), version ? "m" : ""}));
    ASSERT_TRUE(m_project->insert_module_version(m_run, {"warm", "level0.1", 0, "w", ""}));
    const auto again = m_project->insert_module_version(m_run, {"train", "level0.1", 3, "other", ""});
    EXPECT_EQ(again.error(), (Error{ErrorCode::Exists, "run 1 train level0.1 has a version 3 already"}));
    ASSERT_TRUE(m_project->delete_module_versions_below(m_run, "train", "level0.1", 2));
    std::vector<std::string> left;
    const auto rows = m_project->module_versions(m_run).value();
    for (const auto& row : rows)
        left.push_back(fmt::format("{} {} {} {} {}", row.stage, row.module, row.version, row.hash, row.momentum_hash));
    EXPECT_THAT(left, testing::ElementsAre("train level0.1 2 h2 m", "train level0.1 3 h3 m", "warm level0.1 0 w "));
}

TEST_F(Rows, ContributionsInCanonicalOrder)
{
    for (const int path : {3, 0, 2}) ASSERT_TRUE(m_project->insert_contribution(m_run, {"train", "b", 1, path, "d"}));
    ASSERT_TRUE(m_project->insert_contribution(m_run, {"train", "a", 1, 5, "d"}));
    ASSERT_TRUE(m_project->insert_contribution(m_run, {"train", "b", 0, 9, "d"}));
    std::vector<std::string> order;
    const auto rows = m_project->contributions(m_run).value();
    for (const auto& row : rows) order.push_back(fmt::format("{}{}{}", row.module, row.phase, row.path));
    EXPECT_THAT(order, testing::ElementsAre("a15", "b09", "b10", "b12", "b13"));
    ASSERT_TRUE(m_project->delete_contributions_below(m_run, "train", "b", 1));
    EXPECT_EQ(m_project->contributions(m_run).value().size(), 4u);
    ASSERT_TRUE(m_project->delete_contributions_of(m_run, "train", 2, 1));
    EXPECT_EQ(m_project->contributions(m_run).value().size(), 3u);
}

TEST_F(Rows, OfARunThatIsOverOnlyTheNewestStay)
{
    ASSERT_TRUE(m_project->insert_contribution(m_run, {"train", "b", 1, 0, "d"}));
    for (const int path : {0, 1})
        for (const int phase : {1, 2}) ASSERT_TRUE(m_project->set_checkpoint(m_run, {"train", path, phase, 20 * phase, "x"}));
    ASSERT_TRUE(m_project->set_checkpoint(m_run, {"warm", 0, 1, 10, "c"}));
    ASSERT_TRUE(m_project->delete_spare_rows(m_run));
    EXPECT_TRUE(m_project->contributions(m_run).value().empty());
    std::vector<std::string> left;
    const auto rows = m_project->checkpoints(m_run).value();
    for (const auto& row : rows) left.push_back(fmt::format("{} {} {}", row.stage, row.path, row.phase));
    EXPECT_THAT(left, testing::ElementsAre("train 0 2", "train 1 2", "warm 0 1"));
}

TEST_F(Rows, TaskCommitsOnceAndInOrder)
{
    const std::string binary("\0\xff\x12", 3);
    ASSERT_TRUE(m_project->insert_task_commit(m_run, {"1/train/0/3", "train", 3, 0, 0, 7, 41, binary, 5}));
    ASSERT_TRUE(m_project->insert_task_commit(m_run, {"1/train/0/1", "train", 1, 0, 2, 8, 42, "", 6}));
    const auto again = m_project->insert_task_commit(m_run, {"1/train/0/3", "train", 3, 0, 0, 9, 43, "other", 7});
    EXPECT_EQ(again.error(), (Error{ErrorCode::Exists, "task 1/train/0/3 is committed already"}));
    const auto rows = m_project->task_commits(m_run).value();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].task, "1/train/0/3");
    EXPECT_EQ(rows[0].result, binary);
    EXPECT_EQ(rows[0].worker, 7);
    EXPECT_EQ(rows[0].fence, 41);
    EXPECT_EQ(rows[1].chunk, 2);
    EXPECT_EQ(rows[1].time_ms, 6);
    EXPECT_TRUE(m_project->task_committed("1/train/0/1").value());
    EXPECT_FALSE(m_project->task_committed("1/train/0/2").value());
    ASSERT_TRUE(m_project->delete_task_commit("1/train/0/1"));
    EXPECT_FALSE(m_project->task_committed("1/train/0/1").value());
}

TEST_F(Rows, TheNewestTwoCheckpointsStay)
{
    for (const int phase : {1, 2, 3})
        ASSERT_TRUE(m_project->set_checkpoint(m_run, {"train", 2, phase, 20 * phase, std::string(1, char('a' + phase))}));
    ASSERT_TRUE(m_project->set_checkpoint(m_run, {"warm", 0, 1, 10, "w"}));
    std::vector<std::string> found;
    const auto rows = m_project->checkpoints(m_run).value();
    for (const auto& row : rows)
        found.push_back(fmt::format("{} {} {} {}", row.stage, row.phase, row.step, row.inner_state_hash));
    EXPECT_THAT(found, testing::ElementsAre("train 2 40 c", "train 3 60 d", "warm 1 10 w"));
    ASSERT_TRUE(m_project->delete_checkpoint(m_run, "train", 2, 3));
    EXPECT_EQ(m_project->checkpoints(m_run).value()[0].inner_state_hash, "c");
}

TEST_F(Rows, Curves)
{
    ASSERT_TRUE(m_project->insert_train_points(m_run, "train", 1, 10, {3.0f, 2.5f}));
    ASSERT_TRUE(m_project->insert_train_points(m_run, "train", 1, 11, {9.0f, 2.0f}));  // step 11 is known
    std::vector<float> losses;
    const auto points = m_project->train_points(m_run).value();
    for (const auto& point : points) losses.push_back(point.loss);
    EXPECT_THAT(losses, testing::ElementsAre(3.0f, 2.5f, 2.0f));
    ASSERT_TRUE(m_project->insert_valid_point(m_run, {1, 2, 60, 3.25, 1000}));
    EXPECT_EQ(m_project->insert_valid_point(m_run, {1, 2, 60, 3.25, 1000}).error().code, ErrorCode::Exists);
    EXPECT_EQ(m_project->valid_points(m_run).value().front().nll, 3.25);
}

TEST_F(Rows, EvaluationsAndMemosAreReplaced)
{
    ASSERT_TRUE(m_project->set_eval(m_run, {"test", "once", "{}", 1}));
    ASSERT_TRUE(m_project->set_eval(m_run, {"test", "once", "{\"perplexity\":2}", 2}));
    ASSERT_EQ(m_project->evals(m_run).value().size(), 1u);
    EXPECT_EQ(m_project->evals(m_run).value().front().result_json, "{\"perplexity\":2}");
    EXPECT_FALSE(m_project->find_memo("k").value());
    ASSERT_TRUE(m_project->set_memo("k", std::string("\0x", 2)));
    EXPECT_EQ(m_project->find_memo("k").value().value(), std::string("\0x", 2));
}

TEST_F(Rows, FencesGrowOverRestarts)
{
    EXPECT_EQ(m_project->next_fence().value(), 1);
    EXPECT_EQ(m_project->next_fence().value(), 2);
    open();
    EXPECT_EQ(m_project->next_fence().value(), 3);
}

TEST_F(Rows, WorkersKeepTheirId)
{
    WorkerRow worker{0, "instance-a", "w", "host", 12, "avx2", true, 100, 0, ""};
    const std::int64_t id = m_project->upsert_worker(worker).value();
    ASSERT_TRUE(m_project->set_worker_gone(id, 150, "lost"));
    EXPECT_EQ(m_project->workers().value().front().gone_reason, "lost");
    worker.pid = 13;
    worker.joined_ms = 200;
    EXPECT_EQ(m_project->upsert_worker(worker).value(), id);
    worker.instance = "instance-b";
    EXPECT_NE(m_project->upsert_worker(worker).value(), id);
    const auto rows = m_project->workers().value();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].pid, 13);
    EXPECT_EQ(rows[0].gone_ms, 0);
    EXPECT_EQ(rows[0].joined_ms, 100);
    EXPECT_TRUE(rows[0].local);
    EXPECT_EQ(m_project->set_worker_gone(99, 1, "x").error().code, ErrorCode::NotFound);
}

TEST_F(Rows, Corpora)
{
    ASSERT_TRUE(m_project->insert_corpus({"sample", "{}", "t", "b", "x", "d", "k", 5}));
    EXPECT_EQ(m_project->insert_corpus({"sample", "{}", "", "", "", "", "", 6}).error(),
        (Error{ErrorCode::Exists, "a corpus named 'sample' exists already; choose another name"}));
    EXPECT_EQ(m_project->find_corpus("sample").value()->tokenizer_hash, "k");
    EXPECT_FALSE(m_project->find_corpus("other").value());
    EXPECT_EQ(m_project->corpora().value().size(), 1u);
}

TEST_F(Rows, GarbageIsWhatNoRowNames)
{
    const std::string version = blob("version"), momentum = blob("momentum"), delta = blob("delta"), inner = blob("inner"),
                      asset = blob("asset"), listed = blob("listed"), memo = blob("memo"), tokens = blob("tokens"),
                      document = blob("document"), garbage = blob("garbage!");
    ASSERT_TRUE(m_project->insert_module_version(m_run, {"train", "m", 1, version, momentum}));
    ASSERT_TRUE(m_project->insert_contribution(m_run, {"train", "m", 1, 0, delta}));
    ASSERT_TRUE(m_project->set_checkpoint(m_run, {"train", 0, 1, 1, inner}));
    ASSERT_TRUE(m_project->set_asset(m_run, "a", asset));
    ASSERT_TRUE(m_project->set_asset(m_run, "list", "[\"" + listed + "\"]"));
    ASSERT_TRUE(m_project->set_memo("k", "\x2a\x40" + memo + "0\x07"));  // a digit right after the hash, as protobuf may write
    ASSERT_TRUE(m_project->insert_corpus({"c", "{\"extra\":\"" + document + "\"}", tokens, "", "", "", "", 0}));
    EXPECT_EQ(m_project->collect_garbage(3600).value(), 0u);  // too young
    EXPECT_TRUE(m_project->blobs().has(garbage));
    EXPECT_EQ(m_project->collect_garbage(0).value(), 8u);
    EXPECT_FALSE(m_project->blobs().has(garbage));
    for (const std::string& kept : {version, momentum, delta, inner, asset, listed, memo, tokens, document})
        EXPECT_TRUE(m_project->blobs().verified(kept));
    // What a finished outer step drops becomes garbage.
    ASSERT_TRUE(m_project->delete_contributions_below(m_run, "train", "m", 2));
    for (int phase : {3, 4})  // the newest and the one before it stay
        ASSERT_TRUE(m_project->set_checkpoint(m_run, {"train", 0, phase, phase, ""}));
    EXPECT_EQ(m_project->collect_garbage(0).value(), 10u);
    EXPECT_FALSE(m_project->blobs().has(delta));
    EXPECT_FALSE(m_project->blobs().has(inner));
}

TEST_F(Rows, ABlobThatIsKeptCountsAsYoung)
{
    const std::string old = blob("old one"), kept = blob("kept one");
    const auto yesterday = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24);
    for (const std::string& hash : {old, kept}) std::filesystem::last_write_time(m_project->blobs().path_of(hash), yesterday);
    EXPECT_TRUE(m_project->blobs().keep(kept));
    EXPECT_FALSE(m_project->blobs().keep(sha256_hex("never stored")));
    EXPECT_EQ(m_project->collect_garbage(600).value(), 7u);
    EXPECT_TRUE(m_project->blobs().has(kept));
}

}  // namespace
}  // namespace pathloom
