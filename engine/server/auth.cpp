// SPDX-License-Identifier: GPL-3.0-or-later
// Bearer tokens and roles.
#include "engine/server/auth.h"

#include "engine/core/rpc.h"

#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace pathloom {

namespace {

constexpr std::array all_roles = {Role::Viewer, Role::Worker, Role::Operator};

Result<std::string> random_token()
{
    std::array<unsigned char, 32> bytes{};
    if (RAND_bytes(bytes.data(), int(bytes.size())) != 1)
        return fail(ErrorCode::Failed, "no secure random numbers for a token; check that /dev/urandom can be read");
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

/// Time independent of where two tokens differ; tokens of other lengths never match.
bool same_token(std::string_view given, const std::string& known)
{
    return given.size() == known.size() && CRYPTO_memcmp(given.data(), known.data(), known.size()) == 0;
}

struct Judgement {
    grpc::Status status;
    Role role = Role::Viewer;
};

Judgement judge(const TokenAuth::Metadata& metadata, std::initializer_list<Role> allowed, const TokenAuth& auth)
{
    constexpr std::string_view scheme = "Bearer ";
    const auto entry = metadata.find("authorization");
    if (entry == metadata.end() || entry->second.size() <= scheme.size()
        || !entry->second.starts_with({scheme.data(), scheme.size()}))
        return {{grpc::StatusCode::UNAUTHENTICATED, "this engine wants a token; give --token-file with one of its token files"}};
    const std::string_view given(entry->second.data() + scheme.size(), entry->second.size() - scheme.size());
    std::optional<Role> role;
    for (const Role candidate : all_roles)  // all three, so the time does not tell which one was close
        if (same_token(given, auth.token(candidate))) role = candidate;
    if (!role)
        return {{grpc::StatusCode::UNAUTHENTICATED,
            "this token is not one of this engine's; copy the token file of the engine you mean to reach"}};
    if (std::find(allowed.begin(), allowed.end(), *role) == allowed.end()) {
        std::vector<std::string> names;
        for (const Role one : allowed) names.push_back(role_name(one));
        return {{grpc::StatusCode::PERMISSION_DENIED,
            fmt::format("a {} token may not do this; use the engine's {} token", role_name(*role), fmt::join(names, " or "))}};
    }
    return {grpc::Status::OK, *role};
}

}  // namespace

std::string role_name(Role role)
{
    switch (role) {
    case Role::Viewer:
        return "viewer";
    case Role::Worker:
        return "worker";
    case Role::Operator:
        return "operator";
    }
    return "unknown";
}

Result<TokenAuth> TokenAuth::create()
{
    TokenAuth auth;
    for (const Role role : all_roles) {
        PATHLOOM_TRY(auth.m_tokens[role], random_token());
    }
    return auth;
}

Result<TokenAuth> TokenAuth::open(const std::filesystem::path& project)
{
    TokenAuth auth;
    for (const Role role : all_roles) {
        const auto file = token_file(project, role_name(role));
        if (std::error_code ignored; std::filesystem::exists(file, ignored)) {
            PATHLOOM_TRY(auth.m_tokens[role], read_token(file));
        } else {
            PATHLOOM_TRY(auth.m_tokens[role], random_token());
            PATHLOOM_CHECK(write_private_file(file, auth.m_tokens[role] + "\n"));
        }
    }
    return auth;
}

const std::string& TokenAuth::token(Role role) const
{
    return m_tokens.at(role);
}

Result<Role> TokenAuth::authorise(const Metadata& metadata, std::initializer_list<Role> allowed) const
{
    const auto judgement = judge(metadata, allowed, *this);
    if (!judgement.status.ok()) return fail(to_error(judgement.status));
    return judgement.role;
}

grpc::Status TokenAuth::check(const grpc::ServerContextBase& context, std::initializer_list<Role> allowed) const
{
    return judge(context.client_metadata(), allowed, *this).status;
}

}  // namespace pathloom
