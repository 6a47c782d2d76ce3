// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/speech.h"

#include "engine/media/sound_reader.h"

extern "C" {
#include <pocketsphinx.h>
#include <sphinxbase/err.h>
}

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace pathloom {

namespace {

struct SpeechModel {
    std::string acoustic, words, dictionary;
};

SpeechModel english()
{
    const std::filesystem::path folder = std::filesystem::path(PATHLOOM_SPEECH_MODELS) / "en-us";
    return {folder / "en-us", folder / "en-us.lm.bin", folder / "cmudict-en-us.dict"};
}

constexpr double before_speech = 0.3;  // seconds the detector needs to notice that somebody speaks

}  // namespace

struct SpeechRecogniser::Engine {
    struct Free {
        void operator()(ps_decoder_t* decoder) const { ps_free(decoder); }
        void operator()(cmd_ln_t* config) const { cmd_ln_free_r(config); }
    };
    std::unique_ptr<cmd_ln_t, Free> config;
    std::unique_ptr<ps_decoder_t, Free> decoder;
    bool speaking = false;
    double began = 0.0, now = 0.0;

    void end_utterance(std::vector<Utterance>& out)
    {
        ps_end_utt(decoder.get());
        const char* const words = ps_get_hyp(decoder.get(), nullptr);
        if (words && *words) {
            const std::string text = words;
            const double posterior = logmath_exp(ps_get_logmath(decoder.get()), ps_get_prob(decoder.get()));
            const double count = 1.0 + double(std::ranges::count(text, ' '));
            out.push_back({std::max(0.0, began), text, std::pow(std::clamp(posterior, 0.0, 1.0), 1.0 / count)});
        }
        speaking = false;
        ps_start_utt(decoder.get());
    }
};

SpeechRecogniser::SpeechRecogniser(std::unique_ptr<Engine> engine)
    : m_engine(std::move(engine))
{
}
SpeechRecogniser::SpeechRecogniser(SpeechRecogniser&&) noexcept = default;
SpeechRecogniser& SpeechRecogniser::operator=(SpeechRecogniser&&) noexcept = default;
SpeechRecogniser::~SpeechRecogniser() = default;

std::string SpeechRecogniser::problem()
{
    const SpeechModel model = english();
    for (const std::string& part : {model.acoustic, model.words, model.dictionary}) {
        std::error_code error;
        if (!std::filesystem::exists(part, error))
            return fmt::format("PocketSphinx's English model is not installed ({} is missing); install pocketsphinx-en-us", part);
    }
    return {};
}

Result<SpeechRecogniser> SpeechRecogniser::open()
{
    err_set_logfp(nullptr);
    if (const std::string why = problem(); !why.empty())
        return fail(ErrorCode::Usage, "has speech that cannot be recognised: {}, or leave speech out", why);
    const auto [acoustic, words, dictionary] = english();
    auto engine = std::make_unique<Engine>();
    engine->config.reset(cmd_ln_init(nullptr, ps_args(), TRUE, "-hmm", acoustic.c_str(), "-lm", words.c_str(), "-dict",
        dictionary.c_str(), "-logfn", "/dev/null", nullptr));
    if (engine->config) engine->decoder.reset(ps_init(engine->config.get()));
    if (!engine->decoder || ps_start_utt(engine->decoder.get()) < 0)
        return fail(ErrorCode::Failed,
            "has speech that cannot be recognised: PocketSphinx does not start; reinstall "
            "pocketsphinx-en-us");
    return SpeechRecogniser(std::move(engine));
}

std::vector<Utterance> SpeechRecogniser::hear(std::span<const std::int16_t> sound, double end)
{
    Engine& e = *m_engine;
    std::vector<Utterance> out;
    if (!sound.empty()) ps_process_raw(e.decoder.get(), sound.data(), sound.size(), FALSE, FALSE);
    e.now = end;
    const bool speaks = ps_get_in_speech(e.decoder.get()) != 0;
    if (speaks && !e.speaking) {
        e.speaking = true;
        e.began = end - before_speech;
    } else if (e.speaking && (!speaks || end - e.began > LongestUtterance)) {
        e.end_utterance(out);
    }
    return out;
}

std::vector<Utterance> SpeechRecogniser::finish()
{
    std::vector<Utterance> out;
    if (!m_engine->speaking) return out;
    const std::vector<std::int16_t> silence(SoundRate / 2, 0);  // a word that is cut off is heard better before silence
    ps_process_raw(m_engine->decoder.get(), silence.data(), silence.size(), FALSE, FALSE);
    m_engine->end_utterance(out);
    return out;
}

}  // namespace pathloom
