// SPDX-License-Identifier: GPL-3.0-or-later
// `pathloom-worker bench inner`: how fast this machine trains, beside what its matrix products could do.
#pragma once

#include "engine/core/result.h"
#include "engine/model/spec.h"

#include <CLI/CLI.hpp>

#include <string>

namespace pathloom {

class BenchCommand {
public:
    explicit BenchCommand(CLI::App& app);
    [[nodiscard]] bool chosen() const { return m_inner->parsed(); }
    /// Prints the result on stdout.
    Result<void> run(int threads) const;

private:
    Result<RunSpec> spec() const;

    CLI::App* m_inner = nullptr;
    bool m_json = false;
    std::string m_preset;
    std::string m_precision;
    int m_d_model = 0;
    int m_heads = 0;
    int m_blocks = 0;
    int m_vocabulary = 0;
    int m_sequence = 0;
    int m_batch = 0;
    int m_steps = 10;
};

}  // namespace pathloom
