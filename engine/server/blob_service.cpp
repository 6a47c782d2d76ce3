// SPDX-License-Identifier: GPL-3.0-or-later
// v1::Blobs over a BlobStore.
#include "engine/server/blob_service.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/rpc.h"

#include <algorithm>
#include <utility>

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
}

grpc::Status BlobService::Get(
    grpc::ServerContext* context, const v1::BlobRequest* request, grpc::ServerWriter<v1::BlobChunk>* writer)
{
    if (auto status = m_auth.check(*context, viewers); !status.ok()) return status;
    const std::string& hash = request->hash();
    if (!is_sha256_hex(hash)) return bad_hash(hash);
    if (!m_store.keep(hash)) return {grpc::StatusCode::NOT_FOUND, fmt::format("this engine holds no blob {}", hash)};
    const auto file = m_store.verified(hash);
    if (!file) return to_status(file.error());
    const auto mapped = MappedFile::open(*file);
    if (!mapped) return to_status(mapped.error());
    const auto bytes = mapped->bytes();
    if (request->offset() > bytes.size())
        return {
            grpc::StatusCode::INVALID_ARGUMENT, fmt::format("offset {} lies behind the end of blob {}", request->offset(), hash)};

    BlobTraffic traffic{context->peer(), hash};
    v1::BlobChunk chunk;
    chunk.set_hash(hash);
    chunk.set_total(bytes.size());
    std::size_t position = request->offset();
    do {  // at least one chunk: an empty blob, too, must announce its size
        const std::size_t count = std::min(blob_chunk_bytes, bytes.size() - position);
        chunk.set_data(bytes.data() + position, count);
        if (!writer->Write(chunk)) break;
        position += count;
        traffic.down += count;
        chunk.clear_hash();
        chunk.clear_total();
    } while (position < bytes.size());
    if (m_on_traffic && traffic.down > 0) m_on_traffic(traffic);
    if (position < bytes.size()) return {grpc::StatusCode::CANCELLED, "the peer stopped reading"};
    return grpc::Status::OK;
}

grpc::Status BlobService::Put(grpc::ServerContext* context, grpc::ServerReader<v1::BlobChunk>* reader, v1::PutResponse* response)
{
    if (auto status = m_auth.check(*context, blob_writers); !status.ok()) return status;
    v1::BlobChunk chunk;
    if (!reader->Read(&chunk))
        return {grpc::StatusCode::INVALID_ARGUMENT, "a blob upload needs at least one chunk with its hash"};
    const std::string hash = chunk.hash();
    const std::uint64_t total = chunk.total();
    if (!is_sha256_hex(hash)) return bad_hash(hash);
    auto writer = m_store.writer();
    if (!writer) return to_status(writer.error());

    BlobTraffic traffic{context->peer(), hash};
    const auto report = [&] {
        if (m_on_traffic && traffic.up > 0) m_on_traffic(traffic);
    };
    do {
        traffic.up += chunk.data().size();
        if (traffic.up > total) {
            report();
            return {grpc::StatusCode::DATA_LOSS,
                fmt::format("blob {} was announced with {} bytes but more came; upload it again", hash, total)};
        }
        if (auto written = writer->write(std::as_bytes(std::span(chunk.data()))); !written) {
            report();
            return to_status(written.error());
        }
    } while (reader->Read(&chunk));
    report();
    // A dropped connection looks like an early end: without this check it would be reported as a wrong hash.
    if (context->IsCancelled()) return {grpc::StatusCode::CANCELLED, "the upload was cut off"};
    if (traffic.up != total)
        return {grpc::StatusCode::DATA_LOSS,
            fmt::format("blob {} was announced with {} bytes but {} came; upload it again", hash, total, traffic.up)};
    if (auto stored = writer->finish(hash); !stored) return to_status(stored.error());
    response->set_hash(hash);
    response->set_size(total);
    return grpc::Status::OK;
}

grpc::Status BlobService::Has(grpc::ServerContext* context, const v1::HasRequest* request, v1::HasResponse* response)
{
    if (auto status = m_auth.check(*context, blob_writers); !status.ok()) return status;
    for (const auto& hash : request->hashes()) {
        if (!is_sha256_hex(hash)) return bad_hash(hash);
        if (!m_store.keep(hash)) response->add_missing(hash);
    }
    return grpc::Status::OK;
}

}  // namespace pathloom
