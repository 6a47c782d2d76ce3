// SPDX-License-Identifier: GPL-3.0-or-later
// v1::Workers: a thin door to the coordinator.
#pragma once

#include "engine/server/auth.h"
#include "engine/server/coordinator.h"
#include "pathloom/v1/workers.grpc.pb.h"

namespace pathloom {

class WorkersService final : public v1::Workers::Service {
public:
    WorkersService(Coordinator& coordinator, const TokenAuth& auth)
        : m_coordinator(coordinator)
        , m_auth(auth)
    {
    }
    grpc::Status Register(
        grpc::ServerContext* context, const v1::RegisterRequest* request, v1::RegisterResponse* response) override;
    grpc::Status Lease(grpc::ServerContext* context, const v1::LeaseRequest* request, v1::LeaseResponse* response) override;
    grpc::Status Heartbeat(
        grpc::ServerContext* context, const v1::HeartbeatRequest* request, v1::HeartbeatResponse* response) override;
    grpc::Status Commit(grpc::ServerContext* context, const v1::CommitRequest* request, v1::CommitResponse* response) override;
    grpc::Status Fail(grpc::ServerContext* context, const v1::FailRequest* request, v1::FailResponse* response) override;
    grpc::Status Leave(grpc::ServerContext* context, const v1::LeaveRequest* request, v1::LeaveResponse* response) override;

private:
    Coordinator& m_coordinator;
    const TokenAuth& m_auth;
};

}  // namespace pathloom
