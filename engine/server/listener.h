// SPDX-License-Identifier: GPL-3.0-or-later
// The gRPC server: one listening address, three services, tokens. Separate from Coordinator so tests can serve one in process.
#pragma once

#include "engine/core/rpc.h"
#include "engine/server/auth.h"
#include "engine/server/blob_service.h"
#include "engine/server/coordinator.h"
#include "engine/server/engine_service.h"
#include "engine/server/open_calls.h"
#include "engine/server/workers_service.h"

#include <memory>
#include <string>

namespace pathloom {

struct ListenOptions {
    std::string address = "unix";  ///< "unix", "unix:/path" or "host:port"
    TlsFiles tls;  ///< server certificate, key, client CA
};

class Listener {
public:
    /// Starts serving and writes <project>/.engine/engine.json. Failed when the port is in use.
    static Result<std::unique_ptr<Listener>> start(Coordinator& coordinator, const ListenOptions& options);
    ~Listener();
    /// As a client dials it: "unix:/..." or "host:port" with the port that was picked.
    [[nodiscard]] const std::string& address() const { return m_address; }
    [[nodiscard]] const TokenAuth& auth() const { return m_auth; }
    /// How this engine starts its own workers.
    [[nodiscard]] LocalWorkerCommand local_worker_command(const Result<std::filesystem::path>& program) const;
    /// Refuses new calls, waits until those under way have their status (Coordinator::shutdown() ends the long ones), closes
    /// every connection at once and removes the connection file.
    void stop();

private:
    Listener(Coordinator& coordinator, TokenAuth auth);
    Coordinator& m_coordinator;
    TokenAuth m_auth;
    EngineService m_engine;
    WorkersService m_workers;
    BlobService m_blobs;
    std::string m_address;
    std::string m_local_address;  ///< what this machine's own programs dial: the Unix socket, when there is one
    std::shared_ptr<OpenCalls> m_calls = std::make_shared<OpenCalls>();
    std::unique_ptr<grpc::Server> m_server;
};

}  // namespace pathloom
