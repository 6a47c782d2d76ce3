// SPDX-License-Identifier: GPL-3.0-or-later
// Blobs over a real socket: round trips, resumes, and everything that must not get through.
#include "tests/rpc/support.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/worker/blob_cache.h"
#include "engine/worker/grpc_link.h"

#include <fstream>
#include <thread>

namespace pathloom::test {
namespace {

struct Blobs : testing::Test {
    TestEngine engine;
    TempFolder local;
    std::unique_ptr<GrpcLink> link = must(GrpcLink::open(engine.address(), engine.token(Role::Worker)));

    std::filesystem::path file(const std::string& bytes)
    {
        const auto path = local / "blob";
        must(write_file_atomic(path, bytes));
        return path;
    }
    Result<std::string> get(const std::string& hash, std::uint64_t offset = 0)
    {
        std::string bytes;
        PATHLOOM_CHECK(link->download(hash, offset, false, [&](const BlobPiece& part) -> Result<void> {
            bytes.append(reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size());
            return {};
        }));
        return bytes;
    }
    static void ignore(std::uint64_t) { }
};

TEST_F(Blobs, FiveMegabytesGoUpAndComeBack)
{
    const std::string bytes = noise(5'000'123, 1);
    const std::string hash = sha256_hex(bytes);
    EXPECT_EQ(must(link->missing({hash})), std::vector<std::string>{hash});
    std::uint64_t sent = 0;
    must(link->upload(hash, file(bytes), [&](std::uint64_t count) { sent += count; }));
    EXPECT_EQ(sent, bytes.size());
    EXPECT_TRUE(must(link->missing({hash})).empty());
    EXPECT_EQ(must(get(hash)), bytes);
    const std::lock_guard lock(engine.traffic_mutex);
    ASSERT_EQ(engine.traffic.size(), 2U);
    EXPECT_EQ(engine.traffic[0].up, bytes.size());
    EXPECT_EQ(engine.traffic[1].down, bytes.size());
    EXPECT_EQ(engine.traffic[1].hash, hash);
}

TEST_F(Blobs, ADownloadResumesBehindTheBytesThatCame)
{
    const std::string bytes = noise(3'000'000, 2);
    const std::string hash = must(engine.store.put(as_bytes(bytes)));
    EXPECT_EQ(must(get(hash, 1'234'567)), bytes.substr(1'234'567));
    EXPECT_EQ(must(get(hash, bytes.size())), "");
    EXPECT_EQ(get(hash, bytes.size() + 1).error().code, ErrorCode::Usage);
}

TEST_F(Blobs, SmallOnesGoUpTogether)
{
    std::vector<EngineLink::Outgoing> blobs;
    for (int i = 0; i < 5; ++i) {
        const std::string bytes = noise(std::size_t(i) * 20'000, 40 + i);
        blobs.push_back({sha256_hex(bytes), local / std::to_string(i)});
        must(write_file_atomic(blobs.back().file, bytes));
    }
    must(link->upload_all(blobs));
    for (const auto& blob : blobs) EXPECT_EQ(must(get(blob.hash)), must(read_file(blob.file)));
    must(link->upload_all(blobs));  // again: nothing new
    EXPECT_EQ(engine.store.hashes().size(), 5U);
    must(write_file_atomic(blobs[2].file, "something else"));
    const auto refused = link->upload_all(blobs);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Corrupt);
    blobs[2].hash = "../secret";
    EXPECT_EQ(link->upload_all(blobs).error().code, ErrorCode::Usage);
    const auto viewer = must(GrpcLink::open(engine.address(), engine.token(Role::Viewer)));
    EXPECT_EQ(viewer->upload_all(blobs).error().code, ErrorCode::Unauthorised);
}

TEST_F(Blobs, AnEmptyBlobIsABlob)
{
    const std::string hash = sha256_hex(std::string_view());
    must(link->upload(hash, file(""), ignore));
    EXPECT_EQ(must(get(hash)), "");
}

TEST_F(Blobs, AWrongHashIsRefusedAndNothingIsKept)
{
    const std::string bytes = noise(2'500'000, 3);
    const std::string wrong = sha256_hex(std::string_view("something else"));
    EXPECT_EQ(link->upload(wrong, file(bytes), ignore).error().code, ErrorCode::Corrupt);
    EXPECT_FALSE(engine.store.has(wrong));
    EXPECT_FALSE(engine.store.has(sha256_hex(bytes)));
    EXPECT_EQ(engine.store.bytes(), 0U);
}

TEST_F(Blobs, AShortUploadIsRefused)
{
    const auto stub = v1::Blobs::NewStub(must(make_channel(engine.address())));
    const auto context = Caller(engine.token(Role::Worker)).context();
    v1::PutResponse response;
    const auto writer = stub->Put(context.get(), &response);
    v1::BlobChunk chunk;
    chunk.set_hash(sha256_hex(std::string_view("abc")));
    chunk.set_total(4);
    chunk.set_data("abc");
    writer->Write(chunk);
    writer->WritesDone();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::DATA_LOSS);
    EXPECT_EQ(engine.store.bytes(), 0U);
}

TEST_F(Blobs, NamesThatAreNoHashesNeverReachTheDisk)
{
    EXPECT_EQ(get("../../../etc/passwd").error().code, ErrorCode::Usage);
    EXPECT_EQ(link->missing({"../x"}).error().code, ErrorCode::Usage);
    EXPECT_EQ(link->upload("../x", file("abc"), ignore).error().code, ErrorCode::Usage);
    EXPECT_EQ(get(std::string(64, 'a')).error().code, ErrorCode::NotFound);
}

TEST_F(Blobs, AFlippedBitIsNeverServed)
{
    const std::string hash = must(engine.store.put(as_bytes(noise(1'500'000, 4))));
    ASSERT_TRUE(get(hash));
    flip_a_bit(engine.store.path_of(hash));
    EXPECT_EQ(get(hash).error().code, ErrorCode::Corrupt);
    EXPECT_FALSE(get(hash));
}

TEST_F(Blobs, RolesDecide)
{
    const std::string hash = must(engine.store.put(as_bytes(noise(1000, 5))));
    link = must(GrpcLink::open(engine.address(), engine.token(Role::Viewer)));
    EXPECT_TRUE(get(hash));
    EXPECT_EQ(link->upload(hash, file("abc"), ignore).error().code, ErrorCode::Unauthorised);
    link = must(GrpcLink::open(engine.address(), "wrong"));
    EXPECT_EQ(get(hash).error().code, ErrorCode::Unauthorised);
}

TEST_F(Blobs, SeveralWorkersAreServedAtOnce)
{
    const std::string bytes = noise(2'000'000, 6);
    const std::string hash = must(engine.store.put(as_bytes(bytes)));
    // One peer that never reads on holds its call open; the others must not wait for it.
    const auto stub = v1::Blobs::NewStub(must(make_channel(engine.address())));
    const auto context = Caller(engine.token(Role::Worker)).context();
    v1::BlobRequest request;
    request.set_hash(hash);
    const auto idle = stub->Get(context.get(), request);
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            if (get(hash) == bytes) ++good;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 4);
    context->TryCancel();
    v1::BlobChunk chunk;
    while (idle->Read(&chunk)) { }
    idle->Finish();
}

TEST(Cache, TheLeastRecentlyUsedGoFirst)
{
    const TempFolder folder;
    auto cache = must(BlobCache::open(folder.path(), 2500));
    const std::string a = must(cache.put(as_bytes(noise(1000, 1))));
    const std::string b = must(cache.put(as_bytes(noise(1000, 2))));
    ASSERT_TRUE(cache.find(a));
    const std::string c = must(cache.put(as_bytes(noise(1000, 3))));
    cache.evict({});
    EXPECT_TRUE(cache.find(a));
    EXPECT_FALSE(cache.find(b));
    EXPECT_TRUE(cache.find(c));
    EXPECT_EQ(cache.bytes(), 2000U);
    cache.evict({a}, 0);
    EXPECT_TRUE(cache.find(a));
    EXPECT_FALSE(cache.find(c));
}

TEST(Cache, OutlivesTheProcessButNotADamagedFile)
{
    const TempFolder folder;
    std::string a;
    std::string b;
    std::filesystem::path file;
    {
        auto cache = must(BlobCache::open(folder.path(), 1 << 20));
        a = must(cache.put(as_bytes(noise(1000, 1))));
        b = must(cache.put(as_bytes(noise(1000, 2))));
        file = cache.find(b)->file;
    }
    flip_a_bit(file);
    auto cache = must(BlobCache::open(folder.path(), 1 << 20));
    EXPECT_EQ(cache.bytes(), 2000U);
    EXPECT_TRUE(cache.find(a));
    EXPECT_FALSE(cache.find(b));
    EXPECT_EQ(cache.bytes(), 1000U);
}

}  // namespace
}  // namespace pathloom::test
