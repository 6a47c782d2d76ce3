// SPDX-License-Identifier: GPL-3.0-or-later
// What every program needs to speak the protocol: channels, call contexts, error mapping, and an engine's connection files.
#pragma once

#include "engine/core/result.h"
#include "engine/core/version.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace pathloom {

/// Blobs cross the wire in pieces of this size: small enough for gRPC's default message limit, large enough to amortise a call.
inline constexpr std::size_t blob_chunk_bytes = std::size_t(1) << 20;

/// The status a handler returns for an expected failure, and back. `peer` (an address) goes into the "nobody answers" message.
grpc::Status to_status(const Error& error);
Error to_error(const grpc::Status& status, const std::string& peer = {});

/// PEM files of mutual TLS; all empty = no TLS (a Unix socket or loopback).
struct TlsFiles {
    std::string ca;
    std::string cert;
    std::string key;
    bool operator==(const TlsFiles&) const = default;
    [[nodiscard]] bool empty() const { return ca.empty() && cert.empty() && key.empty(); }
};

/// What a channel to an engine is made with: TLS when files are given. Usage when they cannot be used.
Result<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials(const TlsFiles& tls);

/// "unix:/path" or "host:port". Every call opens its own connection (no shared subchannels), so control and bulk data never
/// share a flow-control window. Usage when an address or a TLS file makes no sense. Does not connect yet.
Result<std::shared_ptr<grpc::Channel>> make_channel(const std::string& address, const TlsFiles& tls = {});

/// Makes call contexts that carry the bearer token.
class Caller {
public:
    Caller() = default;
    explicit Caller(std::string token)
        : m_token(std::move(token))
    {
    }
    /// A fresh context for one call; `timeout` zero = no deadline.
    [[nodiscard]] std::unique_ptr<grpc::ClientContext> context(
        std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
    /// The same on a context the caller already owns (streams that outlive a function).
    void prepare(grpc::ClientContext& context, std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;

private:
    std::string m_token;
};

/// How to reach the engine of a project: <project>/.engine/engine.json.
struct Connection {
    std::string address;  ///< "unix:/path" or "host:port": what programs of this machine dial
    std::int64_t pid = 0;
    int protocol = protocol_version;
    std::string version;
    std::string remote = {};  ///< "host:port" that other machines dial; empty = none
    bool operator==(const Connection&) const = default;
};
std::filesystem::path engine_folder(const std::filesystem::path& project);  ///< <project>/.engine
std::filesystem::path token_file(
    const std::filesystem::path& project, const std::string& role);  ///< "operator", "worker", "viewer"
/// Mode 0600, replaced atomically.
Result<void> write_connection(const std::filesystem::path& project, const Connection& connection);
/// NotFound when no engine has ever run there or it left properly. A file left by a crash is still returned: check the pid.
Result<Connection> read_connection(const std::filesystem::path& project);
Result<void> remove_connection(const std::filesystem::path& project);
/// True when a process with this id exists (also one of another user).
bool process_exists(std::int64_t pid);

/// A token file's first line. NotFound or Unauthorised (empty, too short) naming the file.
Result<std::string> read_token(const std::filesystem::path& file);
/// Write a small secret into a folder only the owner may enter: mode 0600, fsynced, renamed into place.
Result<void> write_private_file(const std::filesystem::path& file, const std::string& text);

}  // namespace pathloom
