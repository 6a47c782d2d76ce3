// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/video/film_document.h"

#include "engine/media/frame_reader.h"
#include "engine/media/media_facts.h"
#include "engine/media/picture_track.h"
#include "engine/media/sound_reader.h"
#include "engine/media/speech.h"
#include "engine/media/subtitle_tracks.h"
#include "plugins/video/sidecars.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace pathloom {

namespace {

constexpr double stretch = 20.0, stretch_with_speech = 5.0;  // seconds of film read track by track before they are given in order
constexpr const char* speech_track = "speech";

/// Text of the pictures from time to time.
class PictureSource {
public:
    static Result<PictureSource> open(const std::filesystem::path& file, const ReadOptions& options)
    {
        PATHLOOM_TRY(PictureText reader, PictureText::open(options.language));
        PATHLOOM_TRY(FrameReader frames, FrameReader::open(file));
        return PictureSource(std::move(frames), std::move(reader), options);
    }
    /// Everything before `end` seconds into `out`; false when the film is over.
    Result<bool> read_until(double end, std::vector<Segment>& out)
    {
        for (; m_next / m_rate < end; m_next += 1.0) {
            const double seconds = m_next / m_rate;
            PATHLOOM_TRY(const bool there, m_frames.go_to(seconds));
            if (!there) return false;
            if (!m_frames.changed()) continue;
            for (PictureLine& line : m_track.look(m_frames.picture(1, LeastLookHeight, MostLookHeight)))
                out.push_back({std::move(line.text) + "\n", {0, {}, -1, seconds, PictureTextTrack}, line.confidence});
        }
        return true;
    }

private:
    PictureSource(FrameReader frames, PictureText reader, const ReadOptions& options)
        : m_frames(std::move(frames))
        , m_track(std::move(reader))
        , m_rate(options.frames_per_second)
        , m_next(std::ceil(options.from * options.frames_per_second))
    {
    }
    FrameReader m_frames;
    PictureTrack m_track;
    double m_rate, m_next;  ///< the next picture's number
};

/// What is said.
class SpeechSource {
public:
    static Result<SpeechSource> open(const std::filesystem::path& file, const ReadOptions& options)
    {
        PATHLOOM_TRY(SpeechRecogniser recogniser, SpeechRecogniser::open());
        PATHLOOM_TRY(SoundReader sound, SoundReader::open(file, options.from));
        return SpeechSource(std::move(recogniser), std::move(sound));
    }
    bool read_until(double end, std::vector<Segment>& out)
    {
        while (m_sound.seconds() < end) {
            const std::vector<std::int16_t> samples = m_sound.next();
            if (samples.empty()) {
                take(m_recogniser.finish(), out);
                return false;
            }
            take(m_recogniser.hear(samples, m_sound.seconds()), out);
        }
        return true;
    }

private:
    SpeechSource(SpeechRecogniser recogniser, SoundReader sound)
        : m_recogniser(std::move(recogniser))
        , m_sound(std::move(sound))
    {
    }
    static void take(std::vector<Utterance>&& said, std::vector<Segment>& out)
    {
        for (Utterance& one : said)
            out.push_back({std::move(one.text) + "\n", {0, {}, -1, one.seconds, speech_track}, one.confidence});
    }
    SpeechRecogniser m_recogniser;
    SoundReader m_sound;
};

Result<std::vector<Segment>> read_cues(
    const std::filesystem::path& file, double from, double total, const std::function<bool(double done, double total)>& progress)
{
    PATHLOOM_TRY(std::vector<Segment> cues, read_subtitle_tracks(file, [&](double) { return progress(from, total); }));
    PATHLOOM_TRY(std::vector<Segment> beside, read_sidecars(file));
    cues.insert(cues.end(), std::make_move_iterator(beside.begin()), std::make_move_iterator(beside.end()));
    std::erase_if(cues, [&](const Segment& cue) { return cue.where.seconds < from; });
    std::ranges::stable_sort(cues, {}, [](const Segment& cue) { return cue.where.seconds; });
    return cues;
}

Error nothing_in(const MediaFacts& facts, const ReadOptions& options)
{
    std::string why = "has no subtitles";
    if (facts.video)
        why += options.picture_text ? ", no text was found in its pictures" : ", the text in its pictures was left out";
    why += !facts.audio ? " and it has no sound" : options.speech ? " and no speech was understood" : " and speech was left out";
    if (facts.audio && !options.speech) why += "; switch speech on (--speech), or put subtitles beside it (.srt, .vtt)";
    return {ErrorCode::Usage, why};
}

}  // namespace

Result<void> read_film(const std::filesystem::path& file, const ReadOptions& options,
    const std::function<bool(double done, double total)>& progress, const SegmentSink& sink)
{
    PATHLOOM_TRY(const MediaFacts facts, media_facts(file));
    PATHLOOM_TRY(std::vector<Segment> cues, read_cues(file, options.from, facts.seconds, progress));
    std::optional<PictureSource> pictures;
    std::optional<SpeechSource> speech;
    if (facts.video && options.picture_text) {
        PATHLOOM_TRY(pictures, PictureSource::open(file, options));
    }
    if (facts.audio && options.speech) {
        PATHLOOM_TRY(speech, SpeechSource::open(file, options));
    }
    std::size_t given = 0, cue = 0;
    std::vector<Segment> waiting;
    // What is said is known when it has ended: segments wait until nothing can come before them.
    const double late = speech ? LongestUtterance + 1.0 : 0.0;
    const auto give_until = [&](double seconds) {
        std::ranges::stable_sort(waiting, {}, [](const Segment& segment) { return segment.where.seconds; });
        std::size_t i = 0;
        for (; i < waiting.size() && waiting[i].where.seconds < seconds; ++i)
            if (!sink(std::move(waiting[i]))) return false;
        waiting.erase(waiting.begin(), waiting.begin() + std::ptrdiff_t(i));
        given += i;
        return true;
    };
    const double step
        = speech ? stretch_with_speech : stretch;  // speech takes longest: signs of progress are to come all the same
    for (double end = options.from + step; pictures || speech; end += step) {
        for (; cue < cues.size() && cues[cue].where.seconds < end; ++cue) waiting.push_back(std::move(cues[cue]));
        if (pictures) {
            PATHLOOM_TRY(const bool more, pictures->read_until(end, waiting));
            if (!more) pictures.reset();
        }
        if (speech && !speech->read_until(end, waiting)) speech.reset();
        const double sure = std::max(options.from, end - late);
        if (!give_until(sure) || !progress(facts.seconds > 0.0 ? std::min(sure, facts.seconds) : sure, facts.seconds))
            return fail(ErrorCode::Cancelled, "stopped");
    }
    for (; cue < cues.size(); ++cue) waiting.push_back(std::move(cues[cue]));
    if (!give_until(std::numeric_limits<double>::infinity())) return fail(ErrorCode::Cancelled, "stopped");
    if (given == 0 && options.from <= 0.0 && !options.may_be_empty) return fail(nothing_in(facts, options));
    return {};
}

}  // namespace pathloom
