// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/frame_reader.h"

#include "engine/media/av.h"

extern "C" {
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>

namespace pathloom {

namespace {

constexpr double seek_beyond = 8.0;  // seconds: nearer than that, reading on costs less than a seek
constexpr std::size_t most_waiting = std::size_t(48) << 20;  // bytes of packets read ahead
constexpr double rounding = 1e-3;  // seconds: containers keep whole milliseconds, or 90ths of them
constexpr int most_side = 16384;  // pixels

struct Waiting {
    av::PacketPtr packet;
    double from = 0.0;  ///< when its picture comes on screen
    double order = 0.0;  ///< decoding time: later packets never come on screen before it
    bool key = false;
};

}  // namespace

struct FrameReader::State {
    av::Container container;
    AVStream* stream = nullptr;
    av::Decoder decoder;
    std::deque<Waiting> waiting;
    std::size_t waiting_bytes = 0;
    double read_to = -1e9;  ///< order of the last packet read
    double last_end = 0.0;  ///< when the last picture of the file goes
    bool read_all = false, flushed = false, stamped = true;
    double frame_seconds = 0.04;
    av::FramePtr shown, coming;  ///< on screen now; decoded already, but later
    double shown_at = 0.0, coming_at = 0.0;
    double fed_from = -1e9;  ///< when the last picture given to the decoder comes on screen
    double asked = -1.0;
    bool changed = false;
    std::int64_t decoded = 0;
    int rotation = 0;

    double time_of(std::int64_t stamp) const { return av::seconds(*container, *stream, stamp); }

    void restart()
    {
        waiting.clear();
        waiting_bytes = 0;
        read_to = -1e9;
        read_all = flushed = false;
        coming.reset();
        fed_from = -1e9;
        avcodec_flush_buffers(decoder.get());
    }

    /// One packet of the stream more; false at the end of the file.
    bool read_one()
    {
        while (!read_all) {
            av::PacketPtr packet(av_packet_alloc());
            if (av_read_frame(container.get(), packet.get()) < 0) {
                read_all = true;
                break;
            }
            if (packet->stream_index != stream->index) continue;
            std::int64_t pts = packet->pts, dts = packet->dts;
            stamped = stamped && (pts != AV_NOPTS_VALUE || dts != AV_NOPTS_VALUE);
            if (pts == AV_NOPTS_VALUE) pts = dts;
            if (dts == AV_NOPTS_VALUE) dts = pts;
            const double from = pts == AV_NOPTS_VALUE ? std::max(0.0, read_to + frame_seconds) : time_of(pts);
            const double order = dts == AV_NOPTS_VALUE ? from : std::min(from, time_of(dts));
            const double length = packet->duration > 0 ? double(packet->duration) * av_q2d(stream->time_base) : frame_seconds;
            last_end = std::max(last_end, from + length);
            read_to = std::max(read_to, order);
            waiting_bytes += std::size_t(packet->size);
            const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
            waiting.push_back({std::move(packet), from, order, key});
            return true;
        }
        return false;
    }

    void drop_front()
    {
        waiting_bytes -= std::size_t(waiting.front().packet->size);
        waiting.pop_front();
    }

    /// All that can come on screen up to `seconds` waits or is decoded; more only if the packets are too many.
    void read_until(double seconds)
    {
        while (read_to <= seconds && waiting_bytes < most_waiting && read_one()) { }
    }

    /// What stands before the last key frame that comes on screen by `seconds` is never needed.
    void skip_to_key(double seconds)
    {
        if (!stamped) return;
        std::size_t key = 0;
        for (std::size_t i = 0; i < waiting.size(); ++i)
            if (waiting[i].key && waiting[i].from <= seconds) key = i;
        if (key == 0) return;
        for (; key > 0; --key) drop_front();
        avcodec_flush_buffers(decoder.get());
        coming.reset();
        fed_from = -1e9;
    }

    /// To the last key frame that comes on screen by `seconds`. Containers without an index go to some packet near it: then
    /// farther back. False when the file cannot be sought in; then nothing has changed.
    bool seek(double seconds)
    {
        for (double earlier = 0.0;; earlier = earlier == 0.0 ? 5.0 : 3.0 * earlier) {
            const std::int64_t target = av::stamp(*container, *stream, std::max(0.0, seconds - earlier));
            if (av_seek_frame(container.get(), stream->index, target, AVSEEK_FLAG_BACKWARD) < 0) return earlier > 0.0;
            restart();
            read_until(seconds);
            const bool key = std::ranges::any_of(waiting, [&](const Waiting& one) { return one.key && one.from <= seconds; });
            if (key) return true;
            if (earlier < seconds) continue;
            // Not even from the beginning of time: from that of the file.
            if (av_seek_frame(container.get(), -1, 0, AVSEEK_FLAG_BYTE) >= 0) restart();
            return true;
        }
    }

    /// A picture out of the decoder into `coming`; false when it wants more packets, or has ended.
    bool receive()
    {
        av::FramePtr frame(av_frame_alloc());
        if (avcodec_receive_frame(decoder.get(), frame.get()) < 0) return false;
        if (frame->width <= 0 || frame->height <= 0 || frame->width > most_side || frame->height > most_side) return true;
        ++decoded;
        const std::int64_t stamp = frame->best_effort_timestamp;
        coming_at = stamp == AV_NOPTS_VALUE || !stamped ? double(decoded - 1) * frame_seconds : time_of(stamp);
        coming = std::move(frame);
        return true;
    }

    /// Gives the decoder a packet, or tells it that there are no more; false when it knew.
    bool feed(double wanted, bool skipping)
    {
        if (waiting.empty() && !read_one()) {
            if (flushed) return false;
            flushed = true;
            avcodec_send_packet(decoder.get(), nullptr);
            return true;
        }
        const Waiting& next = waiting.front();
        // Others refer to the wanted picture or not: it is decoded. Of the rest only what is referred to.
        const bool near = std::abs(next.from - wanted) < 0.5 * frame_seconds;
        decoder->skip_frame = skipping && stamped && !near ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
        avcodec_send_packet(decoder.get(), next.packet.get());  // damaged pictures are passed over
        fed_from = std::max(fed_from, next.from);
        drop_front();
        return true;
    }

    void show()
    {
        shown = std::move(coming);
        shown_at = coming_at;
        changed = true;
    }
};

FrameReader::FrameReader(std::unique_ptr<State> state)
    : m_state(std::move(state))
{
}
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;
FrameReader::~FrameReader() = default;

Result<FrameReader> FrameReader::open(const std::filesystem::path& file, int threads)
{
    auto state = std::make_unique<State>();
    PATHLOOM_TRY(state->container, av::open(file));
    state->stream = av::best_stream(*state->container, AVMEDIA_TYPE_VIDEO);
    if (!state->stream) return fail(ErrorCode::Usage, "has no pictures: it holds no video stream");
    av::keep_only(*state->container, state->stream);
    PATHLOOM_TRY(state->decoder, av::open_decoder(*state->stream, threads));
    state->decoder->flags2 |= AV_CODEC_FLAG2_FAST;
    const AVRational rate = state->stream->avg_frame_rate.num > 0 ? state->stream->avg_frame_rate : state->stream->r_frame_rate;
    if (rate.num > 0 && rate.den > 0) state->frame_seconds = std::clamp(1.0 / av_q2d(rate), 1e-3, 60.0);
    state->rotation = av::rotation(*state->stream);
    state->read_one();  // whether it has time stamps
    return FrameReader(std::move(state));
}

Result<bool> FrameReader::go_to(double seconds)
{
    seconds += rounding;
    State& s = *m_state;
    const bool back = s.asked >= 0.0 && seconds < s.asked;
    s.changed = false;
    if (back || (s.stamped && seconds > std::max(s.asked, 0.0) + seek_beyond)) {
        const std::int64_t target = av::stamp(*s.container, *s.stream, seconds);
        const AVIndexEntry* const key = avformat_index_get_entry_from_timestamp(s.stream, target, AVSEEK_FLAG_BACKWARD);
        const bool farther = !key || s.time_of(key->timestamp) > s.fed_from;
        if (s.stamped && (back || farther) && s.seek(seconds)) {
            s.shown.reset();
        } else if (back) {
            return fail(
                ErrorCode::Usage, "cannot be wound back; convert it to another container (ffmpeg -i FILE -c copy FILE.mkv)");
        }
    }
    const bool skipping = s.asked < 0.0 || seconds - s.asked > 4.0 * s.frame_seconds;
    s.asked = seconds;
    s.read_until(seconds);
    s.skip_to_key(seconds);
    double wanted = -std::numeric_limits<double>::infinity();  // when the picture on screen then came
    for (const Waiting& one : s.waiting)
        if (one.from <= seconds) wanted = std::max(wanted, one.from);
    wanted = std::max(wanted, s.fed_from <= seconds ? s.fed_from : -std::numeric_limits<double>::infinity());
    for (;;) {
        if (s.coming && (s.coming_at <= seconds || !s.shown)) s.show();
        if (s.coming) break;  // later than asked for
        if (s.shown && s.shown_at >= wanted && s.stamped && s.shown_at <= seconds && wanted > -1e8) {
            if (s.read_to > seconds || s.read_all) break;  // nothing else can come before `seconds`
        }
        if (!s.receive() && !s.feed(wanted, skipping)) break;
    }
    if (!s.shown)
        return fail(
            ErrorCode::Corrupt, "holds no picture that can be decoded ({})", avcodec_get_name(s.stream->codecpar->codec_id));
    return !s.read_all || seconds < std::max(s.last_end, s.shown_at + s.frame_seconds);
}

Result<void> FrameReader::show(double seconds)
{
    PATHLOOM_TRY(const bool there, go_to(seconds));
    if (!there) return fail(ErrorCode::Usage, "ends before {:.0f} s; choose an earlier picture", seconds);
    return {};
}

double FrameReader::shown_at() const
{
    return m_state->shown_at;
}

bool FrameReader::changed() const
{
    return m_state->changed;
}

double FrameReader::duration() const
{
    return av::duration(*m_state->container);
}

std::int64_t FrameReader::decoded() const
{
    return m_state->decoded;
}

namespace {

/// Scaled by 2 at most until its upright height is in the range (0: no bound).
Picture converted(const AVFrame& frame, int least_height, int most_height, AVPixelFormat format, int channels, int rotation)
{
    const int upright = rotation % 180 == 0 ? frame.height : frame.width;
    double scale = 1.0;
    if (most_height > 0 && upright > most_height) scale = double(most_height) / upright;
    if (upright < least_height) scale = std::min(2.0, double(least_height) / upright);
    const int width = std::max(1, int(std::lround(frame.width * scale)));
    const int height = std::max(1, int(std::lround(frame.height * scale)));
    const std::unique_ptr<SwsContext, void (*)(SwsContext*)> scaler(
        sws_getContext(frame.width, frame.height, AVPixelFormat(frame.format), width, height, format,
            scale == 1.0      ? SWS_POINT
                : scale < 1.0 ? SWS_AREA
                              : SWS_BICUBIC,
            nullptr, nullptr, nullptr),
        sws_freeContext);
    if (!scaler) return {};
    // libswscale writes whole vectors: rows get room for them.
    const int stride = (width * channels + 63) / 64 * 64;
    std::vector<std::uint8_t> rows(std::size_t(stride) * std::size_t(height) + 64);
    const std::array<std::uint8_t*, 4> planes{rows.data(), nullptr, nullptr, nullptr};
    const std::array<int, 4> strides{stride, 0, 0, 0};
    if (sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, planes.data(), strides.data()) <= 0) return {};
    Picture out{width, height, channels};
    out.bytes.resize(out.row_bytes() * std::size_t(height));
    for (int y = 0; y < height; ++y)
        std::copy_n(
            rows.begin() + std::ptrdiff_t(stride) * y, out.row_bytes(), out.bytes.begin() + std::ptrdiff_t(out.row_bytes()) * y);
    return turned(out, rotation);
}

}  // namespace

Picture FrameReader::picture(int channels, int least_height, int most_height) const
{
    const AVPixelFormat format = channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24;
    return converted(*m_state->shown, least_height, most_height, format, channels, m_state->rotation);
}

}  // namespace pathloom
