// SPDX-License-Identifier: GPL-3.0-or-later
// Scratch memory of kernels: aligned, not cleared, on huge pages where it is large.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace pathloom {

/// Bytes aligned to 64 (2 MiB and huge pages from 4 MiB on); throws bad_alloc.
void* allocate_buffer(std::size_t bytes);
void free_buffer(void* data);

/// Grows, never shrinks, and loses its contents when it grows.
template <class T>
class Buffer {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : m_data(std::exchange(other.m_data, nullptr))
        , m_size(std::exchange(other.m_size, 0))
    {
    }
    Buffer& operator=(Buffer&& other) noexcept
    {
        std::swap(m_data, other.m_data);
        std::swap(m_size, other.m_size);
        return *this;
    }
    ~Buffer() { free_buffer(m_data); }

    /// At least n elements of unspecified value.
    T* grow(std::size_t n)
    {
        if (n > m_size) {
            free_buffer(std::exchange(m_data, nullptr));
            m_size = 0;
            m_data = static_cast<T*>(allocate_buffer(n * sizeof(T)));
            m_size = n;
        }
        return m_data;
    }
    /// The same, zeros where it grew: for padding that nobody writes.
    T* grow_cleared(std::size_t n)
    {
        if (n > m_size) std::fill_n(grow(n), n, T());
        return m_data;
    }
    [[nodiscard]] T* data() { return m_data; }
    [[nodiscard]] const T* data() const { return m_data; }
    [[nodiscard]] std::size_t size() const { return m_size; }

private:
    T* m_data = nullptr;
    std::size_t m_size = 0;
};

}  // namespace pathloom
