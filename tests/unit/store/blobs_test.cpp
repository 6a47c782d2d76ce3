// SPDX-License-Identifier: GPL-3.0-or-later
// Blobs: whole or absent, verified, healed, and clean after killed writers and full disks.
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/store/blobs.h"
#include "tests/unit/small_disk.h"

#include <gmock/gmock.h>

#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <unistd.h>

namespace pathloom {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

std::size_t files_below(const fs::path& folder)
{
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) count += entry.is_regular_file() ? 1 : 0;
    return count;
}

TEST(Blobs, PutTwiceIsOneBlob)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path() / "blobs").value();
    const std::string hash = store.put(bytes_of("hello")).value();
    EXPECT_EQ(hash, sha256_hex("hello"));
    EXPECT_EQ(store.put(bytes_of("hello")).value(), hash);
    EXPECT_TRUE(store.has(hash));
    EXPECT_EQ(store.size_of(hash).value(), 5u);
    EXPECT_EQ(store.bytes(), 5u);
    EXPECT_EQ(files_below(folder.path()), 1u);
    EXPECT_EQ(read_file(store.verified(hash).value()).value(), "hello");
    EXPECT_EQ(store.path_of(hash), folder.path() / "blobs" / hash.substr(0, 2) / hash);
}

TEST(Blobs, FlippedBitIsCorruptAndMovedAsideAndCanBePutAgain)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    const std::string hash = store.put(bytes_of("hello")).value();
    std::ofstream(store.path_of(hash), std::ios::trunc) << "hellp";
    const auto bad = store.verified(hash);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, ErrorCode::Corrupt);
    EXPECT_THAT(bad.error().message, testing::HasSubstr(hash));
    EXPECT_FALSE(store.has(hash));
    EXPECT_EQ(store.verified(hash).error().code, ErrorCode::NotFound);
    EXPECT_EQ(files_below(folder.path() / "corrupt"), 1u);
    ASSERT_TRUE(store.put(bytes_of("hello")));
    EXPECT_TRUE(store.verified(hash));
}

TEST(Blobs, WhatHasBeenHashedIsNotHashedAgainUntilItChangesOrSomebodyInsists)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    const std::string hash = store.put(bytes_of("hello")).value();
    ASSERT_TRUE(store.keep(hash));  // a blob in use stays known
    const fs::path file = store.path_of(hash);
    const auto time = fs::last_write_time(file);
    std::ofstream(file, std::ios::in | std::ios::out) << "hellp";
    fs::last_write_time(file, time);  // as a disk would do it: nothing but the bytes is different
    EXPECT_TRUE(store.verified(hash)) << "it was not hashed again";
    EXPECT_EQ(store.verified(hash, true).error().code, ErrorCode::Corrupt);
    EXPECT_FALSE(store.has(hash));

    ASSERT_TRUE(store.put(bytes_of("hello")));
    std::ofstream(file, std::ios::in | std::ios::out) << "hellp";  // an ordinary write, a moment after the put
    EXPECT_EQ(store.verified(hash).error().code, ErrorCode::Corrupt);

    ASSERT_TRUE(store.put(bytes_of("hello")));
    const auto again = fs::last_write_time(file);
    std::ofstream(file, std::ios::in | std::ios::out) << "hellp";
    fs::last_write_time(file, again);
    EXPECT_EQ(BlobStore::open(folder.path())->verified(hash).error().code, ErrorCode::Corrupt) << "another process knows nothing";
}

TEST(Blobs, ACacheHoldsTheSameBlobs)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path(), Durability::ProcessEnd).value();
    const std::string hash = store.put(bytes_of("hello")).value();
    auto out = store.writer().value();
    ASSERT_TRUE(out.write(bytes_of("more")));
    const std::string more = out.finish(sha256_hex("more")).value();
    EXPECT_THAT(BlobStore::open(folder.path())->hashes(), testing::UnorderedElementsAre(hash, more));
    EXPECT_TRUE(BlobStore::open(folder.path())->verified(more));
}

TEST(Blobs, PuttingAgainHealsADamagedBlobOfTheSameSize)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    const std::string hash = store.put(bytes_of("hello")).value();
    std::ofstream(store.path_of(hash), std::ios::trunc) << "hellp";
    ASSERT_TRUE(store.put(bytes_of("hello")));
    EXPECT_TRUE(store.verified(hash));
}

TEST(Blobs, StreamedWriteChecksTheExpectedHash)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    auto good = store.writer().value();
    ASSERT_TRUE(good.write(bytes_of("hel")));
    ASSERT_TRUE(good.write(bytes_of("lo")));
    EXPECT_EQ(good.finish(sha256_hex("hello")).value(), sha256_hex("hello"));
    EXPECT_FALSE(good.write(bytes_of("more")));
    EXPECT_FALSE(good.finish());
    auto bad = store.writer().value();
    ASSERT_TRUE(bad.write(bytes_of("other")));
    const auto refused = bad.finish(sha256_hex("something"));
    EXPECT_EQ(refused.error().code, ErrorCode::Corrupt);
    EXPECT_EQ(files_below(folder.path()), 1u);
}

TEST(Blobs, PiecesWithAnOwnerAreHashedInOrderBesideTheWriting)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    std::string whole;
    const auto write = [&](BlobStore::Writer& out, std::size_t size, bool owned) {
        auto bytes = std::make_shared<std::string>();
        for (std::size_t i = 0; i < size; ++i) bytes->push_back(char((whole.size() + i) * 7919 >> 3));
        whole += *bytes;
        ASSERT_TRUE(out.write(owned ? BlobPiece(bytes_of(*bytes), bytes) : BlobPiece(bytes_of(*bytes))));
    };
    auto out = store.writer().value();
    for (int i = 0; i < 40; ++i) write(out, std::size_t(400'000 + i), i % 7 != 3);  // also behind the first write to the disk
    const std::string hash = sha256_hex(whole);
    ASSERT_EQ(out.finish(hash).value(), hash);
    EXPECT_EQ(read_file(store.path_of(hash)).value(), whole);

    auto bad = store.writer().value();
    for (int i = 0; i < 20; ++i) write(bad, 1 << 20, true);
    EXPECT_EQ(bad.finish(hash).error().code, ErrorCode::Corrupt);
    {
        auto abandoned = store.writer().value();
        for (int i = 0; i < 20; ++i) write(abandoned, 1 << 20, true);
    }
    EXPECT_EQ(files_below(folder.path()), 1u);
}

TEST(Blobs, AbandonedWriterLeavesNothing)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    {
        auto out = store.writer().value();
        ASSERT_TRUE(out.write(bytes_of("half")));
        EXPECT_EQ(files_below(folder.path()), 1u);
        auto moved = std::move(out);
        ASSERT_TRUE(moved.write(bytes_of(" a blob")));
    }
    EXPECT_EQ(files_below(folder.path()), 0u);
}

TEST(Blobs, KilledWriterIsCleanedUpButALiveOneIsNot)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    auto live = store.writer().value();
    ASSERT_TRUE(live.write(bytes_of("live")));
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto out = store.writer();
        const bool written = out && out->write(bytes_of("half"));
        const char word = written ? 'y' : 'n';
        if (::write(ready[1], &word, 1) != 1) ::_exit(1);
        while (true) ::pause();
    }
    char word = 0;
    ASSERT_EQ(::read(ready[0], &word, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    ASSERT_EQ(word, 'y');
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(files_below(folder.path()), 2u);
    ASSERT_TRUE(BlobStore::open(folder.path()));
    EXPECT_EQ(files_below(folder.path()), 1u);
    EXPECT_EQ(live.finish(sha256_hex("live")).value(), sha256_hex("live"));
}

TEST(Blobs, NamesThatAreNotHashesReachNoFile)
{
    const test::TemporaryFolder folder;
    std::ofstream(folder.path() / "secret") << "secret";
    BlobStore store = BlobStore::open(folder.path() / "blobs").value();
    for (const std::string name : {"../secret", "", "ab", "..", "/etc/passwd"}) {
        EXPECT_FALSE(store.has(name));
        EXPECT_FALSE(store.verified(name));
        EXPECT_FALSE(store.size_of(name));
        EXPECT_FALSE(fs::exists(store.path_of(name)));
        EXPECT_TRUE(store.remove(name));
    }
    EXPECT_TRUE(fs::exists(folder.path() / "secret"));
}

TEST(Blobs, RemoveAndList)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    const std::string a = store.put(bytes_of("a")).value(), b = store.put(bytes_of("bb")).value();
    EXPECT_THAT(store.hashes(), testing::UnorderedElementsAre(a, b));
    EXPECT_TRUE(store.remove(a));
    EXPECT_TRUE(store.remove(a));
    EXPECT_THAT(store.hashes(), testing::ElementsAre(b));
    EXPECT_EQ(store.bytes(), 2u);
}

TEST(Blobs, DamagedBytesThatWereSetAsideCanBeDiscarded)
{
    const test::TemporaryFolder folder;
    BlobStore store = BlobStore::open(folder.path()).value();
    const std::string a = store.put(bytes_of("a")).value(), b = store.put(bytes_of("b")).value();
    for (const std::string& hash : {a, b}) {
        std::ofstream(store.path_of(hash)) << "rotten";
        EXPECT_FALSE(store.verified(hash));
    }
    EXPECT_EQ(files_below(folder.path()), 2u);
    store.discard_damaged(a);
    store.discard_damaged("");
    EXPECT_EQ(files_below(folder.path()), 1u) << "only what was asked for";
    EXPECT_EQ(store.put(bytes_of("a")).value(), a);
    store.discard_damaged(a);
    EXPECT_TRUE(store.verified(a)) << "the good copy stays";
}

TEST(Blobs, FullDiskLeavesNothing)
{
    const test::SmallDisk disk("size=64k");
    if (!disk.mounted()) GTEST_SKIP() << disk.reason();
    BlobStore store = BlobStore::open(disk.path()).value();
    const std::string hash = store.put(bytes_of("small")).value();
    const auto refused = store.put(bytes_of(std::string(200000, 'x')));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::DiskFull);
    EXPECT_EQ(files_below(disk.path()), 1u);
    EXPECT_TRUE(store.verified(hash));
    EXPECT_TRUE(store.put(bytes_of("also small")));
}

}  // namespace
}  // namespace pathloom
