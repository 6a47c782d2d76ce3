// SPDX-License-Identifier: GPL-3.0-or-later
// Realistic run histories for the picture tests: a small event simulation of workers, paths and modules with a fixed seed.
#pragma once

#include "widgets/models/run_history.h"

namespace pathloom::synthetic {

struct Shape {
    std::vector<int> levels{2, 2};
    int replicas = 1;
    bool pathSpecificEmbed = false;
    bool pathSpecificBlock = false;  ///< one path-specific column between the last level and the head
    int phases = 10;
    int done = 6;  ///< phases to simulate before the picture is taken
    int workers = 3;
    int tau = 20;
    qint64 computeMs = 8000;
    bool lostWorker = true;
    unsigned seed = 7;
};

RunHistory makeHistory(const Shape& shape);

}  // namespace pathloom::synthetic
