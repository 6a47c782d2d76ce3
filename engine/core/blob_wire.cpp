// SPDX-License-Identifier: GPL-3.0-or-later
// BlobChunk by hand over gRPC's slices.
#include "engine/core/blob_wire.h"

#include "engine/core/rpc.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pathloom {

namespace {

using google::protobuf::internal::WireFormatLite;

constexpr std::uint32_t tag_of(int field, WireFormatLite::WireType type)
{
    return std::uint32_t(field) << 3 | std::uint32_t(type);
}
constexpr auto hash_tag = tag_of(v1::BlobChunk::kHashFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr auto total_tag = tag_of(v1::BlobChunk::kTotalFieldNumber, WireFormatLite::WIRETYPE_VARINT);
constexpr auto data_tag = tag_of(v1::BlobChunk::kDataFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr std::uint32_t longest_hash = 4096;  // anything longer is no hash, and is not kept in memory to find that out

/// What precedes the data: all other fields, the data's tag and its length.
std::string header_of(const std::string& hash, std::uint64_t total, std::size_t data)
{
    v1::BlobChunk chunk;
    chunk.set_hash(hash);
    chunk.set_total(total);
    std::string header = chunk.SerializeAsString();
    google::protobuf::io::StringOutputStream stream(&header);  // appends
    google::protobuf::io::CodedOutputStream out(&stream);
    out.WriteTag(data_tag);
    out.WriteVarint32(std::uint32_t(data));
    out.Trim();
    return header;
}

tl::unexpected<Error> no_chunk()
{
    return fail(ErrorCode::Corrupt, "a piece of a blob arrived that cannot be read; use programs of one version on both sides");
}

}  // namespace

grpc::ByteBuffer blob_chunk(
    const std::string& hash, std::uint64_t total, std::span<const std::byte> data, std::shared_ptr<const void> owner)
{
    using Owner = std::shared_ptr<const void>;
    const auto release = [](void* kept) { delete static_cast<Owner*>(kept); };
    // gRPC never writes to a slice it sends; its interface merely knows no const.
    void* bytes = const_cast<std::byte*>(data.data());
    const std::array<grpc::Slice, 2> slices{grpc::Slice(header_of(hash, total, data.size())),
        data.empty() ? grpc::Slice() : grpc::Slice(bytes, data.size(), release, new Owner(std::move(owner)))};
    return {slices.data(), slices.size()};
}

Result<void> read_blob_chunk(const std::shared_ptr<grpc::ByteBuffer>& message,
    const std::function<Result<void>(const BlobChunkHead&)>& head, const std::function<Result<void>(const BlobPiece&)>& piece)
{
    BlobChunkHead found;
    std::vector<std::span<const std::byte>> data;  // into gRPC's slices, which live as long as the message
    grpc::ProtoBufferReader stream(message.get());
    if (!stream.status().ok()) return no_chunk();
    google::protobuf::io::CodedInputStream in(&stream);
    for (std::uint32_t tag = in.ReadTag(); tag != 0; tag = in.ReadTag()) {
        std::uint32_t size = 0;
        if (tag == total_tag) {
            if (!in.ReadVarint64(&found.total)) return no_chunk();
        } else if (tag == hash_tag) {
            if (!in.ReadVarint32(&size) || size > longest_hash || !in.ReadString(&found.hash, int(size))) return no_chunk();
        } else if (tag == data_tag) {
            if (!in.ReadVarint32(&size) || size > std::uint32_t(INT32_MAX)) return no_chunk();
            data.clear();  // a field given twice: the last one counts
            while (size > 0) {
                const void* bytes = nullptr;
                int available = 0;
                if (!in.GetDirectBufferPointer(&bytes, &available)) return no_chunk();
                const int taken = int(std::min<std::uint32_t>(size, std::uint32_t(available)));
                data.emplace_back(static_cast<const std::byte*>(bytes), std::size_t(taken));
                in.Skip(taken);
                size -= std::uint32_t(taken);
            }
        } else if (!WireFormatLite::SkipField(&in, tag)) {
            return no_chunk();
        }
    }
    if (!in.ConsumedEntireMessage()) return no_chunk();
    PATHLOOM_CHECK(head(found));
    for (const auto& bytes : data) PATHLOOM_CHECK(piece({bytes, message}));
    return {};
}

std::uint64_t send_blob(const std::string& hash, std::span<const std::byte> bytes, std::uint64_t offset,
    const std::shared_ptr<const void>& owner, const std::function<bool(const grpc::ByteBuffer&, std::size_t)>& write)
{
    std::uint64_t position = offset;
    do {
        const auto data = bytes.subspan(position, std::min<std::uint64_t>(blob_chunk_bytes, bytes.size() - position));
        const bool first = position == offset;
        if (!write(blob_chunk(first ? hash : std::string(), first ? bytes.size() : 0, data, owner), data.size())) break;
        position += data.size();
    } while (position < bytes.size());
    return position - offset;
}

}  // namespace pathloom
