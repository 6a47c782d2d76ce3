// SPDX-License-Identifier: GPL-3.0-or-later
// What the router explorer shows: where sequences lie, who got them, and which documents a path reads.
#pragma once

#include "engine/corpus/document_list.h"
#include "engine/server/run_controller.h"

namespace pathloom {

/// At most `points` sequences (0 = 2000) on the two main axes of the prefix features, and sequences by path and domain.
Result<v1::RoutingView> routing_view(const RunPlan& plan, const ExploreJob& job, int points, BlobStore& blobs);

/// Documents with a sequence on the path's cell, those with most of them first. Usage for a path that does not exist.
Result<v1::ListPathDocumentsResponse> documents_of_path(const RunPlan& plan, const ExploreJob& job,
    const std::vector<CorpusDocument>& documents, const v1::ListPathDocumentsRequest& request);

}  // namespace pathloom
