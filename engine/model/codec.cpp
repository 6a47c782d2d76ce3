// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/codec.h"

#include <algorithm>

namespace pathloom {

Result<Codec> parse_codec(const std::string& name)
{
    if (name.empty()) return Codec::Fp32;
    const auto found = std::ranges::find(codec_names, name);
    if (found == codec_names.end())
        return fail(ErrorCode::Unsupported, "codec '{}' is not known to this program; update it, or set outer.codec to one of {}",
            name, fmt::join(codec_names, ", "));
    return Codec(found - codec_names.begin());
}

int codec_block_bytes(Codec codec)
{
    switch (codec) {
    case Codec::Int8:
        return codec_block;
    case Codec::Int4:
        return codec_block / 2;
    case Codec::Int2:
        return codec_block / 4;
    case Codec::Fp32:
    case Codec::Bf16:
        break;
    }
    return 0;
}

std::int64_t codec_bytes(Codec codec, std::int64_t values)
{
    if (codec == Codec::Fp32) return 4 * values;
    if (codec == Codec::Bf16) return 2 * values;
    const std::int64_t blocks = (values + codec_block - 1) / codec_block;
    return blocks * (codec_block_bytes(codec) + 2);
}

std::int64_t column_delta_bytes(const ModelSpec& model, const Column& column, Codec codec)
{
    std::int64_t bytes = 0;
    for (const TensorSpec& tensor : column_tensors(model, column)) {
        std::int64_t values = 1;
        for (const std::int64_t extent : tensor.shape) values *= extent;
        bytes += codec_bytes(codec, values);
    }
    return bytes;
}

}  // namespace pathloom
