// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/media_facts.h"

#include "engine/media/av.h"

namespace pathloom {

namespace {

std::string tag(const AVStream& stream, const char* name)
{
    const AVDictionaryEntry* const entry = av_dict_get(stream.metadata, name, nullptr, 0);
    return entry && entry->value ? entry->value : "";
}

double rate(const AVStream& stream)
{
    const AVRational mean = stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
    return mean.num > 0 && mean.den > 0 ? av_q2d(mean) : 0.0;
}

}  // namespace

Result<MediaFacts> media_facts(const std::filesystem::path& file)
{
    PATHLOOM_TRY(const av::Container container, av::open(file));
    MediaFacts out;
    out.seconds = av::duration(*container);
    if (const AVStream* const video = av::best_stream(*container, AVMEDIA_TYPE_VIDEO)) {
        const AVCodecParameters& coded = *video->codecpar;
        VideoFacts facts{avcodec_get_name(coded.codec_id), coded.width, coded.height, rate(*video), av::rotation(*video)};
        if (facts.rotation % 180 != 0) std::swap(facts.width, facts.height);
        out.video = std::move(facts);
    }
    if (const AVStream* const audio = av::best_stream(*container, AVMEDIA_TYPE_AUDIO)) {
        const AVCodecParameters& coded = *audio->codecpar;
        out.audio = AudioFacts{avcodec_get_name(coded.codec_id), coded.sample_rate, coded.ch_layout.nb_channels};
    }
    for (unsigned i = 0; i < container->nb_streams; ++i) {
        const AVStream& stream = *container->streams[i];
        if (stream.codecpar->codec_type != AVMEDIA_TYPE_SUBTITLE) continue;
        const AVCodecDescriptor* const kind = avcodec_descriptor_get(stream.codecpar->codec_id);
        out.subtitles.push_back({avcodec_get_name(stream.codecpar->codec_id), tag(stream, "language"), tag(stream, "title"),
            kind && (kind->props & AV_CODEC_PROP_TEXT_SUB) != 0});
    }
    if (!out.video && !out.audio && out.subtitles.empty())
        return fail(ErrorCode::Usage, "holds neither pictures nor sound nor subtitles; is it a film?");
    return out;
}

}  // namespace pathloom
