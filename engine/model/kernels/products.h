// SPDX-License-Identifier: GPL-3.0-or-later
// Matrix products over oneDNN, which picks AMX, AVX-512 BF16, AVX-512 or AVX2 by itself. Matrices are dense and row-major;
// weights are kept in the layout their products read fastest.
#pragma once

#include "engine/model/kernels/bf16.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace pathloom {

enum class Precision { Fp32, Bf16 };

/// C = A B, A B^T or A^T B.
enum class Form { NN, NT, TN };

/// Products of E (float or Bf16), summed in fp32. Machines without bfloat16 products multiply the same rounded values in fp32:
/// equal up to the order of the sum. Keeps one primitive a shape, so shapes should be few. Not for two threads at once.
template <class E>
class Products {
public:
    Products();
    ~Products();
    Products(Products&&) noexcept;
    Products& operator=(Products&&) noexcept;

    /// C[m,n] = op(A) op(B), or C += when `add`. A is [m,k] ([k,m] for TN), B is [k,n] ([n,k] for NT).
    void multiply(Form form, int m, int n, int k, const E* a, const E* b, float* c, bool add = false);
    /// The same, rounded to bf16 as it is stored; for E = Bf16 only.
    void multiply(Form form, int m, int n, int k, const E* a, const E* b, Bf16* c);

    /// A weight matrix W [rows, columns]; its number for the calls below.
    int add_weight(int rows, int columns);
    /// The current values of every weight are `values + offset`; they are packed when a product next needs them.
    void set_weight(int weight, const float* values);
    /// y[m, rows] = x[m, columns] W^T.
    void forward(int weight, int m, const E* x, E* y);
    /// The same into fp32: logits.
    void forward_wide(int weight, int m, const E* x, float* y);
    /// dx[m, columns] = dy[m, rows] W.
    void backward(int weight, int m, const E* dy, E* dx);
    /// The same summed in fp32: dx = dy W, or += when `add`.
    void backward_wide(int weight, int m, const E* dy, float* dx, bool add);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// Threads that products and attention use on the calling thread until the object dies. One thread = the same bytes on every run.
class ComputeThreads {
public:
    explicit ComputeThreads(int threads);
    ~ComputeThreads();
    ComputeThreads(const ComputeThreads&) = delete;
    ComputeThreads& operator=(const ComputeThreads&) = delete;

private:
    int m_before;
};

/// The instruction set oneDNN multiplies bf16 with: "amx", "avx512-bf16", ... or "none".
const char* products_isa();

}  // namespace pathloom
