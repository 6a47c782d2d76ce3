// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/voice.h"

#include "engine/media/sound_reader.h"

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

}  // namespace

Result<std::vector<std::int16_t>> spoken(const std::string& text, std::string_view voice)
{
    cst_voice* const speaker = voice_named(voice);
    if (!speaker) return fail(ErrorCode::Usage, "there is no voice '{}'; there are {} and {}", voice, VoiceOfMan, VoiceOfWoman);
    std::srand(1);  // flite's noise comes from rand(): the same words have the same sound
    const std::unique_ptr<cst_wave, void (*)(cst_wave*)> wave(flite_text_to_wave(text.c_str(), speaker), delete_wave);
    if (wave) cst_wave_resample(wave.get(), SoundRate);
    const auto heard = [](std::int16_t sample) { return std::abs(int(sample)) > audible; };
    const std::int16_t* const begin = wave ? wave->samples : nullptr;
    const std::int16_t* const end = wave ? begin + wave->num_samples : nullptr;
    const std::int16_t* first = std::find_if(begin, end, heard);
    if (first == end) return fail(ErrorCode::Usage, "'{}' has nothing that can be spoken", text);
    const std::int16_t* last = end;
    while (!heard(last[-1])) --last;
    return std::vector<std::int16_t>(first, last);
}

}  // namespace pathloom
