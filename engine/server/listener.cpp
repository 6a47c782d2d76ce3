// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/listener.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/machine.h"
#include "engine/core/tls_probe.h"
#include "engine/core/wire_tuning.h"

#include <sys/stat.h>
#include <unistd.h>

#include <grpc/grpc.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <future>

namespace pathloom {

namespace {

constexpr std::chrono::seconds calls_may_take(5);

/// A Unix socket's path may hold 107 bytes: a deep project gets a private folder under the temporary one instead.
std::filesystem::path socket_path(const std::filesystem::path& project)
{
    auto path = engine_folder(project) / "socket";
    if (path.string().size() < 100) return path;
    const auto folder = std::filesystem::temp_directory_path()
        / fmt::format("pathloom-{}-{}", ::getuid(), sha256_hex(std::string_view(project.string())).substr(0, 12));
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    ::chmod(folder.c_str(), 0700);
    return folder / "socket";
}

Result<std::shared_ptr<grpc::ServerCredentials>> credentials(const TlsFiles& tls)
{
    if (tls.empty()) return grpc::InsecureServerCredentials();
    if (tls.cert.empty() || tls.key.empty() || tls.ca.empty())
        return fail(ErrorCode::Usage, "mutual TLS needs --tls-cert, --tls-key and --tls-ca; give all three");
    PATHLOOM_CHECK(check_tls_files(tls));
    PATHLOOM_TRY(const auto cert, read_file(tls.cert));
    PATHLOOM_TRY(const auto key, read_file(tls.key));
    PATHLOOM_TRY(const auto ca, read_file(tls.ca));
    const auto text = [](const auto& bytes) { return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()); };
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = text(ca);
    options.pem_key_cert_pairs.push_back({text(key), text(cert)});
    return grpc::SslServerCredentials(options);
}

}  // namespace

Listener::Listener(Coordinator& coordinator, TokenAuth auth)
    : m_coordinator(coordinator)
    , m_auth(std::move(auth))
    , m_engine(coordinator, m_auth)
    , m_workers(coordinator, m_auth)
    , m_blobs(coordinator.blobs(), m_auth)
{
}

Listener::~Listener()
{
    stop();
}

Result<std::unique_ptr<Listener>> Listener::start(Coordinator& coordinator, const ListenOptions& options)
{
    PATHLOOM_TRY(auto auth, TokenAuth::open(coordinator.project_path()));
    std::unique_ptr<Listener> listener(new Listener(coordinator, std::move(auth)));
    const std::string own_socket = "unix:" + socket_path(coordinator.project_path()).string();
    const std::string bind = options.address == "unix" ? own_socket : options.address;
    const bool is_unix = bind.starts_with("unix:");
    if (is_unix && !options.tls.empty())
        return fail(ErrorCode::Usage, "TLS is for --listen HOST:PORT; a Unix socket stays on this machine and needs none");
    PATHLOOM_TRY(const auto server_credentials, credentials(options.tls));
    // With TLS, this machine's own programs and workers still come in over the project's socket, without certificates.
    const std::string local = is_unix ? bind : options.tls.empty() ? std::string() : own_socket;
    if (!local.empty()) ::unlink(local.substr(5).c_str());  // the project lock is ours, so a socket there is a dead one's

    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(bind, server_credentials, &port);
    if (!local.empty() && !is_unix) builder.AddListeningPort(local, grpc::InsecureServerCredentials());
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two engines on one port must fail, not share it
    builder.SetMaxReceiveMessageSize(64 << 20);
    tune_wire([&](const char* name, int value) { builder.AddChannelArgument(name, value); });
    // gRPC's synchronous server ends a thread as soon as more than this many wait for a call, and starts one when too few do:
    // with its default of 2 it does both for nearly every call.
    builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 32);
    builder.RegisterService(&listener->m_engine);
    builder.RegisterService(&listener->m_workers);
    builder.RegisterService(&listener->m_blobs);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
    interceptors.push_back(std::make_unique<OpenCallsFactory>(listener->m_calls));
    builder.experimental().SetInterceptorCreators(std::move(interceptors));
    listener->m_server = builder.BuildAndStart();
    if (!listener->m_server || (!is_unix && port == 0))
        return fail(
            ErrorCode::Failed, "cannot listen on {}: the address is in use or not ours; choose another with --listen", bind);
    if (!local.empty()) ::chmod(local.substr(5).c_str(), 0600);
    listener->m_address = is_unix ? bind : bind.substr(0, bind.rfind(':') + 1) + std::to_string(port);
    listener->m_local_address = local.empty() ? listener->m_address : local;
    Connection connection;
    connection.address = listener->m_local_address;
    if (!is_unix) connection.remote = listener->m_address;
    connection.pid = ::getpid();
    connection.version = PATHLOOM_VERSION;
    PATHLOOM_CHECK(write_connection(coordinator.project_path(), connection));
    return listener;
}

LocalWorkerCommand Listener::local_worker_command(const Result<std::filesystem::path>& program) const
{
    LocalWorkerCommand command;
    if (program) command.program = *program;
    command.engine = m_local_address;
    const auto& project = m_coordinator.project_path();
    command.token_file = token_file(project, role_name(Role::Worker));
    command.cache_root = engine_folder(project) / "cache";
    command.log_root = engine_folder(project) / "logs";
    command.cores = this_machine().cores;
    return command;
}

void Listener::stop()
{
    if (!m_server) return;
    // A call that is being answered may finish. A connection without one is not waited for: gRPC would, until its idle client
    // looks at it again.
    std::future<void> down
        = std::async(std::launch::async, [this] { m_server->Shutdown(std::chrono::system_clock::now() + calls_may_take); });
    if (!m_calls->wait_for_none(calls_may_take)) spdlog::warn("some calls did not end in time and were cut off");
    while (down.wait_for(std::chrono::milliseconds(10)) == std::future_status::timeout)
        grpc_server_cancel_all_calls(m_server->c_server());
    m_server->Wait();
    m_server.reset();
    if (auto removed = remove_connection(m_coordinator.project_path()); !removed) return;
    if (m_local_address.starts_with("unix:")) ::unlink(m_local_address.substr(5).c_str());
}

}  // namespace pathloom
