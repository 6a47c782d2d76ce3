// SPDX-License-Identifier: GPL-3.0-or-later
// How a program that receives blobs uses the heap.
#pragma once

namespace pathloom {

/// gRPC receives into fresh buffers of up to 4 MiB, which glibc would map and unmap one by one, with a page fault for every 4
/// KiB. This keeps blocks up to 8 MiB on the heap and up to 64 MiB of what is freed. Call once, before threads start. No effect
/// without glibc.
void keep_receive_buffers();

}  // namespace pathloom
