// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/explore.h"

#include "engine/routing/projection.h"
#include "engine/server/feature_blobs.h"

#include <algorithm>
#include <numeric>

namespace pathloom {

namespace {

constexpr int usual_points = 2000;
constexpr int most_points = 100'000;
constexpr int usual_page = 100;
constexpr int longest_page = 1000;

}  // namespace

Result<v1::RoutingView> routing_view(const RunPlan& plan, const ExploreJob& job, int points, BlobStore& blobs)
{
    v1::RoutingView out;
    out.set_router(router_of(plan, job.routing));
    out.set_routing(job.routing);
    for (const auto& domain : plan.table.domains) out.add_domains(domain);
    for (int cell = 0; cell < plan.topology.cells(); ++cell) {
        auto* row = out.add_confusion();
        row->set_path(scoring_path(plan, cell));
        for (std::size_t domain = 0; domain < plan.table.domains.size(); ++domain) row->add_by_domain(0);
    }
    for (std::size_t row = 0; row < plan.table.rows.size(); ++row) {
        auto* of_cell = out.mutable_confusion(job.cell_of_row[row]);
        const int domain = plan.table.rows[row].domain;
        of_cell->set_by_domain(domain, of_cell->by_domain(domain) + 1);
    }
    if (job.features.empty()) return out;

    PATHLOOM_TRY(const FeatureMatrix all, read_matrix(job.features, "z", blobs));
    if (all.rows != std::int64_t(plan.table.rows.size()))
        return fail(ErrorCode::Corrupt, "{} prefix features for {} sequences; clone the run", all.rows, plan.table.rows.size());
    std::vector<std::int32_t> ids(plan.table.rows.size());
    std::iota(ids.begin(), ids.end(), 0);
    ids = spread(ids, points > 0 ? std::min(points, most_points) : usual_points);
    FeatureMatrix some{{}, std::int64_t(ids.size()), all.columns};
    for (const std::int32_t id : ids) some.values.insert(some.values.end(), all.row(id).begin(), all.row(id).end());
    const Projection projection = project(some);
    for (const double part : projection.explained) out.add_explained(part);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const Sequence& sequence = plan.table.rows[std::size_t(ids[i])];
        auto* point = out.add_points();
        point->set_x(projection.points[i][0]);
        point->set_y(projection.points[i][1]);
        point->set_path(scoring_path(plan, job.cell_of_row[std::size_t(ids[i])]));
        point->set_domain(sequence.domain);
        point->set_sequence(ids[i]);
        point->set_document(sequence.document);
        point->set_split(name_of(sequence.split));
    }
    return out;
}

Result<v1::ListPathDocumentsResponse> documents_of_path(const RunPlan& plan, const ExploreJob& job,
    const std::vector<CorpusDocument>& documents, const v1::ListPathDocumentsRequest& request)
{
    if (request.path() < 0 || request.path() >= plan.topology.paths())
        return fail(ErrorCode::Usage, "run {} has paths 0 to {}; there is no path {}", request.run(), plan.topology.paths() - 1,
            request.path());
    const int cell = plan.topology.cell_of(request.path());
    std::vector<std::int64_t> here(documents.size(), 0), all(documents.size(), 0);
    for (std::size_t row = 0; row < plan.table.rows.size(); ++row) {
        const auto document = std::size_t(plan.table.rows[row].document);
        if (document >= documents.size())
            return fail(ErrorCode::Corrupt, "the corpus '{}' is not the one this run was cut from; import it again",
                plan.spec.data.corpus);
        ++all[document];
        if (job.cell_of_row[row] == cell) ++here[document];
    }
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < here.size(); ++i)
        if (here[i] > 0) order.push_back(i);
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return here[a] > here[b]; });

    v1::ListPathDocumentsResponse out;
    out.set_total(std::int64_t(order.size()));
    const std::size_t limit = request.limit() > 0 ? std::size_t(std::min(request.limit(), longest_page)) : usual_page;
    for (auto i = std::size_t(std::max<std::int64_t>(0, request.offset()));
         i < order.size() && std::size_t(out.documents_size()) < limit; ++i) {
        const CorpusDocument& document = documents[order[i]];
        auto* row = out.add_documents();
        row->set_sequences(here[order[i]]);
        row->set_of(all[order[i]]);
        auto* body = row->mutable_document();
        body->set_id(document.id);
        body->set_source(document.source);
        body->set_domain(document.domain);
        body->set_split(name_of(document.split));
        body->set_bytes(document.bytes);
        body->set_tokens(document.tokens);
        body->set_opening(document.opening);
    }
    return out;
}

}  // namespace pathloom
