// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/endpoint.h"

#include "engine/core/one_line.h"

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <poll.h>

#include <algorithm>
#include <chrono>

namespace pathloom {

namespace {

using nlohmann::json;
constexpr std::size_t largest_reply = std::size_t(16) << 20;

struct Reply {
    CURLcode code = CURLE_OK;
    long status = 0;
    curl_off_t retry_after = 0;  // seconds
    std::string body;
};

std::size_t receive(char* data, std::size_t size, std::size_t count, void* to)
{
    auto& body = *static_cast<std::string*>(to);
    if (body.size() + size * count > largest_reply) return 0;  // ends the transfer
    body.append(data, size * count);
    return size * count;
}

/// What the server says went wrong, in one line.
std::string said(const Reply& reply)
{
    const json body = json::parse(reply.body, nullptr, false);
    std::string text;
    if (body.is_object() && body.contains("error")) {
        const json& error = body["error"];
        text = error.is_object() && error.contains("message") && error["message"].is_string()
            ? error["message"].get<std::string>()
            : error.dump();
    }
    return text.empty() ? fmt::format("status {}", reply.status)
                        : fmt::format("status {}: {}", reply.status, one_line(text.substr(0, 300)));
}

}  // namespace

struct Endpoint::Impl {
    EndpointOptions options;
    std::unique_ptr<CURL, void (*)(CURL*)> curl{curl_easy_init(), curl_easy_cleanup};
    std::int64_t used = 0;

    Reply post(const std::string& body)
    {
        Reply reply;
        curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
        if (!options.key.empty()) list = curl_slist_append(list, ("Authorization: Bearer " + options.key).c_str());
        const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(list, curl_slist_free_all);
        const std::string url = options.base_url + (options.base_url.ends_with('/') ? "" : "/") + "chat/completions";
        curl_easy_reset(curl.get());
        curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.size()));
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, receive);
        curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
        curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, long(options.timeout_seconds));
        curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, 15L);
        curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
        reply.code = curl_easy_perform(curl.get());
        curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &reply.status);
        curl_easy_getinfo(curl.get(), CURLINFO_RETRY_AFTER, &reply.retry_after);
        return reply;
    }

    Result<Reply> post_with_retries(const std::string& body)
    {
        for (int attempt = 0;; ++attempt) {
            Reply reply = post(body);
            const bool again = reply.code != CURLE_OK || reply.status == 429 || reply.status >= 500;
            if (!again || attempt >= options.retries) {
                if (reply.code != CURLE_OK)
                    return fail(ErrorCode::Unreachable, "{} does not answer: {}; is it running, and is the address right?",
                        options.base_url, curl_easy_strerror(reply.code));
                return reply;
            }
            const std::int64_t wait = reply.retry_after > 0 ? std::min<std::int64_t>(reply.retry_after, 60) * 1000
                                                            : std::int64_t(options.first_wait_ms) << attempt;
            ::poll(nullptr, 0, int(wait));
        }
    }
};

Endpoint::Endpoint(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}
Endpoint::Endpoint(Endpoint&&) noexcept = default;
Endpoint& Endpoint::operator=(Endpoint&&) noexcept = default;
Endpoint::~Endpoint() = default;

std::int64_t Endpoint::tokens_used() const
{
    return m_impl->used;
}

Result<Endpoint> Endpoint::create(const EndpointOptions& options)
{
    if (!options.base_url.starts_with("http://") && !options.base_url.starts_with("https://"))
        return fail(
            ErrorCode::Usage, "the endpoint baseline needs --endpoint http://HOST/v1 (or https), got '{}'", options.base_url);
    if (options.model.empty()) return fail(ErrorCode::Usage, "the endpoint baseline needs --endpoint-model NAME");
    if (std::ranges::any_of(options.key, [](char c) { return c == '\r' || c == '\n'; }))
        return fail(ErrorCode::Usage, "the endpoint's key holds a line break; set it again");
    auto impl = std::make_unique<Impl>();
    impl->options = options;
    if (!impl->curl) return fail(ErrorCode::Failed, "libcurl cannot be started");
    return Endpoint(std::move(impl));
}

std::string endpoint_prompt(const std::string& context, const std::string& question, const std::string& answer_prefix)
{
    return "<context>\n" + context + "\n</context>\n" + question
        + " Don't give information outside the document or repeat your findings"
        + (answer_prefix.empty() ? std::string() : "\n" + answer_prefix);
}

Result<std::optional<Answer>> Endpoint::answer(
    const std::string& context, const std::string& question, const std::string& answer_prefix, int max_tokens)
{
    Impl& m = *m_impl;
    const std::string prompt = endpoint_prompt(context, question, answer_prefix);
    const auto guess = std::int64_t(prompt.size() / 4) + max_tokens;
    if (m.used + guess > m.options.token_budget) return std::nullopt;
    const json request{{"model", m.options.model}, {"temperature", 0}, {"max_tokens", max_tokens},
        {"messages", json::array({{{"role", "user"}, {"content", prompt}}})}};
    const auto start = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const Reply reply, m.post_with_retries(request.dump(-1, ' ', false, json::error_handler_t::replace)));
    if (reply.status == 401 || reply.status == 403)
        return fail(
            ErrorCode::Unauthorised, "{} refuses the key ({}); set PATHLOOM_ENDPOINT_KEY", m.options.base_url, said(reply));
    if (reply.status != 200) return fail(ErrorCode::Failed, "{} answers with {}", m.options.base_url, said(reply));
    const json body = json::parse(reply.body, nullptr, false);
    const auto at = [&](const char* path) { return body.is_object() ? body.value(json::json_pointer(path), json()) : json(); };
    json content;
    if (body.is_object() && body.contains("choices") && body["choices"].is_array() && !body["choices"].empty())
        content = at("/choices/0/message/content");
    if (!content.is_string())
        return fail(
            ErrorCode::Failed, "{} sent no answer that can be read; is it an OpenAI-compatible server?", m.options.base_url);
    const json counted = at("/usage/total_tokens");
    m.used += counted.is_number_integer() && counted >= 0 && counted < 1'000'000'000 ? counted.get<std::int64_t>() : guess;
    Answer answer;
    answer.text = content.get<std::string>();
    answer.seconds = answer.seconds_first = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return answer;
}

}  // namespace pathloom
