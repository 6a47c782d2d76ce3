// SPDX-License-Identifier: GPL-3.0-or-later
// EngineLink over gRPC, with one connection for control and one for bulk data.
#pragma once

#include "engine/core/rpc.h"
#include "engine/worker/engine_link.h"
#include "pathloom/v1/workers.grpc.pb.h"

#include <map>
#include <memory>
#include <mutex>

namespace pathloom {

class GrpcLink final : public EngineLink {
public:
    /// Does not connect yet. Usage when the address or a TLS file makes no sense.
    static Result<std::unique_ptr<GrpcLink>> open(const std::string& address, const std::string& token, const TlsFiles& tls = {});

    Result<v1::RegisterResponse> enrol(const v1::RegisterRequest& request) override;
    Result<v1::LeaseResponse> lease(const v1::LeaseRequest& request) override;
    Result<v1::HeartbeatResponse> heartbeat(const v1::HeartbeatRequest& request) override;
    Result<v1::CommitResponse> commit(const v1::CommitRequest& request) override;
    Result<void> give_back(const v1::FailRequest& request) override;
    Result<void> leave(const v1::LeaveRequest& request) override;
    Result<void> download(const std::string& hash, std::uint64_t offset, bool verify, const Sink& sink) override;
    Result<std::vector<std::string>> missing(const std::vector<std::string>& hashes) override;
    Result<void> upload(const std::string& hash, const std::filesystem::path& file, const OnSent& sent) override;
    Result<void> upload_all(const std::vector<Outgoing>& blobs) override;
    void interrupt_transfers() override;
    void stop() override;

private:
    enum class Lane { Control, Bulk, Farewell };
    class Call;
    GrpcLink(std::string address, std::string token, TlsFiles tls, const std::shared_ptr<grpc::Channel>& control,
        const std::shared_ptr<grpc::Channel>& bulk);
    void interrupt(bool everything);

    std::string m_address;
    TlsFiles m_tls;
    Caller m_caller;
    std::unique_ptr<v1::Workers::Stub> m_workers;
    std::shared_ptr<grpc::Channel> m_bulk;
    std::unique_ptr<v1::Blobs::Stub> m_blobs;
    struct Running {
        Lane lane = Lane::Control;
        bool interrupted = false;
    };
    std::mutex m_mutex;
    std::map<grpc::ClientContext*, Running> m_running;
    bool m_stopped = false;
};

}  // namespace pathloom
