// SPDX-License-Identifier: GPL-3.0-or-later
// oneDNN matmul primitives, one a shape, kept; a weight is packed once for each layout a product asks for.
#include "engine/model/kernels/products.h"

#include "engine/model/kernels/buffer.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/profile.h"

#include <dnnl.hpp>
#include <omp.h>

#include <map>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace pathloom {
namespace {

using Type = dnnl::memory::data_type;
using Layout = dnnl::memory::desc;

template <class E>
constexpr Type type_of = std::is_same_v<E, Bf16> ? Type::bf16 : Type::f32;

dnnl::engine& cpu()
{
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

/// rows x columns as stored, or the transpose of what is stored.
Layout plain(int rows, int columns, Type type, bool transposed)
{
    return {{rows, columns}, type, transposed ? dnnl::memory::dims{1, rows} : dnnl::memory::dims{columns, 1}};
}

struct Key {
    Form form;
    int m, n, k;
    bool wide, add, packed;
    int threads;  // a primitive is built for the threads it will run on
    bool operator==(const Key&) const = default;
};

struct KeyHash {
    std::size_t operator()(const Key& key) const
    {
        std::size_t h = std::size_t(key.form);
        for (const int part : {key.m, key.n, key.k, int(key.wide), int(key.add), int(key.packed), key.threads})
            h = (h ^ std::size_t(part)) * 0x9e3779b97f4a7c15ULL;
        return h ^ (h >> 29);
    }
};

/// One primitive and the handles of its three matrices.
struct Call {
    dnnl::matmul primitive;
    dnnl::memory a, b, c;
    bool emulated = false;  ///< reads and writes fp32 in place of bf16
};

/// A weight in one layout.
struct Packing {
    Layout layout;
    bool transposed;
    Buffer<std::byte> bytes;
    std::uint64_t version = 0;
};

struct Weight {
    int rows, columns;
    const float* values = nullptr;
    std::uint64_t version = 1;
    std::vector<Packing> packings;
};

}  // namespace

template <class E>
struct Products<E>::Impl {
    dnnl::stream stream{cpu()};
    std::unordered_map<Key, Call, KeyHash> calls;
    std::vector<Weight> weights;
    Buffer<float> wide_a, wide_b, wide_c;
    Buffer<E> rounded;

    static Call make(const Key& key, Type in, Type out)
    {
        const Layout a = plain(key.m, key.k, in, key.form == Form::TN);
        const Layout b = key.packed ? Layout({key.k, key.n}, in, dnnl::memory::format_tag::any)
                                    : plain(key.k, key.n, in, key.form == Form::NT);
        const Layout c = plain(key.m, key.n, out, false);
        dnnl::primitive_attr attributes;
        if (key.add) {
            dnnl::post_ops sum;
            sum.append_sum(1.0f);
            attributes.set_post_ops(sum);
        }
        const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(a, b, c), attributes, cpu());
        if (in == Type::bf16 && std::string_view(desc.impl_info_str()).find("ref") != std::string_view::npos)
            throw dnnl::error(dnnl_unimplemented, "only a reference loop");
        return {dnnl::matmul(desc), dnnl::memory(desc.src_desc(), cpu(), nullptr),
            dnnl::memory(desc.weights_desc(), cpu(), nullptr), dnnl::memory(desc.dst_desc(), cpu(), nullptr)};
    }

    Call& call(Form form, int m, int n, int k, bool wide, bool add, bool packed)
    {
        const Key key{form, m, n, k, wide, add, packed, omp_in_parallel() ? 1 : omp_get_max_threads()};
        const auto found = calls.find(key);
        if (found != calls.end()) return found->second;
        const Type out = wide ? Type::f32 : type_of<E>;
        if constexpr (std::is_same_v<E, Bf16>) {
            try {
                return calls.emplace(key, make(key, Type::bf16, out)).first->second;
            } catch (const dnnl::error&) {  // no bfloat16 products on this CPU
                Key unpacked = key;
                unpacked.packed = false;
                Call emulated = make(unpacked, Type::f32, Type::f32);
                emulated.emulated = true;
                return calls.emplace(key, std::move(emulated)).first->second;
            }
        }
        return calls.emplace(key, make(key, type_of<E>, out)).first->second;
    }

    void run(Call& call, const void* a, const void* b, void* c)
    {
        dnnl_memory_set_data_handle(call.a.get(), const_cast<void*>(a));
        dnnl_memory_set_data_handle(call.b.get(), const_cast<void*>(b));
        dnnl_memory_set_data_handle(call.c.get(), c);
        // The C call: the C++ one builds a map for each of the thousands of small products of a step.
        const dnnl_exec_arg_t arguments[]
            = {{DNNL_ARG_SRC, call.a.get()}, {DNNL_ARG_WEIGHTS, call.b.get()}, {DNNL_ARG_DST, call.c.get()}};
        dnnl::error::wrap_c_api(dnnl_primitive_execute(call.primitive.get(), stream.get(), 3, arguments), "cannot multiply");
        dnnl::error::wrap_c_api(dnnl_stream_wait(stream.get()), "cannot finish a product");
    }

    template <class Out>
    void multiply(Call& call, int m, int n, int k, const E* a, const E* b, Out* c)
    {
        if constexpr (std::is_same_v<E, Bf16>) {
            if (call.emulated) {
                float* x = wide_a.grow(std::size_t(m) * std::size_t(k));
                float* y = wide_b.grow(std::size_t(k) * std::size_t(n));
                convert(a, std::size_t(m) * std::size_t(k), x);
                convert(b, std::size_t(k) * std::size_t(n), y);
                if constexpr (std::is_same_v<Out, float>) {
                    run(call, x, y, c);
                } else {
                    const std::size_t size = std::size_t(m) * std::size_t(n);
                    float* z = wide_c.grow(size);
                    run(call, x, y, z);
                    convert(z, size, c);
                }
                return;
            }
        }
        run(call, a, b, c);
    }

    /// The weight as `call` wants it: W^T for a forward product, W for a backward one.
    const E* packed(Weight& weight, const Call& call, bool transposed)
    {
        const std::size_t size = std::size_t(weight.rows) * std::size_t(weight.columns);
        const int k = transposed ? weight.columns : weight.rows, n = transposed ? weight.rows : weight.columns;
        const Layout layout = call.emulated ? plain(k, n, type_of<E>, transposed) : call.b.get_desc();
        auto at = weight.packings.begin();
        while (at != weight.packings.end() && !(at->transposed == transposed && at->layout == layout)) ++at;
        if (at == weight.packings.end()) at = weight.packings.insert(at, Packing{layout, transposed, {}, 0});
        auto* out = reinterpret_cast<E*>(at->bytes.grow(layout.get_size()));
        if (at->version == weight.version) return out;
        const ProfileScope scope(Kernel::PackWeights);
        at->version = weight.version;
        if (call.emulated) {
            convert(weight.values, size, out);
            return out;
        }
        // Rounding first and moving half the bytes then is twice as fast as one reorder that does both.
        const void* source = weight.values;
        if constexpr (std::is_same_v<E, Bf16>) {
            convert(weight.values, size, rounded.grow(size));
            source = rounded.data();
        }
        dnnl::memory from(plain(k, n, type_of<E>, transposed), cpu(), const_cast<void*>(source)), to(layout, cpu(), out);
        dnnl::reorder(from, to).execute(stream, from, to);
        stream.wait();
        return out;
    }

    template <class Out>
    void with_weight(int index, bool transposed, int m, const E* x, Out* y, bool wide, bool add)
    {
        Weight& weight = weights[std::size_t(index)];
        const int k = transposed ? weight.columns : weight.rows, n = transposed ? weight.rows : weight.columns;
        Call& entry = call(transposed ? Form::NT : Form::NN, m, n, k, wide, add, true);
        multiply(entry, m, n, k, x, packed(weight, entry, transposed), y);
    }
};

template <class E>
Products<E>::Products()
    : m_impl(std::make_unique<Impl>())
{
}
template <class E>
Products<E>::~Products() = default;
template <class E>
Products<E>::Products(Products&&) noexcept = default;
template <class E>
Products<E>& Products<E>::operator=(Products&&) noexcept = default;

template <class E>
void Products<E>::multiply(Form form, int m, int n, int k, const E* a, const E* b, float* c, bool add)
{
    m_impl->multiply(m_impl->call(form, m, n, k, true, add, false), m, n, k, a, b, c);
}

template <class E>
void Products<E>::multiply(Form form, int m, int n, int k, const E* a, const E* b, Bf16* c)
{
    if constexpr (std::is_same_v<E, Bf16>)
        m_impl->multiply(m_impl->call(form, m, n, k, false, false, false), m, n, k, a, b, c);
    else
        throw std::logic_error("fp32 products are stored in fp32");
}

template <class E>
int Products<E>::add_weight(int rows, int columns)
{
    m_impl->weights.push_back({rows, columns, nullptr, 1, {}});
    return int(m_impl->weights.size()) - 1;
}

template <class E>
void Products<E>::set_weight(int weight, const float* values)
{
    Weight& entry = m_impl->weights[std::size_t(weight)];
    entry.values = values;
    ++entry.version;
}

template <class E>
void Products<E>::forward(int weight, int m, const E* x, E* y)
{
    m_impl->with_weight(weight, true, m, x, y, std::is_same_v<E, float>, false);
}

template <class E>
void Products<E>::forward_wide(int weight, int m, const E* x, float* y)
{
    m_impl->with_weight(weight, true, m, x, y, true, false);
}

template <class E>
void Products<E>::backward(int weight, int m, const E* dy, E* dx)
{
    m_impl->with_weight(weight, false, m, dy, dx, std::is_same_v<E, float>, false);
}

template <class E>
void Products<E>::backward_wide(int weight, int m, const E* dy, float* dx, bool add)
{
    m_impl->with_weight(weight, false, m, dy, dx, true, add);
}

template class Products<float>;
template class Products<Bf16>;

ComputeThreads::ComputeThreads(int threads)
    : m_before(omp_get_max_threads())
{
    omp_set_num_threads(threads < 1 ? 1 : threads);
}

ComputeThreads::~ComputeThreads()
{
    omp_set_num_threads(m_before);
}

const char* products_isa()
{
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_amx:
        return "amx";
    case dnnl::cpu_isa::avx512_core_bf16:
        return "avx512-bf16";
    case dnnl::cpu_isa::avx512_core:
    case dnnl::cpu_isa::avx512_core_vnni:
        return "avx512";
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx2_vnni:
        return "avx2";
    default:
        return "portable";
    }
}

}  // namespace pathloom
