// SPDX-License-Identifier: GPL-3.0-or-later
// The bodies of POST BASE/chat/completions, both ways.
#pragma once

#include "plugins/api/endpoint_call.h"

#include <string>
#include <string_view>

namespace pathloom {

std::string openai_request(const EndpointCall& call);
/// What a server's status and body say. Never throws, whatever the body is.
EndpointReply read_openai_reply(long status, std::string_view body);

}  // namespace pathloom
