// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/eval_document.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>

namespace pathloom {

namespace {

struct Sum {
    double nll = 0;
    std::int64_t tokens = 0;
    std::int64_t sequences = 0;
    void add(const v1::DomainScore& score)
    {
        nll += score.nll();
        tokens += score.tokens();
        sequences += score.sequences();
    }
    [[nodiscard]] nlohmann::json json(const char* unit) const
    {
        nlohmann::json out{{"tokens", tokens}, {unit, sequences}, {"perplexity", nullptr}, {"nll", nullptr}};
        if (tokens > 0) {
            out["nll"] = nll / double(tokens);
            out["perplexity"] = std::exp(nll / double(tokens));
        }
        return out;
    }
};

}  // namespace

std::string eval_document(std::int64_t run, const std::string& name, const RunPlan& plan, const std::string& split,
    const std::string& route, const std::vector<ScoredTask>& tasks, const RouteSummary* chunked,
    const std::map<int, int>& versions)
{
    const char* unit = chunked ? "chunks" : "sequences";
    Sum all;
    std::vector<Sum> domains(plan.table.domains.size());
    std::map<int, Sum> paths;
    std::map<int, std::vector<std::int64_t>> sequences;  // [path][domain]
    for (int cell = 0; cell < plan.topology.cells(); ++cell) {
        const int path = scoring_path(plan, cell);
        paths[path];
        sequences[path].assign(domains.size(), 0);
    }
    for (const ScoredTask& task : tasks) {
        for (const v1::DomainScore& score : task.scores) {
            all.add(score);
            domains[std::size_t(score.domain())].add(score);
            paths[task.path].add(score);
            sequences[task.path][std::size_t(score.domain())] += score.sequences();
        }
    }
    nlohmann::json out = all.json(unit);
    if (chunked) {
        out["window"] = chunked->window;
        out["sequences"] = chunked->sequences;
        out["switches"] = chunked->sequences > 0 ? double(chunked->switches) / double(chunked->sequences) : 0.0;
    }
    out["run"] = run;
    out["name"] = name;
    out["seed"] = plan.spec.seed;
    out["split"] = split;
    out["route"] = route;
    out["prefix"] = plan.spec.routing.prefix;
    out["domains"] = nlohmann::json::object();
    out["routing"] = nlohmann::json::object();
    out["paths"] = nlohmann::json::array();
    out["histogram"] = nlohmann::json::array();
    for (const auto& [path, sum] : paths) {
        nlohmann::json row = sum.json(unit);
        row["path"] = path;
        if (const auto version = versions.find(path); version != versions.end()) row["version"] = version->second;
        out["paths"].push_back(row);
        out["histogram"].push_back(sum.sequences);
    }
    for (std::size_t domain = 0; domain < domains.size(); ++domain) {
        out["domains"][plan.table.domains[domain]] = domains[domain].json(unit);
        nlohmann::json row = nlohmann::json::array();
        for (const auto& [path, counts] : sequences) row.push_back(counts[domain]);
        out["routing"][plan.table.domains[domain]] = row;
    }
    return out.dump();
}

double perplexity_in(const std::string& eval_document)
{
    const auto document = nlohmann::json::parse(eval_document);
    const auto found = document.find("perplexity");
    return found != document.end() && found->is_number() ? found->get<double>() : 0.0;
}

}  // namespace pathloom
