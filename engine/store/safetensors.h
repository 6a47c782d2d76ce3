// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and writing the safetensors format (8-byte little-endian header length, JSON header, raw tensors).
#pragma once

#include "engine/core/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

enum class DType { F32, BF16, F16, F64, I8, U8, I16, I32, I64 };
std::size_t dtype_size(DType type);
std::string dtype_name(DType type);  ///< "F32" ... as in the format

/// A tensor inside somebody else's bytes.
struct TensorView {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> data;
    [[nodiscard]] std::int64_t elements() const;
    template <class T>
    [[nodiscard]] std::span<const T> as() const
    {
        return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
    }
};

/// Serialise in the order given; the data starts 64-byte aligned in the file (the header is padded with spaces) and wider types
/// come first in it, so each tensor is aligned to its element without the holes the format forbids;
/// metadata sorted by key: equal inputs give equal bytes.
std::vector<std::byte> write_safetensors(
    std::span<const TensorView> tensors, const std::map<std::string, std::string>& metadata = {});

/// A parsed file (mmapped) or a parsed buffer. Every offset and shape is checked; hostile headers give Corrupt.
class Safetensors {
public:
    static Result<Safetensors> open(const std::filesystem::path& file);
    static Result<Safetensors> parse(std::span<const std::byte> bytes);  ///< does not own `bytes`
    [[nodiscard]] const std::vector<TensorView>& tensors() const { return m_tensors; }
    [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return m_metadata; }
    [[nodiscard]] const TensorView* find(const std::string& name) const;
    /// The tensor, or Corrupt naming it when it is absent or of another type.
    [[nodiscard]] Result<const TensorView*> expect(const std::string& name, DType dtype) const;

private:
    std::shared_ptr<const void> m_mapping;  // keeps the mmap alive
    std::vector<TensorView> m_tensors;
    std::map<std::string, std::string> m_metadata;
};

}  // namespace pathloom
