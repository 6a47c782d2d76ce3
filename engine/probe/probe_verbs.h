// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs of pathloom-probe.
#pragma once

#include "engine/core/result.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace pathloom {

struct ProbeShell {
    std::filesystem::path program;  ///< this program, to find what is installed beside it
    bool json = false;
    std::function<bool()> stopped;  ///< Ctrl-C
    std::function<Result<void>()> action;
    /// One JSON document, or the text made for people.
    void print(const nlohmann::json& document, const std::string& text) const;
};

void add_reader_verbs(CLI::App& app, ProbeShell& shell);  ///< reader train
void add_probe_verbs(CLI::App& app, ProbeShell& shell);  ///< probe needle, multineedle and those below
void add_case_verbs(CLI::App& probe, ProbeShell& shell);  ///< ruler, mrcr, qa, nll, show
void add_frame_verb(CLI::App& probe, ProbeShell& shell);  ///< frame
void add_video_verbs(CLI::App& probe, ProbeShell& shell);  ///< video, audio
void add_vision_verbs(CLI::App& app, ProbeShell& shell);  ///< vision train
void add_ask_verb(CLI::App& app, ProbeShell& shell);
void add_session_verbs(CLI::App& app, ProbeShell& shell);  ///< session
void add_translate_verbs(CLI::App& app, ProbeShell& shell);  ///< translate, pack show
void add_translate_session_verb(CLI::App& app, ProbeShell& shell);  ///< translate-session
void add_prefix_verb(CLI::App& app, ProbeShell& shell);  ///< prefix-state
void add_bench_verbs(CLI::App& app, ProbeShell& shell);  ///< bench prefill, bench scan

}  // namespace pathloom
