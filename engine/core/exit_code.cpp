// SPDX-License-Identifier: GPL-3.0-or-later
// Exit codes of every command-line program.
#include "engine/core/exit_code.h"

namespace pathloom {

int exit_code(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Usage:
        return 2;
    case ErrorCode::Unreachable:
        return 3;
    case ErrorCode::Unauthorised:
        return 4;
    case ErrorCode::Failed:
    case ErrorCode::NotFound:
    case ErrorCode::Exists:
    case ErrorCode::Corrupt:
    case ErrorCode::DiskFull:
    case ErrorCode::Unsupported:
    case ErrorCode::Cancelled:
        break;
    }
    return 1;
}

}  // namespace pathloom
