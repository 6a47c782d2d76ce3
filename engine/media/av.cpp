// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/av.h"

extern "C" {
#include <libavutil/display.h>
}

#include <algorithm>
#include <array>
#include <cmath>

namespace pathloom::av {

namespace {

/// What a playlist or a reference in a container would open.
int refuse_more(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**)
{
    return AVERROR(EPERM);
}

}  // namespace

void Free::operator()(AVFormatContext* context) const
{
    AVIOContext* io = context->pb;
    avformat_close_input(&context);
    avio_closep(&io);
}

std::string reason(int error)
{
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(error, text.data(), text.size());
    return text.data();
}

Result<Container> open(const std::filesystem::path& file)
{
    av_log_set_level(AV_LOG_QUIET);  // its complaints would fill stderr
    AVIOContext* io = nullptr;
    const std::string url = "file:" + file.string();  // never a protocol, whatever the name looks like
    if (const int error = avio_open(&io, url.c_str(), AVIO_FLAG_READ); error < 0)
        return fail(ErrorCode::NotFound, "cannot be opened: {}", reason(error));
    AVFormatContext* context = avformat_alloc_context();
    context->pb = io;
    context->io_open = refuse_more;
    if (const int error = avformat_open_input(&context, url.c_str(), nullptr, nullptr); error < 0) {  // frees the context
        avio_closep(&io);
        return fail(
            ErrorCode::Corrupt, "is damaged or no film ({}); play it in a player, or convert it with ffmpeg", reason(error));
    }
    Container out(context);
    if (const int error = avformat_find_stream_info(context, nullptr); error < 0)
        return fail(ErrorCode::Corrupt, "is damaged: {}", reason(error));
    return out;
}

AVStream* best_stream(AVFormatContext& container, AVMediaType type)
{
    const int index = av_find_best_stream(&container, type, -1, -1, nullptr, 0);
    if (index < 0) return nullptr;
    AVStream* const stream = container.streams[index];
    return stream->disposition & AV_DISPOSITION_ATTACHED_PIC ? nullptr : stream;
}

void keep_only(AVFormatContext& container, const AVStream* stream)
{
    for (unsigned i = 0; i < container.nb_streams; ++i)
        if (container.streams[i] != stream) container.streams[i]->discard = AVDISCARD_ALL;
}

Result<Decoder> open_decoder(const AVStream& stream, int threads)
{
    const AVCodec* const codec = avcodec_find_decoder(stream.codecpar->codec_id);
    const char* const name = avcodec_get_name(stream.codecpar->codec_id);
    if (!codec)
        return fail(ErrorCode::Usage, "is coded as {}, which this FFmpeg does not decode; convert it with ffmpeg first", name);
    Decoder decoder(avcodec_alloc_context3(codec));
    avcodec_parameters_to_context(decoder.get(), stream.codecpar);
    decoder->pkt_timebase = stream.time_base;
    decoder->thread_count = threads;
    if (const int error = avcodec_open2(decoder.get(), codec, nullptr); error < 0)
        return fail(ErrorCode::Corrupt, "cannot be decoded ({}): {}", name, reason(error));
    return decoder;
}

double seconds(const AVFormatContext& container, const AVStream& stream, std::int64_t stamp)
{
    const double start = container.start_time == AV_NOPTS_VALUE ? 0.0 : double(container.start_time) / AV_TIME_BASE;
    return double(stamp) * av_q2d(stream.time_base) - start;
}

std::int64_t stamp(const AVFormatContext& container, const AVStream& stream, double seconds)
{
    const double start = container.start_time == AV_NOPTS_VALUE ? 0.0 : double(container.start_time) / AV_TIME_BASE;
    return std::int64_t(std::floor((seconds + start) / av_q2d(stream.time_base)));
}

int rotation(const AVStream& stream)
{
    const std::uint8_t* const matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
    if (!matrix) return 0;
    const double counterclockwise = av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix));
    if (std::isnan(counterclockwise)) return 0;
    return ((int(std::lround(-counterclockwise / 90.0)) % 4 + 4) % 4) * 90;
}

double duration(const AVFormatContext& container)
{
    std::int64_t longest = container.duration == AV_NOPTS_VALUE ? 0 : container.duration;
    double out = std::max(0.0, double(longest) / AV_TIME_BASE);
    if (out > 0.0) return out;
    for (unsigned i = 0; i < container.nb_streams; ++i) {
        const AVStream& stream = *container.streams[i];
        if (stream.duration != AV_NOPTS_VALUE) out = std::max(out, double(stream.duration) * av_q2d(stream.time_base));
    }
    return out;
}

}  // namespace pathloom::av
