// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256: the name of every blob.
#pragma once

#include "engine/core/result.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace pathloom {

/// Streaming SHA-256. After hex() the object starts over.
class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();
    void update(std::span<const std::byte> bytes);
    void update(std::string_view text);
    /// 64 lower-case hex digits of everything so far.
    std::string hex();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);
/// Hash of a file's bytes; NotFound or Failed when it cannot be read.
Result<std::string> sha256_file(const std::filesystem::path& file);

/// Whether `text` is 64 lower-case hex digits: hashes come from the wire and name files, so they are checked first.
bool is_sha256_hex(std::string_view text);

}  // namespace pathloom
