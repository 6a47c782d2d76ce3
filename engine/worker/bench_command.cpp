// SPDX-License-Identifier: GPL-3.0-or-later
// `pathloom-worker bench inner`.
#include "engine/worker/bench_command.h"

#include "engine/core/files.h"
#include "engine/core/isa.h"
#include "engine/model/presets.h"
#include "engine/training/bench_inner.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace pathloom {

BenchCommand::BenchCommand(CLI::App& app)
{
    auto* bench = app.add_subcommand("bench", "Measure this machine");
    bench->require_subcommand(1);
    m_inner = bench->add_subcommand("inner", "One path's training step");
    m_inner->add_flag("--json", m_json, "Print one JSON document");
    m_inner->add_option("--preset", m_preset, "Shape of a preset or of a spec file");
    m_inner->add_option("--precision", m_precision, "fp32 or bf16")->check(CLI::IsMember({"fp32", "bf16"}));
    const auto positive = CLI::Range(1, 1 << 24);
    m_inner->add_option("--d-model", m_d_model, "Width")->check(positive);
    m_inner->add_option("--heads", m_heads, "Attention heads")->check(positive);
    m_inner->add_option("--blocks", m_blocks, "Blocks")->check(positive);
    m_inner->add_option("--vocabulary", m_vocabulary, "Tokens of the vocabulary")->check(positive);
    m_inner->add_option("--sequence", m_sequence, "Tokens a sequence")->check(positive);
    m_inner->add_option("--batch", m_batch, "Sequences a step")->check(positive);
    m_inner->add_option("--steps", m_steps, "Steps to time")->check(positive);
}

Result<RunSpec> BenchCommand::spec() const
{
    RunSpec spec;
    spec.model.blocks.assign(4, "full");
    if (!m_preset.empty()) {
        std::string text;
        if (std::error_code ignored; std::filesystem::is_regular_file(m_preset, ignored)) {
            PATHLOOM_TRY(text, read_file(m_preset));
        } else {
            PATHLOOM_TRY(const PresetFile preset, load_preset(m_preset));
            text = preset.spec_json;
        }
        PATHLOOM_TRY(spec, parse_run_spec(text));
    }
    auto& model = spec.model;
    if (m_d_model > 0) model.d_model = m_d_model;
    if (m_heads > 0) model.heads = m_heads;
    if (m_d_model > 0 || m_heads > 0) {
        if (model.d_model % model.heads != 0)
            return fail(ErrorCode::Usage, "--d-model {} is not a multiple of --heads {}", model.d_model, model.heads);
        model.head_dim = model.d_model / model.heads;
    }
    if (m_blocks > 0) model.blocks.assign(std::size_t(m_blocks), model.blocks.empty() ? "full" : model.blocks.front());
    if (m_vocabulary > 0) model.vocabulary = m_vocabulary;
    if (m_sequence > 0) spec.data.sequence = m_sequence;
    if (m_batch > 0) spec.data.batch = m_batch;
    if (!m_precision.empty()) spec.training.precision = m_precision;
    return spec;
}

Result<void> BenchCommand::run(int threads) const
{
    PATHLOOM_TRY(const RunSpec spec, this->spec());
    PATHLOOM_TRY(const InnerBench bench,
        bench_inner(spec.model, spec.data.batch, spec.data.sequence, m_steps, spec.training.precision, threads));
    if (m_json) {
        const nlohmann::json document = {{"bench", "inner"}, {"isa", cpu_isa()}, {"precision", spec.training.precision},
            {"threads", threads}, {"batch", spec.data.batch}, {"sequence", spec.data.sequence}, {"steps", m_steps},
            {"d_model", spec.model.d_model}, {"blocks", spec.model.blocks.size()}, {"parameters", bench.parameters},
            {"tokens_per_second", bench.tokens_per_second}, {"gflops", bench.gflops},
            {"gemm_peak_gflops", bench.gemm_peak_gflops}, {"fraction_of_peak", bench.fraction_of_peak},
            {"peak_rss_mb", bench.peak_rss_mb}, {"loss_first", bench.loss_first}, {"loss_last", bench.loss_last}};
        fmt::print("{}\n", document.dump());
    } else {
        fmt::print("parameters        {}\ntokens a second   {:.0f}\ngflops            {:.2f}\ngemm peak gflops  {:.2f}\n"
                   "fraction of peak  {:.3f}\npeak rss          {:.0f} MB\nloss              {:.4f} -> {:.4f}\n",
            bench.parameters, bench.tokens_per_second, bench.gflops, bench.gemm_peak_gflops, bench.fraction_of_peak,
            bench.peak_rss_mb, bench.loss_first, bench.loss_last);
    }
    std::fflush(stdout);
    return {};
}

}  // namespace pathloom
