// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation about translations: packs, translations with where each word was learnt, and evaluation sets with progress.
#pragma once

#include "engine/core/result.h"
#include "engine/probe/session_io.h"
#include "engine/probe/translate/translators.h"

#include <map>
#include <memory>
#include <string>

namespace pathloom {

class TranslateSession {
public:
    explicit TranslateSession(SessionIo io)
        : m_io(std::move(io))
    {
    }
    /// One request; errors are said, never returned: the session goes on.
    void handle(const nlohmann::json& request);

private:
    struct Condition {
        TranslatorChoice choice;
        std::string context;
        int shots = -1;
        std::uint64_t seed = 1;
    };
    struct Trained {
        TranslationMaterial material;
        std::unique_ptr<Translator> translator;
    };
    Result<void> dispatch(const nlohmann::json& request);
    Result<void> packs();
    Result<void> show(const nlohmann::json& request);
    Result<void> make_pack(const nlohmann::json& request);
    Result<void> translate(const nlohmann::json& request);
    Result<void> evaluate(const nlohmann::json& request);
    Condition condition_of(const nlohmann::json& wanted, const nlohmann::json& request) const;
    Result<const LanguagePack*> pack(const std::string& folder);
    /// Kept for the next sentence. `held_out`: of the split that is scored; empty = nothing is held out.
    Result<const Trained*> trained(const std::string& folder, int from, const Condition& condition, const std::string& held_out);
    void say(const char* event, nlohmann::json fields);

    SessionIo m_io;
    std::int64_t m_id = 0;
    std::map<std::string, LanguagePack> m_packs;
    std::map<std::string, Trained> m_trained;
    Translators m_translators;
};

}  // namespace pathloom
