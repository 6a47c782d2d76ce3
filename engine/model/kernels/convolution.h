// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions over pictures, by oneDNN: channels last, fp32.
#pragma once

#include <memory>

namespace pathloom {

/// x is [batch, height, width, in], y is [batch, out_height, out_width, out], the weights are [out, kernel_h, kernel_w, in].
/// Kernels are odd and padded by half of themselves, so that stride 1 keeps the size.
struct ConvolutionShape {
    int batch = 1, height = 1, width = 1, in = 1, out = 1;
    int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
    int dilation_w = 1;  ///< pixels from one tap to the next
    [[nodiscard]] int out_height() const { return (height - 1) / stride_h + 1; }
    [[nodiscard]] int out_width() const { return (width - 1) / stride_w + 1; }
    bool operator==(const ConvolutionShape&) const = default;
    auto operator<=>(const ConvolutionShape&) const = default;
};

/// Keeps primitives and buffers a shape, so shapes should be few. Not for two threads at once.
class Convolutions {
public:
    Convolutions();
    ~Convolutions();
    Convolutions(Convolutions&&) noexcept;
    Convolutions& operator=(Convolutions&&) noexcept;

    void forward(const ConvolutionShape& shape, const float* x, const float* weights, float* y);
    /// dx = d loss / d x.
    void backward_input(const ConvolutionShape& shape, const float* dy, const float* weights, float* dx);
    /// dweights += d loss / d weights.
    void backward_weights(const ConvolutionShape& shape, const float* x, const float* dy, float* dweights);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace pathloom
