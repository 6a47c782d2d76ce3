// SPDX-License-Identifier: GPL-3.0-or-later
// What every verb over documents takes, and what it makes of it.
#pragma once

#include "engine/corpus/reader_process.h"
#include "engine/probe/answer.h"
#include "engine/probe/contestant.h"
#include "engine/probe/documents.h"
#include "engine/probe/haystack.h"
#include "engine/probe/probe_verbs.h"
#include "engine/probe/result_store.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

struct ProbeOptions {
    std::string model = "shipped", precision = "bf16", path, question, prefix, frames = "shipped";
    std::vector<std::filesystem::path> documents;
    std::filesystem::path templates, memory, out;
    std::vector<double> lengths;
    int depths = 11, distractors = 0, needles = 100, threads = 2, max_tokens = 40;
    bool no_needle = false, one_turn = false, pictures = false;
    std::uint64_t seed = 1;
    std::vector<std::string> baselines;
    EndpointOptions endpoint;
    std::filesystem::path keep, project;
    ReadOptions reading;
    RankOptions rank = UsualRank;
};

/// --model, --doc, --memory, --threads, --precision, --max-tokens.
void add_common_options(CLI::App* verb, ProbeOptions& options);

/// How to read documents, with progress of films on stderr.
ReadLimits read_limits(const ProbeShell& shell, const ProbeOptions& options);

/// --baselines, --endpoint..., --project, --keep, --seed, --out.
void add_measure_options(CLI::App* verb, ProbeOptions& options);
/// --project, --keep.
void add_keep_options(CLI::App* verb, ProbeOptions& options);
void add_length_option(CLI::App* verb, ProbeOptions& options);

/// The reader first, then the baselines asked for.
Result<std::vector<std::unique_ptr<Contestant>>> contestants_of(ReaderPackage& reader, const ProbeOptions& options);
/// The file of --keep, else the project's; nothing without both.
Result<std::optional<ResultStore>> store_of(const ProbeOptions& options);
Result<std::vector<ProbeDocument>> documents_of(const ProbeShell& shell, const ProbeOptions& options);
Result<ReaderPackage> reader_of(const ProbeOptions& options);
Result<NeedleTemplates> templates_of(const ProbeOptions& options);
AnswerOptions answer_options(const ProbeOptions& options);
std::filesystem::path memory_folder(const ProbeOptions& options);
/// Says on stderr how far encoding is; Ctrl-C stops it.
MemoryProgress on_stderr(const ProbeShell& shell);
double peak_rss_mb();

}  // namespace pathloom
