// SPDX-License-Identifier: GPL-3.0-or-later
// Some bytes of a blob on their way.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace pathloom {

/// With an owner, whoever takes the piece may go on reading it (hash it beside writing it) for as long as it keeps the owner;
/// without one the bytes live until the call returns.
struct BlobPiece {
    BlobPiece() = default;
    BlobPiece(std::span<const std::byte> some, std::shared_ptr<const void> kept = {})  // NOLINT(google-explicit-constructor)
        : bytes(some)
        , owner(std::move(kept))
    {
    }
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
};

}  // namespace pathloom
