// SPDX-License-Identifier: GPL-3.0-or-later
// Scores of a corpus and of its sentences, with signatures and bootstrap confidence intervals.
#pragma once

#include "engine/core/result.h"
#include "engine/probe/score/metric.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

/// Hypotheses and one or more references each, all of the same length.
struct ScoredText {
    std::vector<std::u32string> hypotheses;
    std::vector<std::vector<std::u32string>> references;  ///< [reference][segment]
};

/// One segment a line, or each file one segment. Lines end in LF; a CR before it goes; everything else stays. A last line need
/// not end: in files written without that end (lines joined by LF), a file that ends in LF ends with an empty line. NotFound,
/// Corrupt for bytes that are not UTF-8, Failed for empty files and for files of different length; the message names the file.
Result<ScoredText> read_scored_text(
    const std::filesystem::path& hypotheses, const std::vector<std::filesystem::path>& references, bool whole_files);

struct BootstrapOptions {
    int samples = 1000;
    std::uint64_t seed = 12345;
};
/// The mean of the samples' scores and the middle 95 per cent of them. sacrebleu prints mean +- (high - low) / 2.
struct Confidence {
    double mean, low, high;
};

/// Statistics of every segment: [segment][statistic]. Uses all cores.
std::vector<std::vector<double>> segment_statistics(const Metric& metric, const ScoredText& text);
/// Their sum.
std::vector<double> summed(const std::vector<std::vector<double>>& statistics);
/// Draws segments with numpy's generator and sums them in single precision, as sacrebleu 2.x: equal seed, equal interval.
Confidence bootstrap(const Metric& metric, const std::vector<std::vector<double>>& statistics, const BootstrapOptions& options);

/// "nrefs:1|case:mixed|eff:yes|...|version:2.6.0"; with a bootstrap also "bs:1000|seed:12345" after the number of references.
std::string signature(const Metric& metric, std::size_t references, const std::optional<BootstrapOptions>& bootstrap = {});

/// The short way: score of hypotheses against one reference each. Both equally long, UTF-8.
Result<double> corpus_score(
    const Metric& metric, const std::vector<std::string>& hypotheses, const std::vector<std::string>& references);

}  // namespace pathloom
