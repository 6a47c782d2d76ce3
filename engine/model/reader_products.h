// SPDX-License-Identifier: GPL-3.0-or-later
// The reader's matrix products: fp32 in, fp32 out, multiplied in fp32 or in bf16.
#pragma once

#include "engine/model/kernels/products.h"

#include <vector>

namespace pathloom {

/// Row-major products without gaps between rows. Bf16: both inputs are rounded to bfloat16, products are summed and stored in
/// fp32. Not for two threads at once.
class ReaderProducts {
public:
    explicit ReaderProducts(Precision precision);
    /// C[m,n] = A[m,k] B[k,n], or C += when `add`.
    void nn(int m, int n, int k, const float* a, const float* b, float* c, bool add = false);
    /// C[m,n] = A[m,k] B[n,k]^T, or C += when `add`.
    void nt(int m, int n, int k, const float* a, const float* b, float* c, bool add = false);
    /// C[m,n] = A[k,m]^T B[k,n], or C += when `add`.
    void tn(int m, int n, int k, const float* a, const float* b, float* c, bool add = false);

private:
    void multiply(Form form, int m, int n, int k, const float* a, const float* b, float* c, bool add);
    Precision m_precision;
    Products<float> m_wide;
    Products<Bf16> m_half;
    std::vector<Bf16> m_a, m_b;
};

}  // namespace pathloom
