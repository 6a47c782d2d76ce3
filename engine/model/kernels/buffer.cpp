// SPDX-License-Identifier: GPL-3.0-or-later
// Huge pages spare the misses of address translation that walking through large activations costs.
#include "engine/model/kernels/buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace pathloom {
namespace {

constexpr std::size_t HugePage = std::size_t(2) << 20;

}  // namespace

void* allocate_buffer(std::size_t bytes)
{
    const bool huge = bytes >= 2 * HugePage;
    const std::size_t alignment = huge ? HugePage : 64;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void* data = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
    if (!data) throw std::bad_alloc();
    if (huge) ::madvise(data, rounded, MADV_HUGEPAGE);  // advice: nothing is lost where it is refused
    return data;
}

void free_buffer(void* data)
{
    std::free(data);
}

}  // namespace pathloom
