// SPDX-License-Identifier: GPL-3.0-or-later
// v1::Blobs over a BlobStore.
#include "engine/server/blob_service.h"

#include "engine/core/blob_wire.h"
#include "engine/core/conveyor.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/rpc.h"

#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/method_handler.h>

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pathloom {

namespace {

grpc::Status bad_hash(const std::string& hash)
{
    return {grpc::StatusCode::INVALID_ARGUMENT,
        fmt::format("'{}' is not a blob name; give 64 lower-case hex digits", hash.substr(0, 80))};
}

}  // namespace

BlobService::BlobService(BlobStore& store, const TokenAuth& auth, OnTraffic on_traffic)
    : m_store(store)
    , m_auth(auth)
    , m_on_traffic(std::move(on_traffic))
{
    using grpc::internal::RpcMethod;
    const auto serve = [this](const char* method, RpcMethod::RpcType type, grpc::internal::MethodHandler* handler) {
        AddMethod(new grpc::internal::RpcServiceMethod(method, type, handler));  // owns both
    };
    serve(blob_get_method, RpcMethod::SERVER_STREAMING,
        new grpc::internal::ServerStreamingHandler<BlobService, v1::BlobRequest, grpc::ByteBuffer>(
            [](BlobService* self, grpc::ServerContext* context, const v1::BlobRequest* request,
                grpc::ServerWriter<grpc::ByteBuffer>* writer) { return self->get(context, request, writer); },
            this));
    serve(blob_put_method, RpcMethod::CLIENT_STREAMING,
        new grpc::internal::ClientStreamingHandler<BlobService, grpc::ByteBuffer, v1::PutResponse>(
            [](BlobService* self, grpc::ServerContext* context, grpc::ServerReader<grpc::ByteBuffer>* reader,
                v1::PutResponse* response) { return self->put(context, reader, response); },
            this));
    serve(blob_put_all_method, RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<BlobService, v1::PutAllRequest, v1::PutAllResponse>(
            [](BlobService* self, grpc::ServerContext* context, const v1::PutAllRequest* request, v1::PutAllResponse* response) {
                return self->put_all(context, request, response);
            },
            this));
    serve(blob_has_method, RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<BlobService, v1::HasRequest, v1::HasResponse>(
            [](BlobService* self, grpc::ServerContext* context, const v1::HasRequest* request, v1::HasResponse* response) {
                return self->has(context, request, response);
            },
            this));
}

grpc::Status BlobService::get(
    grpc::ServerContext* context, const v1::BlobRequest* request, grpc::ServerWriter<grpc::ByteBuffer>* writer)
{
    if (auto status = m_auth.check(*context, viewers); !status.ok()) return status;
    const std::string& hash = request->hash();
    if (!is_sha256_hex(hash)) return bad_hash(hash);
    if (!m_store.keep(hash)) return {grpc::StatusCode::NOT_FOUND, fmt::format("this engine holds no blob {}", hash)};
    const auto file = m_store.verified(hash, request->verify());
    if (!file) return to_status(file.error());
    auto mapped = MappedFile::open(*file);
    if (!mapped) return to_status(mapped.error());
    const auto owner = std::make_shared<const MappedFile>(std::move(*mapped));
    const auto bytes = owner->bytes();
    if (request->offset() > bytes.size())
        return {
            grpc::StatusCode::INVALID_ARGUMENT, fmt::format("offset {} lies behind the end of blob {}", request->offset(), hash)};

    BlobTraffic traffic{context->peer(), hash};
    traffic.down = send_blob(
        hash, bytes, request->offset(), owner, [&](const grpc::ByteBuffer& chunk, std::size_t) { return writer->Write(chunk); });
    if (m_on_traffic && traffic.down > 0) m_on_traffic(traffic);
    if (request->offset() + traffic.down < bytes.size()) return {grpc::StatusCode::CANCELLED, "the peer stopped reading"};
    return grpc::Status::OK;
}

grpc::Status BlobService::put(
    grpc::ServerContext* context, grpc::ServerReader<grpc::ByteBuffer>* reader, v1::PutResponse* response)
{
    if (auto status = m_auth.check(*context, blob_writers); !status.ok()) return status;
    BlobChunkHead blob;  // of the first chunk
    std::optional<BlobStore::Writer> writer;
    BlobTraffic traffic{context->peer(), {}};
    const auto begin = [&](const BlobChunkHead& head) -> Result<void> {
        if (writer) return {};
        blob = head;
        if (!is_sha256_hex(blob.hash)) return {};
        PATHLOOM_TRY(writer, m_store.writer());
        return {};
    };
    const auto keep = [&](const BlobPiece& piece) -> Result<void> {
        if (!writer) return {};
        traffic.up += piece.bytes.size();
        if (traffic.up > blob.total)
            return fail(
                ErrorCode::Corrupt, "blob {} was announced with {} bytes but more came; upload it again", blob.hash, blob.total);
        return writer->write(piece);
    };
    using Message = std::shared_ptr<grpc::ByteBuffer>;
    Conveyor<Message> conveyor([&](Message& chunk) { return read_blob_chunk(chunk, begin, keep); });
    bool any = false;
    for (grpc::ByteBuffer chunk; reader->Read(&chunk); chunk = {}) {
        const bool first = !std::exchange(any, true);
        if (!conveyor.push(std::make_shared<grpc::ByteBuffer>(std::move(chunk))) || (first && !writer))
            break;  // the first one is read by now
    }
    const auto received = conveyor.finish();
    traffic.hash = blob.hash;
    if (m_on_traffic && traffic.up > 0) m_on_traffic(traffic);
    if (!any) return {grpc::StatusCode::INVALID_ARGUMENT, "a blob upload needs at least one chunk with its hash"};
    if (!received) return to_status(received.error());
    if (!writer) return bad_hash(blob.hash);
    // A dropped connection looks like an early end: without this check it would be reported as a wrong hash.
    if (context->IsCancelled()) return {grpc::StatusCode::CANCELLED, "the upload was cut off"};
    if (traffic.up != blob.total)
        return {grpc::StatusCode::DATA_LOSS,
            fmt::format("blob {} was announced with {} bytes but {} came; upload it again", blob.hash, blob.total, traffic.up)};
    if (auto stored = writer->finish(blob.hash); !stored) return to_status(stored.error());
    response->set_hash(blob.hash);
    response->set_size(blob.total);
    return grpc::Status::OK;
}

grpc::Status BlobService::put_all(
    grpc::ServerContext* context, const v1::PutAllRequest* request, v1::PutAllResponse* /*response*/)
{
    if (auto status = m_auth.check(*context, blob_writers); !status.ok()) return status;
    std::vector<std::span<const std::byte>> blobs;
    for (const auto& blob : request->blobs()) {
        if (!is_sha256_hex(blob.hash())) return bad_hash(blob.hash());
        blobs.push_back(std::as_bytes(std::span(blob.data())));
        if (m_on_traffic) m_on_traffic({context->peer(), blob.hash(), 0, blob.data().size()});
    }
    // What came under another name is stored as what it is, which nobody will ask for: collected as garbage.
    const auto stored = m_store.put_all(blobs);
    if (!stored) return to_status(stored.error());
    for (int i = 0; i < request->blobs_size(); ++i)
        if ((*stored)[std::size_t(i)] != request->blobs(i).hash())
            return {grpc::StatusCode::DATA_LOSS,
                fmt::format("blob {} arrived with hash {}; send it again", request->blobs(i).hash(), (*stored)[std::size_t(i)])};
    return grpc::Status::OK;
}

grpc::Status BlobService::has(grpc::ServerContext* context, const v1::HasRequest* request, v1::HasResponse* response)
{
    if (auto status = m_auth.check(*context, blob_writers); !status.ok()) return status;
    for (const auto& hash : request->hashes()) {
        if (!is_sha256_hex(hash)) return bad_hash(hash);
        if (!m_store.keep(hash)) response->add_missing(hash);
    }
    return grpc::Status::OK;
}

}  // namespace pathloom
