// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/cli/bench_engine.h"
#include "engine/cli/private_engine.h"
#include "engine/core/bench.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/isa.h"
#include "engine/core/memory_tuning.h"
#include "engine/core/rng.h"
#include "engine/core/rpc.h"
#include "engine/core/side_by_side.h"
#include "engine/worker/blob_cache.h"
#include "engine/worker/grpc_link.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace pathloom {

namespace {

template <class Work>
Result<double> timed(Work&& work)
{
    const auto begin = std::chrono::steady_clock::now();
    PATHLOOM_CHECK(work());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Write and fsync of these bytes by the plainest means: what the disk itself allows.
Result<double> disk_seconds(const std::filesystem::path& file, std::span<const std::byte> bytes)
{
    const auto seconds = timed([&]() -> Result<void> {
        const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!fd) return fail(system_error("cannot write", file, errno));
        PATHLOOM_CHECK(write_all(fd.get(), bytes, file));
        if (::fsync(fd.get()) != 0) return fail(system_error("cannot write", file, errno));
        return {};
    });
    ::unlink(file.c_str());
    return seconds;
}

/// What TaskSession does to fetch a blob.
Result<void> fetch(GrpcLink& link, BlobCache& cache, const std::string& hash)
{
    PATHLOOM_TRY(auto writer, cache.writer());
    PATHLOOM_CHECK(link.download(hash, 0, false, [&](const BlobPiece& piece) { return writer.write(piece); }));
    PATHLOOM_CHECK(writer.finish(hash));
    PATHLOOM_CHECK(cache.adopt(hash));
    return {};
}

std::vector<std::span<const std::byte>> parts(std::span<const std::byte> bytes, std::size_t count)
{
    std::vector<std::span<const std::byte>> out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t begin = bytes.size() * i / count;
        out.push_back(bytes.subspan(begin, bytes.size() * (i + 1) / count - begin));
    }
    return out;
}

}  // namespace

Result<WireBench> bench_wire(const WireBenchOptions& options)
{
    keep_receive_buffers();  // as a worker does
    PATHLOOM_TRY(const BenchFolder folder, BenchFolder::make(options.folder));
    const auto project = folder.path() / "project";
    PATHLOOM_TRY(const auto engine, PrivateEngine::start(project, 0, options.listen));
    PATHLOOM_TRY(const std::string token, read_token(token_file(project, "worker")));
    PATHLOOM_TRY(const auto link, GrpcLink::open(engine.address(), token));
    constexpr std::uint64_t no_limit = UINT64_MAX;

    WireBench bench;
    bench.bytes = options.parameters * 4;
    bench.blobs = options.blobs;
    std::vector<std::byte> bytes(std::size_t(bench.bytes));
    Rng rng(23);
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
        const std::uint64_t word = rng.next();
        std::memcpy(bytes.data() + i, &word, 8);
    }
    PATHLOOM_TRY(const double hashing, timed([&]() -> Result<void> {
        sha256_hex(bytes);
        return {};
    }));
    bench.sha256_gigabytes_per_second = double(bench.bytes) / hashing * 1e-9;
    std::vector<double> disk;
    for (int repeat = 0; repeat < options.repeats; ++repeat) {
        for (const auto part : parts(bytes, std::size_t(options.blobs)))  // blobs of their own: equal ones are stored once
            bytes[std::size_t(part.data() - bytes.data())] = std::byte(repeat);
        PATHLOOM_TRY(const double written, disk_seconds(folder.path() / "disk", bytes));
        disk.push_back(written);
        PATHLOOM_TRY(BlobCache mine, BlobCache::open(folder.path() / "one-worker", no_limit));
        PATHLOOM_TRY(BlobCache theirs, BlobCache::open(folder.path() / "another-worker", no_limit));
        std::vector<std::string> hashes;
        for (const auto part : parts(bytes, std::size_t(options.blobs))) {
            PATHLOOM_TRY(hashes.emplace_back(), mine.put(part));
        }
        const auto move = [&](const auto& one) { return timed([&] { return side_by_side(hashes, transfers_at_once, one); }); };
        PATHLOOM_TRY(const double up,
            move([&](const std::string& hash) { return link->upload(hash, mine.find(hash)->file, [](std::uint64_t) {}); }));
        PATHLOOM_TRY(const double down, move([&](const std::string& hash) { return fetch(*link, theirs, hash); }));
        bench.up_seconds.push_back(up);
        bench.down_seconds.push_back(down);
        mine.evict({}, 0);
        theirs.evict({}, 0);
    }
    bench.disk_gigabytes_per_second = double(bench.bytes) / median(disk) * 1e-9;
    return bench;
}

BenchReport describe(const WireBench& bench)
{
    std::vector<double> both(bench.up_seconds);
    for (std::size_t i = 0; i < both.size(); ++i) both[i] += bench.down_seconds[i];
    const auto rate = [&](double bytes, double seconds) { return bytes / seconds * 1e-9; };
    const auto n = double(bench.bytes);
    BenchReport report;
    report.json = nlohmann::json{{"bench", "wire"}, {"isa", cpu_isa()}, {"bytes", bench.bytes}, {"blobs", bench.blobs},
        {"gigabytes_per_second", rate(2 * n, median(both))}, {"up_gigabytes_per_second", rate(n, median(bench.up_seconds))},
        {"down_gigabytes_per_second", rate(n, median(bench.down_seconds))}, {"up_seconds", bench.up_seconds},
        {"down_seconds", bench.down_seconds}, {"sha256_gigabytes_per_second", bench.sha256_gigabytes_per_second},
        {"disk_gigabytes_per_second", bench.disk_gigabytes_per_second}}
                      .dump();
    report.table = fmt::format("one path          {:.0f} MB in {} blobs\n"
                               "up and down       {:.2f} GB/s (median of {}; {:.2f} to {:.2f})\n"
                               "up, durable       {:.2f} GB/s\n"
                               "down, checked     {:.2f} GB/s\n"
                               "one core's SHA    {:.2f} GB/s\n"
                               "write and fsync   {:.2f} GB/s on this disk\n",
        n * 1e-6, bench.blobs, rate(2 * n, median(both)), both.size(), rate(2 * n, std::ranges::max(both)),
        rate(2 * n, std::ranges::min(both)), rate(n, median(bench.up_seconds)), rate(n, median(bench.down_seconds)),
        bench.sha256_gigabytes_per_second, bench.disk_gigabytes_per_second);
    return report;
}

}  // namespace pathloom
