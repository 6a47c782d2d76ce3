// SPDX-License-Identifier: GPL-3.0-or-later
// Who may call what: three bearer tokens, three roles, checked first thing in every handler.
#pragma once

#include "engine/core/result.h"

#include <grpcpp/grpcpp.h>

#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>

namespace pathloom {

/// A viewer may read; a worker may lease and exchange blobs; an operator may do everything the app does.
enum class Role { Viewer, Worker, Operator };
std::string role_name(Role role);  ///< "viewer", "worker", "operator"

/// One random 256-bit token a role. Immutable after construction, so any thread may ask.
class TokenAuth {
public:
    using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

    /// Three fresh tokens, not stored anywhere (a local engine's one-time tokens, tests).
    static Result<TokenAuth> create();
    /// The tokens of a project: those in <project>/.engine/*.token, fresh ones (written there, mode 0600) where none are.
    /// Kept across restarts, so that remote workers of a killed engine can come back to its successor.
    static Result<TokenAuth> open(const std::filesystem::path& project);

    [[nodiscard]] const std::string& token(Role role) const;

    /// The caller's role, or Unauthorised when there is no token, an unknown one, or the role is not in `allowed`.
    [[nodiscard]] Result<Role> authorise(const Metadata& metadata, std::initializer_list<Role> allowed) const;
    /// For handlers: OK, UNAUTHENTICATED (no or wrong token) or PERMISSION_DENIED (wrong role). Works with every kind of
    /// server context: `if (auto status = m_auth.check(*context, viewers); !status.ok()) return status;`
    [[nodiscard]] grpc::Status check(const grpc::ServerContextBase& context, std::initializer_list<Role> allowed) const;

private:
    std::map<Role, std::string> m_tokens;
};

/// The role sets of engine.proto and workers.proto.
inline constexpr std::initializer_list<Role> viewers = {Role::Viewer, Role::Worker, Role::Operator};  ///< anybody with a token
inline constexpr std::initializer_list<Role> operators = {Role::Operator};
inline constexpr std::initializer_list<Role> workers_only = {Role::Worker};
inline constexpr std::initializer_list<Role> blob_writers = {Role::Worker, Role::Operator};

}  // namespace pathloom
