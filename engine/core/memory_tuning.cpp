// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/memory_tuning.h"

#include <cstdlib>  // tells whose library this is
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace pathloom {

void keep_receive_buffers()
{
#ifdef __GLIBC__
    ::mallopt(M_MMAP_THRESHOLD, 8 << 20);  // naming it also ends its changing by itself
    ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

}  // namespace pathloom
