// SPDX-License-Identifier: GPL-3.0-or-later
// v1::Blobs over a BlobStore: content-addressed bytes in and out, in pieces. Registered by hand rather than derived from the
// generated class, so that the calls that carry data see gRPC's own buffers (blob_wire.h) instead of copies of them.
#pragma once

#include "engine/server/auth.h"
#include "engine/store/blobs.h"
#include "pathloom/v1/workers.grpc.pb.h"

#include <cstdint>
#include <functional>

namespace pathloom {

/// Payload bytes one finished call moved. `peer` is gRPC's name of the connection ("ipv4:10.0.0.2:4711", "unix:").
struct BlobTraffic {
    std::string peer;
    std::string hash;
    std::uint64_t down = 0;  ///< engine to peer
    std::uint64_t up = 0;  ///< peer to engine
};

/// Synchronous service: gRPC gives every running call a thread of its own, so slow workers do not wait for each other.
class BlobService final : public grpc::Service {
public:
    using OnTraffic = std::function<void(const BlobTraffic&)>;
    /// `store` and `auth` must outlive the service. `on_traffic` is called from gRPC's threads, once a call that moved bytes.
    BlobService(BlobStore& store, const TokenAuth& auth, OnTraffic on_traffic = {});

private:
    /// A blob that has changed since its bytes were hashed is hashed again before its first byte leaves, and always when the
    /// peer asks for it: a flipped bit gives DATA_LOSS and the blob is never served again.
    grpc::Status get(grpc::ServerContext* context, const v1::BlobRequest* request, grpc::ServerWriter<grpc::ByteBuffer>* writer);
    /// The declared hash and size must fit what arrives (DATA_LOSS); a full disk gives RESOURCE_EXHAUSTED. Nothing half-written
    /// stays.
    grpc::Status put(grpc::ServerContext* context, grpc::ServerReader<grpc::ByteBuffer>* reader, v1::PutResponse* response);
    /// The same for blobs that fit into one message together.
    grpc::Status put_all(grpc::ServerContext* context, const v1::PutAllRequest* request, v1::PutAllResponse* response);
    grpc::Status has(grpc::ServerContext* context, const v1::HasRequest* request, v1::HasResponse* response);

    BlobStore& m_store;
    const TokenAuth& m_auth;
    OnTraffic m_on_traffic;
};

}  // namespace pathloom
