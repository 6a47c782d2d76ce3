// SPDX-License-Identifier: GPL-3.0-or-later
// One prompt to a model elsewhere and its reply, as plain values without Qt.
#pragma once

#include <cstdint>
#include <string>

namespace pathloom {

struct EndpointCall {
    std::string base_url;  ///< "https://host/v1"
    std::string model;
    std::string key;  ///< "" sends none
    std::string prompt;
    int max_tokens = 40;
    int timeout_seconds = 300;
};

struct EndpointReply {
    enum class Kind {
        Answered,
        TryAgain,  ///< refused for now (429, 5xx) or the connection broke
        KeyRefused,
        Failed,
    };
    Kind kind = Kind::Failed;
    std::string text;  ///< the answer, or in one line what is wrong
    bool connected = true;  ///< false: nobody answered at all
    std::int64_t tokens = -1;  ///< of prompt and answer, as the server counts them; -1: it does not say
    std::int64_t retry_after_seconds = 0;
};

}  // namespace pathloom
