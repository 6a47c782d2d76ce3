// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation about translations: packs, translations with where each word was learnt, and evaluation sets with progress.
#pragma once

#include "engine/core/result.h"
#include "engine/probe/session_io.h"
#include "engine/probe/translate/grammar_file.h"
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
        std::string from;  ///< code of the language translated from
        std::string context;
        int shots = -1;
        std::uint64_t seed = 1;
    };
    struct Trained {
        TranslationMaterial material;
        std::unique_ptr<Translator> translator;
    };
    /// Sentences done of those an evaluation has before it.
    struct Progress {
        std::size_t done = 0, all = 0;
    };
    Result<void> dispatch(const nlohmann::json& request);
    Result<void> packs();
    Result<void> translators();
    Result<void> show(const nlohmann::json& request);
    Result<void> make_pack(const nlohmann::json& request);
    Result<void> table(const nlohmann::json& request);
    Result<void> translate(const nlohmann::json& request);
    Result<void> evaluate(const nlohmann::json& request);
    Result<void> evaluate_condition(
        const std::string& folder, const std::string& split, const Condition& condition, Progress& progress);
    static nlohmann::json fields_of(const Condition& condition);
    Condition condition_of(const nlohmann::json& wanted, const nlohmann::json& request) const;
    /// Read again, and everything built from it forgotten, once a file in the folder has changed.
    Result<const LanguagePack*> pack(const std::string& folder);
    /// Kept for the next sentence, but for an endpoint, whose budget is that of one request. `held_out`: of the split that is
    /// scored; empty = nothing is held out.
    Result<const Trained*> trained(const std::string& folder, const Condition& condition, const std::string& held_out);
    Result<Trained> train(const std::string& folder, const Condition& condition, const std::string& held_out);
    void say(const char* event, nlohmann::json fields);

    SessionIo m_io;
    std::int64_t m_id = 0;
    /// As it was on disk when it was read.
    struct KnownPack {
        std::string stamp;
        LanguagePack pack;
    };
    std::map<std::string, KnownPack> m_packs;
    std::map<std::string, Trained> m_trained;
    Trained m_elsewhere;  ///< the endpoint asked last
    Translators m_translators;
    GrammarFiles m_books;
};

}  // namespace pathloom
