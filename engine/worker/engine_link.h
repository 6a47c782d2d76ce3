// SPDX-License-Identifier: GPL-3.0-or-later
// What a worker needs of an engine, as an interface: gRPC in the program, anything else in tests.
#pragma once

#include "engine/core/blob_piece.h"
#include "engine/core/result.h"
#include "pathloom/v1/workers.pb.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

/// Blobs of one task on their way at the same time: one is hashed or waits for the disk while another is moved.
inline constexpr std::size_t transfers_at_once = 3;

/// All calls block and may be made from several threads at once. Unreachable = worth trying again later; Cancelled only after
/// interrupt_transfers() or stop().
class EngineLink {
public:
    virtual ~EngineLink() = default;

    // Control channel.
    virtual Result<v1::RegisterResponse> enrol(const v1::RegisterRequest& request) = 0;
    virtual Result<v1::LeaseResponse> lease(const v1::LeaseRequest& request) = 0;
    virtual Result<v1::HeartbeatResponse> heartbeat(const v1::HeartbeatRequest& request) = 0;
    virtual Result<v1::CommitResponse> commit(const v1::CommitRequest& request) = 0;
    virtual Result<void> give_back(const v1::FailRequest& request) = 0;
    virtual Result<void> leave(const v1::LeaveRequest& request) = 0;

    // Bulk channel.
    using Sink = std::function<Result<void>(const BlobPiece&)>;
    using OnSent = std::function<void(std::uint64_t bytes)>;
    /// Bytes of a blob from `offset` on, in order, on whatever thread. Whatever reached `sink` before an error counts: resume
    /// behind it. `verify`: the engine hashes the blob again first, after it came damaged.
    virtual Result<void> download(const std::string& hash, std::uint64_t offset, bool verify, const Sink& sink) = 0;
    /// Which of these the engine does not hold.
    virtual Result<std::vector<std::string>> missing(const std::vector<std::string>& hashes) = 0;
    /// `sent` hears of every piece handed to the transport.
    virtual Result<void> upload(const std::string& hash, const std::filesystem::path& file, const OnSent& sent) = 0;

    struct Outgoing {
        std::string hash;
        std::filesystem::path file;
    };
    /// Several small blobs in one call: blob_chunk_bytes together at most.
    virtual Result<void> upload_all(const std::vector<Outgoing>& blobs) = 0;

    /// Transfers that are under way return Cancelled.
    virtual void interrupt_transfers() = 0;
    /// Every call under way and every later one returns Cancelled at once, except give_back() and leave(), which become short.
    virtual void stop() = 0;
};

}  // namespace pathloom
