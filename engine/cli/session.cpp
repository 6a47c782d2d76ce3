// SPDX-License-Identifier: GPL-3.0-or-later
// A connection to an engine.
#include "engine/cli/session.h"

#include "engine/core/hash.h"
#include "engine/core/tls_probe.h"

#include <utility>

namespace pathloom {

namespace {

constexpr std::chrono::milliseconds hello_timeout{10'000};

/// Ctrl-C reaches the session of this process through here: there is one at a time.
std::mutex current_mutex;
Session* current_session = nullptr;

}  // namespace

void cancel_current_session()
{
    const std::lock_guard lock(current_mutex);
    if (current_session != nullptr) current_session->cancel();
}

Session::Running::Running(Session& session, std::chrono::milliseconds timeout)
    : m_session(session)
    , m_context(session.m_caller.context(timeout))
{
    const std::lock_guard lock(m_session.m_mutex);
    m_session.m_contexts.insert(m_context.get());
    if (m_session.m_interrupted.raised()) m_context->TryCancel();
}

Session::Running::~Running()
{
    const std::lock_guard lock(m_session.m_mutex);
    m_session.m_contexts.erase(m_context.get());
}

Session::~Session()
{
    const std::lock_guard lock(current_mutex);
    current_session = nullptr;
}

void Session::cancel()
{
    const std::lock_guard lock(m_mutex);
    for (auto* context : m_contexts) context->TryCancel();
}

Result<void> Session::outcome(const grpc::Status& status) const
{
    if (status.ok()) return {};
    Error error = to_error(status, m_address);
    if (m_interrupted.raised()) {
        error = {ErrorCode::Cancelled, "interrupted"};
    } else if (error.code == ErrorCode::Cancelled) {
        // Not by us: the engine is going down.
        error = {ErrorCode::Unreachable, "the engine at " + m_address + " ended the call; it may be shutting down"};
    }
    return pathloom::fail(std::move(error));
}

Result<std::unique_ptr<Session>> Session::open(const SessionOptions& options, int workers, Interrupt& interrupted)
{
    if (options.project.empty() == options.engine.empty())
        return pathloom::fail(ErrorCode::Usage, "name the engine: either --project DIR, or --engine HOST:PORT --token-file FILE");
    std::unique_ptr<Session> session(new Session(interrupted));
    {
        const std::lock_guard lock(current_mutex);
        current_session = session.get();
    }
    if (!options.project.empty()) {
        PATHLOOM_CHECK(session->connect_project(options, workers));
    } else {
        if (options.token_file.empty())
            return pathloom::fail(
                ErrorCode::Unauthorised, "--engine {} needs --token-file with the engine's operator.token", options.engine);
        PATHLOOM_TRY(const std::string token, read_token(options.token_file));
        PATHLOOM_CHECK(session->connect(options.engine, token, options.tls, hello_timeout));
    }
    if (session->m_info.protocol() != protocol_version)
        return pathloom::fail(ErrorCode::Unsupported,
            "the engine speaks protocol {} and this program {}; use programs of one version", session->m_info.protocol(),
            protocol_version);
    return session;
}

Result<void> Session::connect(
    const std::string& address, const std::string& token, const TlsFiles& tls, std::chrono::milliseconds patience)
{
    m_address = address;
    m_caller = Caller(token);
    PATHLOOM_TRY(const auto control, make_channel(address, tls));
    PATHLOOM_TRY(const auto bulk, make_channel(address, tls));
    m_engine = v1::Engine::NewStub(control);
    m_blobs = v1::Blobs::NewStub(bulk);
    auto info = call(&v1::Engine::StubInterface::GetInfo, v1::GetInfoRequest(), patience);
    if (!info && info.error().code == ErrorCode::Unreachable)
        if (auto why = explain_refusal(address, tls)) return pathloom::fail(std::move(*why));
    PATHLOOM_TRY(m_info, std::move(info));
    return {};
}

Result<void> Session::connect_project(const SessionOptions& options, int workers)
{
    const std::filesystem::path project = options.project;
    const auto operator_token = [&] { return read_token(token_file(project, "operator")); };
    if (const auto running = read_connection(project); running && process_exists(running->pid)) {
        PATHLOOM_TRY(const std::string token, operator_token());
        const auto connected = connect(running->address, token, options.tls, std::chrono::milliseconds(3000));
        // A crashed engine leaves its file behind, and its process id may belong to somebody else by now.
        if (connected || connected.error().code != ErrorCode::Unreachable) return connected;
    }
    PATHLOOM_TRY(m_private, PrivateEngine::start(project, workers));
    PATHLOOM_TRY(const std::string token, operator_token());
    return connect(m_private->address(), token, options.tls, hello_timeout);
}

Result<std::string> Session::blob(const std::string& hash)
{
    Running running(*this, std::chrono::milliseconds(0));
    v1::BlobRequest request;
    request.set_hash(hash);
    std::string bytes;
    PATHLOOM_CHECK(drain<v1::BlobChunk>(running, m_blobs->Get(running.context(), request), [&](const v1::BlobChunk& chunk) {
        bytes += chunk.data();
        return Result<bool>(true);
    }));
    if (sha256_hex(bytes) != hash) return pathloom::fail(ErrorCode::Corrupt, "blob {} came damaged; try again", hash);
    return bytes;
}

}  // namespace pathloom
