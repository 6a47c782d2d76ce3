// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/copy_recipe.h"

#include "engine/core/rng.h"

#include <algorithm>
#include <cmath>

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

CopyShape copy_shape(const CopyRecipe& recipe, int width, int height)
{
    const auto share = [](double part, int all) { return int(std::lround(part * all)); };
    CopyShape out;
    out.part = {share(recipe.left, width), share(recipe.top, height), 0, 0};
    out.part.width = std::max(1, width - out.part.x - share(recipe.right, width));
    out.part.height = std::max(1, height - out.part.y - share(recipe.bottom, height));
    out.width = std::max(16, share(recipe.scale, out.part.width));
    out.height = std::max(16, share(recipe.scale, out.part.height));
    return out;
}

}  // namespace pathloom
