// SPDX-License-Identifier: GPL-3.0-or-later
// fp32 through dnnl_sgemm, bf16 through cached oneDNN matmul primitives.
#include "engine/model/kernels/gemm.h"

#include "engine/model/kernels/simd.h"

#include <dnnl.h>
#include <fmt/format.h>
#include <omp.h>

#include <array>
#include <map>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace pathloom {
namespace {

// A product can only be refused for arguments that make no sense: a bug, not an expected failure.
void require(dnnl_status_t status, const char* what)
{
    if (status != dnnl_success) throw std::logic_error(fmt::format("oneDNN refused {}: status {}", what, int(status)));
}

PATHLOOM_CLONES void round_loop(const float* __restrict x, std::uint16_t* __restrict y, std::size_t n)
{
    for (std::size_t i = 0; i < n; ++i) y[i] = to_bf16(x[i]);
}

}  // namespace

void sgemm_nn(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc)
{
    require(dnnl_sgemm('N', 'N', m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc), "sgemm nn");
}

void sgemm_nt(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc)
{
    require(dnnl_sgemm('N', 'T', m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc), "sgemm nt");
}

void sgemm_tn(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc)
{
    require(dnnl_sgemm('T', 'N', m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc), "sgemm tn");
}

void round_to_bf16(const float* x, std::uint16_t* y, std::size_t n)
{
    round_loop(x, y, n);
}

/// One oneDNN matmul per shape; shapes of a run are few, so the map stays small.
struct Gemm::Half {
    using Key = std::array<int, 9>;  // ta, tb, m, n, k, lda, ldb, ldc, beta
    struct Product {
        dnnl_primitive_t primitive = nullptr;
        std::array<dnnl_memory_t, 3> memory{};
    };
    dnnl_engine_t engine = nullptr;
    dnnl_stream_t stream = nullptr;
    std::map<Key, Product> products;  // a null primitive: multiply the rounded values in fp32
    std::vector<std::uint16_t> a, b;
    std::vector<float> wide_a, wide_b;

    Half()
    {
        require(dnnl_engine_create(&engine, dnnl_cpu, 0), "a CPU engine");
        require(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "a stream");
    }
    ~Half()
    {
        for (auto& [key, product] : products) {
            for (auto* memory : product.memory) {
                if (memory) dnnl_memory_destroy(memory);
            }
            if (product.primitive) dnnl_primitive_destroy(product.primitive);
        }
        dnnl_stream_destroy(stream);
        dnnl_engine_destroy(engine);
    }
    Half(const Half&) = delete;
    Half& operator=(const Half&) = delete;

    const Product& product(const Key& key)
    {
        const auto [found, inserted] = products.try_emplace(key);
        if (inserted) build(key, found->second);
        return found->second;
    }

    void build(const Key& key, Product& out)
    {
        const auto [ta, tb, m, n, k, lda, ldb, ldc, beta] = key;
        const auto describe = [](int rows, int columns, dnnl_data_type_t type, bool transposed, int ld) {
            dnnl_memory_desc_t desc;
            const dnnl_dims_t dims = {rows, columns};
            const dnnl_dims_t strides = {transposed ? 1 : ld, transposed ? ld : 1};
            require(dnnl_memory_desc_init_by_strides(&desc, 2, dims, type, strides), "a matrix layout");
            return desc;
        };
        const std::array<dnnl_memory_desc_t, 3> descs = {describe(m, k, dnnl_bf16, ta != 0, lda),
            describe(k, n, dnnl_bf16, tb != 0, ldb), describe(m, n, dnnl_f32, false, ldc)};
        dnnl_matmul_desc_t matmul;
        require(dnnl_matmul_desc_init(&matmul, &descs[0], &descs[1], nullptr, &descs[2]), "a bf16 matmul");
        dnnl_primitive_attr_t attributes = nullptr;
        dnnl_post_ops_t post = nullptr;
        require(dnnl_primitive_attr_create(&attributes), "attributes");
        if (beta != 0) {
            require(dnnl_post_ops_create(&post), "post-ops");
            require(dnnl_post_ops_append_sum(post, 1.0f), "a sum post-op");
            require(dnnl_primitive_attr_set_post_ops(attributes, post), "post-ops");
        }
        dnnl_primitive_desc_t desc = nullptr;
        const dnnl_status_t status = dnnl_primitive_desc_create(&desc, &matmul, attributes, engine, nullptr);
        if (post) dnnl_post_ops_destroy(post);
        dnnl_primitive_attr_destroy(attributes);
        if (status != dnnl_success) return;
        const char* name = "";
        dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
        if (std::string_view(name).find("ref") == std::string_view::npos) {
            require(dnnl_primitive_create(&out.primitive, desc), "a bf16 primitive");
            for (std::size_t i = 0; i < 3; ++i) {
                require(dnnl_memory_create(&out.memory[i], &descs[i], engine, DNNL_MEMORY_NONE), "a matrix");
            }
        }
        dnnl_primitive_desc_destroy(desc);
    }

    // The stored matrix as packed bf16: rows x columns, or the caller's own rounded copy.
    static std::pair<const std::uint16_t*, int> rounded(Matrix x, int rows, int columns, std::vector<std::uint16_t>& scratch)
    {
        if (x.half) return {x.half, x.ld};
        scratch.resize(std::size_t(rows) * std::size_t(columns));
        if (x.ld == columns) {
            round_loop(x.data, scratch.data(), scratch.size());
        } else {
            for (int r = 0; r < rows; ++r) {
                round_loop(x.data + std::size_t(r) * x.ld, scratch.data() + std::size_t(r) * columns, std::size_t(columns));
            }
        }
        return {scratch.data(), columns};
    }

    static const float* widened(const std::uint16_t* x, int ld, int rows, int columns, std::vector<float>& scratch)
    {
        scratch.resize(std::size_t(rows) * std::size_t(columns));
        for (int r = 0; r < rows; ++r) {
            for (int c = 0; c < columns; ++c) scratch[std::size_t(r) * columns + c] = from_bf16(x[std::size_t(r) * ld + c]);
        }
        return scratch.data();
    }

    void multiply(bool ta, bool tb, int m, int n, int k, Matrix x, Matrix y, float beta, float* c, int ldc)
    {
        if (beta != 0.0f && beta != 1.0f) throw std::logic_error("a bf16 product takes beta 0 or 1");
        const int rows_a = ta ? k : m, columns_a = ta ? m : k;
        const int rows_b = tb ? n : k, columns_b = tb ? k : n;
        const auto [pa, lda] = rounded(x, rows_a, columns_a, a);
        const auto [pb, ldb] = rounded(y, rows_b, columns_b, b);
        const Product& entry = product({ta, tb, m, n, k, lda, ldb, ldc, beta != 0.0f});
        if (!entry.primitive) {
            const float* wa = widened(pa, lda, rows_a, columns_a, wide_a);
            const float* wb = widened(pb, ldb, rows_b, columns_b, wide_b);
            require(
                dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.0f, wa, columns_a, wb, columns_b, beta, c, ldc), "sgemm");
            return;
        }
        require(dnnl_memory_set_data_handle(entry.memory[0], const_cast<std::uint16_t*>(pa)), "data");
        require(dnnl_memory_set_data_handle(entry.memory[1], const_cast<std::uint16_t*>(pb)), "data");
        require(dnnl_memory_set_data_handle(entry.memory[2], c), "data");
        const std::array<dnnl_exec_arg_t, 3> arguments = {dnnl_exec_arg_t{DNNL_ARG_SRC, entry.memory[0]},
            dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, entry.memory[1]}, dnnl_exec_arg_t{DNNL_ARG_DST, entry.memory[2]}};
        require(dnnl_primitive_execute(entry.primitive, stream, 3, arguments.data()), "to multiply");
        require(dnnl_stream_wait(stream), "to wait");
    }
};

Gemm::Gemm(Precision precision)
    : m_precision(precision)
    , m_half(precision == Precision::Bf16 ? std::make_unique<Half>() : nullptr)
{
}
Gemm::~Gemm() = default;
Gemm::Gemm(Gemm&&) noexcept = default;
Gemm& Gemm::operator=(Gemm&&) noexcept = default;

void Gemm::nn(int m, int n, int k, Matrix a, Matrix b, float beta, float* c, int ldc)
{
    if (m_half) return m_half->multiply(false, false, m, n, k, a, b, beta, c, ldc);
    sgemm_nn(m, n, k, a.data, a.ld, b.data, b.ld, beta, c, ldc);
}

void Gemm::nt(int m, int n, int k, Matrix a, Matrix b, float beta, float* c, int ldc)
{
    if (m_half) return m_half->multiply(false, true, m, n, k, a, b, beta, c, ldc);
    sgemm_nt(m, n, k, a.data, a.ld, b.data, b.ld, beta, c, ldc);
}

void Gemm::tn(int m, int n, int k, Matrix a, Matrix b, float beta, float* c, int ldc)
{
    if (m_half) return m_half->multiply(true, false, m, n, k, a, b, beta, c, ldc);
    sgemm_tn(m, n, k, a.data, a.ld, b.data, b.ld, beta, c, ldc);
}

ComputeThreads::ComputeThreads(int threads)
    : m_before(omp_get_max_threads())
{
    omp_set_num_threads(threads < 1 ? 1 : threads);
}

ComputeThreads::~ComputeThreads()
{
    omp_set_num_threads(m_before);
}

}  // namespace pathloom
