// SPDX-License-Identifier: GPL-3.0-or-later
// A project folder: ownership, schema, transactions, the log without gaps.
#include "engine/core/files.h"
#include "engine/core/version.h"
#include "engine/store/migrations.h"
#include "engine/store/project.h"
#include "engine/store/sqlite.h"
#include "tests/unit/small_disk.h"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <unistd.h>

namespace pathloom {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Project> open_project(const fs::path& folder)
{
    auto project = Project::open_or_create(folder);
    if (!project) throw std::runtime_error(project.error().message);
    return std::move(*project);
}

EventRow event(std::int64_t run, const std::string& payload)
{
    return {0, 1000, run, 7, payload};
}

std::vector<std::int64_t> sequence_numbers(Project& project)
{
    std::vector<std::int64_t> numbers;
    const auto rows = project.read_events(1, 0, 1000);
    for (const EventRow& row : rows.value()) numbers.push_back(row.seq);
    return numbers;
}

std::map<fs::path, std::string> snapshot(const fs::path& folder)
{
    std::map<fs::path, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        files[entry.path()] = entry.is_regular_file() ? read_file(entry.path()).value() : "folder";
    return files;
}

TEST(ProjectFolder, IsLaidOutAndPrivate)
{
    const test::TemporaryFolder folder;
    const auto project = open_project(folder.path() / "a" / "b");
    EXPECT_EQ(project->folder(), folder.path() / "a" / "b");
    EXPECT_TRUE(fs::is_regular_file(project->folder() / "project.sqlite"));
    EXPECT_TRUE(fs::is_directory(project->folder() / "blobs"));
    struct stat info { };
    ASSERT_EQ(::stat((project->folder() / ".engine").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST(ProjectFolder, TwoEnginesNeverOwnOne)
{
    const test::TemporaryFolder folder;
    auto first = open_project(folder.path());
    const auto second = Project::open_or_create(folder.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Exists);
    EXPECT_THAT(second.error().message, testing::HasSubstr("pid " + std::to_string(::getpid())));
    first.reset();
    EXPECT_TRUE(Project::open_or_create(folder.path()));
}

TEST(ProjectFolder, AKilledEngineLosesNothingCommittedAndItsLock)
{
    const test::TemporaryFolder folder;
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto project = Project::open_or_create(folder.path());
        bool done = project.has_value();
        {
            Project::Transaction transaction(**project);
            done = done && (*project)->append_event(event(0, "kept")) && transaction.commit();
        }
        Project::Transaction open(**project);
        done = done && (*project)->append_event(event(0, "lost"));
        const char word = done ? 'y' : 'n';
        if (::write(ready[1], &word, 1) != 1) ::_exit(1);
        while (true) ::pause();
    }
    char word = 0;
    ASSERT_EQ(::read(ready[0], &word, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    ASSERT_EQ(word, 'y');
    const auto refused = Project::open_or_create(folder.path());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, testing::HasSubstr(std::to_string(child)));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const auto project = open_project(folder.path());
    const auto rows = project->read_events(1, 0, 10).value();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].payload, "kept");
}

TEST(ProjectFolder, PathThatIsAFileIsRefused)
{
    const test::TemporaryFolder folder;
    std::ofstream(folder.path() / "f") << "x";
    EXPECT_FALSE(Project::open_or_create(folder.path() / "f"));
}

TEST(Schema, NumbersAgreeWithTheProgram)
{
    EXPECT_EQ(migrations().back().number, schema_version);
    EXPECT_EQ(migrations().front().number, 1);
}

TEST(Schema, ANewerProjectIsRefusedUntouched)
{
    const test::TemporaryFolder folder;
    open_project(folder.path()).reset();
    {
        auto database = Database::open(folder.path() / "project.sqlite").value();
        ASSERT_TRUE(database->execute("PRAGMA user_version = 999"));
    }
    const auto before = snapshot(folder.path());
    const auto refused = Project::open_or_create(folder.path());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    EXPECT_EQ(refused.error().message,
        fmt::format("project {} was written by a newer Pathloom (schema 999, this program knows up to {}); update Pathloom",
            folder.path().string(), schema_version));
    EXPECT_EQ(snapshot(folder.path()), before);
}

TEST(Schema, AForeignFileIsRefusedUntouched)
{
    const test::TemporaryFolder folder;
    std::ofstream(folder.path() / "project.sqlite") << std::string(5000, 'x');
    const auto before = snapshot(folder.path());
    const auto refused = Project::open_or_create(folder.path());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Corrupt);
    EXPECT_EQ(snapshot(folder.path()), before);
}

TEST(Schema, EveryVersionOnTheWayIsBroughtUpToDate)
{
    for (std::size_t start = 0; start <= migrations().size(); ++start) {
        const test::TemporaryFolder folder;
        {
            auto database = Database::open(folder.path() / "project.sqlite").value();
            const std::vector<Migration> old(migrations().begin(), migrations().begin() + std::ptrdiff_t(start));
            ASSERT_TRUE(migrate(*database, old));
            ASSERT_EQ(database->integer("PRAGMA user_version").value(), std::int64_t(start));
        }
        const auto project = open_project(folder.path());
        EXPECT_TRUE(project->runs().value().empty());
        EXPECT_EQ(project->last_event_seq().value(), 0);
    }
}

TEST(Schema, RowsOfTheFirstSchemaSurvive)
{
    const test::TemporaryFolder folder;
    {
        auto database = Database::open(folder.path() / "project.sqlite").value();
        ASSERT_TRUE(migrate(*database, {migrations().front()}));
        ASSERT_TRUE(database->execute("INSERT INTO runs VALUES (1, 'r', '', '{}', 1, '', '', 0, 0, 0);"
                                      "INSERT INTO checkpoints VALUES (1, 'train', 2, 3, 60, 'inner');"
                                      "INSERT INTO task_commits (task, run, stage, path, phase, chunk, worker, fence, result, "
                                      "time_ms) VALUES ('1/train/2/2/0', 1, 'train', 2, 2, 0, 7, 9, 'r', 5);"));
    }
    const auto project = open_project(folder.path());
    const auto checkpoints = project->checkpoints(1).value();
    ASSERT_EQ(checkpoints.size(), 1u);
    EXPECT_EQ(checkpoints[0].inner_state_hash, "inner");
    EXPECT_EQ(checkpoints[0].phase, 3);
    const auto commits = project->task_commits(1).value();
    ASSERT_EQ(commits.size(), 1u);
    EXPECT_EQ(commits[0].leased_seconds, 0.0);
}

TEST(Schema, AMigrationThatFailsLeavesTheOldSchema)
{
    const test::TemporaryFolder folder;
    auto database = Database::open(folder.path() / "x.sqlite").value();
    const std::vector<Migration> broken{{1, "0001_good.sql", "CREATE TABLE good (a);"},
        {2, "0002_bad.sql", "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);"}};
    const auto result = migrate(*database, broken);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, testing::HasSubstr("0002_bad.sql"));
    EXPECT_EQ(database->integer("PRAGMA user_version").value(), 1);
    EXPECT_EQ(database->integer("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'half'").value(), 0);
    EXPECT_FALSE(database->in_transaction());
}

TEST(Transactions, RollBackUnlessCommittedAndTheLogHasNoGaps)
{
    const test::TemporaryFolder folder;
    const auto project = open_project(folder.path());
    for (int round = 0; round < 6; ++round) {
        Project::Transaction transaction(*project);
        EXPECT_EQ(project->append_event(event(0, "a")).value(), (round / 2) * 2 + 1);
        EXPECT_EQ(project->append_event(event(0, "b")).value(), (round / 2) * 2 + 2);
        if (round % 2 == 1) {
            ASSERT_TRUE(transaction.commit());
            EXPECT_FALSE(transaction.commit());
        }
    }
    EXPECT_THAT(sequence_numbers(*project), testing::ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_EQ(project->last_event_seq().value(), 6);
}

TEST(Transactions, RowsAndEventsStandOrFallTogether)
{
    const test::TemporaryFolder folder;
    const auto project = open_project(folder.path());
    const std::int64_t run = project->insert_run({}).value();
    const ContributionRow once{"train", "level0.0", 0, 1, "hash"};
    const auto commit_once = [&]() -> Result<void> {
        Project::Transaction transaction(*project);
        PATHLOOM_TRY(const std::int64_t seq, project->append_event(event(run, "contribution")));
        EXPECT_GT(seq, 0);
        PATHLOOM_CHECK(project->insert_contribution(run, once));
        return transaction.commit();
    };
    EXPECT_TRUE(commit_once());
    const auto again = commit_once();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::Exists);
    EXPECT_EQ(again.error().message, "run 1 train level0.0 phase 0 has counted path 1 already");
    EXPECT_THAT(sequence_numbers(*project), testing::ElementsAre(1));
    EXPECT_EQ(project->contributions(run).value().size(), 1u);
}

TEST(Transactions, OneInsideAnotherIsRefused)
{
    const test::TemporaryFolder folder;
    const auto project = open_project(folder.path());
    Project::Transaction outer(*project);
    {
        Project::Transaction inner(*project);
        EXPECT_FALSE(inner.commit());
    }
    ASSERT_TRUE(project->append_event(event(0, "still open")));
    EXPECT_TRUE(outer.commit());
    EXPECT_THAT(sequence_numbers(*project), testing::ElementsAre(1));
}

TEST(Transactions, NothingIsWrittenWhenOneCannotBegin)
{
    const test::TemporaryFolder folder;
    const auto project = open_project(folder.path());
    auto other = Database::open(folder.path() / "project.sqlite").value();
    ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
    {
        Project::Transaction transaction(*project);  // waits its two seconds for the other writer
        ASSERT_TRUE(other->execute("ROLLBACK"));
        EXPECT_FALSE(project->append_event(event(0, "alone")));
        EXPECT_FALSE(transaction.commit());
    }
    EXPECT_TRUE(sequence_numbers(*project).empty());
    EXPECT_TRUE(project->append_event(event(0, "later")));
}

TEST(Events, ReadFromASequenceNumberAndOfOneRun)
{
    const test::TemporaryFolder folder;
    const auto project = open_project(folder.path());
    const std::string binary("\0\x01\xff binary \0", 12);
    for (const std::int64_t run : {0, 1, 2, 1, 0, 2}) ASSERT_TRUE(project->append_event(event(run, binary)));
    const auto numbers = [&](std::int64_t from, std::int64_t run, int limit) {
        std::vector<std::int64_t> all;
        const auto rows = project->read_events(from, run, limit);
        for (const EventRow& row : rows.value()) all.push_back(row.seq);
        return all;
    };
    EXPECT_THAT(numbers(3, 0, 100), testing::ElementsAre(3, 4, 5, 6));
    EXPECT_THAT(numbers(1, 1, 100), testing::ElementsAre(1, 2, 4, 5));
    EXPECT_THAT(numbers(1, 1, 2), testing::ElementsAre(1, 2));
    EXPECT_THAT(numbers(7, 0, 100), testing::IsEmpty());
    const EventRow row = project->read_events(2, 0, 1).value().front();
    EXPECT_EQ(row.payload, binary);
    EXPECT_EQ(row.kind, 7);
    EXPECT_EQ(row.time_ms, 1000);
    EXPECT_EQ(row.run, 1);
}

TEST(Events, GoOnAfterReopening)
{
    const test::TemporaryFolder folder;
    open_project(folder.path())->append_event(event(0, "first")).value();
    EXPECT_EQ(open_project(folder.path())->append_event(event(0, "second")).value(), 2);
}

TEST(FullDisk, IsDiskFullAndNothingHalfWritten)
{
    const test::SmallDisk disk("size=600k");
    if (!disk.mounted()) GTEST_SKIP() << disk.reason();
    const auto project = open_project(disk.path());
    ASSERT_TRUE(project->append_event(event(0, "kept")));
    const auto fill = [&]() -> Result<void> {
        Project::Transaction transaction(*project);
        for (int i = 0; i < 100; ++i) PATHLOOM_CHECK(project->append_event(event(0, std::string(20000, 'x'))));
        return transaction.commit();
    };
    const auto full = fill();
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::DiskFull) << full.error().message;
    EXPECT_THAT(sequence_numbers(*project), testing::ElementsAre(1));
}

}  // namespace
}  // namespace pathloom
