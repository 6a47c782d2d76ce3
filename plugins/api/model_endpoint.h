// SPDX-License-Identifier: GPL-3.0-or-later
// What a plugin for models elsewhere is: it sends one prompt and brings one answer. Retries and budgets are the caller's. Its
// metadata, read without loading it: {"id": "openai", "name": "OpenAI-compatible server", "apiVersion": 1, "schemes": ["http",
// "https"]}
#pragma once

#include "plugins/api/endpoint_call.h"

#include <QtPlugin>

namespace pathloom {

inline constexpr int EndpointApiVersion = 1;
inline constexpr const char* KeyringService = "pathloom";  ///< keys stand in the keyring under this name, one an address

class ModelEndpoint {
public:
    virtual ~ModelEndpoint() = default;
    /// Temperature 0. Blocks until there is a reply or the time is up; never throws, never shows or stores the key.
    [[nodiscard]] virtual EndpointReply ask(const EndpointCall& call) = 0;
};

}  // namespace pathloom

#define PATHLOOM_ENDPOINT_IID "org.pathloom.ModelEndpoint/1"
Q_DECLARE_INTERFACE(pathloom::ModelEndpoint, PATHLOOM_ENDPOINT_IID)
