// SPDX-License-Identifier: GPL-3.0-or-later
// The document `run eval --json` prints, put together from the scores of single tasks.
#pragma once

#include "engine/server/run_plan.h"
#include "pathloom/v1/tasks.pb.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pathloom {

/// Scores of one task of a split.
struct ScoredTask {
    int path = 0;
    std::vector<v1::DomainScore> scores;
};

/// What routing more often than once adds to the document: keys window and switches (mean changes of path a sequence). The
/// scores' "sequences" are then chunks, and the document calls them so.
struct RouteSummary {
    int window = 0;  ///< scored tokens a chunk; 0 = the whole sequence
    std::int64_t switches = 0;
    std::int64_t sequences = 0;
};

/// `versions`: outer steps behind each path that early stopping has chosen; adds "version" to paths[].
/// Perplexity = exp(sum of nll / sum of tokens), the routing prefix excluded for every model alike. JSON keys: run, name, seed,
/// split, route, perplexity, nll, tokens, prefix, domains{}, paths[], histogram[] (sequences a routed path), routing{domain:
/// [...]}.
std::string eval_document(std::int64_t run, const std::string& name, const RunPlan& plan, const std::string& split,
    const std::string& route, const std::vector<ScoredTask>& tasks, const RouteSummary* chunked = nullptr,
    const std::map<int, int>& versions = {});

/// Of such a document; 0 when nothing was scored: every sequence was shorter than the routing prefix.
double perplexity_in(const std::string& eval_document);

}  // namespace pathloom
