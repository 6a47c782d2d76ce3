// SPDX-License-Identifier: GPL-3.0-or-later
// Small blobs in groups: whole and named when put() returns, there again after a power cut took the files, and never half.
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/store/blob_journal.h"
#include "engine/store/blobs.h"
#include "tests/unit/small_disk.h"

#include <gmock/gmock.h>

#include <array>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

namespace pathloom {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_in(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

std::vector<fs::path> journals(const fs::path& root)
{
    std::vector<fs::path> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root / "journal", error)) found.push_back(entry.path());
    return found;
}

/// What a power cut leaves of the journal: the same bytes, written in another boot.
void write_in_another_boot(const fs::path& file)
{
    std::string bytes = read_file(file).value();
    const auto content = read_journal(bytes_in(bytes));
    ASSERT_TRUE(content);
    ASSERT_FALSE(content->boot.empty());
    bytes.replace(bytes.find(content->boot), 4, "0000");
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

struct Journal : testing::Test {
    test::TemporaryFolder folder;
    fs::path root = folder.path() / "blobs";
    std::optional<BlobStore> store = BlobStore::open(root, Durability::PowerCutInGroups).value();
};

TEST_F(Journal, SmallBlobsOfManyThreadsAreThereWhenPutReturns)
{
    std::vector<std::thread> threads;
    std::array<std::vector<std::string>, 8> hashes;
    const std::string shared = "shared";
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20; ++i) {
                const std::string mine = "blob " + std::to_string(t) + "/" + std::to_string(i);
                const std::array both{bytes_in(shared), bytes_in(mine)};
                hashes[std::size_t(t)].push_back(store->put_all(both).value()[1]);
                EXPECT_EQ(read_file(store->path_of(hashes[std::size_t(t)].back())).value(), mine);
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(store->hashes().size(), 161U);
    ASSERT_EQ(journals(root).size(), 1U);
    const std::string bytes = read_file(journals(root)[0]).value();
    EXPECT_GE(read_journal(bytes_in(bytes))->blobs.size(), 161U) << "each is in the journal";
}

TEST_F(Journal, APowerCutLosesFilesButNotBlobs)
{
    const std::string lost = store->put(bytes_in("lost")).value();
    const std::string torn = store->put(bytes_in("torn")).value();
    const std::string whole = store->put(bytes_in("whole")).value();
    auto writer = store->writer().value();
    ASSERT_TRUE(writer.write(bytes_in("stre")));
    ASSERT_TRUE(writer.write(bytes_in("amed")));
    const std::string streamed = writer.finish(sha256_hex("streamed")).value();
    store.reset();
    ASSERT_EQ(journals(root).size(), 1U);
    write_in_another_boot(journals(root)[0]);
    const auto file = [&](const std::string& hash) { return root / hash.substr(0, 2) / hash; };
    fs::remove(file(lost));
    std::ofstream(file(torn), std::ios::trunc) << "to";
    std::ofstream(file(streamed), std::ios::trunc);
    store = BlobStore::open(root, Durability::PowerCutInGroups).value();
    EXPECT_THAT(store->hashes(), testing::UnorderedElementsAre(lost, torn, whole, streamed));
    for (const auto& [hash, text] : {std::pair{lost, "lost"}, {torn, "torn"}, {whole, "whole"}, {streamed, "streamed"}})
        EXPECT_EQ(read_file(store->verified(hash).value()).value(), text);
    EXPECT_TRUE(journals(root).empty()) << "it has done its work";
}

TEST_F(Journal, WithoutARestartOfTheMachineFilesAreTakenAsTheyAre)
{
    const std::string hash = store->put(bytes_in("removed on purpose")).value();
    store.reset();
    fs::remove(root / hash.substr(0, 2) / hash);
    store = BlobStore::open(root, Durability::PowerCutInGroups).value();
    EXPECT_FALSE(store->has(hash)) << "garbage that was collected does not come back";
    EXPECT_TRUE(journals(root).empty());
}

TEST_F(Journal, WhatWasTornFromItsEndWasNeverAcknowledged)
{
    const std::string first = store->put(bytes_in("first")).value();
    const std::string second = store->put(bytes_in("second")).value();
    store.reset();
    const fs::path journal = journals(root).at(0);
    write_in_another_boot(journal);
    fs::resize_file(journal, fs::file_size(journal) - 2);
    for (const auto& hash : {first, second}) fs::remove(root / hash.substr(0, 2) / hash);
    store = BlobStore::open(root, Durability::PowerCutInGroups).value();
    EXPECT_THAT(store->hashes(), testing::ElementsAre(first));
}

TEST_F(Journal, AnotherProcessLeavesALiveJournalAlone)
{
    const std::string hash = store->put(bytes_in("mine")).value();
    ASSERT_TRUE(BlobStore::open(root));
    EXPECT_EQ(journals(root).size(), 1U);
    EXPECT_TRUE(store->put(bytes_in("more")));
    EXPECT_TRUE(store->has(hash));
}

TEST_F(Journal, LargeBlobsNeedNone)
{
    const std::string large(300'000, 'x');
    EXPECT_TRUE(store->put(bytes_in(large)));
    auto writer = store->writer().value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(writer.write(bytes_in(std::string(100'000, char('a' + i)))));
    const auto hash = writer.finish().value();
    EXPECT_EQ(store->size_of(hash).value(), 300'000U);
    EXPECT_TRUE(store->verified(hash, true));
    EXPECT_TRUE(journals(root).empty());
}

TEST_F(Journal, AFullOneIsRemovedOnceItsBlobsAreOnTheDisk)
{
    const std::string mine(2000, 'm');
    std::atomic<int> placed = 0;
    std::atomic<bool> early = false;
    const fs::path own = root / "own";
    {
        BlobJournal journal(own, 1000);
        const auto put = [&](const std::string& text) {
            const JournaledBlob blob{sha256_hex(text), bytes_in(text)};
            return journal.append({&blob, 1}, [&](const JournaledBlob&) -> Result<void> {
                early = early || !fs::exists(own) || fs::is_empty(own);  // it must not go before the file has its place
                ++placed;
                return {};
            });
        };
        for (int i = 0; i < 5; ++i) ASSERT_TRUE(put(mine + std::to_string(i)));
        ASSERT_TRUE(put("a little"));
        while (std::distance(fs::directory_iterator(own), {}) > 1) std::this_thread::yield();
    }
    EXPECT_EQ(placed, 6);
    EXPECT_FALSE(early);
}

TEST(JournalOnAFullDisk, NothingIsAcknowledgedAndItGoesOnWhenThereIsRoom)
{
    const test::SmallDisk disk("size=256k");
    if (!disk.mounted()) GTEST_SKIP() << disk.reason();
    BlobStore store = BlobStore::open(disk.path(), Durability::PowerCutInGroups).value();
    const std::string hash = store.put(bytes_in("small")).value();
    const std::string large(200'000, 'x');
    const auto refused = store.put(bytes_in(large));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::DiskFull);
    EXPECT_FALSE(store.has(sha256_hex(large)));
    EXPECT_TRUE(store.verified(hash));
    while (!store.put(bytes_in("also small"))) std::this_thread::yield();  // once the broken journal is gone
    EXPECT_TRUE(store.has(sha256_hex("also small")));
}

TEST(JournalBytes, AreReadBackAndForeignOnesAreRefused)
{
    EXPECT_FALSE(read_journal({}));
    EXPECT_FALSE(read_journal(bytes_in(std::string(500, 'x'))));
    std::string file = "pathloom journal 1\n" + std::string("boot") + std::string(60, ' ');
    EXPECT_EQ(read_journal(bytes_in(file))->boot, "boot");
    EXPECT_TRUE(read_journal(bytes_in(file))->blobs.empty());
    const std::string text = "some bytes";
    write_journal_record({sha256_hex(text), bytes_in(text)}, file);
    write_journal_record({sha256_hex(""), {}}, file);
    ASSERT_EQ(read_journal(bytes_in(file))->blobs.size(), 2U);
    const std::string good = file;
    file[good.size() - 80] ^= 1;
    EXPECT_TRUE(read_journal(bytes_in(file))->blobs.empty()) << "a flipped bit ends the list";
    file = good.substr(0, 83) + "PLB1" + std::string(8, '\xff') + good.substr(95);
    EXPECT_TRUE(read_journal(bytes_in(file))->blobs.empty()) << "a length no file has";
}

}  // namespace
}  // namespace pathloom
