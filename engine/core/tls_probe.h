// SPDX-License-Identifier: GPL-3.0-or-later
// Why a TLS connection does not come about, in words. gRPC reports every such failure as "unavailable"; this looks itself.
#pragma once

#include "engine/core/rpc.h"

#include <chrono>
#include <optional>
#include <string>

namespace pathloom {

/// Usage when a PEM file cannot be used as what it is meant to be, or the key does not belong to the certificate.
Result<void> check_tls_files(const TlsFiles& tls);

/// After a call to `address` ("host:port") found nobody: shakes hands there once itself and says what is wrong with the
/// certificates. Unauthorised: one side does not accept the other's (or it is missing); Unreachable: only one side speaks TLS.
/// Nothing when nobody listens there, on a Unix socket, or when the handshake is fine. Waits up to `patience`: not for a thread
/// that may not.
std::optional<Error> explain_refusal(
    const std::string& address, const TlsFiles& tls, std::chrono::milliseconds patience = std::chrono::seconds(3));

}  // namespace pathloom
