// SPDX-License-Identifier: GPL-3.0-or-later
// libav's objects as values that close themselves. For the files of this floor only.
#pragma once

#include "engine/core/result.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <filesystem>
#include <memory>
#include <string>

namespace pathloom::av {

struct Free {
    void operator()(AVFormatContext* context) const;  ///< and the file it reads
    void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
using Container = std::unique_ptr<AVFormatContext, Free>;
using Decoder = std::unique_ptr<AVCodecContext, Free>;
using FramePtr = std::unique_ptr<AVFrame, Free>;
using PacketPtr = std::unique_ptr<AVPacket, Free>;

/// libav's words for an error number.
std::string reason(int error);

/// Opens a file and finds its streams. Reads that one file and nothing else: a playlist cannot name others or the network.
Result<Container> open(const std::filesystem::path& file);

/// The stream to watch (a cover picture is none), or to listen to; nullptr when there is none. What the others hold is not read.
AVStream* best_stream(AVFormatContext& container, AVMediaType type);
void keep_only(AVFormatContext& container, const AVStream* stream);

/// Usage when there is no decoder for it here.
Result<Decoder> open_decoder(const AVStream& stream, int threads);

/// Seconds of a stream's time stamp from the beginning of the film, and back.
double seconds(const AVFormatContext& container, const AVStream& stream, std::int64_t stamp);
std::int64_t stamp(const AVFormatContext& container, const AVStream& stream, double seconds);

/// How far the stored pictures are turned by to be seen, clockwise: 0, 90, 180, 270.
int rotation(const AVStream& stream);

/// Of the film, 0 when nothing says it.
double duration(const AVFormatContext& container);

}  // namespace pathloom::av
