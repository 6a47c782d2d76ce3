// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/device_passes.h"

#include <stdexcept>
#include <utility>

namespace pathloom {

DevicePasses::DevicePasses(std::unique_ptr<DevicePath> path, std::size_t parameters, int d_model, int vocabulary)
    : m_path(std::move(path))
    , m_parameters(parameters)
    , m_d(std::size_t(d_model))
    , m_vocabulary(std::size_t(vocabulary))
{
}

void DevicePasses::take(const float* values)
{
    if (std::exchange(m_newer, m_newer == Newer::Host ? Newer::Neither : m_newer) == Newer::Host)
        m_path->set_parameters({values, m_parameters});
}

void DevicePasses::hand_over(std::span<float> values)
{
    if (m_newer == Newer::Device) m_path->get_parameters(values);
    m_newer = Newer::Host;
}

DevicePath::Slope DevicePasses::find_gradients(const TokenBatch& batch, const float* values, const SoftTargets* soft)
{
    take(values);
    return m_path->find_gradients(batch, soft);
}

void DevicePasses::update(const AdamWStep& step)
{
    m_path->update(step);
    m_newer = Newer::Device;
}

double DevicePasses::loss_and_gradients(
    const TokenBatch& batch, const float* values, std::span<float> grads, const SoftTargets* soft)
{
    const DevicePath::Slope slope = find_gradients(batch, values, soft);
    m_path->get_gradients(grads);
    return slope.loss;
}

double DevicePasses::output_gradients(const TokenBatch&, const float*, std::span<float>, const PathModel::OutputLoss&)
{
    throw std::runtime_error("a loss on a path's outputs has no gradients on a device; make the path on the CPU");
}

void DevicePasses::logits(std::span<const float> hidden, const float* values, float* out)
{
    take(values);
    m_path->logits(hidden, {out, hidden.size() / m_d * m_vocabulary});
}

void DevicePasses::score(const TokenBatch& batch, const float* values, float* nll)
{
    take(values);
    m_path->score(batch, {nll, batch.inputs.size()});
}

std::span<const float> DevicePasses::hidden(const TokenBatch& batch, const float* values)
{
    take(values);
    m_hidden.resize(batch.inputs.size() * m_d);
    m_path->hidden(batch, m_hidden);
    return m_hidden;
}

}  // namespace pathloom
