// SPDX-License-Identifier: GPL-3.0-or-later
// EngineLink over gRPC.
#include "engine/worker/grpc_link.h"

#include "engine/core/blob_wire.h"
#include "engine/core/conveyor.h"
#include "engine/core/files.h"
#include "engine/core/tls_probe.h"

#include <chrono>
#include <utility>

namespace pathloom {

namespace {

using std::chrono::milliseconds;
constexpr milliseconds control_timeout{15'000};
constexpr milliseconds farewell_timeout{2'000};
// A stream that stalls longer than this is given up and resumed behind the bytes that came.
constexpr milliseconds transfer_timeout{120'000};
constexpr std::uint64_t slowest_bytes_per_ms = 64;  // the slowest link an upload still gets through on

}  // namespace

/// One call under way: known to the link, so that it can be cancelled from another thread.
class GrpcLink::Call {
public:
    Call(GrpcLink& link, Lane lane, milliseconds timeout)
        : m_link(link)
        , m_context(link.m_caller.context(timeout))
    {
        const std::lock_guard lock(m_link.m_mutex);
        const bool refused = m_link.m_stopped && lane != Lane::Farewell;
        m_link.m_running[m_context.get()] = {lane, refused};
        if (refused) m_context->TryCancel();
    }
    ~Call()
    {
        const std::lock_guard lock(m_link.m_mutex);
        m_link.m_running.erase(m_context.get());
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    grpc::ClientContext* context() { return m_context.get(); }
    /// A server that goes down cancels its calls: only our own interrupts are reported as Cancelled.
    Result<void> outcome(const grpc::Status& status)
    {
        if (status.ok()) return {};
        Error error = to_error(status, m_link.m_address);
        const std::lock_guard lock(m_link.m_mutex);
        if (error.code == ErrorCode::Cancelled && !m_link.m_running[m_context.get()].interrupted)
            error = {ErrorCode::Unreachable, "the engine at " + m_link.m_address + " dropped the call; it may be restarting"};
        return pathloom::fail(std::move(error));
    }

private:
    GrpcLink& m_link;
    std::unique_ptr<grpc::ClientContext> m_context;
};

Result<std::unique_ptr<GrpcLink>> GrpcLink::open(const std::string& address, const std::string& token, const TlsFiles& tls)
{
    PATHLOOM_TRY(const auto control, make_channel(address, tls));
    PATHLOOM_TRY(const auto bulk, make_channel(address, tls));
    return std::unique_ptr<GrpcLink>(new GrpcLink(address, token, tls, control, bulk));
}

GrpcLink::GrpcLink(std::string address, std::string token, TlsFiles tls, const std::shared_ptr<grpc::Channel>& control,
    const std::shared_ptr<grpc::Channel>& bulk)
    : m_address(std::move(address))
    , m_tls(std::move(tls))
    , m_caller(std::move(token))
    , m_workers(v1::Workers::NewStub(control))
    , m_bulk(bulk)
    , m_blobs(v1::Blobs::NewStub(bulk))
{
}

Result<v1::RegisterResponse> GrpcLink::enrol(const v1::RegisterRequest& request)
{
    Call call(*this, Lane::Control, control_timeout);
    v1::RegisterResponse response;
    auto done = call.outcome(m_workers->Register(call.context(), request, &response));
    // Certificates that do not fit will not fit later either: say which, rather than wait for an engine that is there.
    if (!done && done.error().code == ErrorCode::Unreachable)
        if (auto why = explain_refusal(m_address, m_tls)) return pathloom::fail(std::move(*why));
    PATHLOOM_CHECK(done);
    return response;
}

Result<v1::LeaseResponse> GrpcLink::lease(const v1::LeaseRequest& request)
{
    Call call(*this, Lane::Control, control_timeout + milliseconds(request.wait_ms()));
    v1::LeaseResponse response;
    PATHLOOM_CHECK(call.outcome(m_workers->Lease(call.context(), request, &response)));
    return response;
}

Result<v1::HeartbeatResponse> GrpcLink::heartbeat(const v1::HeartbeatRequest& request)
{
    Call call(*this, Lane::Control, control_timeout);
    v1::HeartbeatResponse response;
    PATHLOOM_CHECK(call.outcome(m_workers->Heartbeat(call.context(), request, &response)));
    return response;
}

Result<v1::CommitResponse> GrpcLink::commit(const v1::CommitRequest& request)
{
    Call call(*this, Lane::Control, 2 * control_timeout);
    v1::CommitResponse response;
    PATHLOOM_CHECK(call.outcome(m_workers->Commit(call.context(), request, &response)));
    return response;
}

Result<void> GrpcLink::give_back(const v1::FailRequest& request)
{
    Call call(*this, Lane::Farewell, farewell_timeout);
    v1::FailResponse response;
    return call.outcome(m_workers->Fail(call.context(), request, &response));
}

Result<void> GrpcLink::leave(const v1::LeaveRequest& request)
{
    Call call(*this, Lane::Farewell, farewell_timeout);
    v1::LeaveResponse response;
    return call.outcome(m_workers->Leave(call.context(), request, &response));
}

Result<void> GrpcLink::download(const std::string& hash, std::uint64_t offset, bool verify, const Sink& sink)
{
    Call call(*this, Lane::Bulk, transfer_timeout);
    v1::BlobRequest request;
    request.set_hash(hash);
    request.set_offset(offset);
    request.set_verify(verify);
    // What the generated stub does, but with messages that stay as gRPC received them.
    const grpc::internal::RpcMethod method(blob_get_method, grpc::internal::RpcMethod::SERVER_STREAMING, m_bulk);
    const std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> reader(
        grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(m_bulk.get(), method, call.context(), request));
    using Message = std::shared_ptr<grpc::ByteBuffer>;
    Conveyor<Message> conveyor([&](Message& chunk) {
        return read_blob_chunk(
            chunk, [](const BlobChunkHead&) { return Result<void>(); }, sink);
    });
    bool kept = true;
    for (grpc::ByteBuffer chunk; kept && reader->Read(&chunk); chunk = {})
        kept = conveyor.push(std::make_shared<grpc::ByteBuffer>(std::move(chunk)));
    const auto done = conveyor.finish();
    if (!done) call.context()->TryCancel();
    const grpc::Status status = reader->Finish();
    PATHLOOM_CHECK(done);
    return call.outcome(status);
}

Result<std::vector<std::string>> GrpcLink::missing(const std::vector<std::string>& hashes)
{
    Call call(*this, Lane::Bulk, control_timeout);
    v1::HasRequest request;
    for (const auto& hash : hashes) request.add_hashes(hash);
    v1::HasResponse response;
    PATHLOOM_CHECK(call.outcome(m_blobs->Has(call.context(), request, &response)));
    return std::vector<std::string>(response.missing().begin(), response.missing().end());
}

Result<void> GrpcLink::upload(const std::string& hash, const std::filesystem::path& file, const OnSent& sent)
{
    PATHLOOM_TRY(MappedFile mapped, MappedFile::open(file));
    const auto owner = std::make_shared<const MappedFile>(std::move(mapped));
    const auto bytes = owner->bytes();
    Call call(*this, Lane::Bulk, transfer_timeout + milliseconds(bytes.size() / slowest_bytes_per_ms));
    v1::PutResponse response;
    const grpc::internal::RpcMethod method(blob_put_method, grpc::internal::RpcMethod::CLIENT_STREAMING, m_bulk);
    const std::unique_ptr<grpc::ClientWriter<grpc::ByteBuffer>> writer(
        grpc::internal::ClientWriterFactory<grpc::ByteBuffer>::Create(m_bulk.get(), method, call.context(), &response));
    send_blob(hash, bytes, 0, owner, [&](const grpc::ByteBuffer& chunk, std::size_t count) {
        if (!writer->Write(chunk)) return false;  // Finish() tells why
        sent(count);
        return true;
    });
    writer->WritesDone();
    return call.outcome(writer->Finish());
}

Result<void> GrpcLink::upload_all(const std::vector<Outgoing>& blobs)
{
    v1::PutAllRequest request;
    for (const Outgoing& blob : blobs) {
        PATHLOOM_TRY(*request.add_blobs()->mutable_data(), read_file(blob.file));
        request.mutable_blobs()->rbegin()->set_hash(blob.hash);
    }
    Call call(*this, Lane::Bulk, transfer_timeout);
    v1::PutAllResponse response;
    return call.outcome(m_blobs->PutAll(call.context(), request, &response));
}

void GrpcLink::interrupt(bool everything)
{
    for (auto& [context, running] : m_running) {
        if (running.lane == Lane::Farewell || (!everything && running.lane != Lane::Bulk)) continue;
        running.interrupted = true;
        context->TryCancel();
    }
}

void GrpcLink::interrupt_transfers()
{
    const std::lock_guard lock(m_mutex);
    interrupt(false);
}

void GrpcLink::stop()
{
    const std::lock_guard lock(m_mutex);
    m_stopped = true;
    interrupt(true);
}

}  // namespace pathloom
