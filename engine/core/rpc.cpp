// SPDX-License-Identifier: GPL-3.0-or-later
// Channels, call contexts, error mapping and connection files.
#include "engine/core/rpc.h"

#include "engine/core/files.h"
#include "engine/core/tls_probe.h"
#include "engine/core/wire_tuning.h"

#include <grpc/support/log.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>

namespace pathloom {

namespace {

/// gRPC writes its troubles to stderr, where one line for the user belongs. They go to our log instead, for those who ask for it;
/// only what it says before it aborts is said in any case, for the process has no other last words.
const bool grpc_logs_with_us = [] {
    gpr_set_log_function([](gpr_log_func_args* said) {
        const bool last = std::string_view(said->message).starts_with("assertion failed");
        spdlog::log(
            last ? spdlog::level::critical : spdlog::level::debug, "gRPC: {} ({}:{})", said->message, said->file, said->line);
        if (last) spdlog::default_logger()->flush();
    });
    return true;
}();

grpc::StatusCode status_code(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Failed:
        return grpc::StatusCode::ABORTED;
    case ErrorCode::Usage:
        return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::NotFound:
        return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::Exists:
        return grpc::StatusCode::ALREADY_EXISTS;
    case ErrorCode::Corrupt:
        return grpc::StatusCode::DATA_LOSS;
    case ErrorCode::DiskFull:
        return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorCode::Unsupported:
        return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::Unauthorised:
        return grpc::StatusCode::UNAUTHENTICATED;
    case ErrorCode::Unreachable:
        return grpc::StatusCode::UNAVAILABLE;
    case ErrorCode::Cancelled:
        return grpc::StatusCode::CANCELLED;
    }
    return grpc::StatusCode::ABORTED;
}

std::string one_line(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return text;
}

Result<std::string> read_text(const std::filesystem::path& file, const char* what)
{
    auto text = read_file(file);
    if (!text) return fail(text.error().code, "cannot use the {}: {}", what, text.error().message);
    return text;
}

Result<void> check_address(const std::string& address)
{
    if (address.starts_with("unix:")) {
        if (address.size() > std::strlen("unix:")) return {};
        return fail(ErrorCode::Usage, "engine address 'unix:' has no path; give unix:/path/of/the/socket");
    }
    const auto colon = address.rfind(':');
    int port = 0;
    bool good = colon != std::string::npos && colon > 0 && colon + 1 < address.size();
    if (good) {
        const char* end = address.data() + address.size();
        const auto parsed = std::from_chars(address.data() + colon + 1, end, port);
        good = parsed.ec == std::errc() && parsed.ptr == end && port > 0 && port < 65536;
    }
    if (!good) return fail(ErrorCode::Usage, "engine address '{}' is neither host:port nor unix:/path", address);
    return {};
}

}  // namespace

grpc::Status to_status(const Error& error)
{
    return {status_code(error.code), error.message};
}

Error to_error(const grpc::Status& status, const std::string& peer)
{
    const std::string said = one_line(status.error_message());
    const std::string where = peer.empty() ? "the engine" : "the engine at " + peer;
    switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
        return {ErrorCode::Usage, said};
    case grpc::StatusCode::NOT_FOUND:
        return {ErrorCode::NotFound, said};
    case grpc::StatusCode::ALREADY_EXISTS:
        return {ErrorCode::Exists, said};
    case grpc::StatusCode::DATA_LOSS:
        return {ErrorCode::Corrupt, said};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
        return {ErrorCode::DiskFull, said};
    case grpc::StatusCode::FAILED_PRECONDITION:
        return {ErrorCode::Unsupported, said};
    case grpc::StatusCode::UNIMPLEMENTED:
        return {ErrorCode::Unsupported, where + " does not know this call; use programs of one version on both sides"};
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
        return {ErrorCode::Unauthorised, said};
    case grpc::StatusCode::UNAVAILABLE:
        return {
            ErrorCode::Unreachable, where + " does not answer; check that it runs and that the address is right (" + said + ")"};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
        return {ErrorCode::Unreachable, where + " did not answer in time; check the link or try again"};
    case grpc::StatusCode::CANCELLED:
        return {ErrorCode::Cancelled, said.empty() ? "cancelled" : said};
    case grpc::StatusCode::UNKNOWN:
        // What gRPC reports when a connection drops under a running call.
        if (said == "Stream removed") return {ErrorCode::Unreachable, "the connection to " + where + " was lost; try again"};
        break;
    default:
        break;
    }
    return {ErrorCode::Failed, said.empty() ? where + " refused the call without a reason" : said};
}

Result<std::shared_ptr<grpc::Channel>> make_channel(const std::string& address, const TlsFiles& tls)
{
    PATHLOOM_CHECK(check_address(address));
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // a proxy meant for web pages must not swallow a loopback call
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);  // also the connect timeout
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
    tune_wire([&](const char* name, int value) { arguments.SetInt(name, value); });
    PATHLOOM_TRY(const auto credentials, channel_credentials(tls));
    return grpc::CreateCustomChannel(address, credentials, arguments);
}

Result<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials(const TlsFiles& tls)
{
    if (tls.empty()) return grpc::InsecureChannelCredentials();
    PATHLOOM_CHECK(check_tls_files(tls));
    grpc::SslCredentialsOptions options;
    if (!tls.ca.empty()) {
        PATHLOOM_TRY(options.pem_root_certs, read_text(tls.ca, "certificate authority file"));
    }
    if (!tls.cert.empty()) {
        PATHLOOM_TRY(options.pem_cert_chain, read_text(tls.cert, "certificate file"));
        PATHLOOM_TRY(options.pem_private_key, read_text(tls.key, "key file"));
    }
    return grpc::SslCredentials(options);
}

std::unique_ptr<grpc::ClientContext> Caller::context(std::chrono::milliseconds timeout) const
{
    auto context = std::make_unique<grpc::ClientContext>();
    prepare(*context, timeout);
    return context;
}

void Caller::prepare(grpc::ClientContext& context, std::chrono::milliseconds timeout) const
{
    if (!m_token.empty()) context.AddMetadata("authorization", "Bearer " + m_token);
    if (timeout.count() > 0) context.set_deadline(std::chrono::system_clock::now() + timeout);
}

std::filesystem::path engine_folder(const std::filesystem::path& project)
{
    return project / ".engine";
}

std::filesystem::path token_file(const std::filesystem::path& project, const std::string& role)
{
    return engine_folder(project) / (role + ".token");
}

Result<void> write_connection(const std::filesystem::path& project, const Connection& connection)
{
    nlohmann::json document = {{"address", connection.address}, {"pid", connection.pid}, {"protocol", connection.protocol},
        {"version", connection.version}};
    if (!connection.remote.empty()) document["remote"] = connection.remote;
    return write_private_file(engine_folder(project) / "engine.json", document.dump(2) + "\n");
}

Result<Connection> read_connection(const std::filesystem::path& project)
{
    const auto file = engine_folder(project) / "engine.json";
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        return fail(
            ErrorCode::NotFound, "no engine runs on {}; start pathloom-engine --project {}", project.string(), project.string());
    PATHLOOM_TRY(const std::string text, read_text(file, "connection file"));
    const auto document = nlohmann::json::parse(text, nullptr, false);
    const auto field = [&](const char* name, auto type_check) {
        return document.is_object() && document.contains(name) && (document[name].*type_check)();
    };
    using Json = nlohmann::json;
    if (!field("address", &Json::is_string) || !field("pid", &Json::is_number_integer)
        || !field("protocol", &Json::is_number_integer) || !field("version", &Json::is_string))
        return fail(ErrorCode::Corrupt, "{} is not a connection file; remove it and start the engine again", file.string());
    return Connection{document["address"].get<std::string>(), document["pid"].get<std::int64_t>(),
        document["protocol"].get<int>(), document["version"].get<std::string>(),
        field("remote", &Json::is_string) ? document["remote"].get<std::string>() : std::string()};
}

Result<void> remove_connection(const std::filesystem::path& project)
{
    std::error_code error;
    std::filesystem::remove(engine_folder(project) / "engine.json", error);
    if (error) return fail(ErrorCode::Failed, "cannot remove the connection file of {}: {}", project.string(), error.message());
    return {};
}

bool process_exists(std::int64_t pid)
{
    return pid > 0 && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
}

Result<std::string> read_token(const std::filesystem::path& file)
{
    PATHLOOM_TRY(std::string text, read_text(file, "token file"));
    const auto end = text.find_first_of(" \t\r\n");
    if (end != std::string::npos) text.resize(end);
    if (text.size() < 16)
        return fail(ErrorCode::Unauthorised, "{} holds no token; copy the engine's token file again", file.string());
    return text;
}

Result<void> write_private_file(const std::filesystem::path& file, const std::string& text)
{
    PATHLOOM_CHECK(make_folders(file.parent_path()));
    if (::chmod(file.parent_path().c_str(), S_IRWXU) != 0) return fail(system_error("cannot protect", file.parent_path(), errno));
    return write_file_atomic(file, text, 0600);
}

}  // namespace pathloom
