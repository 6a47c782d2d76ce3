// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/sound_reader.h"

#include "engine/media/av.h"

extern "C" {
#include <libswresample/swresample.h>
}

#include <algorithm>

namespace pathloom {

struct SoundReader::State {
    struct ResamplerFree {
        void operator()(SwrContext* context) const { swr_free(&context); }
    };
    av::Container container;
    AVStream* stream = nullptr;
    av::Decoder decoder;
    std::unique_ptr<SwrContext, ResamplerFree> resampler;
    AVChannelLayout layout{};  ///< the resampler's input
    int format = -1, rate = 0;
    double from = 0.0;
    double seconds = 0.0;
    bool placed = false, ended = false;

    ~State() { av_channel_layout_uninit(&layout); }

    /// A resampler for what the decoder gives now: it may change within a file.
    bool prepare(AVFrame& frame)
    {
        if (resampler && format == frame.format && rate == frame.sample_rate
            && av_channel_layout_compare(&layout, &frame.ch_layout) == 0)
            return true;
        AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
        SwrContext* made = nullptr;
        if (swr_alloc_set_opts2(&made, &mono, AV_SAMPLE_FMT_S16, SoundRate, &frame.ch_layout, AVSampleFormat(frame.format),
                frame.sample_rate, 0, nullptr)
                < 0
            || swr_init(made) < 0) {
            swr_free(&made);
            return false;
        }
        resampler.reset(made);
        format = frame.format;
        rate = frame.sample_rate;
        return av_channel_layout_copy(&layout, &frame.ch_layout) >= 0;
    }

    std::vector<std::int16_t> converted(AVFrame& frame)
    {
        if (!prepare(frame)) return {};
        std::vector<std::int16_t> out(std::size_t(std::max(0, swr_get_out_samples(resampler.get(), frame.nb_samples))));
        auto* to = reinterpret_cast<std::uint8_t*>(out.data());
        const int made = swr_convert(
            resampler.get(), &to, int(out.size()), const_cast<const std::uint8_t**>(frame.extended_data), frame.nb_samples);
        out.resize(std::size_t(std::max(0, made)));
        return out;
    }
};

SoundReader::SoundReader(std::unique_ptr<State> state)
    : m_state(std::move(state))
{
}
SoundReader::SoundReader(SoundReader&&) noexcept = default;
SoundReader& SoundReader::operator=(SoundReader&&) noexcept = default;
SoundReader::~SoundReader() = default;

Result<SoundReader> SoundReader::open(const std::filesystem::path& file, double from)
{
    auto state = std::make_unique<State>();
    PATHLOOM_TRY(state->container, av::open(file));
    state->stream = av::best_stream(*state->container, AVMEDIA_TYPE_AUDIO);
    if (!state->stream) return fail(ErrorCode::Usage, "has no sound: it holds no audio stream");
    av::keep_only(*state->container, state->stream);
    PATHLOOM_TRY(state->decoder, av::open_decoder(*state->stream, 1));
    state->from = from;
    if (from > 0.0)
        av_seek_frame(state->container.get(), state->stream->index, av::stamp(*state->container, *state->stream, from),
            AVSEEK_FLAG_BACKWARD);  // where it cannot, what comes before is passed over
    return SoundReader(std::move(state));
}

std::vector<std::int16_t> SoundReader::next()
{
    State& s = *m_state;
    const av::FramePtr frame(av_frame_alloc());
    const av::PacketPtr packet(av_packet_alloc());
    while (!s.ended) {
        const int got = avcodec_receive_frame(s.decoder.get(), frame.get());
        if (got == 0) {
            if (!s.placed || frame->best_effort_timestamp != AV_NOPTS_VALUE) {
                s.seconds = frame->best_effort_timestamp == AV_NOPTS_VALUE
                    ? s.seconds
                    : av::seconds(*s.container, *s.stream, frame->best_effort_timestamp);
                s.placed = true;
            }
            s.seconds += double(frame->nb_samples) / std::max(1, frame->sample_rate);
            if (s.seconds <= s.from) continue;
            auto out = s.converted(*frame);
            if (!out.empty()) return out;
            continue;
        }
        if (got == AVERROR_EOF) {
            s.ended = true;
            break;
        }
        const int read = av_read_frame(s.container.get(), packet.get());
        if (read < 0)
            avcodec_send_packet(s.decoder.get(), nullptr);
        else if (packet->stream_index == s.stream->index)
            avcodec_send_packet(s.decoder.get(), packet.get());
        av_packet_unref(packet.get());
    }
    return {};
}

double SoundReader::seconds() const
{
    return m_state->seconds;
}

}  // namespace pathloom
