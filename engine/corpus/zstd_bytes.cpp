// SPDX-License-Identifier: GPL-3.0-or-later
// Zstandard in memory, with a limit on what a small file may grow to.
#include "engine/corpus/zstd_bytes.h"

#include <zstd.h>

#include <memory>
#include <stdexcept>

namespace pathloom {

std::string zstd_compress(std::string_view bytes, int level)
{
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level);
    if (ZSTD_isError(size)) throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(size));
    out.resize(size);
    return out;
}

Result<std::string> zstd_decompress(std::string_view bytes, std::uint64_t limit)
{
    const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), &ZSTD_freeDStream);
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    std::string out;
    std::string chunk(ZSTD_DStreamOutSize(), '\0');
    std::size_t wanted = 1;  // 0 after a whole frame
    for (;;) {
        ZSTD_outBuffer piece{chunk.data(), chunk.size(), 0};
        const std::size_t read_before = in.pos;
        wanted = ZSTD_decompressStream(stream.get(), &piece, &in);
        if (ZSTD_isError(wanted)) return fail(ErrorCode::Corrupt, "not Zstandard data: {}", ZSTD_getErrorName(wanted));
        if (out.size() + piece.pos > limit) return fail(ErrorCode::Corrupt, "unpacks to more than {} bytes", limit);
        out.append(chunk.data(), piece.pos);
        if (in.pos == in.size && (wanted == 0 || piece.pos < piece.size)) break;
        if (in.pos == read_before && piece.pos == 0) break;
    }
    if (wanted != 0) return fail(ErrorCode::Corrupt, "Zstandard data ends too early");
    return out;
}

}  // namespace pathloom
