// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/codec.h"

#include "engine/training/codec_blocks.h"

#include <algorithm>

namespace pathloom {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape)
{
    std::string text;
    for (const std::int64_t extent : shape) text += (text.empty() ? "" : " x ") + std::to_string(extent);
    return text;
}

std::int64_t blocks_of(std::int64_t values)
{
    return (values + codec_block - 1) / codec_block;
}

std::int64_t total_values(std::span<const TensorView> tensors)
{
    std::int64_t sum = 0;
    for (const TensorView& tensor : tensors) sum += tensor.elements();
    return sum;
}

std::int64_t total_blocks(std::span<const TensorView> tensors)
{
    std::int64_t sum = 0;
    for (const TensorView& tensor : tensors) sum += blocks_of(tensor.elements());
    return sum;
}

tl::unexpected<Error> not_finite(const TensorView& tensor)
{
    return fail(
        ErrorCode::Failed, "the pseudo-gradient of '{}' is not finite; lower training.lr or set training.clip", tensor.name);
}

Result<const TensorView*> same_shape(const Safetensors& blob, const TensorView& wanted, DType type, const std::string& what)
{
    auto found = blob.expect(wanted.name, type);
    if (!found) return fail(found.error().code, "{}: {}", what, found.error().message);
    if ((*found)->shape != wanted.shape) {
        return fail(ErrorCode::Corrupt, "{}: tensor '{}' has shape [{}], the module has [{}]; it belongs to another module", what,
            wanted.name, shape_text((*found)->shape), shape_text(wanted.shape));
    }
    return *found;
}

Result<std::vector<std::byte>> encode_halves(std::span<const TensorView> tensors, std::vector<float>* lost)
{
    std::vector<std::uint16_t> codes(std::size_t(total_values(tensors)));
    std::vector<TensorView> views;
    std::size_t at = 0;
    for (const TensorView& tensor : tensors) {
        const auto x = tensor.as<float>();
        if (!encode_bf16(x.data(), x.size(), codes.data() + at)) return not_finite(tensor);
        if (lost) decode_bf16(codes.data() + at, x.size(), lost->data() + at);
        TensorView view = tensor;
        view.dtype = DType::BF16;
        view.data = std::as_bytes(std::span(codes).subspan(at, x.size()));
        views.push_back(std::move(view));
        at += x.size();
    }
    return write_safetensors(views);
}

Result<std::vector<std::byte>> encode_integers(Codec codec, std::span<const TensorView> tensors, std::vector<float>* lost)
{
    const std::int64_t blocks = total_blocks(tensors), bytes = codec_block_bytes(codec);
    std::vector<std::uint8_t> codes(std::size_t(blocks * bytes));
    std::vector<std::uint16_t> scales(std::size_t(blocks), 0);
    std::size_t at = 0, block = 0;
    for (const TensorView& tensor : tensors) {
        const auto x = tensor.as<float>();
        std::uint8_t* own_codes = codes.data() + block * std::size_t(bytes);
        std::uint16_t* own_scales = scales.data() + block;
        if (!encode_blocks(codec, x.data(), x.size(), own_codes, own_scales)) return not_finite(tensor);
        if (lost) decode_blocks(codec, own_codes, own_scales, x.size(), lost->data() + at);
        at += x.size();
        block += std::size_t(blocks_of(tensor.elements()));
    }
    const TensorView views[] = {{"codes", DType::U8, {blocks, bytes}, std::as_bytes(std::span(codes))},
        {"scales", DType::BF16, {blocks}, std::as_bytes(std::span(scales))}};
    return write_safetensors(views, {{"codec", codec_name(codec)}, {"values", std::to_string(at)}});
}

}  // namespace

Result<std::span<const float>> same_tensor(const Safetensors& blob, const TensorView& wanted, const std::string& what)
{
    PATHLOOM_TRY(const TensorView* found, same_shape(blob, wanted, DType::F32, what));
    return found->as<float>();
}

Result<std::vector<std::byte>> encode_delta(Codec codec, std::span<const TensorView> tensors, std::vector<float>* lost)
{
    if (lost) lost->assign(std::size_t(total_values(tensors)), 0.0f);
    if (codec == Codec::Fp32) return write_safetensors(tensors);
    PATHLOOM_TRY(auto bytes, codec == Codec::Bf16 ? encode_halves(tensors, lost) : encode_integers(codec, tensors, lost));
    if (lost) {  // holds what arrives; the difference is what does not
        std::size_t at = 0;
        for (const TensorView& tensor : tensors)
            for (const float x : tensor.as<float>()) {
                (*lost)[at] = x - (*lost)[at];
                ++at;
            }
    }
    return bytes;
}

Result<DecodedDelta> decode_delta(
    Codec codec, const Safetensors& blob, const std::vector<TensorView>& module, const std::string& what)
{
    DecodedDelta out;
    if (codec == Codec::Fp32) {
        for (const TensorView& tensor : module) {
            PATHLOOM_TRY(const auto values, same_tensor(blob, tensor, what));
            out.tensors.push_back(values);
        }
        return out;
    }
    const std::int64_t values = total_values(module), blocks = total_blocks(module), bytes = codec_block_bytes(codec);
    const std::uint8_t* codes = nullptr;
    const std::uint16_t* scales = nullptr;
    if (codec != Codec::Bf16) {
        const auto named = blob.metadata().find("codec");
        if (named == blob.metadata().end() || named->second != codec_name(codec))
            return fail(
                ErrorCode::Corrupt, "{} is not written as {}; its worker does not follow its task", what, codec_name(codec));
        const auto count = blob.metadata().find("values");
        PATHLOOM_TRY(const TensorView* code_tensor, blob.expect("codes", DType::U8));
        PATHLOOM_TRY(const TensorView* scale_tensor, blob.expect("scales", DType::BF16));
        if (count == blob.metadata().end() || count->second != std::to_string(values)
            || code_tensor->shape != std::vector<std::int64_t>{blocks, bytes}
            || scale_tensor->shape != std::vector<std::int64_t>{blocks})
            return fail(
                ErrorCode::Corrupt, "{} does not have the module's {} values; it belongs to another module", what, values);
        codes = code_tensor->as<std::uint8_t>().data();
        scales = scale_tensor->as<std::uint16_t>().data();
    }
    out.storage.resize(std::size_t(values));
    std::size_t at = 0, block = 0;
    for (const TensorView& tensor : module) {
        const auto n = std::size_t(tensor.elements());
        float* y = out.storage.data() + at;
        if (codec == Codec::Bf16) {
            PATHLOOM_TRY(const TensorView* halves, same_shape(blob, tensor, DType::BF16, what));
            decode_bf16(halves->as<std::uint16_t>().data(), n, y);
        } else {
            decode_blocks(codec, codes + block * std::size_t(bytes), scales + block, n, y);
        }
        out.tensors.emplace_back(y, n);
        at += n;
        block += std::size_t(blocks_of(tensor.elements()));
    }
    return out;
}

}  // namespace pathloom
