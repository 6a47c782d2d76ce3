// SPDX-License-Identifier: GPL-3.0-or-later
// A model elsewhere, asked through pathloom-endpoint: a process of its own that holds the plugins and, alone, the keys (ADR 14).
#pragma once

#include "engine/probe/answer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pathloom {

struct EndpointOptions {
    std::string kind = "openai";  ///< which plugin
    std::string base_url;  ///< "https://host/v1"
    std::string model;
    std::int64_t token_budget = 1'000'000;  ///< of prompts and answers together, as the server counts them (else bytes / 4)
    int retries = 3;  ///< after 429, 5xx and broken connections
    int first_wait_ms = 500;  ///< doubles; Retry-After counts instead, up to a minute
    int timeout_seconds = 300;
};

class Endpoint {
public:
    /// Usage when the address is no http(s) URL or the model has no name, NotFound when pathloom-endpoint is not installed.
    static Result<Endpoint> create(const EndpointOptions& options);
    Endpoint(Endpoint&&) noexcept;
    Endpoint& operator=(Endpoint&&) noexcept;
    ~Endpoint();

    /// Temperature 0, with the prompt of the Gemini 1.5 report (12.16.6). Nothing once the budget is used up or would be.
    /// Unreachable when nobody answers, Unauthorised when the key is refused, Failed with what the server says otherwise.
    Result<std::optional<Answer>> answer(
        const std::string& context, const std::string& question, const std::string& answer_prefix, int max_tokens);
    /// The same with words of one's own as the user's message.
    Result<std::optional<Answer>> chat(const std::string& prompt, int max_tokens);
    [[nodiscard]] std::int64_t tokens_used() const;

private:
    struct Impl;
    explicit Endpoint(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// The words sent as the user's message.
std::string endpoint_prompt(const std::string& context, const std::string& question, const std::string& answer_prefix);

}  // namespace pathloom
