// SPDX-License-Identifier: GPL-3.0-or-later
// What matrix products reach on this machine in this process: the roof that training and encoding are measured against.
#pragma once

#include "engine/model/kernels/products.h"

namespace pathloom {

struct ProductPeaks {
    double cube_gflops = 0.0;  ///< best 1024-cube (NN or NT, plain matrices)
    /// 512 tokens through a packed 512 x 512 weight, all of it in the second-level cache. With AMX it lies far above the cube,
    /// whose operands do not fit: the bound that holds when memory costs nothing.
    double tile_gflops = 0.0;
    double tile_tokens_per_second = 0.0;
};
/// Best of some repeats, with the calling thread's ComputeThreads.
ProductPeaks product_peaks(Precision precision);

}  // namespace pathloom
