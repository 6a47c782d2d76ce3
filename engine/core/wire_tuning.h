// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of HTTP/2 and of sockets for blobs of hundreds of megabytes; the defaults are made for small messages. Measured with
// `pathloomctl bench wire` (docs/performance.md).
#pragma once

#include <grpcpp/grpcpp.h>

namespace pathloom {

/// `set(name, value)` for each setting: of a channel's arguments or of a server's builder.
template <class Set>
void tune_wire(Set&& set)
{
    set(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);  // not 16 KiB: a frame costs a header, a slice and a trip through the parser
    set(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 8 << 20);  // a sender need not wait while a piece is hashed
    set(GRPC_ARG_TCP_READ_CHUNK_SIZE, 1 << 20);  // bytes asked of the kernel at once
    set(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, 4 << 20);
}

}  // namespace pathloom
