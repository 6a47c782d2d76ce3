// SPDX-License-Identifier: GPL-3.0-or-later
// One document as a memory on disk: int8 keys, scales, tokens and byte positions, mmapped and checked by hash.
//
// File: a 4096-byte header, then sections at multiples of 4096 bytes:
//   hashes [blocks, 32]   SHA-256 of each block of BlockRows rows (scales, then keys), zero while the block is not encoded
//   bytes  u32 [tokens]   where each token begins in the document
//   tokens u16 [tokens]
//   scales u16 [rows]     in units of 2^-22
//   keys   i8 [rows, key_stride]
// The header names the document's tokens and the model, so a memory is found by content and reused; its own hash covers the
// header, the block hashes, the bytes and the tokens. A block whose hash differs is encoded again, the others are kept.
#pragma once

#include "engine/core/files.h"
#include "engine/core/result.h"
#include "engine/probe/memory_scan.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

inline constexpr std::size_t MemoryBlockRows = 65536;

/// What a memory is of. Rows = tokens - 1: the last token has no successor to point at.
struct MemoryIdentity {
    std::string model;  ///< sha256 of the reader's weights
    std::vector<std::int32_t> tokens;  ///< at least 2, ids below 65536
    std::vector<std::uint32_t> bytes;  ///< of each token in the document
    std::uint32_t key_dim = 128;
    [[nodiscard]] std::size_t rows() const { return tokens.size() - 1; }
    /// 64 hex digits that name the file: over the model and the tokens.
    [[nodiscard]] std::string name() const;
};

/// Keys of rows [first, first + count) into `keys` [count, key_dim].
using KeySource = std::function<Result<void>(std::size_t first, std::size_t count, std::vector<float>& keys)>;
/// Rows done so far, of all; false stops (what is done stays on disk).
using MemoryProgress = std::function<bool(std::size_t done, std::size_t all)>;

class MemoryFile {
public:
    /// The memory of `identity` in `folder`: opened when it is there and whole, else encoded block by block. An interrupted or
    /// damaged file is continued: only blocks that are missing or do not match their hash are encoded. Cancelled when progress
    /// said stop.
    static Result<MemoryFile> obtain(const std::filesystem::path& folder, const MemoryIdentity& identity, const KeySource& source,
        const MemoryProgress& progress);
    /// An existing file; Corrupt when it is truncated, unfinished or does not match its hashes (all of it is read when `verify`).
    static Result<MemoryFile> open(const std::filesystem::path& file, bool verify);

    [[nodiscard]] std::size_t rows() const { return m_rows; }
    [[nodiscard]] std::size_t key_dim() const { return m_key_dim; }
    [[nodiscard]] const std::string& model() const { return m_model; }
    [[nodiscard]] std::span<const std::uint16_t> tokens() const { return m_tokens; }
    [[nodiscard]] std::span<const std::uint32_t> bytes() const { return m_bytes; }
    [[nodiscard]] KeyRun run(std::size_t first, std::size_t count) const;
    [[nodiscard]] std::uint64_t size_on_disk() const { return m_mapping.bytes().size(); }
    [[nodiscard]] std::size_t encoded_now() const { return m_encoded_now; }  ///< rows that obtain() had to encode

private:
    explicit MemoryFile(MappedFile mapping)
        : m_mapping(std::move(mapping))
    {
    }
    MappedFile m_mapping;
    std::size_t m_rows = 0, m_key_dim = 0, m_encoded_now = 0;
    std::string m_model;
    std::span<const std::uint16_t> m_tokens;
    std::span<const std::uint32_t> m_bytes;
    const std::uint16_t* m_scales = nullptr;
    const std::int8_t* m_keys = nullptr;
};

/// Parses the header of foreign bytes; Corrupt with the reason. For tests and fuzzing: open() uses it.
Result<void> check_memory_header(std::span<const std::byte> file);

}  // namespace pathloom
