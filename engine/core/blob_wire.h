// SPDX-License-Identifier: GPL-3.0-or-later
// v1::BlobChunk on its way without copies. The messages are those of workers.proto, byte for byte, but their data stays where it
// is: in the sender's mapped file, and in the buffers gRPC received it into.
#pragma once

#include "engine/core/blob_piece.h"
#include "engine/core/result.h"
#include "pathloom/v1/workers.pb.h"

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace pathloom {

/// Names of the calls that carry chunks.
inline constexpr const char* blob_get_method = "/pathloom.v1.Blobs/Get";
inline constexpr const char* blob_put_method = "/pathloom.v1.Blobs/Put";
inline constexpr const char* blob_put_all_method = "/pathloom.v1.Blobs/PutAll";
inline constexpr const char* blob_has_method = "/pathloom.v1.Blobs/Has";

/// A serialised BlobChunk whose data is `data` itself; `owner` lives until gRPC has sent it. The first chunk of a blob carries
/// its hash and size, later ones pass an empty hash.
grpc::ByteBuffer blob_chunk(
    const std::string& hash, std::uint64_t total, std::span<const std::byte> data, std::shared_ptr<const void> owner);

/// What a chunk says beside its data.
struct BlobChunkHead {
    std::string hash;
    std::uint64_t total = 0;
};
/// Takes a received chunk apart. `piece` sees the data in order, in pieces owned by the message; whatever order the fields
/// came in, `head` is called before the first of them. Corrupt when the bytes are no BlobChunk; an error of a callback ends it.
Result<void> read_blob_chunk(const std::shared_ptr<grpc::ByteBuffer>& message,
    const std::function<Result<void>(const BlobChunkHead&)>& head, const std::function<Result<void>(const BlobPiece&)>& piece);

/// The sending side of a blob: `write` puts one message on a stream and says whether the stream still takes more. Returns the
/// bytes that were handed over, counted from `offset`. At least one chunk: an empty blob, too, must announce its size.
std::uint64_t send_blob(const std::string& hash, std::span<const std::byte> bytes, std::uint64_t offset,
    const std::shared_ptr<const void>& owner, const std::function<bool(const grpc::ByteBuffer&, std::size_t)>& write);

}  // namespace pathloom
