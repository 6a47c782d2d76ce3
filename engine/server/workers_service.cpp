// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/workers_service.h"

#include "engine/server/reply.h"

namespace pathloom {

#define PATHLOOM_ALLOW(roles)                                                                                                    \
    if (auto allowed = m_auth.check(*context, roles); !allowed.ok()) return allowed

grpc::Status WorkersService::Register(
    grpc::ServerContext* context, const v1::RegisterRequest* request, v1::RegisterResponse* response)
{
    PATHLOOM_ALLOW(workers_only);
    return reply(m_coordinator.register_worker(*request), response);
}

grpc::Status WorkersService::Lease(grpc::ServerContext* context, const v1::LeaseRequest* request, v1::LeaseResponse* response)
{
    PATHLOOM_ALLOW(workers_only);
    return reply(m_coordinator.lease(*request, [context] { return context->IsCancelled(); }), response);
}

grpc::Status WorkersService::Heartbeat(
    grpc::ServerContext* context, const v1::HeartbeatRequest* request, v1::HeartbeatResponse* response)
{
    PATHLOOM_ALLOW(workers_only);
    return reply(m_coordinator.heartbeat(*request), response);
}

grpc::Status WorkersService::Commit(grpc::ServerContext* context, const v1::CommitRequest* request, v1::CommitResponse* response)
{
    PATHLOOM_ALLOW(workers_only);
    return reply(m_coordinator.commit(*request), response);
}

grpc::Status WorkersService::Fail(grpc::ServerContext* context, const v1::FailRequest* request, v1::FailResponse*)
{
    PATHLOOM_ALLOW(workers_only);
    return reply(m_coordinator.fail_task(*request));
}

grpc::Status WorkersService::Leave(grpc::ServerContext* context, const v1::LeaveRequest* request, v1::LeaveResponse*)
{
    PATHLOOM_ALLOW(workers_only);
    return reply(m_coordinator.leave(*request));
}

}  // namespace pathloom
