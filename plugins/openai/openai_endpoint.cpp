// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/openai/openai_endpoint.h"

#include "plugins/openai/openai_reply.h"

#include <curl/curl.h>

#include <algorithm>

namespace pathloom {

namespace {

constexpr std::size_t largest_reply = std::size_t(16) << 20;
constexpr std::int64_t longest_wait = 60;

std::size_t receive(char* data, std::size_t size, std::size_t count, void* to)
{
    auto& body = *static_cast<std::string*>(to);
    if (body.size() + size * count > largest_reply) return 0;  // ends the transfer
    body.append(data, size * count);
    return size * count;
}

}  // namespace

struct OpenAiEndpoint::Impl {
    std::unique_ptr<CURL, void (*)(CURL*)> curl{curl_easy_init(), curl_easy_cleanup};
};

OpenAiEndpoint::OpenAiEndpoint()
    : m_impl(std::make_unique<Impl>())
{
}
OpenAiEndpoint::~OpenAiEndpoint() = default;

EndpointReply OpenAiEndpoint::ask(const EndpointCall& call)
{
    CURL* const curl = m_impl->curl.get();
    EndpointReply failed;
    failed.text = "libcurl cannot be started";
    if (!curl) return failed;
    const std::string request = openai_request(call);
    const std::string url = call.base_url + (call.base_url.ends_with('/') ? "" : "/") + "chat/completions";
    curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
    if (!call.key.empty()) list = curl_slist_append(list, ("Authorization: Bearer " + call.key).c_str());
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(list, curl_slist_free_all);
    std::string body;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, long(call.timeout_seconds));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 15L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        failed.kind = EndpointReply::Kind::TryAgain;
        failed.connected = false;
        failed.text = curl_easy_strerror(code);
        return failed;
    }
    long status = 0;
    curl_off_t after = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after);
    EndpointReply reply = read_openai_reply(status, body);
    reply.retry_after_seconds = std::clamp<std::int64_t>(after, 0, longest_wait);
    return reply;
}

}  // namespace pathloom
