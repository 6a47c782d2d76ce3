// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/subtitle_tracks.h"

#include "engine/corpus/text.h"
#include "engine/media/av.h"

#include <algorithm>
#include <map>

namespace pathloom {

namespace {

struct Track {
    av::Decoder decoder;
    std::string name;
};

std::map<int, Track> open_tracks(AVFormatContext& container)
{
    std::map<int, Track> out;
    for (unsigned i = 0; i < container.nb_streams; ++i) {
        AVStream& stream = *container.streams[i];
        const AVCodecDescriptor* const kind = avcodec_descriptor_get(stream.codecpar->codec_id);
        const bool text
            = stream.codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE && kind && (kind->props & AV_CODEC_PROP_TEXT_SUB) != 0;
        auto decoder = text ? av::open_decoder(stream, 1) : Result<av::Decoder>(av::Decoder());
        if (!text || !decoder) {
            stream.discard = AVDISCARD_ALL;
            continue;
        }
        const AVDictionaryEntry* const language = av_dict_get(stream.metadata, "language", nullptr, 0);
        out.emplace(int(i), Track{std::move(*decoder), language && language->value ? language->value : ""});
    }
    const bool several = out.size() > 1;
    for (auto& [index, track] : out)
        track.name = several && !track.name.empty() ? std::string(SubtitleTrack) + ", " + track.name : SubtitleTrack;
    return out;
}

void add_cue(const AVSubtitle& cue, double seconds, const std::string& track, std::vector<Segment>& out)
{
    std::string text;
    for (unsigned r = 0; r < cue.num_rects; ++r) {
        const AVSubtitleRect& rect = *cue.rects[r];
        if (rect.ass)
            text += words_of_event(rect.ass);
        else if (rect.text)
            text += std::string(rect.text) + "\n";
    }
    if (std::ranges::all_of(text, is_blank) || why_not_text(text)) return;
    out.push_back({std::move(text), {0, {}, -1, std::max(0.0, seconds), track}});
}

}  // namespace

std::string words_of_event(std::string_view event)
{
    for (int field = 0; field < 8; ++field) {
        const std::size_t comma = event.find(',');
        if (comma == std::string_view::npos) break;
        event.remove_prefix(comma + 1);
    }
    std::string out;
    for (std::size_t i = 0; i < event.size(); ++i) {
        if (event[i] == '{' && i + 1 < event.size() && event[i + 1] == '\\') {
            const std::size_t end = event.find('}', i);
            if (end == std::string_view::npos) break;
            i = end;
        } else if (event[i] == '\\' && i + 1 < event.size() && (event[i + 1] == 'N' || event[i + 1] == 'n')) {
            out += '\n';
            ++i;
        } else if (event[i] == '\\' && i + 1 < event.size() && event[i + 1] == 'h') {
            out += ' ';
            ++i;
        } else if (event[i] != '\r') {
            out += event[i];
        }
    }
    while (!out.empty() && is_blank(out.back())) out.pop_back();
    return out.empty() ? out : out + "\n";
}

Result<std::vector<Segment>> read_subtitle_tracks(const std::filesystem::path& file, const std::function<bool(double)>& going_on)
{
    PATHLOOM_TRY(const av::Container container, av::open(file));
    std::map<int, Track> tracks = open_tracks(*container);
    std::vector<Segment> out;
    if (tracks.empty()) return out;
    const av::PacketPtr packet(av_packet_alloc());
    for (; av_read_frame(container.get(), packet.get()) >= 0; av_packet_unref(packet.get())) {
        const auto track = tracks.find(packet->stream_index);
        if (track == tracks.end() || packet->pts == AV_NOPTS_VALUE) continue;
        const double seconds = av::seconds(*container, *container->streams[packet->stream_index], packet->pts);
        if (!going_on(seconds)) return fail(ErrorCode::Cancelled, "stopped");
        AVSubtitle cue{};
        int got = 0;
        if (avcodec_decode_subtitle2(track->second.decoder.get(), &cue, &got, packet.get()) >= 0 && got)
            add_cue(cue, seconds, track->second.name, out);
        if (got) avsubtitle_free(&cue);
    }
    std::ranges::stable_sort(out, {}, [](const Segment& cue) { return cue.where.seconds; });
    return out;
}

}  // namespace pathloom
