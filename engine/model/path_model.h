// SPDX-License-Identifier: GPL-3.0-or-later
// One path as a language model: explicit forward and backward passes over flat fp32 buffers, no autograd (model.md "Blocks").
#pragma once

#include "engine/core/result.h"
#include "engine/model/device.h"
#include "engine/model/kernels/products.h"
#include "engine/model/parameters.h"
#include "engine/model/soft_targets.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace pathloom {

/// Padded token rows. Targets below 0 do not count; padding sits at the end of a row, where causality hides it from real tokens.
struct TokenBatch {
    int rows = 0;
    int sequence = 0;
    std::vector<std::int32_t> inputs;  ///< [rows, sequence]
    std::vector<std::int32_t> targets;  ///< [rows, sequence]
};

/// "fp32" or "bf16" of the training section; Usage otherwise.
Result<Precision> parse_precision(const std::string& name);

class PathModel {
public:
    /// Parameters start at zero; fill them with layout().load_column. Usage for columns that do not make a path, an unknown block
    /// kind or feed-forward, or a head_dim that is odd. `recompute`: a training pass keeps only the input of each block and runs
    /// the block again on the way back, which costs a third more arithmetic, saves most of the activations and changes no bit.
    static Result<PathModel> create(
        const ModelSpec& model, std::vector<Column> columns, Precision precision, bool recompute = false);
    /// The same on a device of `backend`, which must outlive the model; Unsupported when it has no such device.
    static Result<PathModel> create_on(DeviceBackend& backend, const std::string& device, const ModelSpec& model,
        std::vector<Column> columns, Precision precision);
    PathModel(PathModel&&) noexcept;
    PathModel& operator=(PathModel&&) noexcept;
    ~PathModel();

    [[nodiscard]] const ModelSpec& spec() const;
    [[nodiscard]] const ParameterLayout& layout() const;
    [[nodiscard]] std::span<float> parameters();
    [[nodiscard]] std::span<const float> gradients() const;

    /// Mean negative log-likelihood (nats) over the batch's targets; gradients() is overwritten with its gradient, and that of
    /// the balance loss when the blocks are mixtures (mixture.h).
    double loss_and_gradients(const TokenBatch& batch);
    /// The same for distillation: gradients() are those of the mean over the targets of (1 - mix) nll + mix T^2 KL(teacher ||
    /// student) at temperature T. Returns the mean negative log-likelihood. Tokens of `soft` are those of the batch.
    double distill(const TokenBatch& batch, const SoftTargets& soft);
    /// Gets the outputs of the last block [tokens, d_model] from token `first` of the batch on, writes d loss / d output and
    /// returns its part of the loss.
    using OutputLoss = std::function<double(std::size_t first, std::span<const float> hidden, std::span<float> slopes)>;
    /// The sum of `loss` over the batch, which it gets in parts; gradients() are overwritten with its gradient. The head has
    /// none.
    double output_gradients(const TokenBatch& batch, const OutputLoss& loss);
    /// Logits [tokens, vocabulary] of outputs of the last block [tokens, d_model], as hidden() gives them.
    void logits(std::span<const float> hidden, std::span<float> out);
    /// Negative log-likelihood of each target, [rows * sequence]; 0 where there is none.
    void score(const TokenBatch& batch, std::span<float> nll);
    /// Output of the last block, before the final norm, [rows * sequence, d_model]; valid until the next call.
    std::span<const float> hidden(const TokenBatch& batch);

    /// Training on a device, where parameters, gradients and moments then stay between steps. parameters() brings them back.
    [[nodiscard]] bool on_device() const;
    void set_moments(std::span<const float> m, std::span<const float> v);
    void get_moments(std::span<float> m, std::span<float> v);
    DevicePath::Slope device_gradients(const TokenBatch& batch, const SoftTargets* soft);
    void device_update(const AdamWStep& step);

private:
    struct Impl;
    explicit PathModel(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// Floating-point operations of one training step a token: 6 per matrix parameter it uses (the tied embedding once, as the head)
/// and 12 A c per block for causal attention, A = heads * head_dim and c = tokens a query sees on average.
double training_flops_per_token(const ModelSpec& model, int sequence);

}  // namespace pathloom
