// SPDX-License-Identifier: GPL-3.0-or-later
// For a group of tokens every vocabulary tile passes twice: once for the losses, once for the gradients.
#include "engine/model/head.h"

#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/profile.h"

#include <algorithm>
#include <type_traits>

namespace pathloom {
namespace {

constexpr int TileColumns = 1024;  // of the vocabulary: its weights stay in the second-level cache
constexpr int HeadTileRows = 128;  // of tokens: the logits of a tile do so too
constexpr std::size_t MaxProbabilities = std::size_t(4) << 20;  // elements a group of tokens may keep for its gradient

}  // namespace

template <class E>
Head<E>::Head(const ModelSpec& spec, const ParameterLayout& layout)
    : m_vocabulary(spec.vocabulary)
    , m_d(spec.d_model)
    , m_embedding(layout.at("embedding").offset)
    , m_norm(layout.at("norm").offset)
{
    for (int first = 0; first < m_vocabulary; first += TileColumns) {
        const int columns = std::min(TileColumns, m_vocabulary - first);
        m_tiles.push_back({first, columns, m_products.add_weight(columns, m_d)});
    }
}

template <class E>
void Head<E>::use(const float* values)
{
    m_values = values;
    for (const VocabularyTile& tile : m_tiles)
        m_products.set_weight(tile.weight, values + m_embedding + std::size_t(tile.first) * std::size_t(m_d));
}

template <class E>
void Head<E>::take(int tokens, const float* x, const E* delta)
{
    const auto n = std::size_t(tokens), d = std::size_t(m_d);
    const ProfileScope scope(Kernel::Norm);
    m_out.grow(n * d), m_rstd.grow(n), m_normed.grow(n * d);
    if (!delta) std::copy_n(x, n * d, m_out.data());
    rms_norm_forward(
        delta ? x : m_out.data(), delta, m_values + m_norm, tokens, m_d, m_out.data(), m_normed.data(), m_rstd.data());
}

// Losses of tokens [first, first + rows) in m_losses; probs, unless null, tile after tile.
template <class E>
void Head<E>::pass_logits(std::size_t first, int rows, std::span<const std::int32_t> targets, E* probs)
{
    const auto d = std::size_t(m_d), n = std::size_t(rows);
    m_losses.assign(n, {});
    m_logits.grow(std::size_t(HeadTileRows) * TileColumns);
    m_tops.grow(m_tiles.size() * n);
    for (std::size_t v = 0; v < m_tiles.size(); ++v) {
        const VocabularyTile& tile = m_tiles[v];
        for (int r = 0; r < rows; r += HeadTileRows) {
            const auto at = std::size_t(r), columns = std::size_t(tile.columns);
            const LogitTile part{std::min(HeadTileRows, rows - r), tile.columns, tile.first};
            {
                const ProfileScope scope(Kernel::HeadProducts);
                m_products.forward_wide(tile.weight, part.rows, m_normed.data() + (first + at) * d, m_logits.data());
            }
            const ProfileScope scope(Kernel::CrossEntropy);
            cross_entropy_tile(part, m_logits.data(), targets.data() + first + at, m_losses.data() + at,
                probs ? probs + std::size_t(tile.first) * n + at * columns : nullptr, m_tops.data() + v * n + at);
        }
    }
}

template <class E>
void Head<E>::logits(std::size_t first, int rows, float* out)
{
    const ProfileScope scope(Kernel::HeadProducts);
    const auto d = std::size_t(m_d), vocabulary = std::size_t(m_vocabulary);
    m_logits.grow(std::size_t(HeadTileRows) * TileColumns);
    for (const VocabularyTile& tile : m_tiles) {
        const auto columns = std::size_t(tile.columns);
        for (int r = 0; r < rows; r += HeadTileRows) {
            const int part = std::min(HeadTileRows, rows - r);
            m_products.forward_wide(tile.weight, part, m_normed.data() + (first + std::size_t(r)) * d, m_logits.data());
            for (std::size_t i = 0; i < std::size_t(part); ++i)
                std::copy_n(
                    m_logits.data() + i * columns, columns, out + (std::size_t(r) + i) * vocabulary + std::size_t(tile.first));
        }
    }
}

// Distillation needs whole rows of both models' logits, so it holds those of a tile of tokens.
template <class E>
void Head<E>::soft_slopes(std::size_t first, int rows, std::span<const std::int32_t> targets, const SoftTargets& soft,
    float scale, float* nll, E* slopes)
{
    const auto vocabulary = std::size_t(m_vocabulary);
    float* student = m_soft.grow((2 * std::size_t(HeadTileRows) + 1) * vocabulary);
    float *teacher = student + std::size_t(HeadTileRows) * vocabulary, *row = teacher + std::size_t(HeadTileRows) * vocabulary;
    for (int r = 0; r < rows; r += HeadTileRows) {
        const int part = std::min(HeadTileRows, rows - r);
        logits(first + std::size_t(r), part, student);
        soft.logits(first + std::size_t(r), part, teacher);
        const ProfileScope scope(Kernel::CrossEntropy);
        for (std::size_t i = 0; i < std::size_t(part); ++i) {
            const std::size_t at = std::size_t(r) + i;
            const std::int32_t target = targets[first + at];
            if (target < 0)
                std::fill_n(row, vocabulary, 0.0f);
            else
                nll[first + at] = soft_target_row(student + i * vocabulary, teacher + i * vocabulary, m_vocabulary, target,
                    soft.temperature, soft.mix, scale, row);
            for (const VocabularyTile& tile : m_tiles) {
                E* out = slopes + std::size_t(tile.first) * std::size_t(rows) + at * std::size_t(tile.columns);
                if constexpr (std::is_same_v<E, float>)
                    std::copy_n(row + tile.first, tile.columns, out);
                else
                    convert(row + tile.first, std::size_t(tile.columns), out);
            }
        }
    }
}

template <class E>
void Head<E>::losses(std::span<const std::int32_t> targets, float* nll)
{
    for (std::size_t first = 0; first < targets.size(); first += GradientTokens) {
        const int rows = int(std::min<std::size_t>(GradientTokens, targets.size() - first));
        const auto counted = [&](int r) { return targets[first + std::size_t(r)] >= 0; };
        std::fill_n(nll + first, rows, 0.0f);
        bool any = false;
        for (int r = 0; r < rows && !any; ++r) any = counted(r);
        if (!any) continue;
        pass_logits(first, rows, targets, nullptr);
        for (int r = 0; r < rows; ++r) {
            if (counted(r)) nll[first + std::size_t(r)] = m_losses[std::size_t(r)].nll();
        }
    }
}

template <class E>
void Head<E>::losses_and_gradients(std::span<const std::int32_t> targets, float scale, float* nll, float* dx, E* copy,
    float* grads, bool add, const SoftTargets* soft)
{
    const auto d = std::size_t(m_d);
    const std::size_t fitting = MaxProbabilities / std::size_t(m_vocabulary) / HeadTileRows * HeadTileRows;
    const std::size_t step = std::clamp<std::size_t>(fitting, HeadTileRows, GradientTokens);
    std::fill_n(dx, targets.size() * d, 0.0f);
    if (copy) std::fill_n(copy, targets.size() * d, E());
    for (std::size_t first = 0; first < targets.size(); first += step) {
        const int rows = int(std::min(step, targets.size() - first));
        const auto n = std::size_t(rows);
        std::fill_n(nll + first, rows, 0.0f);
        const auto mine = targets.subspan(first, n);
        if (std::ranges::all_of(mine, [](std::int32_t target) { return target < 0; })) continue;
        E* probs = m_probs.grow(n * std::size_t(m_vocabulary));
        if (soft) {
            soft_slopes(first, rows, targets, *soft, scale, nll, probs);
        } else {
            pass_logits(first, rows, targets, probs);
            for (std::size_t r = 0; r < n; ++r) {
                if (mine[r] >= 0) nll[first + r] = m_losses[r].nll();
            }
        }
        float* wide = m_wide.grow(n * d);
        for (std::size_t v = 0; v < m_tiles.size(); ++v) {
            const VocabularyTile& tile = m_tiles[v];
            E* slopes = probs + std::size_t(tile.first) * n;
            if (!soft) {
                const ProfileScope scope(Kernel::CrossEntropy);
                cross_entropy_gradient(
                    {rows, tile.columns, tile.first}, mine.data(), m_losses.data(), m_tops.data() + v * n, scale, slopes);
            }
            const ProfileScope scope(Kernel::HeadProducts);
            m_products.backward_wide(tile.weight, rows, slopes, wide, v > 0);
            m_products.multiply(Form::TN, tile.columns, m_d, rows, slopes, m_normed.data() + first * d,
                grads + m_embedding + std::size_t(tile.first) * d, add);
        }
        add = true;
        const ProfileScope scope(Kernel::Norm);
        const E* dnorm;
        if constexpr (std::is_same_v<E, float>) {
            dnorm = wide;
        } else {
            dnorm = m_dnorm.grow(n * d);
            convert(wide, n * d, m_dnorm.data());
        }
        rms_norm_backward(m_out.data() + first * d, m_values + m_norm, m_rstd.data() + first, dnorm, rows, m_d, dx + first * d,
            copy ? copy + first * d : nullptr, grads + m_norm);
    }
}

template <class E>
void Head<E>::clear(float* grads) const
{
    std::fill_n(grads + m_norm, m_d, 0.0f);
}

template class Head<float>;
template class Head<Bf16>;

}  // namespace pathloom
