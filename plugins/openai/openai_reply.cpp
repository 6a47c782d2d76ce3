// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/openai/openai_reply.h"

#include "engine/core/one_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pathloom {

namespace {

using nlohmann::json;
constexpr std::int64_t most_tokens = 1'000'000'000;
constexpr std::size_t longest_complaint = 300;

json at(const json& object, const char* key)
{
    return object.is_object() && object.contains(key) ? object[key] : json();
}

/// What the server says went wrong, in one line.
std::string complaint(long status, const json& body)
{
    const json error = at(body, "error"), message = at(error, "message");
    std::string text;
    if (message.is_string())
        text = message.get<std::string>();
    else if (!error.is_null())
        text = error.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.empty()) return fmt::format("status {}", status);
    return fmt::format("status {}: {}", status, one_line(text.substr(0, longest_complaint)));
}

}  // namespace

std::string openai_request(const EndpointCall& call)
{
    const json request{{"model", call.model}, {"temperature", 0}, {"max_tokens", call.max_tokens},
        {"messages", json::array({{{"role", "user"}, {"content", call.prompt}}})}};
    return request.dump(-1, ' ', false, json::error_handler_t::replace);
}

EndpointReply read_openai_reply(long status, std::string_view bytes)
{
    const json body = json::parse(bytes, nullptr, false);
    EndpointReply reply;
    if (status == 401 || status == 403) {
        reply.kind = EndpointReply::Kind::KeyRefused;
        reply.text = complaint(status, body);
        return reply;
    }
    if (status != 200) {
        reply.kind = status == 429 || status >= 500 ? EndpointReply::Kind::TryAgain : EndpointReply::Kind::Failed;
        reply.text = complaint(status, body);
        return reply;
    }
    const json choices = at(body, "choices");
    const json content = choices.is_array() && !choices.empty() ? at(at(choices[0], "message"), "content") : json();
    if (!content.is_string()) {
        reply.text = "no answer that can be read; is it an OpenAI-compatible server?";
        return reply;
    }
    reply.kind = EndpointReply::Kind::Answered;
    reply.text = content.get<std::string>();
    const json counted = at(at(body, "usage"), "total_tokens");
    if (counted.is_number_integer() && counted >= 0 && counted < most_tokens) reply.tokens = counted.get<std::int64_t>();
    return reply;
}

}  // namespace pathloom
