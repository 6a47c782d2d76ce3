// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/reader_products.h"

#include "engine/model/kernels/optimizer.h"

namespace pathloom {

ReaderProducts::ReaderProducts(Precision precision)
    : m_precision(precision)
{
}

void ReaderProducts::nn(int m, int n, int k, const float* a, const float* b, float* c, bool add)
{
    multiply(Form::NN, m, n, k, a, b, c, add);
}

void ReaderProducts::nt(int m, int n, int k, const float* a, const float* b, float* c, bool add)
{
    multiply(Form::NT, m, n, k, a, b, c, add);
}

void ReaderProducts::tn(int m, int n, int k, const float* a, const float* b, float* c, bool add)
{
    multiply(Form::TN, m, n, k, a, b, c, add);
}

void ReaderProducts::multiply(Form form, int m, int n, int k, const float* a, const float* b, float* c, bool add)
{
    if (m_precision == Precision::Fp32) return m_wide.multiply(form, m, n, k, a, b, c, add);
    const auto size_a = std::size_t(m) * std::size_t(k), size_b = std::size_t(k) * std::size_t(n);
    m_a.resize(size_a);
    m_b.resize(size_b);
    convert(a, size_a, m_a.data());
    convert(b, size_b, m_b.data());
    m_half.multiply(form, m, n, k, m_a.data(), m_b.data(), c, add);
}

}  // namespace pathloom
