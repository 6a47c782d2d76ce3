// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl run routing, run documents, run route: who got which text.
#include "engine/cli/proto_json.h"
#include "engine/cli/shell.h"
#include "engine/cli/table.h"

#include <fmt/format.h>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;

Result<void> routing(Shell& shell, std::int64_t id, int points)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::GetRoutingRequest request;
    request.set_run(id);
    request.set_points(points);
    PATHLOOM_TRY(const auto view, session->call(&Stub::GetRouting, request));
    std::vector<std::string> head{"PATH"};
    for (const auto& domain : view.domains()) head.push_back(domain);
    Table table(head);
    for (const auto& row : view.confusion()) {
        std::vector<std::string> cells{std::to_string(row.path())};
        for (const auto count : row.by_domain()) cells.push_back(std::to_string(count));
        table.add(cells);
    }
    auto document = to_json(view);
    document["run"] = id;
    shell.print(document,
        fmt::format("router {}, routing {}: sequences by path and domain\n\n{}", view.router(), view.routing(), table.text()));
    return {};
}

Result<void> documents(Shell& shell, const v1::ListPathDocumentsRequest& request)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    PATHLOOM_TRY(const auto list, session->call(&Stub::ListPathDocuments, request));
    Table table({"SEQUENCES", "OF", "SPLIT", "DOMAIN", "SOURCE"});
    for (const auto& row : list.documents())
        table.add({std::to_string(row.sequences()), std::to_string(row.of()), row.document().split(), row.document().domain(),
            row.document().source()});
    auto document = to_json(list);
    document["run"] = request.run();
    document["path"] = request.path();
    shell.print(document, fmt::format("{} documents\n\n{}", list.total(), table.text()));
    return {};
}

Result<void> route(Shell& shell, const v1::RouteTextRequest& request)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    PATHLOOM_TRY(const auto answer, session->call(&Stub::RouteText, request));
    Table table({"PATH", "PROBABILITY", "SCORE"});
    for (const auto& cell : answer.cells())
        table.add({std::to_string(cell.path()), fmt::format("{:.4f}", cell.probability()), fmt::format("{:.4f}", cell.score())});
    auto document = to_json(answer);
    document["run"] = request.run();
    shell.print(document,
        answer.cells().empty()
            ? fmt::format("the router of run {} is {}: it does not look at the text\n", request.run(), answer.router())
            : fmt::format(
                "router {}, {} of {} tokens read\n\n{}", answer.router(), answer.tokens(), answer.prefix(), table.text()));
    return {};
}

}  // namespace

void add_routing_verbs(Shell& shell, CLI::App& run)
{
    auto id = std::make_shared<std::int64_t>(0);
    auto points = std::make_shared<int>(0);
    auto* routing_verb = run.add_subcommand("routing", "Sequences by path and domain; with --json also as points on a plane");
    routing_verb->add_option("ID", *id, "Run id")->required();
    routing_verb->add_option("--points", *points, "Sequences to project, at equal distances; 0 = 2000")
        ->check(CLI::NonNegativeNumber);
    on_parsed(routing_verb, shell, [&shell, id, points] { return routing(shell, *id, *points); });

    auto path = std::make_shared<int>(0);
    auto offset = std::make_shared<std::int64_t>(0);
    auto limit = std::make_shared<int>(0);
    auto* documents_verb = run.add_subcommand("documents", "Documents that a path reads, those with most sequences first");
    documents_verb->add_option("ID", *id, "Run id")->required();
    documents_verb->add_option("PATH", *path, "Path number")->required()->check(CLI::NonNegativeNumber);
    documents_verb->add_option("--offset", *offset, "Documents to leave out")->check(CLI::NonNegativeNumber);
    documents_verb->add_option("--limit", *limit, "At most so many; 0 = 100")->check(CLI::NonNegativeNumber);
    on_parsed(documents_verb, shell, [&shell, id, path, offset, limit] {
        v1::ListPathDocumentsRequest request;
        request.set_run(*id);
        request.set_path(*path);
        request.set_offset(*offset);
        request.set_limit(*limit);
        return documents(shell, request);
    });

    auto text = std::make_shared<std::string>();
    auto* route_verb = run.add_subcommand("route", "Where the run's router would send a text");
    route_verb->add_option("ID", *id, "Run id")->required();
    route_verb->add_option("TEXT", *text, "The text; what follows the routing prefix does not matter")->required();
    on_parsed(route_verb, shell, [&shell, id, text] {
        v1::RouteTextRequest request;
        request.set_run(*id);
        request.set_text(*text);
        return route(shell, request);
    });
}

}  // namespace pathloom
