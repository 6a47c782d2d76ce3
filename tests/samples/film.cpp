// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/samples/film.h"

#include "engine/media/av.h"
#include "engine/media/overlay.h"

extern "C" {
#include <libavutil/display.h>
}

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace pathloom::test {

namespace {

constexpr AVRational milliseconds{1, 1000};

void need(bool good, const char* what)
{
    if (!good) throw std::runtime_error(std::string("a sample film cannot be made: ") + what);
}

struct Writer {
    AVFormatContext* context = nullptr;
    ~Writer()
    {
        if (!context) return;
        avio_closep(&context->pb);
        avformat_free_context(context);
    }
    void write(AVPacket* packet, const AVStream* stream, AVRational from)
    {
        av_packet_rescale_ts(packet, from, stream->time_base);
        packet->stream_index = stream->index;
        need(av_interleaved_write_frame(context, packet) >= 0, "a packet cannot be written");
    }
};

std::vector<double> times_of(const FilmSpec& spec)
{
    if (!spec.times.empty()) return spec.times;
    std::vector<double> out;
    for (int i = 0; i < int(std::lround(spec.seconds * spec.fps)); ++i) out.push_back(i / spec.fps);
    return out;
}

Picture drawn(const FilmSpec& spec, int i, double seconds)
{
    Picture out{spec.width, spec.height, 3};
    out.bytes.assign(out.row_bytes() * std::size_t(spec.height), std::uint8_t(light(i)));
    for (int y = 0; y < spec.height / 8; ++y)
        std::fill_n(out.bytes.begin() + std::ptrdiff_t(out.row_bytes()) * y, spec.width / 8 * 3, std::uint8_t(255));
    for (const FilmWords& words : spec.words)
        if (seconds >= words.from && seconds < words.to) out = overlaid(out, {words.text, 0.5, 0.5, 0.09});
    return out;
}

av::Decoder coder(const FilmSpec& spec, const Writer& writer)
{
    const AVCodec* const codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    need(codec != nullptr, "no MPEG-4 encoder");
    av::Decoder out(avcodec_alloc_context3(codec));
    out->width = spec.width;
    out->height = spec.height;
    out->pix_fmt = AV_PIX_FMT_YUV420P;
    out->time_base = milliseconds;
    out->framerate = {int(std::lround(spec.fps * 1000)), 1000};
    out->gop_size = spec.key_every;
    out->max_b_frames = spec.b_frames;
    out->global_quality = 3 * FF_QP2LAMBDA;
    out->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
    if (writer.context->oformat->flags & AVFMT_GLOBALHEADER) out->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    need(avcodec_open2(out.get(), codec, nullptr) >= 0, "the encoder does not start");
    return out;
}

void drain(Writer& writer, AVCodecContext* encoder, const AVStream* stream)
{
    const av::PacketPtr packet(av_packet_alloc());
    while (avcodec_receive_packet(encoder, packet.get()) >= 0) writer.write(packet.get(), stream, encoder->time_base);
}

void write_pictures(Writer& writer, const FilmSpec& spec, AVCodecContext* encoder, const AVStream* stream)
{
    const av::FramePtr frame(av_frame_alloc());
    frame->format = encoder->pix_fmt;
    frame->width = spec.width;
    frame->height = spec.height;
    need(av_frame_get_buffer(frame.get(), 0) >= 0, "no memory");
    int i = 0;
    for (const double seconds : times_of(spec)) {
        const Picture grey = grey_of(drawn(spec, i++, seconds));
        need(av_frame_make_writable(frame.get()) >= 0, "no memory");
        for (int y = 0; y < spec.height; ++y)  // full range to the range of film
            for (int x = 0; x < spec.width; ++x)
                frame->data[0][y * frame->linesize[0] + x]
                    = std::uint8_t(16 + int(grey.bytes[std::size_t(y) * grey.row_bytes() + std::size_t(x)]) * 219 / 255);
        for (const int plane : {1, 2})
            for (int y = 0; y < spec.height / 2; ++y)
                std::fill_n(frame->data[plane] + std::ptrdiff_t(y) * frame->linesize[plane], spec.width / 2, std::uint8_t(128));
        frame->pts = std::llround(seconds * 1000.0);
        need(avcodec_send_frame(encoder, frame.get()) >= 0, "a picture cannot be coded");
        drain(writer, encoder, stream);
    }
    avcodec_send_frame(encoder, nullptr);
    drain(writer, encoder, stream);
}

void write_bytes(Writer& writer, const AVStream* stream, const void* bytes, std::size_t size, double from, double length)
{
    const av::PacketPtr packet(av_packet_alloc());
    need(av_new_packet(packet.get(), int(size)) >= 0, "no memory");
    std::copy_n(static_cast<const std::uint8_t*>(bytes), size, packet->data);
    packet->pts = packet->dts = std::llround(from * 1000.0);
    packet->duration = std::llround(length * 1000.0);
    packet->flags |= AV_PKT_FLAG_KEY;
    writer.write(packet.get(), stream, milliseconds);
}

}  // namespace

int light(int i)
{
    return 30 + (i * 37) % 180;
}

void film(const std::filesystem::path& file, const FilmSpec& spec)
{
    av_log_set_level(AV_LOG_QUIET);
    Writer writer;
    need(avformat_alloc_output_context2(&writer.context, nullptr, nullptr, file.c_str()) >= 0, "unknown ending");
    writer.context->flags |= AVFMT_FLAG_BITEXACT;
    av::Decoder encoder;
    AVStream *pictures = nullptr, *cues = nullptr, *sound = nullptr;
    if (spec.pictures) {
        encoder = coder(spec, writer);
        pictures = avformat_new_stream(writer.context, nullptr);
        avcodec_parameters_from_context(pictures->codecpar, encoder.get());
        pictures->time_base = milliseconds;
        pictures->avg_frame_rate = encoder->framerate;
        if (spec.rotation != 0) {
            auto* const matrix = av_stream_new_side_data(pictures, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(std::int32_t));
            av_display_rotation_set(reinterpret_cast<std::int32_t*>(matrix), spec.rotation);
        }
    }
    if (!spec.cues.empty()) {
        cues = avformat_new_stream(writer.context, nullptr);
        cues->codecpar->codec_type = AVMEDIA_TYPE_SUBTITLE;
        cues->codecpar->codec_id = AV_CODEC_ID_SUBRIP;
        cues->time_base = milliseconds;
        av_dict_set(&cues->metadata, "language", "eng", 0);
    }
    if (!spec.sound.empty()) {
        sound = avformat_new_stream(writer.context, nullptr);
        sound->codecpar->codec_type = AVMEDIA_TYPE_AUDIO;
        sound->codecpar->codec_id = AV_CODEC_ID_PCM_S16LE;
        sound->codecpar->format = AV_SAMPLE_FMT_S16;
        sound->codecpar->sample_rate = 16000;
        sound->codecpar->bits_per_coded_sample = 16;
        sound->codecpar->block_align = 2;
        av_channel_layout_default(&sound->codecpar->ch_layout, 1);
        sound->time_base = milliseconds;
    }
    need(avio_open(&writer.context->pb, file.c_str(), AVIO_FLAG_WRITE) >= 0, "the file cannot be written");
    need(avformat_write_header(writer.context, nullptr) >= 0, "this kind of file does not hold that");
    for (const FilmWords& cue : spec.cues)
        write_bytes(writer, cues, cue.text.data(), cue.text.size(), cue.from, cue.to - cue.from);
    constexpr std::size_t piece = 1600;  // a tenth of a second
    for (std::size_t at = 0; at < spec.sound.size(); at += piece) {
        const std::size_t count = std::min(piece, spec.sound.size() - at);
        write_bytes(writer, sound, &spec.sound[at], count * 2, double(at) / 16000.0, double(count) / 16000.0);
    }
    if (pictures) write_pictures(writer, spec, encoder.get(), pictures);
    need(av_write_trailer(writer.context) >= 0, "the file cannot be ended");
}

}  // namespace pathloom::test
