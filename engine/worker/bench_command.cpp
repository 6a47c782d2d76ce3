// SPDX-License-Identifier: GPL-3.0-or-later
// `pathloom-worker bench inner`, `bench gemm` and `bench codec`.
#include "engine/worker/bench_command.h"

#include "engine/core/bench.h"
#include "engine/core/files.h"
#include "engine/core/isa.h"
#include "engine/model/kernels/product_peaks.h"
#include "engine/model/presets.h"
#include "engine/training/bench_codec.h"
#include "engine/training/bench_inner.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace pathloom {

namespace {

void print_document(const nlohmann::json& document)
{
    const auto& rows = document["rows"];
    fmt::print("{:>5} {:>5} {:>11} {:>10} {:>9} {:>10} {:>9} {:>10} {:>7} {:>9}  {}\n", "d", "", "parameters", "tokens/s",
        "gflop/s", "gemm peak", "fraction", "tile peak", "rss MB", "cpu share", "loss");
    for (const auto& row : rows) {
        const auto number = [&](const char* key) { return row[key].get<double>(); };
        fmt::print("{:>5} {:>5} {:>11} {:>10.0f} {:>9.1f} {:>10.1f} {:>9.3f} {:>10.1f} {:>7.0f} {:>9.2f}  {:.4f} -> {:.4f}\n",
            row["d_model"].get<int>(), row["precision"].get<std::string>(), row["parameters"].get<std::int64_t>(),
            number("tokens_per_second"), number("gflops"), number("gemm_peak_gflops"), number("fraction_of_peak"),
            number("tile_peak_gflops"), number("peak_rss_mb"), number("cpu_share"), number("loss_first"), number("loss_last"));
    }
    for (const auto& row : rows) {
        if (!row.contains("times_peer")) continue;
        fmt::print("d {} {}: {:.2f} times the tokens/s of PyTorch eager fp32 ({:.0f})\n", row["d_model"].get<int>(),
            row["precision"].get<std::string>(), row["times_peer"].get<double>(),
            document["peer"]["tokens_per_second"].get<double>());
    }
    for (const auto& several : document.value("scaling", nlohmann::json::array()))
        fmt::print("d {} {}: {} workers on as many cores make {:.3f} times the tokens/s of one\n", several["d_model"].get<int>(),
            several["precision"].get<std::string>(), several["workers"].get<int>(), several["ratio"].get<double>());
    for (const auto& row : rows) {
        if (!row.contains("profile_ms")) continue;
        fmt::print("\nd {} {}, CPU ms a step:\n", row["d_model"].get<int>(), row["precision"].get<std::string>());
        for (const auto& time : row["profile_ms"])
            fmt::print("  {:<36} {:>9.2f}\n", time["kernel"].get<std::string>(), time["ms"].get<double>());
    }
}

}  // namespace

BenchCommand::BenchCommand(CLI::App& app)
{
    auto* bench = app.add_subcommand("bench", "Measure this machine");
    bench->require_subcommand(1);
    m_inner = bench->add_subcommand("inner", "One path's training step");
    m_inner->add_flag("--json", m_json, "Print one JSON document");
    m_inner->add_flag("--profile", m_profile, "Time by kernel, CPU milliseconds a step");
    m_inner->add_flag("--recompute", m_recompute, "Keep block inputs only and run each block again on the way back");
    m_inner->add_option(
        "--preset", m_preset, "Shape of a preset or of a spec file; without it or --d-model, four widths are measured");
    m_inner->add_option("--precision", m_precision, "fp32 or bf16")->check(CLI::IsMember({"fp32", "bf16"}));
    m_inner->add_option("--keep", m_keep, "Write the JSON to this file and print the table");
    m_inner->add_option("--peer", m_peer, "JSON of tests/bench/torch_eager.py: rows of the same shape are compared with it");
    m_inner->add_option("--workers", m_workers, "Measure so many processes at once too, one a core")->check(CLI::Range(1, 1024));
    m_codec = bench->add_subcommand("codec", "Pseudo-gradients to blobs and back, on every instruction set");
    m_codec->add_flag("--json", m_json, "Print one JSON document");
    m_codec->add_option("--keep", m_keep, "Write the JSON to this file and print the table");
    m_codec->add_option("--parameters", m_parameters, "Values of one pseudo-gradient")->check(CLI::Range(1, 1 << 30));
    const auto positive = CLI::Range(1, 1 << 24);
    m_inner->add_option("--d-model", m_d_model, "Width")->check(positive);
    m_inner->add_option("--heads", m_heads, "Attention heads")->check(positive);
    m_inner->add_option("--blocks", m_blocks, "Blocks")->check(positive);
    m_inner->add_option("--vocabulary", m_vocabulary, "Tokens of the vocabulary")->check(positive);
    m_inner->add_option("--sequence", m_sequence, "Tokens a sequence")->check(positive);
    m_inner->add_option("--batch", m_batch, "Sequences a step")->check(positive);
    m_inner->add_option("--steps", m_steps, "Steps to time; their median counts")->check(positive);
    m_gemm = bench->add_subcommand("gemm", "Matrix products: tokens through a packed weight beside the best cube");
    m_gemm->add_flag("--json", m_json, "Print one JSON document");
    m_gemm->add_option("--precision", m_precision, "fp32 or bf16 (default: both)")->check(CLI::IsMember({"fp32", "bf16"}));
    m_gemm->add_option("--keep", m_keep, "Write the JSON to this file and print the table");
}

Result<RunSpec> BenchCommand::spec() const
{
    RunSpec spec;
    spec.model.blocks.assign(6, "full");
    spec.model.vocabulary = 4096;
    spec.data.sequence = 512;
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

Result<nlohmann::json> BenchCommand::measure(const RunSpec& spec, int threads) const
{
    const InnerBenchOptions options{spec.data.batch, spec.data.sequence, m_steps, spec.training.precision, threads,
        m_recompute || spec.training.recompute, m_profile};
    PATHLOOM_TRY(const InnerBench bench, bench_inner(spec.model, options));
    nlohmann::json document = {{"bench", "inner"}, {"isa", cpu_isa()}, {"products", products_isa()},
        {"precision", spec.training.precision}, {"threads", threads}, {"batch", spec.data.batch},
        {"sequence", spec.data.sequence}, {"steps", m_steps}, {"recompute", options.recompute}, {"d_model", spec.model.d_model},
        {"heads", spec.model.heads}, {"blocks", spec.model.blocks.size()}, {"vocabulary", spec.model.vocabulary},
        {"parameters", bench.parameters}, {"tokens_per_second", bench.tokens_per_second}, {"gflops", bench.gflops},
        {"gemm_peak_gflops", bench.gemm_peak_gflops}, {"fraction_of_peak", bench.fraction_of_peak},
        {"tile_peak_gflops", bench.tile_peak_gflops}, {"cpu_share", bench.cpu_share}, {"peak_rss_mb", bench.peak_rss_mb},
        {"loss_first", bench.loss_first}, {"loss_last", bench.loss_last}};
    for (const KernelTime& time : bench.profile)
        document["profile_ms"].push_back({{"kernel", time.kernel}, {"ms", time.milliseconds}});
    return document;
}

// In processes of their own, so that one shape's memory does not count for the next one's peak.
Result<std::vector<nlohmann::json>> BenchCommand::measure_apart(
    const RunSpec& spec, int threads, int processes, bool pinned) const
{
    std::vector<int> pipes;
    std::vector<pid_t> children;
    for (int p = 0; p < processes; ++p) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) return fail(ErrorCode::Failed, "cannot make a pipe: {}", std::strerror(errno));
        const pid_t child = ::fork();
        if (child < 0) return fail(ErrorCode::Failed, "cannot start a process to measure in: {}", std::strerror(errno));
        if (child == 0) {
            cpu_set_t core;
            CPU_ZERO(&core);
            CPU_SET(p, &core);
            if (pinned) ::sched_setaffinity(0, sizeof(core), &core);
            const auto row = measure(spec, threads);
            const std::string text = row ? row->dump() : row.error().message;
            const bool sent = ::write(ends[1], text.data(), text.size()) == ssize_t(text.size());
            ::_exit(row && sent ? 0 : 1);
        }
        ::close(ends[1]);
        pipes.push_back(ends[0]);
        children.push_back(child);
    }
    std::vector<nlohmann::json> rows;
    std::string complaint;
    for (std::size_t p = 0; p < pipes.size(); ++p) {
        std::string text;
        std::array<char, 4096> buffer{};
        for (ssize_t n = 0; (n = ::read(pipes[p], buffer.data(), buffer.size())) > 0;) text.append(buffer.data(), std::size_t(n));
        ::close(pipes[p]);
        int status = 0;
        ::waitpid(children[p], &status, 0);
        if (status == 0)
            rows.push_back(nlohmann::json::parse(text));
        else
            complaint = text.empty() ? "it ended early" : text;
    }
    if (complaint.empty()) return rows;
    return fail(ErrorCode::Failed, "measuring d_model {} failed: {}", spec.model.d_model, complaint);
}

// One process against several, each on its own core.
Result<nlohmann::json> BenchCommand::scaling(const RunSpec& spec, int threads) const
{
    PATHLOOM_TRY(const auto one, measure_apart(spec, threads, 1, true));
    PATHLOOM_TRY(const auto all, measure_apart(spec, threads, m_workers, true));
    double together = 0.0;
    for (const auto& row : all) together += row["tokens_per_second"].get<double>();
    const auto alone = one.front()["tokens_per_second"].get<double>();
    return nlohmann::json{{"workers", m_workers}, {"precision", spec.training.precision}, {"d_model", spec.model.d_model},
        {"one_tokens_per_second", alone}, {"all_tokens_per_second", together}, {"ratio", together / alone}};
}

Result<nlohmann::json> BenchCommand::peer() const
{
    PATHLOOM_TRY(const std::string text, read_file(m_peer));
    nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object() || !document.contains("tokens_per_second") || !document["tokens_per_second"].is_number())
        return fail(ErrorCode::Usage, "{} is not the JSON of tests/bench/torch_eager.py", m_peer);
    return document;
}

Result<void> BenchCommand::run(int threads) const
{
    if (m_codec->parsed()) {
        PATHLOOM_TRY(const BenchReport report, bench_codec(m_parameters, 9));
        return deliver_report(report, m_json, m_keep);
    }
    return m_gemm->parsed() ? run_gemm(threads) : run_inner(threads);
}

Result<void> BenchCommand::run_gemm(int threads) const
{
    const ComputeThreads scope(threads);
    nlohmann::json rows = nlohmann::json::array();
    std::string table = fmt::format("{:>5} {:>12} {:>9} {:>10} {:>9}\n", "", "tokens/s", "gflop/s", "gemm peak", "fraction");
    for (const char* precision : {"fp32", "bf16"}) {
        if (!m_precision.empty() && m_precision != precision) continue;
        const ProductPeaks peaks = product_peaks(std::string_view(precision) == "bf16" ? Precision::Bf16 : Precision::Fp32);
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        const double fraction = peaks.tile_gflops / peaks.cube_gflops;
        rows.push_back({{"precision", precision}, {"tokens_per_second", peaks.tile_tokens_per_second},
            {"gflops", peaks.tile_gflops}, {"gemm_peak_gflops", peaks.cube_gflops}, {"fraction_of_peak", fraction},
            {"peak_rss_mb", double(usage.ru_maxrss) / 1024.0}});
        table += fmt::format("{:>5} {:>12.0f} {:>9.1f} {:>10.1f} {:>9.3f}\n", precision, peaks.tile_tokens_per_second,
            peaks.tile_gflops, peaks.cube_gflops, fraction);
    }
    nlohmann::json document = rows.back();
    document.update({{"bench", "gemm"}, {"isa", cpu_isa()}, {"products", products_isa()}, {"threads", threads}, {"rows", rows}});
    return deliver_report({table, document.dump()}, m_json, m_keep);
}

Result<void> BenchCommand::run_inner(int threads) const
{
    PATHLOOM_TRY(RunSpec spec, this->spec());
    nlohmann::json document = {{"bench", "inner"}, {"rows", nlohmann::json::array()}};
    if (!m_peer.empty()) {
        PATHLOOM_TRY(document["peer"], peer());
    }
    if (!sweeps()) {
        PATHLOOM_TRY(const nlohmann::json row, measure(spec, threads));
        document["rows"].push_back(row);
    }
    for (const int d : {128, 256, 512, 896}) {
        for (const char* precision : {"fp32", "bf16"}) {
            if (!sweeps() || (!m_precision.empty() && m_precision != precision)) continue;
            spec.model.d_model = d;
            spec.model.heads = m_heads > 0 ? m_heads : std::max(4, d / 64);
            spec.model.head_dim = d / spec.model.heads;
            spec.training.precision = precision;
            PATHLOOM_TRY(const auto rows, measure_apart(spec, threads, 1, false));
            document["rows"].push_back(rows.front());
            if (m_workers < 2 || d != 256) continue;
            PATHLOOM_TRY(const nlohmann::json several, scaling(spec, threads));
            document["scaling"].push_back(several);
        }
    }
    for (auto& row : document["rows"]) {
        bool same = document.contains("peer");
        for (const char* key : {"d_model", "heads", "blocks", "vocabulary", "sequence", "batch", "threads"})
            same = same && document["peer"].value(key, -1) == row[key].get<int>();
        if (same)
            row["times_peer"] = row["tokens_per_second"].get<double>() / document["peer"]["tokens_per_second"].get<double>();
    }
    if (!m_keep.empty()) {
        PATHLOOM_CHECK(write_file_atomic(m_keep, document.dump(1) + "\n"));
    }
    if (m_json)
        fmt::print("{}\n", sweeps() ? document.dump() : document["rows"].front().dump());
    else
        print_document(document);
    std::fflush(stdout);
    return {};
}

}  // namespace pathloom
