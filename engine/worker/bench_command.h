// SPDX-License-Identifier: GPL-3.0-or-later
// `pathloom-worker bench inner` and `bench gemm`: how fast this machine trains, and what its matrix products could do.
#pragma once

#include "engine/core/result.h"
#include "engine/model/spec.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace pathloom {

class BenchCommand {
public:
    explicit BenchCommand(CLI::App& app);
    [[nodiscard]] bool chosen() const { return m_inner->parsed() || m_gemm->parsed() || m_codec->parsed(); }
    /// Prints the result on stdout.
    Result<void> run(int threads) const;

private:
    [[nodiscard]] bool sweeps() const { return m_preset.empty() && m_d_model == 0; }
    Result<RunSpec> spec() const;
    Result<nlohmann::json> measure(const RunSpec& spec, int threads) const;
    Result<std::vector<nlohmann::json>> measure_apart(const RunSpec& spec, int threads, int processes, bool pinned) const;
    Result<nlohmann::json> scaling(const RunSpec& spec, int threads) const;
    Result<nlohmann::json> peer() const;
    Result<void> run_inner(int threads) const;
    Result<void> run_gemm(int threads) const;

    CLI::App* m_inner = nullptr;
    CLI::App* m_gemm = nullptr;
    CLI::App* m_codec = nullptr;
    std::int64_t m_parameters = 4'000'000;
    bool m_json = false;
    bool m_profile = false;
    bool m_recompute = false;
    std::string m_preset;
    std::string m_precision;
    std::string m_keep;
    std::string m_peer;
    int m_workers = 1;
    int m_d_model = 0;
    int m_heads = 0;
    int m_blocks = 0;
    int m_vocabulary = 0;
    int m_sequence = 0;
    int m_batch = 0;
    int m_steps = 5;
};

}  // namespace pathloom
