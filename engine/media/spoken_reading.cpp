// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/spoken_reading.h"

#include "engine/media/by_seconds.h"
#include "engine/media/sound_reader.h"
#include "engine/media/voice.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr double before = 10.0, after = 3.0;  // seconds heard around the words
constexpr std::size_t cut_reach = SoundRate;  // samples
constexpr std::size_t tenth = SoundRate / 10, fiftieth = SoundRate / 50;
constexpr std::size_t pause = SoundRate / 3;
constexpr double least_level = 300.0;  // of words in a recording that is silent there
constexpr std::size_t at_once = 2048;  // samples the recogniser is given

double energy(std::span<const std::int16_t> sound)
{
    return std::accumulate(
        sound.begin(), sound.end(), 0.0, [](double sum, std::int16_t sample) { return sum + double(sample) * double(sample); });
}

struct Stretch {
    double from = 0.0;  ///< seconds
    std::vector<std::int16_t> samples;
};

Result<Stretch> stretch_of(const std::filesystem::path& file, double from, double to)
{
    PATHLOOM_TRY(SoundReader reader, SoundReader::open(file, from));
    Stretch out;
    while (reader.seconds() < to) {
        const std::vector<std::int16_t> some = reader.next();
        if (some.empty()) break;
        out.samples.insert(out.samples.end(), some.begin(), some.end());
    }
    out.from = std::max(0.0, reader.seconds() - double(out.samples.size()) / SoundRate);
    return out;
}

/// The words with their pauses, as they go into the recording at `cut`.
std::vector<std::int16_t> inserted(std::span<const std::int16_t> around, std::size_t cut, std::span<const std::int16_t> words)
{
    const std::size_t quiet_from = std::min(cut - std::min(cut, tenth / 2), around.size() - std::min(around.size(), tenth));
    const auto quiet = around.subspan(quiet_from, std::min(tenth, around.size()));
    std::vector<std::int16_t> out;
    const auto rest = [&] {
        for (std::size_t i = 0; i < pause; ++i) out.push_back(quiet.empty() ? std::int16_t(0) : quiet[i % quiet.size()]);
    };
    rest();
    out.insert(out.end(), words.begin(), words.end());
    rest();
    return out;
}

}  // namespace

std::size_t quiet_place(std::span<const std::int16_t> sound, std::size_t at, std::size_t reach)
{
    const std::size_t first = at - std::min(at, reach), last = std::min(sound.size(), at + reach);
    std::size_t best = std::min(at, sound.size());
    double least = -1.0;
    for (std::size_t from = first; from + tenth <= last; from += tenth / 4) {
        const double now = energy(sound.subspan(from, tenth));
        if (least >= 0.0 && now >= least) continue;
        least = now;
        best = from + tenth / 2;
    }
    return best;
}

double loudness(std::span<const std::int16_t> sound)
{
    std::vector<double> parts;
    for (std::size_t from = 0; from + fiftieth <= sound.size(); from += fiftieth)
        parts.push_back(energy(sound.subspan(from, fiftieth)) / double(fiftieth));
    if (parts.empty()) return 0.0;
    std::ranges::sort(parts, std::greater());
    const std::size_t loud = (parts.size() + 1) / 2;
    return std::sqrt(std::accumulate(parts.begin(), parts.begin() + std::ptrdiff_t(loud), 0.0) / double(loud));
}

std::vector<std::int16_t> as_loud_as(std::span<const std::int16_t> clip, double level)
{
    const double now = loudness(clip);
    std::vector<std::int16_t> out(clip.begin(), clip.end());
    if (now <= 0.0) return out;
    for (std::int16_t& sample : out)
        sample = std::int16_t(std::clamp(std::lround(double(sample) * level / now), -32768L, 32767L));
    return out;
}

Result<void> read_spoken(const std::filesystem::path& file, const std::vector<SpokenRequest>& requests,
    const std::function<bool(const SpokenReading&)>& sink)
{
    PATHLOOM_TRY(SpeechRecogniser recogniser, SpeechRecogniser::open());
    for (const std::size_t i : by_seconds(requests)) {
        const SpokenRequest& request = requests[i];
        PATHLOOM_TRY(const std::vector<std::int16_t> voice, spoken(request.text, request.voice));
        PATHLOOM_TRY(Stretch around, stretch_of(file, std::max(0.0, request.seconds - before), request.seconds + after));
        const auto wanted = std::size_t(std::max(0.0, request.seconds - around.from) * SoundRate);
        if (wanted > around.samples.size())
            return fail(ErrorCode::Usage, "ends before {:.0f} s; choose an earlier place", request.seconds);
        const std::size_t cut = quiet_place(around.samples, wanted, cut_reach);
        const auto clip = inserted(around.samples, cut, as_loud_as(voice, std::max(least_level, loudness(around.samples))));
        around.samples.insert(around.samples.begin() + std::ptrdiff_t(cut), clip.begin(), clip.end());

        const double begin = double(cut + pause) / SoundRate, end = double(cut + clip.size() - pause) / SoundRate;
        SpokenReading reading{i, around.from + double(cut) / SoundRate, {}};
        double now = 0.0;
        const auto take = [&](std::vector<Utterance>&& said) {
            for (Utterance& one : said)  // it began at its seconds and has just ended
                if (now > begin && one.seconds < end) reading.said.push_back(std::move(one));
        };
        const std::span<const std::int16_t> all(around.samples);
        for (std::size_t at = 0; at < all.size(); at += at_once) {
            const auto part = all.subspan(at, std::min(at_once, all.size() - at));
            now = double(at + part.size()) / SoundRate;
            take(recogniser.hear(part, now));
        }
        take(recogniser.finish());
        if (!sink(reading)) return fail(ErrorCode::Cancelled, "stopped");
    }
    return {};
}

}  // namespace pathloom
