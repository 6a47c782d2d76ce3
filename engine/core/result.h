// SPDX-License-Identifier: GPL-3.0-or-later
// Expected failures as values. Exceptions are for bugs only.
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace pathloom {

/// What a caller can do about a failure; also decides the command line's exit code and the gRPC status.
enum class ErrorCode {
    Failed,  ///< the operation failed; the message says what to do
    Usage,  ///< the caller asked for something that makes no sense (bad spec, bad flag)
    NotFound,  ///< no such run, corpus, blob, file
    Exists,  ///< the name is taken
    Corrupt,  ///< bytes do not match their hash or their format
    DiskFull,  ///< no space left; nothing half-written stays
    Unsupported,  ///< newer schema, other protocol version, unknown format
    Unauthorised,  ///< no token, wrong token, or a role that may not do this
    Unreachable,  ///< nobody answers at that address
    Cancelled,  ///< stopped on request
};

/// One expected failure. `message` is one line, names the thing that failed and says what to do.
struct Error {
    ErrorCode code = ErrorCode::Failed;
    std::string message;
    bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

/// Build a failure: `return fail(ErrorCode::NotFound, "no corpus named '{}'; see corpus list", name);`
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args)
{
    return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

/// Pass an error on unchanged from a function of another value type.
[[nodiscard]] inline tl::unexpected<Error> fail(Error error)
{
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace pathloom

/// Unwrap `expr` into `var`, or return its error.
#define PATHLOOM_CONCAT2(a, b) a##b
#define PATHLOOM_CONCAT(a, b) PATHLOOM_CONCAT2(a, b)
#define PATHLOOM_TRY_IMPL(tmp, var, expr)                                                                                        \
    auto tmp = (expr);                                                                                                           \
    if (!tmp) return ::tl::unexpected<::pathloom::Error>(std::move(tmp).error());                                                \
    var = std::move(*tmp)
#define PATHLOOM_TRY(var, expr) PATHLOOM_TRY_IMPL(PATHLOOM_CONCAT(pathloomResult, __LINE__), var, expr)
/// Return the error of a Result<void>, or go on.
#define PATHLOOM_CHECK_IMPL(tmp, expr)                                                                                           \
    do {                                                                                                                         \
        if (auto tmp = (expr); !tmp) return ::tl::unexpected<::pathloom::Error>(std::move(tmp).error());                         \
    } while (false)
#define PATHLOOM_CHECK(expr) PATHLOOM_CHECK_IMPL(PATHLOOM_CONCAT(pathloomStatus, __LINE__), expr)
