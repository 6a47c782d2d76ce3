// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/picture_copy.h"

#include "engine/media/av.h"

extern "C" {
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <array>
#include <cmath>

namespace pathloom {

namespace {

using Scaler = std::unique_ptr<SwsContext, void (*)(SwsContext*)>;

/// A frame of that size with room for its pixels.
av::FramePtr frame_of(int width, int height, AVPixelFormat format)
{
    av::FramePtr frame(av_frame_alloc());
    frame->width = width;
    frame->height = height;
    frame->format = format;
    if (av_frame_get_buffer(frame.get(), 0) < 0) return nullptr;
    return frame;
}

bool scale_into(const AVFrame& from, AVFrame& to)
{
    const Scaler scaler(sws_getContext(from.width, from.height, AVPixelFormat(from.format), to.width, to.height,
                            AVPixelFormat(to.format), SWS_BICUBIC, nullptr, nullptr, nullptr),
        sws_freeContext);
    return scaler && sws_scale(scaler.get(), from.data, from.linesize, 0, from.height, to.data, to.linesize) > 0;
}

/// Encoded as JPEG and decoded again.
av::FramePtr through_jpeg(AVFrame& frame, int coarseness)
{
    const AVCodec* const writer = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    const AVCodec* const reader = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
    if (!writer || !reader) return nullptr;
    const av::Decoder encoder(avcodec_alloc_context3(writer)), decoder(avcodec_alloc_context3(reader));
    encoder->width = frame.width;
    encoder->height = frame.height;
    encoder->pix_fmt = AVPixelFormat(frame.format);
    encoder->time_base = {1, 1};
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = FF_QP2LAMBDA * coarseness;
    frame.quality = encoder->global_quality;
    const av::PacketPtr packet(av_packet_alloc());
    av::FramePtr out(av_frame_alloc());
    const bool good = avcodec_open2(encoder.get(), writer, nullptr) >= 0 && avcodec_send_frame(encoder.get(), &frame) >= 0
        && avcodec_receive_packet(encoder.get(), packet.get()) >= 0 && avcodec_open2(decoder.get(), reader, nullptr) >= 0
        && avcodec_send_packet(decoder.get(), packet.get()) >= 0 && avcodec_receive_frame(decoder.get(), out.get()) >= 0;
    if (!good) return nullptr;
    return out;
}

}  // namespace

Result<Picture> copied(const Picture& rgb, const CopyRecipe& recipe)
{
    const Error broken{ErrorCode::Failed, "cannot be copied as a JPEG; reinstall FFmpeg's libraries"};
    const CopyShape shape = copy_shape(recipe, rgb.width, rgb.height);
    const Picture inner = cropped(rgb, shape.part);
    const av::FramePtr from = frame_of(inner.width, inner.height, AV_PIX_FMT_RGB24);
    const av::FramePtr small = frame_of(shape.width, shape.height, AV_PIX_FMT_YUVJ420P);
    if (!from || !small) return fail(broken);
    for (int y = 0; y < inner.height; ++y) {
        const auto row = inner.bytes.begin() + std::ptrdiff_t(inner.row_bytes()) * y;
        std::transform(row, row + std::ptrdiff_t(inner.row_bytes()), from->data[0] + std::ptrdiff_t(from->linesize[0]) * y,
            [&](std::uint8_t value) { return std::uint8_t(std::clamp(std::lround(double(value) * recipe.light), 0L, 255L)); });
    }
    if (!scale_into(*from, *small)) return fail(broken);
    const av::FramePtr decoded = through_jpeg(*small, recipe.coarseness);
    const av::FramePtr back = decoded ? frame_of(decoded->width, decoded->height, AV_PIX_FMT_RGB24) : nullptr;
    if (!back || !scale_into(*decoded, *back)) return fail(broken);
    Picture out{back->width, back->height, 3};
    for (int y = 0; y < back->height; ++y) {
        const std::uint8_t* const row = back->data[0] + std::ptrdiff_t(back->linesize[0]) * y;
        out.bytes.insert(out.bytes.end(), row, row + out.row_bytes());
    }
    return out;
}

}  // namespace pathloom
