// SPDX-License-Identifier: GPL-3.0-or-later
// From Result to a gRPC reply.
#pragma once

#include "engine/core/rpc.h"

namespace pathloom {

/// Copies the value into `response`, or turns the error into a status.
template <class T>
grpc::Status reply(Result<T> result, T* response)
{
    if (!result) return to_status(result.error());
    *response = std::move(*result);
    return grpc::Status::OK;
}

inline grpc::Status reply(const Result<void>& result)
{
    return result ? grpc::Status::OK : to_status(result.error());
}

}  // namespace pathloom
