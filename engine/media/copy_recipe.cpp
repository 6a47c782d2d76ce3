// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/copy_recipe.h"

#include "engine/core/rng.h"

namespace pathloom {

CopyRecipe copy_recipe(std::uint64_t seed)
{
    Rng rng(seed);
    CopyRecipe out;
    for (double* const side : {&out.left, &out.top, &out.right, &out.bottom}) *side = 0.04 * rng.uniform();
    out.scale = 0.4 + 0.5 * rng.uniform();
    out.light = 0.92 + 0.16 * rng.uniform();
    out.coarseness = 3 + int(rng.below(10));
    return out;
}

}  // namespace pathloom
