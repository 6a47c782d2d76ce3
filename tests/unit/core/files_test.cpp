// SPDX-License-Identifier: GPL-3.0-or-later
// Durable writes: whole or not at all, nothing left behind on a full disk.
#include "engine/core/files.h"
#include "tests/unit/small_disk.h"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <algorithm>

namespace pathloom {
namespace {

std::size_t entries(const std::filesystem::path& folder)
{
    return std::size_t(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

TEST(Files, WriteReadReplace)
{
    const test::TemporaryFolder folder;
    const auto file = folder.path() / "token";
    ASSERT_TRUE(write_file_atomic(file, "one", 0600));
    EXPECT_EQ(read_file(file).value(), "one");
    ASSERT_TRUE(write_file_atomic(file, std::string(10000, 'z'), 0600));
    EXPECT_EQ(read_file(file).value(), std::string(10000, 'z'));
    EXPECT_EQ(entries(folder.path()), 1u);
    struct stat info { };
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(Files, ErrorsNameTheFile)
{
    const test::TemporaryFolder folder;
    const auto missing = read_file(folder.path() / "missing");
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_THAT(missing.error().message, testing::HasSubstr("missing"));
    EXPECT_FALSE(write_file_atomic(folder.path() / "no" / "such" / "folder", "x"));
}

TEST(Files, ReadsFilesWhoseSizeIsNotKnown)
{
    EXPECT_FALSE(read_file("/proc/self/status").value().empty());
}

TEST(Files, MappingSeesTheBytes)
{
    const test::TemporaryFolder folder;
    ASSERT_TRUE(write_file_atomic(folder.path() / "f", "hello"));
    ASSERT_TRUE(write_file_atomic(folder.path() / "empty", ""));
    auto mapped = MappedFile::open(folder.path() / "f").value();
    MappedFile moved = std::move(mapped);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(moved.bytes().data()), moved.bytes().size()), "hello");
    EXPECT_TRUE(MappedFile::open(folder.path() / "empty").value().bytes().empty());
    EXPECT_FALSE(MappedFile::open(folder.path()));
}

TEST(Files, FullDiskLeavesTheOldFileAndNoTemporary)
{
    const test::SmallDisk disk("size=64k");
    if (!disk.mounted()) GTEST_SKIP() << disk.reason();
    const auto file = disk.path() / "f";
    ASSERT_TRUE(write_file_atomic(file, "old"));
    const auto written = write_file_atomic(file, std::string(200000, 'x'));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::DiskFull);
    EXPECT_EQ(std::count(written.error().message.begin(), written.error().message.end(), '\n'), 0);
    EXPECT_EQ(read_file(file).value(), "old");
    EXPECT_EQ(entries(disk.path()), 1u);
}

}  // namespace
}  // namespace pathloom
