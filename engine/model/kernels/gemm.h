// SPDX-License-Identifier: GPL-3.0-or-later
// Row-major matrix products over oneDNN. Debian's libtorch multiplies fp32 through reference BLAS, about a hundred times slower.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace pathloom {

enum class Precision { Fp32, Bf16 };

/// A stored row-major matrix: `data` with `ld` elements from one row to the next. `half` may point at the same elements already
/// rounded to bfloat16 (same ld); a bf16 product then skips the conversion.
struct Matrix {
    const float* data = nullptr;
    int ld = 0;
    const std::uint16_t* half = nullptr;
};

/// C[m,n] = A[m,k] B[k,n] + beta C.
void sgemm_nn(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);
/// C[m,n] = A[m,k] B[n,k]^T + beta C.
void sgemm_nt(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);
/// C[m,n] = A[k,m]^T B[k,n] + beta C.
void sgemm_tn(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);

/// Round `n` floats to bfloat16.
void round_to_bf16(const float* x, std::uint16_t* y, std::size_t n);

/// Products in one precision. Bf16: both inputs rounded to bfloat16, products summed and stored in fp32; machines without
/// bfloat16 instructions multiply the rounded inputs in fp32, which gives the same values up to the order of the sum. beta is 0
/// or 1. Not for use from two threads at once (it owns scratch and a primitive cache).
class Gemm {
public:
    explicit Gemm(Precision precision);
    ~Gemm();
    Gemm(Gemm&&) noexcept;
    Gemm& operator=(Gemm&&) noexcept;
    [[nodiscard]] Precision precision() const { return m_precision; }
    void nn(int m, int n, int k, Matrix a, Matrix b, float beta, float* c, int ldc);
    void nt(int m, int n, int k, Matrix a, Matrix b, float beta, float* c, int ldc);
    void tn(int m, int n, int k, Matrix a, Matrix b, float beta, float* c, int ldc);

private:
    struct Half;
    Precision m_precision;
    std::unique_ptr<Half> m_half;
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

}  // namespace pathloom
