// SPDX-License-Identifier: GPL-3.0-or-later
// Activations keep their plain layout; weights are brought into the layout the primitive asks for, which costs little beside it.
#include "engine/model/kernels/convolution.h"

#include "engine/model/kernels/buffer.h"

#include <dnnl.hpp>

#include <map>
#include <optional>
#include <utility>

namespace pathloom {
namespace {

using Memory = dnnl::memory;
using Dims = Memory::dims;

Memory::desc channels_last(Dims dims)
{
    return {std::move(dims), Memory::data_type::f32, Memory::format_tag::nhwc};
}

/// What the three passes of a shape have in common.
struct Frame {
    explicit Frame(const ConvolutionShape& s)
        : x(channels_last({s.batch, s.in, s.height, s.width}))
        , y(channels_last({s.batch, s.out, s.out_height(), s.out_width()}))
        , weights({s.out, s.in, s.kernel_h, s.kernel_w}, Memory::data_type::f32, Memory::format_tag::any)
        , plain({s.out, s.in, s.kernel_h, s.kernel_w}, Memory::data_type::f32, Memory::format_tag::ohwi)
        , strides{s.stride_h, s.stride_w}
        , dilates{0, s.dilation_w - 1}
        , before{s.kernel_h / 2, s.kernel_w / 2 * s.dilation_w}
        , after{(s.out_height() - 1) * s.stride_h + s.kernel_h - s.height - s.kernel_h / 2,
              (s.out_width() - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1 - s.width - s.kernel_w / 2 * s.dilation_w}
    {
    }
    Memory::desc x, y, weights, plain;
    Dims strides, dilates, before, after;
    static constexpr auto algorithm = dnnl::algorithm::convolution_direct;
};

}  // namespace

struct Convolutions::Impl {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};

    struct Pass {
        dnnl::primitive primitive;
        Memory x, y, packed, plain;
        dnnl::reorder reorder;  // plain weights to packed ones, or back for their gradient
        Buffer<float> unpacked;
    };
    struct Passes {
        dnnl::convolution_forward::primitive_desc desc;
        std::optional<Pass> forward, input, weights;
    };
    std::map<ConvolutionShape, Passes> all;

    Passes& passes(const ConvolutionShape& shape)
    {
        const auto found = all.find(shape);
        if (found != all.end()) return found->second;
        const Frame f(shape);
        const dnnl::convolution_forward::desc desc(
            dnnl::prop_kind::forward_training, Frame::algorithm, f.x, f.weights, f.y, f.strides, f.dilates, f.before, f.after);
        return all.emplace(shape, Passes{{desc, engine}, {}, {}, {}}).first->second;
    }

    Pass make(const Frame& f, dnnl::primitive primitive, const Memory::desc& packed, bool back)
    {
        Memory in_layout(packed, engine), plain(f.plain, engine, nullptr);
        const dnnl::reorder reorder = back ? dnnl::reorder(in_layout, plain) : dnnl::reorder(plain, in_layout);
        return {std::move(primitive), Memory(f.x, engine, nullptr), Memory(f.y, engine, nullptr), in_layout, plain, reorder, {}};
    }

    void pack(Pass& pass, const float* weights)
    {
        pass.plain.set_data_handle(const_cast<float*>(weights));
        pass.reorder.execute(stream, pass.plain, pass.packed);
    }
};

Convolutions::Convolutions()
    : m_impl(std::make_unique<Impl>())
{
}
Convolutions::~Convolutions() = default;
Convolutions::Convolutions(Convolutions&&) noexcept = default;
Convolutions& Convolutions::operator=(Convolutions&&) noexcept = default;

void Convolutions::forward(const ConvolutionShape& shape, const float* x, const float* weights, float* y)
{
    auto& passes = m_impl->passes(shape);
    auto& pass = passes.forward;
    if (!pass) pass = m_impl->make(Frame(shape), dnnl::convolution_forward(passes.desc), passes.desc.weights_desc(), false);
    m_impl->pack(*pass, weights);
    pass->x.set_data_handle(const_cast<float*>(x));
    pass->y.set_data_handle(y);
    pass->primitive.execute(m_impl->stream, {{DNNL_ARG_SRC, pass->x}, {DNNL_ARG_WEIGHTS, pass->packed}, {DNNL_ARG_DST, pass->y}});
    m_impl->stream.wait();
}

void Convolutions::backward_input(const ConvolutionShape& shape, const float* dy, const float* weights, float* dx)
{
    auto& passes = m_impl->passes(shape);
    auto& pass = passes.input;
    if (!pass) {
        const Frame f(shape);
        const dnnl::convolution_backward_data::desc wanted(
            Frame::algorithm, f.x, f.weights, f.y, f.strides, f.dilates, f.before, f.after);
        const dnnl::convolution_backward_data::primitive_desc desc(wanted, m_impl->engine, passes.desc);
        pass = m_impl->make(f, dnnl::convolution_backward_data(desc), desc.weights_desc(), false);
    }
    m_impl->pack(*pass, weights);
    pass->x.set_data_handle(dx);
    pass->y.set_data_handle(const_cast<float*>(dy));
    pass->primitive.execute(
        m_impl->stream, {{DNNL_ARG_DIFF_DST, pass->y}, {DNNL_ARG_WEIGHTS, pass->packed}, {DNNL_ARG_DIFF_SRC, pass->x}});
    m_impl->stream.wait();
}

void Convolutions::backward_weights(const ConvolutionShape& shape, const float* x, const float* dy, float* dweights)
{
    auto& passes = m_impl->passes(shape);
    auto& pass = passes.weights;
    if (!pass) {
        const Frame f(shape);
        const dnnl::convolution_backward_weights::desc wanted(
            Frame::algorithm, f.x, f.weights, f.y, f.strides, f.dilates, f.before, f.after);
        const dnnl::convolution_backward_weights::primitive_desc desc(wanted, m_impl->engine, passes.desc);
        pass = m_impl->make(f, dnnl::convolution_backward_weights(desc), desc.diff_weights_desc(), true);
    }
    const auto size = std::size_t(shape.out) * std::size_t(shape.in) * std::size_t(shape.kernel_h) * std::size_t(shape.kernel_w);
    float* const unpacked = pass->unpacked.grow(size);
    pass->x.set_data_handle(const_cast<float*>(x));
    pass->y.set_data_handle(const_cast<float*>(dy));
    pass->plain.set_data_handle(unpacked);
    pass->primitive.execute(
        m_impl->stream, {{DNNL_ARG_SRC, pass->x}, {DNNL_ARG_DIFF_DST, pass->y}, {DNNL_ARG_DIFF_WEIGHTS, pass->packed}});
    pass->reorder.execute(m_impl->stream, pass->packed, pass->plain);
    m_impl->stream.wait();
    for (std::size_t i = 0; i < size; ++i) dweights[i] += unpacked[i];
}

}  // namespace pathloom
