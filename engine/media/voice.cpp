// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/voice.h"

#include "engine/media/sound_reader.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
}

#include <flite/flite.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

extern "C" {
cst_voice* register_cmu_us_rms(const char* folder);
cst_voice* register_cmu_us_slt(const char* folder);
}

namespace pathloom {

namespace {

constexpr int audible = 200;  // of 32768
constexpr std::size_t held_back = 4096;  // samples: more than a resampler's filter is long

cst_voice* voice_named(std::string_view name)
{
    static const int started = flite_init();
    if (started < 0) return nullptr;
    // Once each: flite keeps them for the life of the process.
    if (name == VoiceOfMan) {
        static cst_voice* const man = register_cmu_us_rms(nullptr);
        return man;
    }
    if (name == VoiceOfWoman) {
        static cst_voice* const woman = register_cmu_us_slt(nullptr);
        return woman;
    }
    return nullptr;
}

struct ResamplerEnd {
    void operator()(SwrContext* context) const { swr_free(&context); }
};

/// A voice's sound at SoundRate. Not by cst_wave_resample(): it copies ranges onto themselves.
Result<std::vector<std::int16_t>> at_sound_rate(const cst_wave& wave)
{
    if (wave.sample_rate == SoundRate) return std::vector<std::int16_t>(wave.samples, wave.samples + wave.num_samples);
    const auto failed = [] { return fail(ErrorCode::Failed, "a spoken text could not be resampled"); };
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    SwrContext* made = nullptr;
    if (swr_alloc_set_opts2(&made, &mono, AV_SAMPLE_FMT_S16, SoundRate, &mono, AV_SAMPLE_FMT_S16, wave.sample_rate, 0, nullptr)
        < 0)
        return failed();
    const std::unique_ptr<SwrContext, ResamplerEnd> resampler(made);
    if (swr_init(made) < 0) return failed();
    std::vector<std::int16_t> out(std::size_t(std::max(0, swr_get_out_samples(made, wave.num_samples))) + held_back);
    std::size_t filled = 0;
    const auto convert = [&](const std::uint8_t** from, int count) {
        auto* to = reinterpret_cast<std::uint8_t*>(out.data() + filled);
        const int now = swr_convert(made, &to, int(out.size() - filled), from, count);
        filled += std::size_t(std::max(0, now));
        return now >= 0;
    };
    const auto* samples = reinterpret_cast<const std::uint8_t*>(wave.samples);
    if (!convert(&samples, wave.num_samples) || !convert(nullptr, 0)) return failed();  // the second: what it still holds
    out.resize(filled);
    return out;
}

}  // namespace

Result<std::vector<std::int16_t>> spoken(const std::string& text, std::string_view voice)
{
    cst_voice* const speaker = voice_named(voice);
    if (!speaker) return fail(ErrorCode::Usage, "there is no voice '{}'; there are {} and {}", voice, VoiceOfMan, VoiceOfWoman);
    std::srand(1);  // flite's noise comes from rand(): the same words have the same sound
    const std::unique_ptr<cst_wave, void (*)(cst_wave*)> wave(flite_text_to_wave(text.c_str(), speaker), delete_wave);
    const auto nothing = [&] { return fail(ErrorCode::Usage, "'{}' has nothing that can be spoken", text); };
    if (!wave) return nothing();
    PATHLOOM_TRY(const auto sound, at_sound_rate(*wave));
    const auto heard = [](std::int16_t sample) { return std::abs(int(sample)) > audible; };
    const auto first = std::ranges::find_if(sound, heard);
    if (first == sound.end()) return nothing();
    auto last = sound.end();
    while (!heard(last[-1])) --last;
    return std::vector<std::int16_t>(first, last);
}

}  // namespace pathloom
